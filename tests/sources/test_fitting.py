"""The one part of a weight file that fits the network is taken: by names and shapes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dissect_report.errors import ModelError
from dissect_report.sources.checkpoints import Checkpoint
from dissect_report.sources.fitting import load_weights
from dissect_report.sources.named_tensors import tree_of

State = dict[str, Tensor]


def network(seed: int = 0, deeper: bool = False) -> nn.Module:
    torch.manual_seed(seed)
    block = [nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4)]
    more = [nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4)] if deeper else []
    made = nn.Sequential()
    made.add_module(
        "features", nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), *block, *more)
    )
    made.add_module("head", nn.Linear(4, 5))
    return made


def state(seed: int = 1) -> State:
    return dict(network(seed).state_dict())


def prefixed(prefix: str, values: State) -> State:
    return {f"{prefix}{name}": value for name, value in values.items()}


def load(content: Any, key: str = "", model: nn.Module | None = None) -> tuple[nn.Module, str]:
    model = network() if model is None else model
    return model, load_weights(model, Checkpoint("folder/w.pt", "", tree_of(content)), key)


def holds(model: nn.Module, values: State) -> bool:
    own = model.state_dict()
    return own.keys() == values.keys() and all(torch.equal(own[name], values[name]) for name in own)


SHAPES: dict[str, Callable[[State], Any]] = {
    "data parallel": lambda s: prefixed("module.", s),
    "compiled": lambda s: prefixed("_orig_mod.", s),
    "both, under two keys": lambda s: {"run": {"state": prefixed("module._orig_mod.", s)}},
    "lightning": lambda s: {
        "epoch": 3, "state_dict": prefixed("model.", s) | {"criterion.pos_weight": torch.ones(1)},
        "hyper_parameters": {"lr": 0.1}, "optimizer_states": [{"state": {0: {"exp_avg": torch.ones(3)}}}],
    },
    "any key": lambda s: {"whatever it is called": s, "best": 0.5},
    "beside numbers": lambda s: {**s, "epoch": 3, "name": "net"},
    "beside other networks": lambda s: {"critic": {"fc.weight": torch.ones(2, 2)}, "params_ema": s},
    "in a list": lambda s: [s, {"lr": 0.1}],
    "nested mappings for modules": lambda s: {"net": tree_of(s)},
    "a wrapper inside": lambda s: {
        (f"features.module{name[8:]}" if name.startswith("features") else name): v for name, v in s.items()
    },
    "the same twice": lambda s: {"model": s, "ema": {k: v.clone() for k, v in s.items()}},
    "without counters": lambda s: {k: v for k, v in s.items() if not k.endswith("num_batches_tracked")},
    "a whole network": lambda s: {"epoch": 1, "model": filled(s)},
}  # fmt: skip


def filled(values: State) -> nn.Module:
    made = network()
    made.load_state_dict(values)
    return made.half().float()


@pytest.mark.parametrize("shape", SHAPES)
def test_the_one_part_that_covers_the_network_is_taken_and_said(shape: str) -> None:
    truth = {
        name: value.half().float() if value.is_floating_point() else value for name, value in state().items()
    }
    model, said = load(SHAPES[shape](truth))
    assert holds(model, truth)
    assert bool(said) != (shape == "beside numbers")


def test_a_plain_state_dict_needs_no_words() -> None:
    assert load(state())[1] == ""
    assert load(dict(reversed(state().items())))[1] == "", "the order of names is of no account"


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ("lightning", "w.pt: the weights under 'state_dict.model' were taken"),
        ("any key", "w.pt: the weights under 'whatever it is called' were taken"),
        ("without counters", "it lacks 2 x num_batches_tracked, of which no number depends"),
        ("a wrapper inside", "a wrapper inside was undone, first at 'features.module.0.weight'"),
    ],
)
def test_what_was_taken_is_said(shape: str, words: str) -> None:
    assert words in load(SHAPES[shape](state()))[1]


def test_several_that_fit_are_refused_with_the_key_to_choose() -> None:
    content = {"net": prefixed("module.", state(1)), "ema": {"module": state(2)}, "epoch": 3}
    with pytest.raises(
        ModelError, match=r"under 'net\.module' and 'ema\.module'.*weights_key = 'ema\.module'"
    ):
        load(content)
    for key, seed in (("ema", 2), ("ema.module", 2), ("net", 1), ("net.module", 1)):
        assert holds(load(content, key)[0], state(seed))
    with pytest.raises(ModelError, match=r"key = 'emma': .*w\.pt has no such part; did you mean 'ema'"):
        load(content, "emma")


def test_a_network_that_wraps_another_takes_its_weights() -> None:
    class Wrapper(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.backbone = network()

    model, said = load(state(), model=Wrapper())
    assert holds(model.backbone, state())  # type: ignore[arg-type]
    assert said


def test_a_larger_network_that_holds_the_names_is_no_fit() -> None:
    """The weights of a deeper network cover a shallower one by name; they are another network's."""
    deeper = dict(network(1, deeper=True).state_dict())
    for content in (deeper, prefixed("module.", deeper), {"net": deeper}):
        with pytest.raises(ModelError, match=r"7 are unexpected, first 'features\.5\.weight'"):
            load(content, model=network())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda s: {k: v for k, v in s.items() if k != "head.bias"},
            "1 parameters are missing, first 'head.bias'",
        ),
        (lambda s: {**s, "tail.weight": torch.ones(1)}, "1 are unexpected, first 'tail.weight'"),
        (lambda s: {**s, "head.bias": torch.ones(9)}, r"'head.bias' is \[9\], the model has \[5\]"),
        (lambda s: {"net": {**s, "head.bias": torch.ones(9)}}, r"w.pt \('net' in it\).*'head.bias' is \[9\]"),
        (
            lambda s: {"a": {"x": torch.ones(1)}, "b": {"y": torch.ones(1)}},
            "holds tensors under 'a', 'b', the model's first is 'features.0.weight' of 16",
        ),
    ],
)
def test_weights_that_fit_nowhere_name_the_first_difference(change: Any, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        load(change(state()))


def test_a_network_that_renames_what_its_older_files_hold_is_let_do_so() -> None:
    class Renamed(nn.Linear):
        def _load_from_state_dict(self, given: Any, prefix: str, *rest: Any) -> None:
            if f"{prefix}old" in given:
                given[f"{prefix}weight"] = given.pop(f"{prefix}old")
            super()._load_from_state_dict(given, prefix, *rest)

    model = nn.Sequential(Renamed(2, 2), Renamed(2, 2))
    values = {
        "0.old": torch.ones(2, 2),
        "0.bias": torch.ones(2),
        "1.old": torch.ones(2, 2),
        "1.bias": torch.ones(2),
    }
    load(values, model=model)
    assert bool((model[1].weight == 1).all())


def test_a_buffer_that_is_no_longer_saved_may_stand_in_older_files() -> None:
    """Positions and masks of transformers: they must be the network's own."""

    def made() -> nn.Module:
        model = network()
        model.register_buffer("positions", torch.arange(4), persistent=False)
        return model

    model, _ = load({**state(), "positions": torch.arange(4)}, model=made())
    assert holds(model, state())
    with pytest.raises(ModelError, match="1 are unexpected, first 'positions'"):
        load({**state(), "positions": torch.arange(4) * 2}, model=made())


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")  # old, and in use
def test_a_quantised_network_takes_its_packed_numbers() -> None:
    def made(seed: int) -> nn.Module:
        torch.manual_seed(seed)
        linear = torch.ao.nn.quantized.dynamic.Linear(4, 3)
        linear.set_weight_bias(
            torch.quantize_per_tensor(torch.randn(3, 4), 0.02, 0, torch.qint8), torch.rand(3)
        )
        return nn.Sequential(linear)

    truth, x = made(1), torch.rand(2, 4)
    model = made(0)
    checkpoint = Checkpoint("w.pt", "", tree_of(truth.state_dict()), truth.state_dict()._metadata)  # type: ignore[attr-defined]
    assert load_weights(model, checkpoint) == ""
    assert torch.equal(model(x), truth(x))


def test_a_progressive_generator_is_found_in_any_file(tmp_path: Path) -> None:
    from dissect_report.config import ModelConfig
    from dissect_report.sources.models import load_model
    from dissect_report.sources.progan import progan

    made = progan(6, [4, 4])
    torch.save(
        {"g_ema": prefixed("module.", dict(made.state_dict())), "d": {"x": torch.ones(1)}}, tmp_path / "g.pth"
    )
    notes: list[str] = []
    config = ModelConfig(kind="generator", source="progan:g.pth", allow_pickle=True, latent_shape=(6,))
    z = torch.rand(2, 6)
    assert torch.equal(load_model(config, tmp_path, notes)(z), made(z))
    assert "'g_ema.module'" in notes[0]
