"""Small networks in which a convolution's output is consumed in one way or another.

Each says in ``follows`` what ``conv`` is to be recorded after, "" for its own output, and in ``seen`` what
the next module or function then gets of it, worked out by hand from the convolution's output.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


class Swish(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(x)


class HardSigmoid(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.relu = nn.ReLU6(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(x + 3) / 6


class HardSwish(nn.Module):
    """As MobileNetV3 is often written: an activation with activations inside."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = HardSigmoid()

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gate(x)


class LearnedSlope(nn.Module):
    """A PReLU by hand, one slope a unit."""

    def __init__(self) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.linspace(-0.2, 0.5, 6))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x) - self.slope.view(1, -1, 1, 1) * torch.relu(-x)


class _Saving(torch.autograd.Function):
    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return x * torch.sigmoid(x)


class SavingSwish(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return _Saving.apply(x)


class Bent(nn.ReLU):
    """Called a ReLU, but with a forward of its own."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.where(x > 0, x, x / 4)


class Magnitude(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.abs()


class Gain(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return 2 * x + 1


class NormAndBend(nn.BatchNorm2d):
    """A normalisation with an activation in it."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(super().forward(x))


class Clip(nn.Module):
    """To the range that a number format holds."""

    def forward(self, x: Tensor) -> Tensor:
        return x.clamp(-40.0, 200.0)


class Floor(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.maximum(x, x.new_zeros(()))


class Squeeze(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(x.mean((2, 3), keepdim=True))


class ChannelNorm(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x / (1 + x.norm(dim=1, keepdim=True))


class Vignette(nn.Module):
    """Element by element, but by another rule at every place."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x) * torch.linspace(0, 1, x.shape[-1])


class PreActivation(nn.Module):
    """A block that takes the ReLU of its input first."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Conv2d(6, 6, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(F.relu(x))


def scripted(function: object) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is deprecated is still found in networks
        return torch.jit.script(function)


def relu(x: Tensor) -> Tensor:
    return torch.relu(x)


def beside_itself() -> Callable[[Tensor], Tensor]:
    compiled = scripted(relu)
    return lambda x: torch.relu(x) + compiled(x)  # type: ignore[operator]


def same(x: Tensor) -> Tensor:
    return x


class Net(nn.Module):
    """conv, then whatever ``between`` makes of its output, then a linear head."""

    def __init__(self, between: nn.Module | Callable[[Tensor], Tensor], follows: str, seen: object) -> None:
        super().__init__()
        self.conv, self.between, self.fc = nn.Conv2d(3, 6, 3, padding=1), between, nn.Linear(6, 4)
        self.follows, self.seen = follows, seen

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.between(self.conv(x)).mean((2, 3)))


def discarded(act: nn.Module) -> Callable[[Tensor], Tensor]:
    """Works in place; what it returns is thrown away."""

    def between(x: Tensor) -> Tensor:
        act(x)
        return x

    return between


def asked(x: Tensor) -> Tensor:
    """Questions of shape and kind, and tensors made like it, use none of its numbers."""
    count, _, height, width = x.shape
    empty = x.new_zeros(count, 6, height, width) + torch.zeros_like(x)
    assert (len(x), x.dim(), x.size(1), x.is_floating_point()) == (count, 4, 6, True)
    return F.relu(x).view(count, 6, height, width) + empty


def branched(x: Tensor) -> Tensor:
    """A use by data-dependent control flow."""
    return torch.relu(x) if float(x.max()) < 1e9 else x


def halved(x: Tensor) -> Tensor:
    first, second = x.chunk(2, dim=1)
    return torch.cat([first * torch.sigmoid(second), second], dim=1)


def peeked(x: Tensor) -> Tensor:
    part = x[:, :1]
    return torch.relu(x) + part


RELU, SILU = torch.relu, F.silu

CASES: dict[str, tuple[Callable[[], object], str, Callable[[Tensor], Tensor]]] = {
    "module": (lambda: nn.ReLU(), "between (ReLU)", RELU),
    "module in place": (lambda: nn.ReLU(inplace=True), "between (ReLU)", RELU),
    "module in place, its return discarded": (lambda: discarded(nn.ReLU(inplace=True)), "relu()", RELU),
    "first of a container": (lambda: nn.Sequential(nn.ReLU(), nn.Conv2d(6, 6, 1)), "between.0 (ReLU)", RELU),
    "identity between": (lambda: nn.Sequential(nn.Identity(), nn.ReLU()), "between.1 (ReLU)", RELU),
    "dropout at rest": (lambda: nn.Sequential(nn.Dropout2d(), nn.ReLU(True)), "between.1 (ReLU)", RELU),
    "slopes": (lambda: nn.PReLU(6, 0.3), "between (PReLU)", lambda x: F.leaky_relu(x, 0.3)),
    "random slopes at rest": (lambda: nn.RReLU(0.2, 0.4), "between (RReLU)", lambda x: F.leaky_relu(x, 0.3)),
    "function": (lambda: F.hardswish, "hardswish()", F.hardswish),
    "function by name": (lambda: lambda x: F.relu(input=x), "relu()", RELU),
    "function in place": (lambda: lambda x: F.relu(x, inplace=True), "relu()", RELU),
    "method in place": (lambda: lambda x: x.relu_(), "relu()", RELU),
    "method in place, its return discarded": (lambda: discarded(torch.relu_), "relu()", RELU),
    "clamp": (lambda: lambda x: x.clamp(min=0), "clamp()", RELU),
    "clamp of both ends": (lambda: lambda x: x.clamp(-40, 200), "", same),
    "clip of both ends": (Clip, "", same),
    "own module that cuts one end": (Floor, "between (Floor)", RELU),
    "normalisation with an activation": (lambda: NormAndBend(6), "", same),
    "slopes as a function": (lambda: lambda x: F.prelu(x, nn.Parameter(torch.ones(1) / 4)), "prelu()",
                             lambda x: F.leaky_relu(x, 0.25)),
    "forward called by hand": (lambda: nn.ReLU().forward, "relu()", RELU),
    "own module": (Swish, "between (Swish)", SILU),
    "own module with parts": (HardSwish, "between (HardSwish)", F.hardswish),
    "own module with slopes": (LearnedSlope, "between (LearnedSlope)",
                               lambda x: F.prelu(x, torch.linspace(-0.2, 0.5, 6))),
    "own autograd function": (SavingSwish, "between (SavingSwish)", SILU),
    "own forward": (Bent, "between (Bent)", lambda x: F.leaky_relu(x, 0.25)),
    "activation in a block": (PreActivation, "relu()", RELU),
    "checkpointed": (lambda: lambda x: checkpoint(F.relu, x, use_reentrant=False), "relu()", RELU),
    "checkpointed the old way": (lambda: lambda x: checkpoint(F.relu, x, use_reentrant=True), "relu()", RELU),
    "questions of shape": (lambda: asked, "relu()", RELU),
    "with gradients": (lambda: torch.enable_grad()(lambda x: torch.relu(x)), "relu()", RELU),
    "in inference mode": (lambda: torch.inference_mode()(lambda x: torch.relu(x)), "relu()", RELU),
    "product by hand": (lambda: lambda x: x * torch.sigmoid(x), "", same),
    "sum with itself": (lambda: lambda x: torch.relu(x) + x, "", same),
    "in place after a sum": (lambda: lambda x: (x + 0).relu_() + x, "", same),
    "added to in place": (lambda: lambda x: torch.relu(x.add_(1)), "", same),
    "two activations": (lambda: lambda x: torch.relu(x) + torch.tanh(x), "", same),
    "magnitude": (lambda: torch.abs, "", same),
    "magnitude, a module": (Magnitude, "", same),
    "gain": (Gain, "", same),
    "squeeze and excitation": (Squeeze, "", same),
    "norm over channels": (ChannelNorm, "", same),
    "rule by place": (Vignette, "relu()", RELU),
    "batch norm": (lambda: nn.Sequential(nn.BatchNorm2d(6), nn.ReLU()), "", same),
    "pooled before": (lambda: nn.Sequential(nn.MaxPool2d(2), nn.ReLU()), "", same),
    "compiled function": (lambda: scripted(relu), "", same),
    "compiled function beside": (beside_itself, "", same),
    "compiled module": (lambda: scripted(nn.ReLU()), "", same),
    "looked at": (lambda: branched, "", same),
    "halves": (lambda: halved, "", same),
    "a view beside": (lambda: peeked, "", same),
    "numpy beside": (lambda: lambda x: torch.relu(x) + torch.from_numpy(x.numpy().copy()), "", same),
}  # fmt: skip


def network(case: str) -> Net:
    torch.manual_seed(0)
    between, follows, seen = CASES[case]
    return Net(between(), follows, seen).eval()  # type: ignore[arg-type]
