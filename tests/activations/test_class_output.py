"""Which output holds the classes: what fits is taken, what leaves it open is refused, a sigmoid is seen."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Callable
from dataclasses import dataclass, make_dataclass
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from dissect_report.activations.class_output import ClassOutput, find_class_output, stays_between
from dissect_report.config import ModelConfig
from dissect_report.errors import ModelError
from dissect_report.sources.output_tensors import tensor_at, tensors_in

IMAGES = torch.randn(3, 6, generator=torch.Generator().manual_seed(0))
Named = namedtuple("Named", ["maps", "scores"])


class Gives(nn.Module):
    """Gives ``wrap(rows)``, where ``rows(n)`` are n scores an image."""

    def __init__(self, wrap: Callable[[Any], Any]) -> None:
        super().__init__()
        self.wrap = wrap
        torch.manual_seed(0)
        self.linear = nn.Linear(6, 70)

    def forward(self, x: Tensor) -> Any:
        return self.wrap(lambda count: self.linear(x)[:, :count] * 3)


def found(wrap: Callable[[Any], Any], names: int = 0, **said: Any) -> ClassOutput | None:
    config = ModelConfig(source="net.py:made", **said)
    return find_class_output(Gives(wrap), IMAGES, config, [f"c{k}" for k in range(names)])[0]


def maps(rows: Any) -> Tensor:
    return rows(60).reshape(-1, 15, 2, 2)


@dataclass
class Held:
    loss: Any
    scores: Any


class Output(OrderedDict):  # as transformers' ModelOutput: a mapping that is a dataclass too
    pass


HF = make_dataclass("HF", ["logits", "hidden_states"], bases=(Output,))

WRAPPED = [
    (lambda r: r(5), ""),
    (lambda r: r(5)[:, :, None, None], ""),
    (lambda r: (maps(r), r(5)), "1"),
    (lambda r: [r(5), maps(r)], "0"),
    (lambda r: {"out": maps(r), "made": r(5)}, "made"),
    (lambda r: {"aux": [{"maps": maps(r)}, {"deep": (None, r(5))}]}, "aux.1.deep.1"),
    (lambda r: Named(maps(r), r(5)), "scores"),
    (lambda r: Held(torch.zeros(()), r(5)), "scores"),
    (lambda r: SimpleNamespace(scores=r(5), maps=maps(r), text="x"), "scores"),
    (lambda r: Output(logits=r(5), hidden_states=(maps(r),)), "logits"),
    (lambda r: {3: r(5), "ids": r(5).argmax(1)}, "3"),
    (lambda r: (lambda same: (same, {"again": same}))(r(5)), "0"),
    (lambda r: (r(5), r(1)[:, 0]), "0"),
    (lambda r: {"boxes": r(12).reshape(-1, 3, 4), "scores": r(5)}, "scores"),
    (lambda r: {"logits": r(5), "embedding": r(64)}, "logits"),
]


@pytest.mark.parametrize(("wrap", "name"), WRAPPED)
def test_the_only_row_of_scores_holds_the_classes_wherever_it_lies(wrap: Any, name: str) -> None:
    output = found(wrap)
    assert output == ClassOutput(name, 5)
    network = Gives(wrap)
    scores = output.read(lambda: network(IMAGES))
    torch.testing.assert_close(scores, network.linear(IMAGES)[:, :5] * 3)
    alone = output.read(lambda: network(IMAGES[:1]))
    torch.testing.assert_close(alone, scores[:1])  # a batch of one may round otherwise


@pytest.mark.parametrize(
    ("wrap", "words"),
    [
        (lambda r: (r(5), r(5) * 2), r"0 \[3, 5\], 1 \[3, 5\]: say .* \[model\] output = 0"),
        (lambda r: {"aux": r(5), "main": r(4)}, r'aux \[3, 5\], main \[3, 4\]: say .* output = "aux"'),
        (lambda r: {"a": {"logits": r(5)}, "b": r(5) + 1}, r"a.logits \[3, 5\], b \[3, 5\]"),
    ],
)
def test_several_rows_are_refused_with_the_key_that_chooses(wrap: Any, words: str) -> None:
    with pytest.raises(
        ModelError, match=rf"net.py:made gives several rows of scores an image, {words}"
    ) as said:
        found(wrap)
    assert "\n" not in str(said.value)


@pytest.mark.parametrize(
    ("output", "name", "times"), [(1, "1", 2), ("0", "0", 1), ("2.deep", "2.deep", 3), ("2.0", "2.0", 3)]
)
def test_the_key_chooses_by_number_or_by_name(output: int | str, name: str, times: int) -> None:
    network = Gives(lambda r: (r(5), r(5) * 2, {"deep": r(5) * 3}))
    config = ModelConfig(source="net.py:made", output=output)
    chosen, _ = find_class_output(network, IMAGES, config)
    assert chosen == ClassOutput(name, 5)
    scores = chosen.read(lambda: network(IMAGES))
    torch.testing.assert_close(scores, network.linear(IMAGES)[:, :5] * 3 * times)


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("score", r"'score': net.py:made gives scores \[3, 5\], maps .*; did you mean 'scores'"),
        (7, r"7: net.py:made gives scores"),
        ("maps", r"'maps' is \[3, 15, 2, 2\] for 3 images: no row of scores"),
    ],
)
def test_a_key_that_chooses_nothing_usable_is_refused(output: int | str, words: str) -> None:
    with pytest.raises(ModelError, match=rf"\[model\] output = {words}"):
        found(lambda r: {"scores": r(5), "maps": maps(r)}, output=output)


def test_the_length_of_the_class_list_chooses_before_any_name() -> None:
    both = lambda r: {"logits": r(64), "scores": r(5)}  # noqa: E731
    assert found(both, names=5) == ClassOutput("scores", 5)
    assert found(both, names=64) == ClassOutput("logits", 64)
    assert found(lambda r: (r(2), r(1)), names=2) == ClassOutput("0", 2)
    assert found(lambda r: (r(1), r(7)), names=2) == ClassOutput("0", 1, "one logit")


@pytest.mark.parametrize(
    ("wrap", "words"),
    [
        (lambda r: r(5), "the model's own list has 4 names, the model gives 5 outputs"),
        (lambda r: (r(5), r(6)), "own list has 4 names, the model gives 0 5, 1 6 outputs"),
        (lambda r: r(1), "own list has 4 names, the model gives 1 outputs"),
    ],
)
def test_a_class_list_that_fits_no_output_is_refused_with_both_lengths(wrap: Any, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        found(wrap, names=4)


def test_a_class_list_must_fit_the_output_that_is_asked_for() -> None:
    with pytest.raises(ModelError, match="has 5 names, the model gives 1 6 outputs"):
        found(lambda r: (r(5), r(6)), names=5, output=1)


@pytest.mark.parametrize(
    "wrap",
    [
        maps,
        lambda r: r(5).argmax(1),
        lambda r: "text",
        lambda r: {"pred_logits": r(12).reshape(-1, 4, 3), "pred_boxes": r(16).reshape(-1, 4, 4)},
        lambda r: [{"boxes": r(4), "scores": r(3)[0]} for _ in range(3)],  # what a detector says of 3 images
    ],
)
def test_what_is_no_row_of_scores_gives_no_classes(wrap: Any) -> None:
    assert found(wrap) is None


@pytest.mark.parametrize(
    "wrap",
    [
        lambda r: r(1),
        lambda r: r(1)[:, 0],
        lambda r: r(1).squeeze(),
        lambda r: r(1)[:, :, None, None],
        lambda r: {"z": r(1).squeeze(1), "maps": maps(r)},
    ],
)
def test_one_logit_tells_two_classes_apart_at_0(wrap: Any) -> None:
    output = found(wrap)
    assert (output.decision, output.classes, output.width) == ("one logit", 2, 1)
    network = Gives(wrap)
    logit = network.linear(IMAGES)[:, 0] * 3
    for some in (IMAGES, IMAGES[:1]):
        scores = output.read(lambda some=some: network(some))
        assert scores.shape == (len(some), 2)
        torch.testing.assert_close(scores[:, 1], logit[: len(some)])  # a batch of one may round otherwise
        assert scores.argmax(1).tolist() == (scores[:, 1] > 0).long().tolist()
    with pytest.raises(ModelError, match="one logit an image, which decides at 0"):
        found(wrap, decision="argmax")


SIGMOIDS: dict[str, Callable[[Any], Tensor]] = {
    "module": lambda r: nn.Sigmoid()(r(5)),
    "function": lambda r: torch.sigmoid(r(5)),
    "functional": lambda r: F.sigmoid(r(5)),
    "method": lambda r: r(5).sigmoid(),
    "in place": lambda r: r(5).clone().sigmoid_(),
    "expit": lambda r: torch.special.expit(r(5)),
    "reshaped": lambda r: torch.sigmoid(r(5))[:, :, None].flatten(1).view(-1, 5),
    "of another type": lambda r: torch.sigmoid(r(5)).double().to(torch.float32),
    "clamped": lambda r: torch.sigmoid(r(5)).clamp(1e-6, 1 - 1e-6),
    "joined": lambda r: torch.cat([torch.sigmoid(r(5)[:, k : k + 1]) for k in range(5)], dim=1),
    "stacked": lambda r: torch.stack([r(5)[:, k].sigmoid() for k in range(5)], 1).float(),
}


@pytest.mark.parametrize("name", SIGMOIDS)
def test_a_sigmoid_at_the_end_is_seen_and_undone(name: str) -> None:
    network = Gives(SIGMOIDS[name])
    output, held = find_class_output(network, IMAGES, ModelConfig(source="n"))
    assert output == ClassOutput("", 5, "sigmoid", True)
    logits = network.linear(IMAGES)[:, :5] * 3
    torch.testing.assert_close(output.read(lambda: network(IMAGES)), logits)
    assert not stays_between(network, IMAGES, output, held)
    forced, _ = find_class_output(network, IMAGES, ModelConfig(source="n", decision="argmax"))
    assert forced == ClassOutput("", 5)
    assert torch.allclose(forced.read(lambda: network(IMAGES)), logits.sigmoid(), atol=1e-5)


def overwritten(scores: Tensor) -> Tensor:
    scores[:, 0] = 3.0
    return scores


def test_one_probability_is_one_logit_undone() -> None:
    network = Gives(lambda r: torch.sigmoid(r(1)).squeeze(1))
    output, _ = find_class_output(network, IMAGES, ModelConfig(source="n"))
    assert output == ClassOutput("", 1, "one logit", True)
    logit = network.linear(IMAGES)[:, 0] * 3
    torch.testing.assert_close(output.read(lambda: network(IMAGES))[:, 1], logit)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda r: r(5) * torch.sigmoid(r(5)),
        lambda r: torch.cat([torch.sigmoid(r(2)), r(3)], 1),
        lambda r: (torch.sigmoid(r(5)).reshape(-1, 5, 1, 1) * maps(r)[:, :5]).mean((2, 3)),
        lambda r: r(5).softmax(1),
        lambda r: torch.sigmoid(r(5)).mul_(2),
        lambda r: overwritten(torch.sigmoid(r(5))),
    ],
)
def test_a_sigmoid_on_the_way_is_no_decision(wrap: Any) -> None:
    assert found(wrap) == ClassOutput("", 5)


def test_raw_logits_are_decided_each_by_itself_where_the_configuration_says_so() -> None:
    assert found(lambda r: r(5), decision="sigmoid") == ClassOutput("", 5, "sigmoid")


@pytest.mark.parametrize(
    ("wrap", "doubtful"),
    [
        (lambda r: 1 / (1 + torch.exp(-r(5))), True),
        (lambda r: 1 / (1 + torch.exp(-r(1))), True),
        (lambda r: (torch.tanh(r(5)) + 1) / 2, True),
        (lambda r: r(5).softmax(1), False),
        (lambda r: r(5) / 1000 + 0.5, False),  # between 0 and 1 on these images only
        (lambda r: r(5), False),
        (lambda r: r(5) * 0, False),  # a last layer that nobody has trained
    ],
)
def test_probabilities_that_no_sigmoid_was_seen_to_make_are_told(wrap: Any, doubtful: bool) -> None:
    network = Gives(wrap)
    output, held = find_class_output(network, IMAGES, ModelConfig(source="n"))
    assert output is not None
    assert stays_between(network, IMAGES, output, held) == doubtful


LEAVES = st.sampled_from(["maps", "ids", "none", "text"])
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "out", "x.y", "0"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def grown(tree: Any, rows: Any) -> Any:
    if isinstance(tree, dict):
        return {key: grown(part, rows) for key, part in tree.items()}
    if isinstance(tree, list):
        return tuple(grown(part, rows) for part in tree)
    return {"maps": maps(rows), "ids": torch.arange(3), "none": None, "text": "x", "row": rows(5)}[tree]


@given(TREES, TREES)
def test_a_row_of_scores_is_found_in_any_nest_of_outputs(left: Any, right: Any) -> None:
    tree = [left, {"deep": ["none", {"row": "row"}, right]}]
    output = found(lambda r: grown(tree, r))
    assert output == ClassOutput("1.deep.1.row", 5)


@given(TREES)
def test_every_tensor_is_found_again_by_its_name(tree: Any) -> None:
    network = Gives(lambda r: grown(tree, r))
    given_ = network(IMAGES)
    for name, tensor in tensors_in(given_).items():
        assert tensor_at(given_, name) is tensor
