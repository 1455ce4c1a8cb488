"""The digest of what computes: every number within reach counts, wherever it is kept."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from dissect_report.sources.factory import load_factory
from dissect_report.sources.identity import digest_of


class Net(nn.Module):
    """Keeps what it is given, somewhere."""

    def __init__(self, keep: Callable[[Net, Any], None], value: Any) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, 4, 1)
        keep(self, value)


class Holder:
    def __init__(self, thing: Any) -> None:
        self.thing = thing

    def segment(self, images: Tensor) -> Any:
        return self.thing(images)


class Slotted:
    __slots__ = ("thing",)

    def __init__(self, thing: Any) -> None:
        self.thing = thing


def linear(value: float) -> nn.Module:
    torch.manual_seed(0)
    made = nn.Linear(3, 3)
    with torch.no_grad():
        made.bias[1] = value
    return made


def attribute(wrap: Callable[[float], Any]) -> Callable[[Net, float], None]:
    def keep(net: Net, value: float) -> None:
        net.kept = wrap(value)

    return keep


def buffer(net: Net, value: float) -> None:
    net.register_buffer("gain", torch.full((1,), value), persistent=False)


def hook(net: Net, value: float) -> None:
    net.conv.register_forward_hook(lambda _, __, output: output * value)


def wide(value: float) -> Tensor:
    """So many numbers that their text leaves some out."""
    many = torch.zeros(5000)
    many[2500] = value
    return many


PLACES: dict[str, Callable[[Net, float], None]] = {
    "a buffer that is not saved": buffer,
    "a tensor": attribute(lambda v: torch.tensor([v])),
    "a long tensor in a tuple": attribute(lambda v: (wide(v), None)),
    "an array": attribute(lambda v: np.full(3, v)),
    "an array of objects": attribute(lambda v: np.array([[v], [1, 2]], dtype=object)),
    "a number": attribute(lambda v: v),
    "a number in a nested dict": attribute(lambda v: {"a": [{"b": v}]}),
    "a text": attribute(lambda v: f"mode {v}"),
    "a set": attribute(lambda v: {f"mode {v}", "other"}),
    "a network in a list": attribute(lambda v: [linear(v)]),
    "a network in a dict": attribute(lambda v: {"part": linear(v)}),
    "a network in a set": attribute(lambda v: {linear(v)}),
    "a network in an object": attribute(lambda v: Holder(linear(v))),
    "a network in slots": attribute(lambda v: Slotted(linear(v))),
    "a network in a closure": attribute(lambda v: (lambda net: lambda x: net(x))(linear(v))),
    "a network in a partial": attribute(lambda v: partial(torch.nn.functional.linear, weight=linear(v).bias)),
    "a bound method of a network": attribute(lambda v: linear(v).forward),
    "a network among defaults": attribute(lambda v: eval("lambda x, net=net: net(x)", {"net": linear(v)})),
    "a hook": hook,
    "a sparse tensor": attribute(lambda v: torch.tensor([[0.0, v + 2], [0.0, 0.0]]).to_sparse()),
    "a complex tensor": attribute(lambda v: torch.tensor([1 + v * 1j]).conj()),
    "a bfloat16 tensor": attribute(lambda v: torch.tensor([v], dtype=torch.bfloat16)),
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_a_number_counts_wherever_it_is_kept(place: str) -> None:
    keep = PLACES[place]
    assert digest_of(Net(keep, 1.0)) == digest_of(Net(keep, 1.0))
    assert digest_of(Net(keep, 1.0)) != digest_of(Net(keep, -1.0))


def packed(value: float, dynamic: bool) -> nn.Module:
    weight = torch.zeros(40, 40)
    weight[20, 20] = value
    if dynamic:
        made: Any = torch.ao.nn.quantized.dynamic.Linear(40, 40)
        made.set_weight_bias(torch.quantize_per_tensor(weight, 0.02, 0, torch.qint8), torch.zeros(40))
        return nn.Sequential(made)
    made = torch.ao.nn.quantized.Conv2d(40, 40, 1)
    scales, zeros = torch.full((40,), 0.02), torch.zeros(40, dtype=torch.long)
    made.set_weight_bias(
        torch.quantize_per_channel(weight[..., None, None], scales, zeros, 0, torch.qint8), torch.zeros(40)
    )
    return nn.Sequential(made)


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")  # old, and in use
@pytest.mark.parametrize("dynamic", [True, False])
def test_packed_numbers_of_quantised_layers_count(dynamic: bool) -> None:
    assert digest_of(packed(1.0, dynamic)) == digest_of(packed(1.0, dynamic))
    assert digest_of(packed(1.0, dynamic)) != digest_of(packed(0.5, dynamic))


def test_every_number_name_type_and_shape_of_a_network_counts() -> None:
    base = nn.Linear(4, 4)
    digests = {digest_of(base)}
    with torch.no_grad():
        base.bias[2] += 1e-6
    digests.add(digest_of(base))
    digests |= {
        digest_of(nn.Sequential(base)),
        digest_of(base.double()),
        digest_of(nn.ModuleDict({"a": base})),
    }
    digests.add(digest_of(nn.Linear(4, 4, bias=False)))
    assert len(digests) == 6


@pytest.mark.parametrize(
    "wrap", [lambda net: Holder(net), lambda net: Holder([net]), lambda net: Holder({"a": net})]
)
def test_networks_of_a_segmenter_count_wherever_it_keeps_them(wrap: Callable[[Any], Any]) -> None:
    assert digest_of(wrap(linear(0.0))) != digest_of(wrap(linear(1.0)))


GLOBALS = """
import torch
import parts
from torch import nn
from pathlib import Path

