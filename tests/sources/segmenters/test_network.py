from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dissect_report.config import ProbeConfig, SegmenterConfig
from dissect_report.errors import SegmenterError
from dissect_report.sources.concepts import Concept
from dissect_report.sources.segmenters import torchvision_networks as module
from dissect_report.sources.segmenters.merge import open_segmenter
from dissect_report.sources.segmenters.network import NetworkSegmenter
from dissect_report.sources.segmenters.protocol import cell_pixels

IMAGES = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
PAIR = (Concept(1, "a", "object"), Concept(2, "b", "object"))


class Logits(nn.Module):
    """Three channels of noise that depend on the image, wrapped on demand."""

    def __init__(self, wrap: Any = lambda x: x, channels: int = 3) -> None:
        super().__init__()
        self.wrap = wrap
        self.conv = nn.Conv2d(3, channels, 3, padding=1)
        torch.manual_seed(0)
        nn.init.normal_(self.conv.weight, std=3)

    def forward(self, images: Tensor) -> Any:
        return self.wrap(self.conv(images))


class Ids:
    """Ids that are the pixel's number in its row."""

    def __init__(self, output: Any = None) -> None:
        self.output = output

    def segment(self, images: Tensor) -> Any:
        if self.output is not None:
            return self.output
        side = images.shape[-1]
        return torch.arange(side).expand(len(images), 1, side, side)


@pytest.mark.parametrize(
    "wrap", [lambda x: x, lambda x: {"aux": x[:, :1], "out": x}, lambda x: (x, None), lambda x: [x]]
)
def test_logits_go_to_the_grid_before_the_argmax_and_wrapping_does_not_matter(wrap: Any) -> None:
    net = Logits(wrap)
    found = NetworkSegmenter("net", net, PAIR).label(IMAGES, ["x", "y"], 5)
    small = F.interpolate(net.conv(IMAGES), (5, 5), mode="bilinear", align_corners=False)
    assert torch.equal(found, small.argmax(1, keepdim=True))


def test_the_channel_that_means_no_label_is_nought_and_the_others_move_up() -> None:
    catalogue = (Concept(0, "a", "object"), Concept(1, "b", "object"))
    plain = NetworkSegmenter("net", Logits(), PAIR).label(IMAGES, ["x", "y"], 8)
    found = NetworkSegmenter("net", Logits(), catalogue, unlabelled=2).label(IMAGES, ["x", "y"], 8)
    assert torch.equal(found, (plain + 1) % 3)


@pytest.mark.parametrize("normalisation", [None, ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))])
@pytest.mark.parametrize("method", ["forward", "segment"])
def test_a_segmenter_that_writes_into_its_input_leaves_the_images_to_the_next(
    method: str, normalisation: Any
) -> None:
    net, before = Logits(lambda x: x), IMAGES.clone()

    def written(images: Tensor) -> Tensor:
        return net.conv(images.sub_(0.4)).argmax(1, keepdim=True)

    thing = type("Writes", (nn.Module,), {method: lambda self, images: written(images)})()
    segmenter = NetworkSegmenter("net", thing, PAIR, normalisation=normalisation)
    first, second = (segmenter.label(IMAGES, ["x", "y"], 8) for _ in range(2))
    assert torch.equal(IMAGES, before)
    assert torch.equal(first, second)


def test_several_channels_mean_no_label_or_none_does() -> None:
    plain = NetworkSegmenter("net", Logits(), PAIR).label(IMAGES, ["x", "y"], 8)
    one = (Concept(1, "b", "object"),)
    found = NetworkSegmenter("net", Logits(), one, unlabelled=(0, 2, 255)).label(IMAGES, ["x", "y"], 8)
    assert torch.equal(found, (plain == 1).long())
    every = (Concept(0, "zero", "object"), *PAIR)
    found = NetworkSegmenter("net", Logits(), every, unlabelled=(-1,)).label(IMAGES, ["x", "y"], 8)
    assert torch.equal(found, plain + 1)


