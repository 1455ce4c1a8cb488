from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from dissect_report.config import DirectionsConfig
from dissect_report.errors import WeightsError
from dissect_report.sources.dictionaries import DictionaryFile, read_dictionary

UNITS, CHANNELS = 6, 4
BEFORE, OF_UNITS = torch.full((CHANNELS,), 1.0), torch.full((UNITS,), 1.0)
WEIGHT = torch.arange(24.0).view(UNITS, CHANNELS)


def read(
    folder: Path, tensors: dict[str, torch.Tensor], channels: int = CHANNELS, **keys: object
) -> DictionaryFile:
    save_file(
        {name: tensor.clone(memory_format=torch.contiguous_format) for name, tensor in tensors.items()},
        folder / "sae.safetensors",
    )
    config = DirectionsConfig(layer="a", file="sae.safetensors", **keys)  # type: ignore[arg-type]
    return read_dictionary(config, folder, channels)


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        ({"encoder.weight": WEIGHT, "decoder.weight": WEIGHT.T}, "relu"),
        ({"W_enc": WEIGHT.T, "W_dec": WEIGHT, "b_dec": BEFORE}, "relu, b_dec subtracted first"),
        ({"encoder.weight": WEIGHT, "W_dec": WEIGHT, "bias": BEFORE}, "relu, bias subtracted first"),
        ({"encoder": WEIGHT.T, "decoder": WEIGHT.T, "b_pre": BEFORE}, "relu, b_pre subtracted first"),
        (
            {"W_enc": WEIGHT.T, "W_dec": WEIGHT, "b_dec": BEFORE, "threshold": OF_UNITS},
            "jump-relu",
        ),
    ],
)  # fmt: skip
def test_weights_are_found_by_what_files_call_them_whichever_way_they_lie(
    tmp_path: Path, tensors: dict[str, torch.Tensor], said: str
) -> None:
    held = read(tmp_path, tensors)
    assert torch.equal(held.encoder, WEIGHT)
    assert held.decoder is not None
    assert torch.equal(held.decoder, WEIGHT)
    assert held.said == said
    assert float(held.pre_bias.sum()) == (CHANNELS if "subtracted" in said else 0)


def test_a_square_weight_lies_as_its_name_says(tmp_path: Path) -> None:
    square = torch.arange(16.0).view(4, 4)
    assert torch.equal(read(tmp_path, {"encoder.weight": square}).encoder, square)
    assert torch.equal(read(tmp_path, {"W_enc": square}).encoder, square.T)
    assert torch.equal(read(tmp_path, {"mine": square}, encoder="mine").encoder, square)


def test_keys_name_what_has_a_name_of_its_own(tmp_path: Path) -> None:
    tensors = {"a": WEIGHT, "b": torch.ones(UNITS), "c": torch.full((CHANNELS,), 2.0), "d": WEIGHT * 2}
    held = read(tmp_path, tensors, encoder="a", bias="b", pre_bias="c", decoder="d", activation="none")
    assert (float(held.bias.sum()), float(held.pre_bias.sum()), held.activation) == (UNITS, 8, "none")
    assert held.decoder is not None
    assert torch.equal(held.decoder, WEIGHT * 2)


def test_none_leaves_out_what_custom_would_take(tmp_path: Path) -> None:
    tensors = {"encoder.weight": WEIGHT, "encoder.bias": torch.ones(UNITS), "b_dec": BEFORE}
    held = read(tmp_path, tensors, pre_bias="none", bias="none")
    assert float(held.bias.abs().sum() + held.pre_bias.abs().sum()) == 0


def test_thresholds_may_be_logarithms_or_one_for_all(tmp_path: Path) -> None:
    held = read(tmp_path, {"W_enc": WEIGHT.T, "log_threshold": torch.zeros(UNITS)})
    assert held.threshold is not None
    assert torch.equal(held.threshold, torch.ones(UNITS))
    held = read(tmp_path, {"W_enc": WEIGHT.T, "threshold": torch.tensor([2.0])})
    assert held.threshold is not None
    assert torch.equal(held.threshold, torch.full((UNITS,), 2.0))


@pytest.mark.parametrize(
    ("tensors", "keys", "line"),
    [
        ({"weights": WEIGHT}, {}, "no tensor is called as encoders are .*say which it is.*weights"),
        ({"W_enc": WEIGHT}, {"channels": 5}, r"W_enc is \[6, 4\], and layer 'a' has 5 channels"),
        ({"W_enc": WEIGHT.T, "b_enc": torch.ones(5)}, {}, r"b_enc is \[5\], and there are 6 units"),
        ({"W_enc": WEIGHT.T, "b_dec": torch.ones(3)}, {}, r"b_dec is \[3\], and there are 4 channels"),
        ({"W_enc": WEIGHT.T, "W_dec": WEIGHT[:5]}, {}, r"W_dec is \[5, 4\].*\[unit, channel\] of 6 units"),
        ({"W_enc": WEIGHT.T}, {"encoder": "W_dec"}, "encoder = 'W_dec': did you mean 'W_enc'"),
        ({"W_enc": WEIGHT.T}, {"activation": "jump-relu"}, "no tensor holds thresholds"),
        ({"W_enc": WEIGHT.T}, {"k": 7}, "k = 7, and there are 6 latents"),
    ],
)
def test_what_does_not_fit_is_one_line(
    tmp_path: Path, tensors: dict[str, torch.Tensor], keys: dict[str, object], line: str
) -> None:
    with pytest.raises(WeightsError, match=line) as error:
        read(tmp_path, tensors, **keys)  # type: ignore[arg-type]
    assert "\n" not in str(error.value)
