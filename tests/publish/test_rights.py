"""Who may read what is made, and what killed builds leave."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from dissect_report.findings import folders
from dissect_report.findings.disk import PART
from tests.publish.conftest import Built


@pytest.fixture
def private() -> Iterator[None]:
    """A user who lets nobody read what he makes."""
    before = os.umask(0o077)
    yield
    os.umask(before)


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def closed(folder: Path) -> list[Path]:
    """Files and folders that others cannot read."""
    wanted = {True: 0o755, False: 0o644}
    paths = [folder, *(path for path in folder.rglob("*") if path.name != folders.MARKER)]
    return [path for path in paths if rights(path) & wanted[path.is_dir()] != wanted[path.is_dir()]]


def hide(folder: Path) -> None:
    for path in folder.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)


@pytest.mark.usefixtures("private")
def test_a_server_can_read_the_site_and_the_findings_stay_private(rebuilt: Built) -> None:
    hide(rebuilt.folder / "run")
    rebuilt.build()
    assert closed(rebuilt.site) == []
    found = [path for path in (rebuilt.folder / "run").rglob("*") if path.is_file()]
    assert {rights(path) for path in found} == {0o600}


@pytest.mark.usefixtures("private")
def test_the_umask_holds_for_the_site_where_that_is_wanted(rebuilt: Built) -> None:
    config = rebuilt.folder / "dissect.toml"
    config.write_text(config.read_text() + "\n[site]\nreadable = false\n")
    rebuilt.build()
    assert rights(rebuilt.site) == 0o700
    assert rights(rebuilt.site / "index.html") == 0o600


def test_what_a_killed_build_left_goes_with_the_next(rebuilt: Built) -> None:
    for left in (".site-old", ".site-new"):
        folders.claim(rebuilt.folder / left)
        (rebuilt.folder / left / "index.html").write_text("old")
    (rebuilt.folder / f".mkdocs.yml.0a1b2c3d{PART}").write_text("half")
    rebuilt.build()
    made = {"cache", "dissect.toml", "docs", "mkdocs.yml", "run", "site"}
    assert {path.name for path in rebuilt.folder.iterdir()} <= made


def test_a_build_killed_between_the_two_renames_gives_the_old_site_back(
    rebuilt: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rebuilt.text("index.html")
    rebuilt.site.rename(folders.old_of(rebuilt.site))
    monkeypatch.setattr("dissect_report.publish.builder.load_site", None)
    with pytest.raises(TypeError):
        rebuilt.build()
    assert rebuilt.text("index.html") == before
    assert not folders.old_of(rebuilt.site).exists()


def test_a_hidden_folder_of_the_reader_is_not_taken_for_a_leftover(rebuilt: Built) -> None:
    mine = folders.old_of(rebuilt.site)
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    with pytest.raises(Exception, match=r"\.site-old: was not made by dissect-report"):
        rebuilt.build()
    assert (mine / "thesis.txt").is_file()
