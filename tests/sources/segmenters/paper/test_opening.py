"""The paper's segmenters from files in the cache: small networks of the published form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from dissect_report.config import ProbeConfig, SegmenterConfig
from dissect_report.errors import ExportError, SegmenterError, WeightsError
from dissect_report.exporting.labels import export_labels
from dissect_report.sources.segmenters.gradient import gradient_obstacles
from dissect_report.sources.segmenters.merge import open_segmenter, open_segmenters
from dissect_report.sources.segmenters.network import NetworkSegmenter
from dissect_report.sources.segmenters.paper.labels import PerceptualParser, perceptual_labels
from tests.perceptual_networks import write_color, write_upp

IMAGES = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
UPP, COLOR = SegmenterConfig("paper:upp"), SegmenterConfig("paper:color")


def opened(config: SegmenterConfig, folder: Path) -> NetworkSegmenter:
    segmenter = open_segmenter(config, ProbeConfig(("photos",)), folder)
    assert isinstance(segmenter, NetworkSegmenter)
    return segmenter


def test_both_together_give_six_channels_of_one_catalogue(own_cache: Path, tmp_path: Path) -> None:
    write_upp()
    write_color()
    merged = open_segmenters([UPP, COLOR], ProbeConfig(("photos",)), tmp_path)
    assert len(merged.catalogue) == 30 + 3
    assert [concept.name for concept in merged.catalogue[-3:]] == ["black", "red", "white"]
    labels = merged.label(IMAGES, ["a", "b"], 16)
    assert labels.shape == (2, 6, 16, 16)
    assert (labels[:, 5] > 30).all()  # every pixel has a color
    assert np.array_equal(labels[:, 3] > 0, labels[:, 0] > 0)  # every object has quadrants
    alone = np.concatenate([merged.label(IMAGES[k : k + 1], ["x"], 16) for k in range(2)])
    assert np.array_equal(alone, labels)
    assert gradient_obstacles(merged, IMAGES[:1]) == ("", "")


def test_what_it_is_made_of_is_known_again(own_cache: Path, tmp_path: Path) -> None:
    write_upp()
    first = opened(UPP, tmp_path)
    state = torch.random.get_rng_state()
    assert opened(UPP, tmp_path).digest == first.digest
    assert torch.equal(torch.random.get_rng_state(), state)
    assert not first.network.training
    assert not any(parameter.is_meta for parameter in first.network.parameters())


def test_the_labels_are_the_likeliest_by_the_probabilities(own_cache: Path, tmp_path: Path) -> None:
    write_upp()
    parser = opened(UPP, tmp_path).network
    assert isinstance(parser, PerceptualParser)
    words = parser.vocabulary
    with torch.inference_mode():
        logits = parser.network(IMAGES)
        chances = torch.stack(
            [parser.log_probability(IMAGES, k).exp() for k in range(1, words.first_part + 3)]
        )
        labels = perceptual_labels(logits, logits.objects.shape[-1], words)
    objects = chances[: words.count]
    none = 1 - objects.sum(0)
    assert torch.equal(torch.cat([none[None], objects]).argmax(0), labels[:, 0])
    assert torch.allclose(chances[words.quadrant("-b")], objects[0])
    assert (chances >= 0).all()
    assert (chances <= 1).all()


def test_weights_of_another_network_are_refused_by_name(own_cache: Path, tmp_path: Path) -> None:
    write_upp()
    (path,) = own_cache.rglob("encoder_epoch_40.pth")
    state = torch.load(path)
    torch.save({key: value for key, value in state.items() if key != "layer3.5.bn1.bias"}, path)
    with pytest.raises(
        SegmenterError, match=r"encoder_epoch_40.pth: not this .*'layer3.5.bn1.bias' is missing"
    ):
        opened(UPP, tmp_path)


def test_weights_that_count_no_batches_and_end_in_a_classifier_are_taken(
    own_cache: Path, tmp_path: Path
) -> None:
    write_color()
    (path,) = own_cache.rglob("encoder_epoch_20.pth")
    before = opened(COLOR, tmp_path).label(IMAGES, ["a", "b"], 8)
    state = {key: value for key, value in torch.load(path).items() if "num_batches" not in key}
    torch.save({**state, "fc.weight": torch.ones(2, 2)}, path)
    (path.parent / f"{path.name}.sha256").unlink(missing_ok=True)
    assert torch.equal(opened(COLOR, tmp_path).label(IMAGES, ["a", "b"], 8), before)


def test_an_unknown_name_is_told_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SegmenterError, match="paper:upp and paper:color"):
        opened(SegmenterConfig("paper:texture"), tmp_path)


def test_code_in_a_weight_file_is_never_run(own_cache: Path, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (tmp_path / "sprung",))

    write_upp()
    (path,) = own_cache.rglob("decoder_epoch_40.pth")
    torch.save({"a": Trap()}, path)
    with pytest.raises(WeightsError, match="not a plain state dict"):
        opened(UPP, tmp_path)
    assert not (tmp_path / "sprung").exists()


def test_connected_pieces_have_no_graph_and_that_is_said(tmp_path: Path) -> None:
    write_upp()
    with pytest.raises(ExportError, match="connected pieces, which quadrants are cut of, have none"):
        export_labels(opened(UPP, tmp_path), IMAGES[:1], 16, (0.0, 1.0))