@pytest.mark.parametrize(("side", "grid"), [(16, 4), (16, 5), (7, 7), (9, 3), (4, 8)])
def test_a_cell_takes_the_pixel_at_its_centre(side: int, grid: int) -> None:
    found = cell_pixels(side, grid)
    if side % grid == 0:
        size = side // grid
        assert found.tolist() == [cell * size + size // 2 for cell in range(grid)]
    centres = [(cell + 0.5) * side / grid for cell in range(grid)]
    assert all(abs(pixel + 0.5 - centre) <= 0.5 for pixel, centre in zip(found, centres, strict=True))


def test_an_object_with_segment_gives_ids_of_several_depths() -> None:
    catalogue = tuple(Concept(number, f"c{number}", "object") for number in range(1, 16))
    found = NetworkSegmenter("ids", Ids(), catalogue).label(IMAGES, ["x", "y"], 4)
    assert found[0, 0, 0].tolist() == [2, 6, 10, 14]
    deep = torch.stack([torch.zeros(2, 16, 16), torch.full((2, 16, 16), 3)], 1).long()
    found = NetworkSegmenter("ids", Ids(deep), catalogue).label(IMAGES, ["x", "y"], 4)
    assert found.shape == (2, 2, 4, 4)
    assert found[:, 0].unique().tolist() == [0]
    assert found[:, 1].unique().tolist() == [3]


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (Logits(channels=5), "gives 5 channels, its list of concepts names 3 ids"),
        (Logits(channels=2), "gives 2 channels, its list of concepts names 3 ids"),
        (Logits(lambda x: x.mean((2, 3))), r"gives \[2, 3\], not logits \[image, concept, y, x\]"),
        (Logits(lambda x: "text"), "gives str, not logits"),
        (Logits(lambda x: 1 / 0), "fails on images of shape .*ZeroDivisionError"),
        (Ids(torch.full((2, 1, 16, 16), 9)), "net: the id 9 is not in the catalogue"),
        (Ids(torch.full((2, 1, 16, 16), -1)), "net: the id -1 is not in the catalogue"),
        (Ids(torch.zeros(2, 1, 16, 16)), "float32 where whole concept ids"),
        (Ids(torch.zeros(16, 16).long()), r"segment\(\) gives \[16, 16\], not ids"),
        (Ids(torch.zeros(1, 1, 16, 16).long()), "not ids .* of 2 images"),
        (Ids(torch.zeros(2, 1, 0, 0).long()), r"gives \[2, 1, 0, 0\] for images of 16 x 16 pixels"),
        (Ids(torch.zeros(2, 0, 16, 16).long()), r"gives \[2, 0, 16, 16\]"),
        (Ids(torch.zeros(2, 1, 256, 1).long()), r"gives \[2, 1, 256, 1\]"),
        (Logits(lambda x: x.flatten(2)[..., None]), r"gives \[2, 3, 256, 1\]"),
        (Logits(lambda x: x[:, :, :0]), r"gives \[2, 3, 0, 16\]"),
    ],
)
def test_what_a_segmenter_gives_wrongly_is_one_clear_line(thing: Any, words: str) -> None:
    with pytest.raises(SegmenterError, match=words) as caught:
        NetworkSegmenter("net", thing, PAIR).label(IMAGES, ["x", "y"], 4)
    assert "\n" not in str(caught.value)


def test_running_out_of_memory_is_left_to_the_caller_who_halves_the_batch() -> None:
    def fail(_: Tensor) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    with pytest.raises(RuntimeError, match="can't allocate"):
        NetworkSegmenter("net", Logits(fail), PAIR).label(IMAGES, ["x", "y"], 4)


CODE = """
import torch
class Net(torch.nn.Module):
    def __init__(self, **carried):
        super().__init__()
        self.bias = torch.nn.Parameter(torch.zeros(3))
        self.__dict__.update(carried)
    def forward(self, images):
        return images + self.bias[:, None, None]
def bare(): return Net()
def labelled(): return Net(labels=["other", "wall", "sky"])
def described(): return Net(concepts=[(1, "wall", "material"), (2, "sky", "object")])
def wrong(): return Net(labels=[1, 2])
def number(): return 3
"""


