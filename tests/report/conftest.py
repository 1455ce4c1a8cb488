from __future__ import annotations

from pathlib import Path

import pytest

from dissect_report.config import load_config
from dissect_report.report.cards import LayerView
from dissect_report.report.generation.view import GenerationView, generation_views
from dissect_report.report.site import SiteFindings, layers_of, load_site
from tests.synthetic import write_synthetic_site
from tests.synthetic_generation import write_synthetic_generator


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> SiteFindings:
    """A made-up site of one run with two layers."""
    return load_site(load_config(write_synthetic_site(tmp_path_factory.mktemp("site"))))


@pytest.fixture(scope="session")
def hostile_site(tmp_path_factory: pytest.TempPathFactory) -> SiteFindings:
    """Two runs whose concepts, layers, classes and images have names that break careless pages."""
    folder = tmp_path_factory.mktemp("hostile")
    return load_site(load_config(write_synthetic_site(folder, runs=2, layers=7, units=14, hostile=True)))


@pytest.fixture(scope="session")
def view(site: SiteFindings) -> LayerView:
    """The deeper layer of the made-up site."""
    run = site.runs[0]
    return LayerView(site, run, layers_of(run)[-1])


@pytest.fixture(scope="session")
def templates() -> Path:
    """The repository's templates."""
    return Path(__file__).resolve().parents[2] / "templates"


@pytest.fixture(scope="session")
def edited_site(tmp_path_factory: pytest.TempPathFactory) -> SiteFindings:
    """One generator, the units of its last layer changed."""
    return load_site(load_config(write_synthetic_generator(tmp_path_factory.mktemp("edited"), concepts=14)))


@pytest.fixture(scope="session")
def edits(edited_site: SiteFindings) -> GenerationView:
    (found,) = generation_views(edited_site, edited_site.runs[0])
    return found
