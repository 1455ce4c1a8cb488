"""Archives of others: what is unpacked, and what is refused."""

from __future__ import annotations

import io
import shutil
import tarfile
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from dissect_report.errors import StorageError, WeightsError
from dissect_report.sources.fetching import archives
from dissect_report.sources.fetching.archives import MARKER, marked, unpacked


def zipped(path: Path, files: dict[str, bytes], mode: int = 0) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = mode << 16
            archive.writestr(info, content)
    return path


def tarred(path: Path, *members: tuple[str, bytes, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, kind, content in members:
            info = tarfile.TarInfo(name)
            info.type, info.size, info.linkname = kind, len(content), "/etc/passwd"
            archive.addfile(info, io.BytesIO(content))
    return path


def contents(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != MARKER)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


FILES = {"places/val/abbey/1.jpg": b"one", "places/val/zoo/2.jpg": b"two"}


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_files_land_below_the_folder_once(tmp_path: Path, kind: str) -> None:
    if kind == "zip":
        archive = zipped(tmp_path / "a.zip", FILES)
    else:
        archive = tarred(tmp_path / "a.tgz", *((n, tarfile.REGTYPE, c) for n, c in FILES.items()))
    folder = unpacked(archive, "abc")
    assert contents(folder) == FILES
    archive.unlink()
    assert unpacked(archive, "abc") == folder
    assert marked(folder) == "abc"


def test_another_archive_takes_the_place_of_the_first(tmp_path: Path) -> None:
    unpacked(zipped(tmp_path / "a.zip", FILES), "abc")
    folder = unpacked(zipped(tmp_path / "a.zip", {"x": b"y"}), "def")
    assert contents(folder) == {"x": b"y"}


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    own = tmp_path / "a.zip.unpacked" / "mine"
    own.parent.mkdir()
    own.touch()
    with pytest.raises(StorageError, match="was not made by dissect-report"):
        unpacked(zipped(tmp_path / "a.zip", FILES), "abc")
    assert own.exists()


@pytest.mark.parametrize(
    "name", ["../out", "/out", "a/../../out", "a\\..\\..\\out", "C:out", "a/./b", "a//b", "... /x", "a\nb"]
)
def test_nothing_lands_elsewhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(WeightsError, match="elsewhere"):
        unpacked(zipped(tmp_path / "a.zip", {"good": b"1", name: b"2"}), "abc")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_nothing_is_a_link_or_a_device(tmp_path: Path, kind: bytes) -> None:
    archive = tarred(tmp_path / "a.tgz", ("good", tarfile.REGTYPE, b"1"), ("bad", kind, b""))
    with pytest.raises(WeightsError, match="'bad' in it is a link or no file"):
        unpacked(archive, "abc")
    with pytest.raises(WeightsError, match="'bad' in it is a link or no file"):
        unpacked(zipped(tmp_path / "b.zip", {"bad": b"/etc/passwd"}, mode=0o120777), "abc")


def test_nothing_grows_without_end(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="would become 3 MB"):
        unpacked(zipped(tmp_path / "a.zip", {"bomb": bytes(3_000_000)}), "abc")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_a_size_that_lies_is_found_out(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"bomb": bytes(1_000_000)})
    real = (1_000_000).to_bytes(4, "little")
    archive.write_bytes(archive.read_bytes().replace(real, (10).to_bytes(4, "little")))
    with pytest.raises(WeightsError, match=r"larger than it says|cannot be unpacked"):
        unpacked(archive, "abc")


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="same name"):
        unpacked(zipped(tmp_path / "a.zip", {"a/B": b"1", "A/b": b"2"}), "abc")


def test_a_full_disk_is_known_beforehand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        archives,
        "shutil",
        SimpleNamespace(disk_usage=lambda _: SimpleNamespace(free=1 << 30), rmtree=shutil.rmtree),
    )
    with pytest.raises(StorageError, match=r"needed for what is in a.zip"):
        unpacked(zipped(tmp_path / "a.zip", FILES), "abc")


@pytest.mark.parametrize("damage", ["cut", "flip", "no archive"])
def test_damage_is_one_line(tmp_path: Path, damage: str) -> None:
    archive = zipped(tmp_path / "a.zip", {"a": bytes(range(256)) * 40})
    data = bytearray(archive.read_bytes())
    if damage == "cut":
        data = data[: len(data) // 2]
    elif damage == "flip":
        data[60] ^= 255
    else:
        data = bytearray(b"hello")
    archive.write_bytes(data)
    with pytest.raises(WeightsError, match="delete it to download it again"):
        unpacked(archive, "abc")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]