def open_code(folder: Path, name: str, **more: Any) -> Any:
    (folder / "seg.py").write_text(CODE)
    return open_segmenter(SegmenterConfig(source=f"seg.py:{name}", **more), ProbeConfig(), folder)


def test_concepts_come_from_the_file_else_from_the_object(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("other\nfile wall\nfile sky\n")
    named = open_code(tmp_path, "bare", concepts="names.txt")
    assert [concept.name for concept in named.catalogue] == ["file wall", "file sky"]
    assert [concept.name for concept in open_code(tmp_path, "labelled").catalogue] == ["wall", "sky"]
    assert open_code(tmp_path, "described").catalogue[0] == Concept(1, "wall", "material")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("bare", "nobody names its concepts: set `concepts`"),
        ("wrong", "1 is neither a name nor"),
        ("number", "gives a int: neither a network nor an object with segment"),
        ("missing", "has no factory called 'missing'"),
    ],
)
def test_a_factory_without_use_is_one_clear_line(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(SegmenterError, match=words):
        open_code(tmp_path, name)


def test_the_digest_follows_weights_code_and_catalogue(tmp_path: Path) -> None:
    digests = {open_code(tmp_path, name).digest for name in ("labelled", "described")}
    assert open_code(tmp_path, "labelled").digest in digests
    (tmp_path / "names.txt").write_text("other\nx\ny\n")
    digests.add(open_code(tmp_path, "labelled", concepts="names.txt").digest)
    net = Logits()
    digests.add(NetworkSegmenter("net", net, PAIR).digest)
    net.conv.weight.data[0, 0, 0, 0] += 1
    digests.add(NetworkSegmenter("net", net, PAIR).digest)
    digests.add(NetworkSegmenter("net", net, PAIR, code_digest="changed").digest)
    holder = Ids()
    holder.net = nn.Linear(2, 2)  # type: ignore[attr-defined]
    digests.add(NetworkSegmenter("net", holder, PAIR).digest)
    holder.net.bias.data += 1  # type: ignore[attr-defined]
    digests.add(NetworkSegmenter("net", holder, PAIR).digest)
    assert len(digests) == 8


def test_torchvision_weights_bring_their_catalogue_and_imagenet_normalisation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Tensor] = []

    class Net(nn.Module):
        def forward(self, images: Tensor) -> dict[str, Tensor]:
            seen.append(images)
            return {"out": torch.zeros(len(images), 21, 4, 4)}

    monkeypatch.setattr(module, "build_torchvision", lambda *_: Net())
    source = "torchvision:lraspp_mobilenet_v3_large@COCO_WITH_VOC_LABELS_V1"
    segmenter = open_segmenter(SegmenterConfig(source=source), ProbeConfig(), tmp_path)
    assert len(segmenter.catalogue) == 20
    assert segmenter.catalogue[0] == Concept(1, "aeroplane", "object")
    assert segmenter.label(torch.full((1, 3, 8, 8), 0.5), ["x"], 4).unique().tolist() == [0]
    assert seen[0][0, :, 0, 0].tolist() == pytest.approx([0.015 / 0.229, 0.044 / 0.224, 0.094 / 0.225])


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("torchvision:fcn_resnet50", "has random weights; name trained ones"),
        ("torchvision:fcn_resnet05@DEFAULT", "no model called 'fcn_resnet05'; did you mean 'fcn_resnet50'"),
        ("torchvision:fcn_resnet50@BEST", "no weights called 'BEST'"),
        ("colour", "'colour' is no segmenter: expected file.py:factory"),
    ],
)
def test_an_unknown_source_is_one_clear_line(tmp_path: Path, source: str, words: str) -> None:
    with pytest.raises(SegmenterError, match=words):
        open_segmenter(SegmenterConfig(source=source), ProbeConfig(), tmp_path)
