"""The code behind a factory: what it imports from its own folder counts, nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest

from dissect_report.sources.factory import load_factory, source_digest
from dissect_report.sources.own_code import code_digest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net.py").write_text(
        "import blocks\nfrom parts import legs\ndef make(): return blocks.SIZE\n"
    )
    (tmp_path / "blocks.py").write_text("import numpy\nfrom parts.deep.arms import ARM\nSIZE = 3\n")
    for package in ("parts", "parts/deep"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("")
    (tmp_path / "parts/legs.py").write_text("from . import feet\n")
    (tmp_path / "parts/feet.py").write_text("")
    (tmp_path / "parts/deep/arms.py").write_text("from ..feet import *\nARM = 1\n")
    (tmp_path / "stranger.py").write_text("")
    return tmp_path


@pytest.mark.parametrize(
    "name",
    ["net.py", "blocks.py", "parts/legs.py", "parts/feet.py", "parts/__init__.py", "parts/deep/arms.py"],
)
def test_a_change_of_any_imported_file_is_seen(folder: Path, name: str) -> None:
    before = code_digest(folder / "net.py", folder)
    (folder / name).write_text((folder / name).read_text() + "# other\n")
    assert code_digest(folder / "net.py", folder) != before


def test_a_file_that_nothing_imports_does_not_count(folder: Path) -> None:
    before = code_digest(folder / "net.py", folder)
    (folder / "stranger.py").write_text("# other")
    assert code_digest(folder / "net.py", folder) == before


def test_the_digest_of_a_source_follows_its_helpers(folder: Path) -> None:
    before = source_digest("net.py:make", folder)
    (folder / "blocks.py").write_text("SIZE = 4\n")
    assert source_digest("net.py:make", folder) != before
    assert source_digest("missing.py:make", folder) == ""


def test_helpers_of_the_same_name_in_two_folders_are_not_mixed_up(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "net.py").write_text("import blocks\ndef make(): return blocks.SIZE\n")
    (other / "blocks.py").write_text("SIZE = 12\n")
    assert load_factory("net.py:make", folder)() == 3
    assert load_factory("net.py:make", other)() == 12
    (other / "blocks.py").write_text("SIZE = 13\n")
    (other / "net.py").write_text("import blocks\ndef make(): return blocks.SIZE + 0\n")
    assert load_factory("net.py:make", other)() == 13
