"""What would fail in the middle of the work is refused before it begins."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from struct import pack

import pytest
from PIL import Image

from dissect_report import dissect
from dissect_report.analysis import beforehand, forward
from dissect_report.analysis.beforehand import cache_bytes, findings_bytes
from dissect_report.errors import ConfigError, ModelError, ProbeError, SegmenterError, StorageError
from dissect_report.sources.probe import Probe
from tests.ablation_site import set_up_site
from tests.small_site import change, write_small_site

ABLATION = '\n[ablation]\nlayers = ["conv2"]\n'


def masked_site(folder: Path, images: int = 6) -> Path:
    """The small site with a mask for every photo; the configuration."""
    config = change(write_small_site(folder, images=images), "net.py:blocks", "masks:masks")
    for photo in (folder / "photos").rglob("*.png"):
        mask = folder / "masks" / photo.relative_to(folder / "photos")
        mask.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (60, 44), 1).save(mask)
    return config


def png(width: int, height: int) -> bytes:
    """The beginning of a grey PNG of any size, whose pixels are not there."""
    head = b"IHDR" + pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + pack(">I", 13) + head + pack(">I", zlib.crc32(head)) + pack(">I", 9) + b"IDAT"
    )


def huge(path: Path) -> None:
    path.write_bytes(png(100_000, 100_000))


def large(path: Path) -> None:
    path.write_bytes(png(12_000, 8_800))


def other_shape(path: Path) -> None:
    Image.new("L", (60, 20), 1).save(path)


def colours(path: Path) -> None:
    Image.new("RGB", (60, 44)).save(path)


def torn(path: Path) -> None:
    path.write_bytes(b"no picture")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (Path.unlink, r"005\.png: no mask for the image 'class2/005\.png'"),
        (huge, r"005\.png: too many pixels to be a mask \(decompression bomb\)"),
        (large, r"005\.png: 12000x8800 pixels are too many for a mask, at most 89 million"),
        (other_shape, r"005\.png: 60x20 pixels do not have the proportions of the image 'class2/005\.png'"),
        (colours, r"005\.png: a colour picture \(RGB\)"),
        (torn, r"005\.png: not a readable mask"),
    ],
)
def test_the_last_mask_is_looked_at_before_the_first_image_is_decoded(
    tmp_path: Path, spoil: Callable[[Path], None], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = masked_site(tmp_path)
    spoil(tmp_path / "masks/class2/005.png")
    monkeypatch.setattr(Probe, "load", None)
    with pytest.raises(SegmenterError, match=told) as caught:
        dissect(config)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_a_photo_that_cannot_be_read_needs_no_mask(tmp_path: Path) -> None:
    config = masked_site(tmp_path)
    (tmp_path / "photos/class0/broken.png").write_bytes(b"no picture")
    (run,) = dissect(config)
    assert len(run.record.images) == 6


def test_a_coco_file_is_looked_at_before_the_first_image_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = change(write_small_site(tmp_path, images=3), "net.py:blocks", "masks:labels.json")
    change(config, 'concepts = "concepts.csv"\n', "")
    names = sorted(path.relative_to(tmp_path / "photos") for path in (tmp_path / "photos").rglob("*.png"))
    images = [{"id": k, "file_name": str(name), "width": 60, "height": 44} for k, name in enumerate(names)]
    box = {"size": [44, 60], "counts": [0, 44 * 60]}
    marks = [{"id": k, "image_id": k, "category_id": 1, "segmentation": box} for k in range(3)]
    data = {"images": images, "annotations": marks, "categories": [{"id": 1, "name": "all"}]}
    images[2] |= {"width": 100_000, "height": 100_000}
    (tmp_path / "labels.json").write_text(json.dumps(data))
    monkeypatch.setattr(Probe, "load", None)
    with pytest.raises(SegmenterError, match=r"labels\.json: .*002\.png.*100000x100000 pixels are too many"):
        dissect(config)
    del images[2]
    (tmp_path / "labels.json").write_text(json.dumps(data))
    with pytest.raises(SegmenterError, match=r"1 of 3 images are not in it; the first: 'class2/002\.png'"):
        dissect(config)


def test_one_image_is_too_few(tmp_path: Path) -> None:
    config = write_small_site(tmp_path, images=1)
    with pytest.raises(ProbeError, match="at least 2 are needed"):
        dissect(config)


@pytest.mark.parametrize(("images", "refused"), [(6, True), (7, False)])
def test_a_network_that_fails_on_the_last_batch_of_one_is_refused(
    tmp_path: Path, images: int, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write_small_site(tmp_path, images=images)
    fails = 'if len(x) == 1:\n            raise ValueError("one is none")'
    change(tmp_path / "net.py", "        x = self.relu2(", f"        {fails}\n        x = self.relu2(")
    if not refused:
        assert len(dissect(config)[0].record.images) == images
        return
    monkeypatch.setattr(forward.ModelPass, "fill", None)
    with pytest.raises(ModelError, match=r"the last of 6 in batches of 5 is one \(ValueError: one is none\)"):
        dissect(config)


def test_the_disk_is_asked_for_the_whole_run_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = write_small_site(tmp_path)
    monkeypatch.setattr(beforehand, "RESERVE", 10**15)
    monkeypatch.setattr(forward.ModelPass, "fill", None)
    with pytest.raises(StorageError, match=r"GB needed for the whole run, 0\.0 GB free"):
        dissect(config)
    assert not (tmp_path / "run").exists()


def test_what_a_run_will_take_is_what_it_took(tmp_path: Path) -> None:
    config = write_small_site(tmp_path)
    dissect(config)
    setup = set_up_site(config)
    cache = sum(path.stat().st_size for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert cache / 2 < cache_bytes(setup) < 2 * cache
    run = sum(path.stat().st_size for path in (tmp_path / "run").rglob("*") if path.is_file())
    assert run < findings_bytes(setup) < 10 * run


@pytest.mark.parametrize(
    ("table", "error", "told"),
    [
        ("", ConfigError, r"no class has at least 10 evaluation images \(the most: 3\)"),
        ('rank_images = ["gone"]\nclasses = ["class0"]\n', ProbeError, "gone"),
        ('classes = ["class9"]\n', ConfigError, "class9"),
        ('classes = ["class0"]\n[ablation.sets]\nmine = [8]\n', Exception, "mine"),
    ],
)
def test_an_ablation_without_images_is_refused_before_the_model_runs(
    tmp_path: Path, table: str, error: type[Exception], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = change(
        write_small_site(tmp_path), '["conv1", "conv2"]', '["conv1", "conv2"]\nclasses = "names.txt"'
    )
    (tmp_path / "names.txt").write_text("class0\nclass1\nclass2\n")
    config.write_text(config.read_text() + ABLATION + table)
    monkeypatch.setattr(forward.ModelPass, "fill", None)
    with pytest.raises(error, match=told):
        dissect(config)
    assert not (tmp_path / "run").exists()
