from __future__ import annotations

from pathlib import Path

import pytest

from dissect_report.analysis.dissection import dissect
from dissect_report.analysis.forecast import forecast
from dissect_report.analysis.progress import Silent
from dissect_report.config import load_config
from dissect_report.errors import ModelError, SegmenterError
from tests.generation_site import write_generator_site
from tests.small_site import write_small_site

MORE = '''
from torch.nn import functional as F

class Dropping(Net):
    """Forgets ``training=self.training``."""

    def forward(self, x):
        return super().forward(F.dropout(x, 0.5))

class Pooling(Net):
    """Normalises by the batch."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(3, track_running_stats=False)

    def forward(self, x):
        return super().forward(self.norm(x))

class OneByOne(Net):
    def forward(self, x):
        (_image,) = x
        return super().forward(x)

class Colours(nn.Module):
    """Six channels of logits, the first three of them the colours."""

    labels = ["none", "red", "green", "blue", "upper", "lower", "never seen"]
    rate, training_too, mixed = 0.0, False, False

    def forward(self, images):
        if self.mixed:
            images = images - images.mean(0)
        logits = F.pad(images * 20, (0, 0, 0, 0, 1, 3))
        return F.dropout(logits, self.rate, self.training_too)

def colours():
    return Colours()

def dropping_colours():
    colours = Colours()
    colours.rate, colours.training_too = 0.01, True
    return colours

def mixed_colours():
    colours = Colours()
    colours.mixed = True
    return colours

class Flickering(Blocks):
    def segment(self, images):
        ids = super().segment(images)
        return torch.where(torch.rand(ids.shape) < 0.05, torch.zeros_like(ids), ids)

class OneByOneBlocks(Blocks):
    def segment(self, images):
        (_image,) = images
        return super().segment(images)
'''


def write(folder: Path, *changes: tuple[str, str]) -> Path:
    path = write_small_site(folder, images=8)
    net = folder / "net.py"
    net.write_text(net.read_text(encoding="utf-8") + MORE, encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return path


MODEL, BLOCKS, CONCEPTS = "net.py:factory", "net.py:blocks", 'concepts = "concepts.csv"\n'


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        (
            [(MODEL, "net.py:Dropping")],
            ModelError,
            "net.py:Dropping gives other values when asked again .*layer 'conv1'.*: dropout is left on in "
            "the network's own forward; .* training=self.training",
        ),
        (
            [(MODEL, "net.py:Pooling")],
            ModelError,
            "net.py:Pooling gives an image other values beside other images .*BatchNorm2d 'norm' normalises "
            "by the batch .*GroupNorm",
        ),
        (
            [(BLOCKS, "net.py:dropping_colours"), (CONCEPTS, "")],
            SegmenterError,
            "net.py:dropping_colours gives other values when asked again .*its logits.* dropout is left on",
        ),
        (
            [(BLOCKS, "net.py:mixed_colours"), (CONCEPTS, "")],
            SegmenterError,
            "net.py:mixed_colours gives an image other values beside other images .*its logits",
        ),
        (
            [(BLOCKS, "net.py:Flickering")],
            SegmenterError,
            r"net.py:Flickering gives other values when asked again .*its labels.* draws random numbers",
        ),
    ],
)
def test_numbers_that_depend_on_more_than_the_image_are_refused_before_anything_is_measured(
    changes: list[tuple[str, str]], error: type[Exception], words: str, tmp_path: Path
) -> None:
    path = write(tmp_path, *changes)
    with pytest.raises(error, match=words) as caught:
        dissect(path, threads=1)
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "run").rglob("*.json"))
    with pytest.raises(error, match=words):
        list(forecast(load_config(path), Silent(), 1))


@pytest.mark.parametrize(
    "changes",
    [
        [(BLOCKS, "net.py:colours"), (CONCEPTS, "")],
        [(BLOCKS, "net.py:OneByOneBlocks")],
        [(MODEL, "net.py:OneByOne"), ("batch_size = 5", "batch_size = 1")],
    ],
)
def test_networks_that_look_at_each_image_alone_or_take_one_at_a_time_are_measured(
    changes: list[tuple[str, str]], tmp_path: Path
) -> None:
    (run,) = dissect(write(tmp_path, *changes), threads=1)
    assert set(run.layers) == {"conv1", "conv2"}


def test_a_generator_whose_images_depend_on_their_companions_is_refused(tmp_path: Path) -> None:
    path = write_generator_site(tmp_path, "", "Mixed")
    net = tmp_path / "net.py"
    code = (
        "\n\nclass Mixed(Steps):\n    def forward(self, z):\n        return super().forward(z - z.mean(0))\n"
    )
    net.write_text(net.read_text(encoding="utf-8") + code, encoding="utf-8")
    with pytest.raises(ModelError, match=r"net.py:Mixed gives an image other values beside other images"):
        dissect(path, threads=1)
