"""A small classifier to try on a photo, over http below a sub-path and from disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from dissect_report.analysis.setup import Setup
from dissect_report.config import load_config
from dissect_report.findings.store import LoadedLayer, load_run
from dissect_report.publish.builder import build_site
from tests.ablation_site import set_up_site
from tests.browser.conftest import below_a_sub_path, opened
from tests.photo_site import dissected


@pytest.fixture(scope="session")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = dissected(tmp_path_factory.mktemp("tried"))
    build_site(load_config(made), Console(quiet=True))
    return made


@pytest.fixture(scope="session")
def layer(path: Path) -> LoadedLayer:
    return load_run(path.parent / "run" / "network").layers["2"]


@pytest.fixture(scope="session")
def setup(path: Path) -> Setup:
    return set_up_site(path)


@pytest.fixture(scope="session")
def served(path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from below_a_sub_path(path.parent / "site", tmp_path_factory.mktemp("root"))


@pytest.fixture(params=["http", "file"])
def root(request: pytest.FixtureRequest, path: Path) -> str:
    """Where the site lies, with a slash at the end."""
    if request.param == "http":
        return str(request.getfixturevalue("served"))
    return f"{(path.parent / 'site').as_uri()}/"


@pytest.fixture
def disk(chromium: Any, path: Path) -> Iterator[Any]:
    yield from opened(chromium, "file:")
