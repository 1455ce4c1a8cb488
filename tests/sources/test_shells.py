"""What is wrapped around a network comes off where it computes nothing, and stays where it does."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dissect_report.activations.layers import list_layers
from dissect_report.activations.modes import quiet
from dissect_report.activations.recording import record
from dissect_report.errors import ModelError
from dissect_report.sources.shells import refuse_torchscript, take_off, undo_compilation

#: The tracing that passes by hooks, without the compiler behind it.
compiled = partial(torch.compile, backend="eager")

NAMES = ["0", "1", "2"]


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 3)).eval()


def images() -> Tensor:
    return torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))


def bare_of(model: nn.Module) -> nn.Module:
    def run(part: nn.Module) -> None:
        with quiet(part):
            part(images())

    return take_off(model, run)


class Shell(nn.Module):
    """As trainers of many makes wrap: the class says nothing."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)


class Normalised(Shell):
    def forward(self, x: Tensor) -> Tensor:
        return self.module(x * 2)


class Softened(Shell):
    def forward(self, x: Tensor) -> Tensor:
        return self.module(x).softmax(1)


class InPlace(Shell):
    def forward(self, x: Tensor) -> Tensor:
        return self.module(x.mul_(2))


class Trimmed(Shell):
    def forward(self, x: Tensor) -> Tensor:
        return self.module(x).clamp_(max=0.1)


class Twice(Shell):
    def forward(self, x: Tensor) -> Tensor:
        self.module(x)
        return self.module(x)


class Parent(nn.Module):
    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part

    def forward(self, x: Tensor) -> Tensor:
        return self.part(x).mean((2, 3))


class Reaching(Parent):
    """Asks its shell by name: it does not run without."""

    def forward(self, x: Tensor) -> Tensor:
        return self.part.module[0](x)


def names_of(model: nn.Module) -> list[str]:
    return [info.name for info in list_layers(model, images())]


@pytest.mark.parametrize(
    "wrap",
    [
        nn.DataParallel,
        Shell,
        lambda net: Shell(Shell(net)),
        lambda net: nn.DataParallel(Shell(net)),
        lambda net: torch.optim.swa_utils.AveragedModel(net),
        lambda net: undo_compilation(compiled(net)),
        lambda net: undo_compilation(compiled(nn.DataParallel(net))),
    ],
)
def test_a_shell_comes_off(wrap: Callable[[nn.Module], nn.Module]) -> None:
    bare = bare_of(wrap(network()).eval())
    assert isinstance(bare, nn.Sequential)
    assert names_of(bare) == NAMES
    assert torch.equal(bare(images()), network()(images()))


@pytest.mark.parametrize("inner", [nn.DataParallel, Shell, compiled, lambda net: Shell(compiled(net))])
def test_a_shell_inside_comes_off(inner: Callable[[nn.Module], nn.Module]) -> None:
    model = bare_of(undo_compilation(Parent(inner(network()))))
    assert names_of(model) == [f"part.{name}" for name in NAMES] + ["part"]


@pytest.mark.parametrize("kind", [Normalised, Softened, InPlace, Trimmed, Twice])
def test_what_computes_is_no_shell(kind: type[Shell]) -> None:
    model = kind(network()).eval()
    before = model(images())
    kept = bare_of(model)
    assert kept is model
    assert torch.equal(kept(images()), before)


def test_a_shell_with_a_hook_of_its_own_stays() -> None:
    model = nn.DataParallel(network())
    model.register_forward_hook(lambda _, __, output: output * 2)
    assert bare_of(model) is model


def test_a_network_that_asks_for_its_shell_keeps_it() -> None:
    model = Reaching(nn.DataParallel(network()))
    assert bare_of(model) is model
    assert isinstance(model.part, nn.DataParallel)


def test_nothing_is_left_on_what_was_looked_at() -> None:
    model = Parent(Normalised(network()))
    bare_of(model)
    assert all(not part._forward_hooks and not part._forward_pre_hooks for part in model.modules())


def test_compilation_is_undone_wherever_it_was_done() -> None:
    inside = network()
    inside.compile(backend="eager")
    bound = network()
    bound.forward = compiled(bound.forward)  # type: ignore[method-assign]
    for model in (Parent(inside), Parent(bound)):
        undo_compilation(model)
        assert model.part._compiled_call_impl is None
        assert "forward" not in vars(model.part)
        assert names_of(model) == [f"part.{name}" for name in NAMES] + ["part"]


class Compiled(nn.Module):
    """A compiled method: nothing can be taken off, and hooks must fire all the same."""

    def __init__(self) -> None:
        super().__init__()
        self.net = network()

    @compiled
    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


@pytest.mark.skipif(not hasattr(torch.compiler, "set_stance"), reason="torch before 2.6 cannot be asked")
def test_a_compiled_method_runs_as_it_was_written_while_it_is_watched() -> None:
    model = undo_compilation(Compiled()).eval()
    with torch.no_grad():
        model(images())  # compiled now, without a hook
    infos = [info for info in list_layers(model, images()) if info.name == "net.2"]
    with record(model, infos) as recorder:
        model(images())
        maps = recorder.take()["net.2"]
    assert torch.equal(maps, network()(images()))
    with quiet(model):
        assert torch.equal(model(images()), maps)


def test_torchscript_is_said_in_one_line() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scripted = torch.jit.trace(network(), images())
    words = "TorchScript, whose parts call no hooks: give the Python module"
    with pytest.raises(ModelError, match=f"net.py:net gives {words}"):
        refuse_torchscript(scripted, "net.py:net")
    with pytest.raises(ModelError, match=f"net.py:net: its part 'part' is {words}"):
        refuse_torchscript(Parent(scripted), "net.py:net")
    partly = nn.Sequential(Shell(scripted), nn.Conv2d(5, 2, 1))
    refuse_torchscript(partly, "net.py:net")
    assert bare_of(partly) is partly, "it takes no hooks: nothing shows what the shell does"
