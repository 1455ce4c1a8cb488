from __future__ import annotations

import io
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from dissect_report.config import load_config
from dissect_report.publish.builder import build_site
from dissect_report.publish.frames import SCRIPT
from tests.synthetic import write_synthetic_site


@dataclass(frozen=True)
class Built:
    """A made-up site that was built.

    Attributes:
        folder: where ``dissect.toml`` lies.
        site: the built pages.
    """

    folder: Path

    @property
    def site(self) -> Path:
        return self.folder / "site"

    def text(self, path: str) -> str:
        return (self.site / path).read_text(encoding="utf-8")

    def shown(self, path: str) -> str:
        """A page with everything in its place that its folder's script writes while it is read."""
        text, script = self.text(path), (self.site / path).with_name(SCRIPT)
        if not script.is_file():
            return text
        parts = json.loads(re.search(r"write\((.*)\[part\]", script.read_text(encoding="utf-8")).group(1))
        asking = rf'<script src="{SCRIPT}" data-part="(\d+)"(?: data-title="(.*?)")?></script>'
        return re.sub(asking, lambda found: (found[2] or "").join(parts[int(found[1])]), text)

    def build(self) -> str:
        """Builds again; what it printed."""
        printed = io.StringIO()
        build_site(load_config(self.folder), Console(file=printed, width=200))
        return printed.getvalue()


def made(folder: Path, hostile: bool = False, url: str = "", runs: int = 1) -> Built:
    config = write_synthetic_site(
        folder, runs=runs, layers=2, units=12, images=12, concepts=20, hostile=hostile
    )
    if url:
        text = config.read_text(encoding="utf-8")
        config.write_text(f'{text}\n[site]\nurl = "{url}"\n', encoding="utf-8")
    built = Built(folder)
    built.build()
    return built


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Two runs, no address of its own. Not to be changed by a test."""
    return made(tmp_path_factory.mktemp("plain"), runs=2)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """One run whose names try to break the pages, at an address below a sub-path. Not to be changed."""
    return made(tmp_path_factory.mktemp("hostile"), hostile=True, url="https://example.org/sub/path/")


@pytest.fixture(scope="session")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return made(tmp_path_factory.mktemp("pattern"))


@pytest.fixture
def rebuilt(pattern: Built, tmp_path: Path) -> Built:
    """A built site that a test may change and build again."""
    shutil.copytree(pattern.folder, tmp_path / "mine")
    return Built(tmp_path / "mine")