torch.manual_seed(0)
NET = nn.Linear(2, 2)
with torch.no_grad():
    NET.bias.fill_(float((Path(__file__).parent / "gain.txt").read_text()))
SCALES = {"a": [1.0]}

class Segmenter:
    kept_for_all = [1.0]
    def segment(self, images):
        def deeper():
            return NET(images)
        return deeper()

def function(images):
    return parts.OTHER(images) * SCALES["a"][0]

def make():
    return Segmenter()

def plain():
    return function
"""
PARTS = """
from torch import nn
OTHER = nn.Linear(2, 2)
nn.init.constant_(OTHER.weight, VALUE)
nn.init.zeros_(OTHER.bias)
"""


def test_networks_among_the_globals_of_the_users_code_count(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(GLOBALS, encoding="utf-8")
    found: dict[str, set[str]] = {"make": set(), "plain": set()}
    for gain in ("1.0", "2.0", "2.0"):
        (tmp_path / "gain.txt").write_text(gain)
        (tmp_path / "parts.py").write_text(PARTS.replace("VALUE", gain))
        # another text of the same meaning: a file is loaded once while it stays the same
        (tmp_path / "net.py").write_text(f"{GLOBALS}\n# {gain}", encoding="utf-8")
        for name, digests in found.items():
            digests.add(digest_of(load_factory(f"net.py:{name}", tmp_path)()))
    assert len(found["make"]) == 2
    assert len(found["plain"]) == 2


def test_what_holds_itself_ends() -> None:
    net = linear(0.0)
    net.itself, net.lists = [net], []  # type: ignore[assignment]
    net.lists.append(net.lists)  # type: ignore[union-attr, operator]
    net.members = {net}  # type: ignore[assignment]
    chain: list[Any] = []
    for _ in range(5000):
        chain = [chain]
    net.chain = chain  # type: ignore[assignment]
    assert digest_of(net) == digest_of(net)


def test_where_a_folder_lies_is_no_part_of_a_network(tmp_path: Path) -> None:
    paths = [Holder([str(tmp_path / name / "weights.pt"), tmp_path / name / "weights.pt"]) for name in "ab"]
    assert digest_of(paths[0]) == digest_of(paths[1])


def test_traced_networks_and_graphs_have_one_too() -> None:
    def scripted(value: float) -> Any:
        return torch.jit.trace(linear(value), torch.zeros(1, 3))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert digest_of(scripted(1.0)) == digest_of(scripted(1.0)) != digest_of(scripted(2.0))
    graphs = [torch.fx.symbolic_trace(linear(value)) for value in (1.0, 1.0, 2.0)]
    assert digest_of(graphs[0]) == digest_of(graphs[1]) != digest_of(graphs[2])


PROCESS = """
import sys, torch
sys.path.insert(0, sys.argv[1])
from dissect_report.sources.identity import digest_of
from dissect_report.sources.torchvision_import import import_torchvision
torch.manual_seed(0)
net = import_torchvision().models.googlenet(weights=None, init_weights=False)
net.modes = {"a", "b", "c", "d", "e"}
net.helper = {"f": lambda x: net.conv1(x), "list": [torch.ones(3)]}
print(digest_of(net))
"""


def test_every_process_finds_the_same(tmp_path: Path) -> None:
    (tmp_path / "process.py").write_text(PROCESS, encoding="utf-8")
    found = set()
    for seed in ("1", "2"):
        command = [sys.executable, "-W", "ignore", str(tmp_path / "process.py"), str(Path.cwd())]
        done = subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        found.add(done.stdout.strip())
    assert len(found) == 1
