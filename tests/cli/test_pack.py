"""``dissect-report pack``: one zip that opens from disk."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

import pytest

from dissect_report.cli.pack import pack
from dissect_report.errors import ConfigError, PublishError, StorageError
from dissect_report.findings import folders
from dissect_report.publish.links import check_links
from tests.publish.conftest import Built


@pytest.fixture
def site(template_site: Built, tmp_path: Path) -> Built:
    shutil.copytree(template_site.folder, tmp_path / "mine")
    return Built(tmp_path / "mine")


def test_the_zip_holds_the_whole_site_in_one_folder(site: Built, tmp_path: Path):
    pack(site.folder)
    with zipfile.ZipFile(site.folder / "mine.zip") as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "out")
    (unpacked,) = (tmp_path / "out").iterdir()
    assert unpacked.name == "mine"
    files = {path.relative_to(site.site) for path in site.site.rglob("*") if path.is_file()}
    found = {path.relative_to(unpacked) for path in unpacked.rglob("*") if path.is_file()}
    assert found == files - {Path(folders.MARKER)}
    for path in found:
        assert (unpacked / path).read_bytes() == (site.site / path).read_bytes()
    assert check_links(unpacked) == []
    # what search needs where no page may fetch another file
    assert (unpacked / "search" / "search_index.js").is_file()


def test_the_same_findings_give_the_same_bytes(site: Built, tmp_path: Path):
    pack(site.folder, tmp_path / "one.zip")
    shutil.rmtree(site.site)
    site.build()
    for path in site.site.rglob("*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
        path.chmod(0o700)
    pack(site.folder, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        names = [entry.filename for entry in archive.infolist()]
        assert names == sorted(names)
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_it_says_what_is_in_it_and_where_it_is(
    site: Built, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    pack(site.folder / "dissect.toml", tmp_path / "new" / "send.zip")
    said = capsys.readouterr().out
    assert "in this site: 12 probe pictures" in said
    assert "beside pictures: all numbers, and of vgg16: 12 names of probe images" in said
    assert "send.zip" in said
    assert "mine/index.html" in said


def test_pictures_that_the_configuration_leaves_out_are_not_packed(site: Built):
    config = site.folder / "dissect.toml"
    config.write_text(f"{config.read_text()}\n[site]\nimages = false\n")
    with pytest.raises(PublishError, match="holds probe pictures, and"):
        pack(site.folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_is_no_file_is_not_opened(site: Built, tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StorageError, match="move it away"):
        pack(site.folder / "dissect.toml", tmp_path / "pipe")


def test_a_site_that_was_not_built_yet_is_an_error(site: Built):
    shutil.rmtree(site.site)
    with pytest.raises(PublishError, match="not built yet; run `dissect-report render"):
        pack(site.folder)


def test_a_site_whose_build_was_interrupted_is_an_error(site: Built):
    folders.mark(site.site, folders.UNFINISHED)
    with pytest.raises(PublishError, match="did not finish"):
        pack(site.folder)


def test_a_folder_without_a_configuration_is_an_error(tmp_path: Path):
    with pytest.raises(ConfigError, match="no such file"):
        pack(tmp_path)


@pytest.mark.parametrize("output", ["", "inside.zip"])
def test_the_zip_cannot_be_a_folder_or_lie_in_the_site(site: Built, output: str):
    with pytest.raises(PublishError, match="name a file outside the built site with -o FILE"):
        pack(site.folder, site.site / output)
    assert not (site.site / "inside.zip").exists()


@pytest.mark.parametrize("kind", ["text", "zip", "link"])
def test_a_file_that_is_not_ours_is_never_replaced(site: Built, tmp_path: Path, kind: str):
    target = tmp_path / "thesis.zip"
    if kind == "link":
        pack(site.folder, tmp_path / "ours.zip")
        target.symlink_to(tmp_path / "ours.zip")
    elif kind == "zip":
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr("thesis.txt", "years of work")
    else:
        target.write_text("years of work")
    before = target.read_bytes()
    with pytest.raises(StorageError, match=r"thesis\.zip: was not made by `dissect-report pack`"):
        pack(site.folder, target)
    assert target.read_bytes() == before
    assert target.is_symlink() == (kind == "link")


def test_an_archive_of_ours_is_replaced(site: Built, tmp_path: Path):
    pack(site.folder, tmp_path / "one.zip")
    before = (tmp_path / "one.zip").read_bytes()
    pack(site.folder, tmp_path / "one.zip")
    assert (tmp_path / "one.zip").read_bytes() == before


def test_a_site_with_a_link_in_it_is_not_packed(site: Built):
    (site.site / "more.html").symlink_to(site.folder / "dissect.toml")
    with pytest.raises(PublishError, match=r"more\.html: is a link"):
        pack(site.folder)


def test_a_disk_that_refuses_is_named_and_the_old_zip_stays(site: Built, monkeypatch: pytest.MonkeyPatch):
    pack(site.folder)
    target = site.folder / "mine.zip"
    old = target.read_bytes()

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(StorageError, match=r"mine\.zip: cannot be written \(No space left"):
        pack(site.folder)
    assert target.read_bytes() == old
    assert [path.name for path in site.folder.glob("*.zip*")] == ["mine.zip"]
    assert not list(site.folder.glob(".mine.zip*"))
