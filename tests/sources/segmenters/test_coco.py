"""Files of COCO's form, instances and panoptic, against masks drawn by hand."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from dissect_report.config import ProbeConfig, SegmenterConfig
from dissect_report.errors import SegmenterError
from dissect_report.sources.probe import list_probe
from dissect_report.sources.segmenters.coco import CocoSegmenter
from dissect_report.sources.segmenters.merge import open_segmenter, open_segmenters

HIGH, WIDE = 40, 60
PROBE = ProbeConfig(images=("photos",), resize=40, crop=40)
CATEGORIES = [{"id": 0, "name": "cat"}, {"id": 7, "name": "cup"}, {"id": 90, "name": "mat"}]


def write(folder: Path, annotations: list[dict[str, Any]], names: tuple[str, ...] = ("a.jpg",)) -> Path:
    """Photos and a file of annotations; image ids are 10, 11 ..."""
    images = []
    for number, name in enumerate(names, start=10):
        path = folder / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (WIDE, HIGH)).save(path)
        images.append({"id": number, "file_name": f"train/{name}", "height": HIGH, "width": WIDE})
    data = {"images": images, "annotations": annotations, "categories": CATEGORIES}
    (folder / "labels.json").write_text(json.dumps(data))
    return folder


def opened(folder: Path, **options: Any) -> CocoSegmenter:
    segmenter = open_segmenter(SegmenterConfig("masks:labels.json", **options), PROBE, folder)
    assert isinstance(segmenter, CocoSegmenter)
    return segmenter


def runs(inside: np.ndarray) -> dict[str, Any]:
    """Run lengths down the columns, counted one pixel after the other."""
    counts, last = [0], False
    for value in inside.T.ravel().tolist():
        if value != last:
            counts.append(0)
            last = value
        counts[-1] += 1
    return {"size": list(inside.shape), "counts": counts}


def annotate(number: int, category: int, segmentation: Any, image: int = 10) -> dict[str, Any]:
    return {"id": number, "image_id": image, "category_id": category, "segmentation": segmentation}


def drawn(seed: int) -> np.ndarray:
    """A region of any shape, with holes."""
    return np.random.default_rng(seed).random((HIGH, WIDE)) < 0.4


def test_run_lengths_become_labels_and_0_is_a_category(tmp_path: Path) -> None:
    cat, cup = drawn(0), drawn(1) & ~drawn(0)
    write(tmp_path, [annotate(1, 0, runs(cat)), annotate(2, 7, runs(cup))])
    segmenter = opened(tmp_path)
    assert [(concept.id, concept.name) for concept in segmenter.catalogue] == [
        (0, "cat"),
        (7, "cup"),
        (90, "mat"),
    ]
    (layer,) = segmenter.read("a.jpg")
    assert np.array_equal(layer, cat + 2 * cup)
    assert segmenter.label(torch.zeros(1, 3, 40, 40), ["a.jpg"], 20).shape == (1, 1, 20, 20)


def test_overlapping_instances_are_all_there(tmp_path: Path) -> None:
    regions = {0: drawn(0), 7: drawn(1), 90: drawn(2)}
    annotations = [annotate(k, category, runs(r)) for k, (category, r) in enumerate(regions.items())]
    annotations.append(annotate(9, 7, runs(drawn(3))))
    write(tmp_path, annotations, ("a.jpg", "b.jpg"))
    segmenter = opened(tmp_path)
    layers = segmenter.read("a.jpg")
    covered = [regions[0], regions[7] | drawn(3), regions[90]]
    for position, inside in enumerate(covered, start=1):
        assert np.array_equal(np.any([layer == position for layer in layers], 0), inside)
    assert len(layers) == np.sum(covered, 0).max()
    merged = open_segmenters([SegmenterConfig("masks:labels.json")], PROBE, tmp_path)
    merged.check(["a.jpg", "b.jpg"])
    one = merged.label(torch.zeros(1, 3, 40, 40), ["b.jpg"], 8)
    assert one.shape[1] == 3, "as deep as the deepest, from the first image on"
    assert not one.any()
    assert merged.label(torch.zeros(1, 3, 40, 40), ["a.jpg"], 8).any()


def test_the_list_of_concepts_renames_and_leaves_out(tmp_path: Path) -> None:
    write(tmp_path, [annotate(1, 7, runs(drawn(0))), annotate(2, 90, runs(drawn(1)))])
    (tmp_path / "concepts.csv").write_text("id,name,category\n7,a cup,part\n90,mat,object\n")
    segmenter = opened(tmp_path, concepts="concepts.csv", unlabelled=(90,))
    assert [(c.id, c.name, c.category) for c in segmenter.catalogue] == [(7, "a cup", "part")]
    assert np.array_equal(segmenter.read("a.jpg")[0], drawn(0))
    (tmp_path / "concepts.csv").write_text("id,name\n7,cup\n")
    with pytest.raises(SegmenterError, match=r"labels\.json: annotation 2 is of category 90, which is no"):
        opened(tmp_path, concepts="concepts.csv").read("a.jpg")


def test_polygons_and_packed_run_lengths_are_pycocotools(tmp_path: Path) -> None:
    tools = pytest.importorskip("pycocotools.mask", reason="needs the extra coco")
    triangle = [5.0, 5.0, 50.5, 8.0, 20.0, 35.0]
    square = [30, 20, 58, 20, 58, 38, 30, 38]
    packed = tools.encode(np.asfortranarray(drawn(4).astype(np.uint8)))
    packed = {"size": packed["size"], "counts": packed["counts"].decode()}
    write(
        tmp_path, [annotate(1, 0, [triangle, square]), annotate(2, 7, packed, image=11)], ("a.jpg", "b.jpg")
    )
    segmenter = opened(tmp_path)
    y, x = np.mgrid[:HIGH, :WIDE] + 0.5
    inside = (x > 30) & (x < 58) & (y > 20) & (y < 38)
    corners = np.reshape(triangle, (3, 2))
    sides = [
        (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])
        for a, b in zip(corners, np.roll(corners, -1, 0), strict=True)
    ]
    inside |= np.all(np.array(sides) > 0, 0)
    assert np.mean((segmenter.read("a.jpg")[0] == 1) != inside) < 0.03, "but for pixels on the outline"
    assert np.array_equal(segmenter.read("b.jpg")[0] == 2, drawn(4))


def test_without_the_extra_a_polygon_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pycocotools", None)
    monkeypatch.setitem(sys.modules, "pycocotools.mask", None)
    write(
        tmp_path,
        [annotate(1, 0, [[1, 1, 9, 1, 9, 9]]), annotate(2, 0, runs(drawn(0)), image=11)],
        ("a.jpg", "b.jpg"),
    )
    with pytest.raises(
        SegmenterError, match=r"annotation 1 is a polygon: pip install 'dissect-report\[coco\]'"
    ):
        opened(tmp_path).check(["a.jpg"])
    opened(tmp_path).check(["b.jpg"])


def test_packed_run_lengths_need_no_extra(tmp_path: Path) -> None:
    # What pycocotools writes for 40 x 60 pixels of which 5 to 44, 48 to 107 and the 2000th are inside.
    inside = np.zeros(HIGH * WIDE, bool)
    inside[5:45] = inside[48:108] = inside[2000] = True
    packed = {"size": [HIGH, WIDE], "counts": "5X13d0Qk1UN[aN"}
    write(tmp_path, [annotate(1, 0, packed)])
    assert np.array_equal(opened(tmp_path).read("a.jpg")[0] == 1, inside.reshape(WIDE, HIGH).T)


@pytest.mark.parametrize(
    ("segmentation", "words"),
    [
        ([], "annotation 1 has no segmentation: a box alone"),
        (None, "annotation 1 has no segmentation"),
        ([[1, 1, 9, 9]], "neither polygons of 3 points or more nor run lengths"),
        ([[1, 1, 9, 9, 3, 3, 4]], "neither polygons"),
        ({"size": [9, 9], "counts": [81]}, r"is of an image of \[9, 9\], the image is \[40, 60\]"),
        ({"size": [HIGH, WIDE], "counts": [81]}, "its run lengths do not add up to 40 x 60 pixels"),
        ({"size": [HIGH, WIDE]}, "neither polygons"),
    ],
)
def test_a_wrong_annotation_is_named(tmp_path: Path, segmentation: Any, words: str) -> None:
    write(tmp_path, [annotate(1, 0, segmentation)])
    with pytest.raises(SegmenterError, match=rf"labels\.json: .*{words}"):
        opened(tmp_path).check(["a.jpg"])


@pytest.mark.parametrize(
    "text", ["[]", "{}", "no JSON", '{"shapes": []}', '{"images": {}, "annotations": 3}']
)
def test_another_kind_of_json_is_refused_with_what_is_expected(tmp_path: Path, text: str) -> None:
    write(tmp_path, [])
    (tmp_path / "labels.json").write_text(text)
    with pytest.raises(SegmenterError, match=r"labels\.json: a COCO file holds images, annotations"):
        opened(tmp_path)
    with pytest.raises(SegmenterError, match=r"gone\.json: cannot be read"):
        open_segmenter(SegmenterConfig("masks:gone.json"), PROBE, tmp_path)


def test_images_are_found_by_their_file_name_and_as_many_folders_as_there_are(tmp_path: Path) -> None:
    folders = ("sea/1.jpg", "alley/1.jpg", "2.JPG")
    regions = [runs(drawn(k)) for k in range(3)]
    write(tmp_path, [annotate(k, 0, regions[k], image=10 + k) for k in range(3)], folders)
    data = json.loads((tmp_path / "labels.json").read_text())
    data["images"][2]["coco_url"] = "http://example.org/" + data["images"][2].pop("file_name")
    (tmp_path / "labels.json").write_text(json.dumps(data))
    segmenter = opened(tmp_path)
    for number, name in enumerate(("sea/1.jpg", "alley/1.png", "2.jpg")):
        assert np.array_equal(segmenter.read(name)[0] == 1, drawn(number))
    with pytest.raises(SegmenterError, match=r"two images are called like '1\.jpg', ids 10 and 11"):
        segmenter.read("1.jpg")
    with pytest.raises(SegmenterError, match=r"2 of 3 images are not in it; the first: '3\.jpg'"):
        segmenter.check(["2.jpg", "3.jpg", "4.jpg"])


def test_an_image_of_other_proportions_is_refused(tmp_path: Path) -> None:
    write(tmp_path, [])
    Image.new("RGB", (50, 50)).save(tmp_path / "photos" / "a.jpg")
    with pytest.raises(SegmenterError, match=r"labels\.json: 60x40 .* 'a\.jpg', which is 50x50"):
        opened(tmp_path).read("a.jpg")


def write_panoptic(folder: Path, place: str) -> np.ndarray:
    """Two segments of one category and one of another, with ids that need three bytes; the true labels."""
    write(folder, [])
    segments = {0: 0, 77: 1, 4_000_123: 1, 700: 3}
    ids = np.random.default_rng(0).choice(list(segments), (HIGH, WIDE))
    rgb = np.stack([ids % 256, ids // 256 % 256, ids // 65536], 2).astype(np.uint8)
    (folder / place).mkdir(parents=True)
    Image.fromarray(rgb).save(folder / place / "a.png")
    data = json.loads((folder / "labels.json").read_text())
    listed = [
        {"id": 77, "category_id": 0},
        {"id": 4_000_123, "category_id": 0},
        {"id": 700, "category_id": 90},
    ]
    data["annotations"] = [{"image_id": 10, "file_name": "a.png", "segments_info": listed}]
    (folder / "labels.json").write_text(json.dumps(data))
    return np.vectorize(segments.get)(ids)


def test_panoptic_pictures_are_segments_that_the_file_names(tmp_path: Path) -> None:
    truth = write_panoptic(tmp_path, "labels")
    segmenter = opened(tmp_path)
    assert np.array_equal(segmenter.read("a.jpg")[0], truth)
    before = segmenter.digest
    (tmp_path / "labels").rename(tmp_path / "elsewhere")
    with pytest.raises(SegmenterError, match=r"labels: no such folder of panoptic PNGs; .* panoptic names"):
        opened(tmp_path)
    moved = opened(tmp_path, panoptic="elsewhere")
    assert np.array_equal(moved.read("a.jpg")[0], truth)
    assert moved.digest == before
    Image.new("RGB", (WIDE, HIGH), (9, 0, 0)).save(tmp_path / "elsewhere" / "a.png")
    assert opened(tmp_path, panoptic="elsewhere").digest != before
    with pytest.raises(SegmenterError, match=r"a\.png: the segment 9 is not in .*labels\.json"):
        moved.read("a.jpg")
    Image.new("L", (WIDE, HIGH)).save(tmp_path / "elsewhere" / "a.png")
    with pytest.raises(SegmenterError, match=r"a picture in colour is expected \(segment ids\), not L"):
        moved.read("a.jpg")


def test_panoptic_pictures_below_the_photos_are_no_images(tmp_path: Path) -> None:
    write_panoptic(tmp_path, "photos/panoptic")
    config = SegmenterConfig("masks:labels.json", panoptic="photos/panoptic")
    probe = list_probe(PROBE, tmp_path, 0, [config])
    assert [item.name for item in probe.items] == ["a.jpg"]
    opened(tmp_path, panoptic="photos/panoptic").check(["a.jpg"])


def test_a_folder_of_photos_called_like_the_file_is_no_folder_of_masks(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / "photos").mkdir(exist_ok=True)
        Image.new("RGB", (WIDE, HIGH)).save(tmp_path / "photos" / name)
    write(tmp_path, [annotate(1, 0, runs(drawn(0)))], ("a.png", "b.png"))
    (tmp_path / "labels.json").rename(tmp_path / "photos.json")
    everything = ProbeConfig(images=(".",), resize=40, crop=40)
    probe = list_probe(everything, tmp_path, 0, [SegmenterConfig("masks:photos.json")])
    assert [item.name for item in probe.items] == ["photos/a.png", "photos/b.png"]
