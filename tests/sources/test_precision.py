"""A network runs in its own number types where it takes float32 so; else in float32, and it is said."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from dissect_report.sources.precision import run_as_it_is


class Mixed(nn.Module):
    """Casts its own input; its head is float32."""

    def __init__(self, kind: torch.dtype) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Conv2d(3, 4, 3).to(kind)
        self.head = nn.Linear(4, 2)
        self.kind = kind

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x.to(self.kind)).mean((2, 3)).float())


class Strict(Mixed):
    """Takes neither float32 nor anything else."""

    def forward(self, x: Tensor) -> Tensor:
        raise ValueError("never content")


X = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def types(network: nn.Module) -> set[torch.dtype]:
    return {parameter.dtype for parameter in network.parameters()}


def test_a_network_of_float32_has_nothing_to_say() -> None:
    assert run_as_it_is(nn.Conv2d(3, 2, 1), lambda: 3, "net.py:net") == (3, "")


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float64])
def test_a_network_that_casts_for_itself_keeps_its_types(kind: torch.dtype) -> None:
    network = Mixed(kind)
    truth = network(X)
    output, note = run_as_it_is(network, lambda: network(X), "net.py:net")
    assert torch.equal(output, truth)
    assert types(network) == {kind, torch.float32}
    assert note.startswith(f"net.py:net computes in {str(kind)[6:]}, in part")


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float64])
def test_a_network_that_takes_no_float32_is_measured_in_float32(kind: torch.dtype) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).eval().to(kind)
    output, note = run_as_it_is(network, lambda: network(X), "net.py:net")
    assert output.dtype == torch.float32
    assert types(network) == {torch.float32}
    assert (
        note == f"net.py:net holds numbers in {str(kind)[6:]} and takes no float32: it is measured in float32"
    )


def test_a_network_that_runs_neither_way_is_left_as_it_was_and_says_its_own_words() -> None:
    network = Strict(torch.float64)
    network.register_buffer("kept", torch.ones(1, dtype=torch.float64))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with pytest.raises(ValueError, match="never content"):
        run_as_it_is(network, lambda: network(X), "net.py:net")
    after = network.state_dict()
    assert all(
        after[name].dtype == value.dtype and torch.equal(after[name], value) for name, value in before.items()
    )


def test_running_out_of_memory_is_no_matter_of_types() -> None:
    network = Mixed(torch.float16)

    def run() -> None:
        raise torch.OutOfMemoryError("too large")

    with pytest.raises(torch.OutOfMemoryError):
        run_as_it_is(network, run, "net.py:net")
    assert torch.float16 in types(network)
