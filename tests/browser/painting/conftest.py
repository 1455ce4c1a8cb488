"""A small generator to paint with, over http below a sub-path and from disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from dissect_report.config import load_config
from dissect_report.findings.painting import Painting
from dissect_report.publish.builder import build_site
from tests.browser.conftest import below_a_sub_path, opened
from tests.painted_site import measure, painted_layer, write_painted_site


@pytest.fixture(scope="session")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = write_painted_site(tmp_path_factory.mktemp("painted"))
    measure(made)
    build_site(load_config(made), Console(quiet=True))
    return made


@pytest.fixture(scope="session")
def painting(config: Path) -> Painting:
    return painted_layer(measure(config)[0])[1]


@pytest.fixture(scope="session")
def served(config: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from below_a_sub_path(config.parent / "site", tmp_path_factory.mktemp("root"))


@pytest.fixture(params=["http", "file"])
def address(request: pytest.FixtureRequest, config: Path) -> str:
    """Of the site."""
    http = request.param == "http"
    return request.getfixturevalue("served") if http else f"{(config.parent / 'site').as_uri()}/"


@pytest.fixture
def root(address: str, config: Path) -> str:
    """Of the run."""
    (run,) = (config.parent / "site").glob("*/paint")
    return f"{address}{run.parent.name}/"


@pytest.fixture
def reader(chromium: Any, address: str) -> Iterator[Any]:
    yield from opened(chromium, address)


@pytest.fixture
def disk(config: Path) -> str:
    (run,) = (config.parent / "site").glob("*/paint")
    return f"{run.parent.as_uri()}/"


@pytest.fixture
def offline(chromium: Any, config: Path) -> Iterator[Any]:
    yield from opened(chromium, f"{(config.parent / 'site').as_uri()}/")


@pytest.fixture
def finger(chromium: Any, config: Path) -> Iterator[Any]:
    size = {"width": 390, "height": 844}
    site = f"{(config.parent / 'site').as_uri()}/"
    yield from opened(chromium, site, viewport=size, has_touch=True)
