"""The whole networks against what the paper's own code gave under the same drawn weights.

Labels are compared where the stored margin tells the first from the second; parts and quadrants from the
stored objects, since one pixel moves a whole box.
"""

from __future__ import annotations

import json
from functools import lru_cache

import numpy as np
import pytest
import torch
from PIL import Image

from dissect_report.sources.segmenters.paper.coloring import ColorNet, color_net
from dissect_report.sources.segmenters.paper.labels import part_labels, perceptual_labels
from dissect_report.sources.segmenters.paper.parsing import Logits, PerceptualNet, perceptual_net
from dissect_report.sources.segmenters.paper.pooling import enlarged
from dissect_report.sources.segmenters.paper.quadrants import quadrants
from dissect_report.sources.segmenters.paper.vocabulary import Vocabulary, read_vocabulary
from tests.beside import SHARED
from tests.perceptual_networks import draw_weights

UPERNET = SHARED / "upernet"
MARGIN = 1e-3
pytestmark = pytest.mark.skipif(not UPERNET.is_dir(), reason="needs ../shared/upernet")

#: One photo in the default run: the networks are large.
PHOTOS = [0, *(pytest.param(number, marks=pytest.mark.slow) for number in (1, 2, 3))]


def state_of(part: torch.nn.Module) -> list[list[object]]:
    found = part.state_dict().items()
    return [[key, list(value.shape), str(value.dtype).removeprefix("torch.")] for key, value in found]


@pytest.fixture(scope="module")
def words() -> Vocabulary:
    return read_vocabulary(UPERNET / "labels.json")


@pytest.fixture(scope="module")
def parser(words: Vocabulary) -> PerceptualNet:
    network = perceptual_net(len(words.objects), words.part_channels, len(words.materials))
    published = json.loads((UPERNET / "upernet_state.json").read_text())
    for name, part in (("encoder", network.encoder), ("decoder", network.decoder)):
        assert state_of(part) == published[name]
        draw_weights(part)
    return network


@pytest.fixture(scope="module")
def colors() -> ColorNet:
    image = json.loads((UPERNET / "color_labels.json").read_text())["imageformat"]
    bias = torch.tensor(json.loads((UPERNET / "color_head_bias.json").read_text()))
    network = color_net(11, image["mean"], image["stdev"])
    published = json.loads((UPERNET / "color_state.json").read_text())
    for name, part in (("encoder", network.encoder), ("decoder", network.decoder)):
        assert state_of(part) == published[name]
        draw_weights(part, **({"conv_last__4__bias": bias} if name == "decoder" else {}))
    return network


def photo(number: int) -> torch.Tensor:
    pixels = np.array(Image.open(UPERNET / "images" / f"{number}.png").convert("RGB"))
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255


@lru_cache(maxsize=1)
def answer(parser: PerceptualNet, number: int) -> Logits:
    """Two tests look at the first photo."""
    logits: Logits = parser(photo(number))
    return logits


def test_every_id_has_the_published_name(words: Vocabulary) -> None:
    names = json.loads((UPERNET / "upernet_names.json").read_text())
    assert [[concept.name, concept.category] for concept in words.concepts] == names[1:]


@pytest.mark.parametrize("number", PHOTOS)
def test_logits_and_labels_of_a_photo(number: int, words: Vocabulary, parser: PerceptualNet) -> None:
    stored = np.load(UPERNET / f"upernet_{number}.npz")
    with torch.inference_mode():
        logits = answer(parser, number)
        labels = perceptual_labels(logits, 256, words)[0].numpy()
    for name, found in zip(("object", "part", "material"), logits, strict=True):
        assert np.abs(found[:, ::8, ::8, ::8].numpy() - stored[f"decoder.{name}_head"]).max() < 1e-4
    truth = stored["corrected"].astype(int)
    assert not ((labels[0] != truth[0]) & (stored["object_margin"] > MARGIN)).any()
    assert not ((labels[1] != truth[1]) & (stored["material_margin"] > MARGIN)).any()


@pytest.mark.parametrize("file", [pytest.param("upernet_b_0", marks=pytest.mark.slow), "upernet_b_0_quarter"])
def test_another_order_of_names_and_a_coarser_grid(file: str, parser: PerceptualNet) -> None:
    stored, words = np.load(UPERNET / f"{file}.npz"), read_vocabulary(UPERNET / "labels_b.json")
    truth = stored["corrected"].astype(int)
    with torch.inference_mode():
        logits = answer(parser, 0)
        labels = perceptual_labels(logits, truth.shape[-1], words)[0].numpy()
        channels = enlarged(logits.parts, truth.shape[1:])[0]
    sure = stored["object_margin"] > MARGIN
    assert not ((labels[0] != truth[0]) & sure).any()
    best = np.stack([channels[part].argmax(0).numpy() for _, part, _ in words.owners])
    parts = part_labels(truth[0], best, words)
    assert (parts[sure] == truth[2][sure]).mean() > 0.999
    assert truth[2].any()
    assert np.array_equal(np.stack(quadrants(truth[0], words)), truth[3:])


@pytest.mark.parametrize("number", range(4))
def test_quadrants_of_the_stored_objects(number: int, words: Vocabulary) -> None:
    truth = np.load(UPERNET / f"upernet_{number}.npz")["corrected"].astype(int)
    assert np.array_equal(np.stack(quadrants(truth[0], words)), truth[3:])


@pytest.mark.parametrize("number", PHOTOS)
def test_colors_of_a_photo(number: int, colors: ColorNet) -> None:
    stored = np.load(UPERNET / f"color_{number}.npz")
    with torch.inference_mode():
        logits = colors(photo(number))
        labels = enlarged(logits, (256, 256)).argmax(1)[0].numpy() + 1
    assert np.abs(logits.numpy() - stored["decoder.conv_last"]).max() < 1e-4
    assert not ((labels != stored["labels"][0]) & (stored["margin"] > MARGIN)).any()
