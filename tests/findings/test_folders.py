from __future__ import annotations

import os
from pathlib import Path

import pytest

from dissect_report.errors import StorageError
from dissect_report.findings import folders


def foreign(path: Path) -> Path:
    path.mkdir(parents=True)
    (path / "thesis.txt").write_text("years of work")
    return path


@pytest.mark.parametrize("action", [folders.claim, folders.clear, lambda f: folders.remove_others(f, set())])
def test_a_folder_without_our_marker_is_never_touched(tmp_path: Path, action):
    folder = foreign(tmp_path / "site")
    with pytest.raises(StorageError, match="site: was not made by dissect-report"):
        action(folder)
    assert [path.name for path in folder.iterdir()] == ["thesis.txt"]


def test_a_foreign_folder_is_not_replaced(tmp_path: Path):
    folder, new = foreign(tmp_path / "site"), tmp_path / "new"
    folders.claim(new)
    with pytest.raises(StorageError):
        folders.replace(folder, new)
    assert (folder / "thesis.txt").is_file()


def test_a_link_to_a_folder_is_not_followed(tmp_path: Path):
    folder = foreign(tmp_path / "real")
    folders.mark(folder, folders.COMPLETE)
    (tmp_path / "site").symlink_to(folder)
    with pytest.raises(StorageError, match="not a plain folder"):
        folders.clear(tmp_path / "site")
    assert (folder / "thesis.txt").is_file()


def test_an_empty_folder_may_be_claimed(tmp_path: Path):
    (tmp_path / "site").mkdir()
    folders.claim(tmp_path / "site")
    assert folders.is_ours(tmp_path / "site")
    assert not folders.is_complete(tmp_path / "site")


def test_files_that_are_no_longer_wanted_go_with_their_empty_folders(tmp_path: Path):
    folders.claim(tmp_path)
    for name in ("a/keep.txt", "a/drop.txt", "b/c/drop.txt"):
        folders.write_if_changed(tmp_path / name, b"x")
    assert folders.remove_others(tmp_path, {tmp_path / "a/keep.txt"}) == 2
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")) == [
        folders.MARKER,
        "a",
        "a/keep.txt",
    ]


def test_equal_bytes_are_not_written_again(tmp_path: Path):
    path = tmp_path / "page.html"
    assert folders.write_if_changed(path, b"one")
    os.utime(path, (1, 1))
    assert not folders.write_if_changed(path, b"one")
    assert path.stat().st_mtime == 1
    assert folders.write_if_changed(path, b"two")
    assert path.read_bytes() == b"two"


def test_replacing_keeps_the_time_of_equal_files_and_drops_old_ones(tmp_path: Path):
    site, new = tmp_path / "site", tmp_path / "new"
    for folder, files in (
        (site, {"same": b"s", "other": b"1", "old": b"o"}),
        (new, {"same": b"s", "other": b"2"}),
    ):
        folders.claim(folder)
        for name, data in files.items():
            folders.write_if_changed(folder / name, data)
            os.utime(folder / name, (1, 1) if folder == site else (9, 9))
    assert folders.replace(site, new) == (1, 2)
    assert {p.name: p.stat().st_mtime for p in site.iterdir() if p.name != folders.MARKER} == {
        "same": 1,
        "other": 9,
    }
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_refused_write_names_the_path(tmp_path: Path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StorageError, match="file"):
        folders.write_if_changed(tmp_path / "file" / "page.html", b"x")
