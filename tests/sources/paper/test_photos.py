"""The paper's photos: a folder that happens to come as an archive."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from dissect_report.config import ProbeConfig
from dissect_report.config.fetch import FetchConfig, fetching
from dissect_report.errors import ProbeError, WeightsError
from dissect_report.sources.fetching.digests import Published
from dissect_report.sources.fetching.places import place_of
from dissect_report.sources.paper import photos
from dissect_report.sources.paper.files import PLACES_VAL
from dissect_report.sources.paper.photos import photo_folder, place_names
from dissect_report.sources.probe import list_probe

PROBE = ProbeConfig(("paper:places-val",))


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror's small archive of the same form, which is taken for the published one."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "JPEG")
    path = tmp_path / "mirror" / "datasets" / "places_val.zip"
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as made:
        for name in ("zoo", "abbey"):
            made.writestr(f"places/val/{name}/{name}_1.jpg", buffer.getvalue())
    unknown = (Published(PLACES_VAL.files[0].url),)
    monkeypatch.setattr(photos, "find", lambda *_: type("Photos", (), {"files": unknown}))
    return path


def mirror(archive: Path) -> FetchConfig:
    return FetchConfig(mirrors=(f"dissect.csail.mit.edu={archive.parents[1].as_uri()}",))


def test_photos_are_fetched_unpacked_and_listed_by_their_folders(archive: Path, tmp_path: Path) -> None:
    with fetching(mirror(archive)):
        items = list_probe(PROBE, tmp_path, 0).items
    assert [(item.name, item.label) for item in items] == [
        ("abbey/abbey_1.jpg", "abbey"),
        ("zoo/zoo_1.jpg", "zoo"),
    ]
    archive.unlink()
    place_of(PLACES_VAL.files[0].url).unlink()  # what is unpacked is enough
    with fetching(FetchConfig(offline=True)):
        assert [item.name for item in list_probe(PROBE, tmp_path, 0).items] == [item.name for item in items]


def test_a_folder_unpacked_by_hand_is_taken(archive: Path) -> None:
    place = place_of(PLACES_VAL.files[0].url)
    (place.parent / "places_val.zip.unpacked" / "val" / "zoo").mkdir(parents=True)
    (place.parent / "places_val.zip.unpacked" / "val" / "abbey").mkdir()
    with fetching(FetchConfig(offline=True)):
        assert photo_folder(PLACES_VAL.source).name == "val"


def test_another_archive_under_the_name_is_unpacked_anew(archive: Path, tmp_path: Path) -> None:
    with fetching(mirror(archive)):
        folder = photo_folder(PLACES_VAL.source)
        (place_of(PLACES_VAL.files[0].url)).unlink()
        place_of(PLACES_VAL.files[0].url).with_name("places_val.zip.sha256").write_text("0" * 64)
        with pytest.raises(WeightsError, match="first seen"):
            photo_folder(PLACES_VAL.source)
    assert folder.is_dir()


def test_classes_of_the_papers_classifiers_are_the_folders_of_all_its_photos(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fetching(mirror(archive)):
        folder = photo_folder(PLACES_VAL.source)
    assert place_names() == ()  # two are not all
    shutil.copytree(folder / "zoo", folder / "alcove")
    monkeypatch.setattr(photos, "CLASSES", 3)
    assert place_names() == ("abbey", "alcove", "zoo")


def test_an_unknown_name_is_told_the_known_one(tmp_path: Path) -> None:
    with pytest.raises(ProbeError, match="paper:places-val"):
        list_probe(ProbeConfig(("paper:places",)), tmp_path, 0)
