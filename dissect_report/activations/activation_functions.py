"""The element-wise activation functions: torch's own by type and by name, others by what they do."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

MODULES = (
    nn.CELU, nn.ELU, nn.GELU, nn.Hardshrink, nn.Hardsigmoid, nn.Hardswish, nn.Hardtanh, nn.LeakyReLU,
    nn.LogSigmoid, nn.Mish, nn.PReLU, nn.ReLU, nn.ReLU6, nn.RReLU, nn.SELU, nn.SiLU, nn.Sigmoid, nn.Softplus,
    nn.Softshrink, nn.Softsign, nn.Tanh, nn.Tanhshrink, nn.Threshold,
)  # fmt: skip

#: As functions of ``torch`` and ``torch.nn.functional``, as methods of tensors; a clamp only of one end.
NAMES = (
    "celu", "celu_", "clamp", "clamp_", "clamp_max", "clamp_max_", "clamp_min", "clamp_min_", "clip", "clip_",
    "elu", "elu_", "gelu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "hardtanh_", "leaky_relu",
    "leaky_relu_", "logsigmoid", "mish", "prelu", "relu", "relu_", "relu6", "rrelu", "rrelu_", "selu",
    "selu_", "sigmoid", "sigmoid_", "silu", "softplus", "softshrink", "softsign", "tanh", "tanh_",
    "tanhshrink", "threshold", "threshold_",
)  # fmt: skip

FUNCTIONS = {
    getattr(place, name): name.rstrip("_") for place in (F, torch) for name in NAMES if hasattr(place, name)
}

_BARE = {name.rstrip("_") for name in NAMES}


def function_name(function: Any) -> str:
    """Name of an activation function or method, in place or not; "" for anything else.

    Args:
        function: callable, or the name of a method.
    """
    name = (function if isinstance(function, str) else str(getattr(function, "__name__", ""))).split(".")[0]
    if name.startswith("__"):
        return ""
    bare = {"log_sigmoid": "logsigmoid"}.get(name, name.strip("_"))
    return bare if bare in _BARE else ""


def applied_activation(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Name of the activation function that a call applies; "" if it applies none.

    Cut off at one end by a clamp is a ReLU by another name; at both, it is a guard.
    """
    name = function_name(function)
    if name in ("clamp", "clip"):
        ends = [*args[1:], *(kwargs[end] for end in ("min", "max") if end in kwargs)]
        return name if sum(end is not None for end in ends) == 1 else ""
    return name


def is_standard(module: nn.Module) -> bool:
    """Whether ``module`` is one of torch's activation modules, or runs the forward of one."""
    forward = type(module).forward
    return "forward" not in vars(module) and any(forward is kind.forward for kind in MODULES)


def acts_on_elements(module: nn.Module, units: int, like: Tensor) -> bool:
    """Whether a module of any make is an element-wise activation: found by trying it.

    Every number it gives must hang on the number in its own place alone, by one rule per unit wherever
    the place lies, and that rule must bend. A gain, an offset or a normalisation at rest is none; nor is a
    mere size (an absolute value, a square), which forgets the sign; nor is a clip that only cuts off both
    ends, as the range of a number format does.

    Args:
        units: of the maps that it takes.
        like: a tensor of their type and device.
    """
    if _builds_on_torch_s(module) or any("running" in name for name, _ in module.named_buffers()):
        return False
    generator = torch.Generator().manual_seed(0)
    one, two = (3 * torch.randn(2, 2, units, 6, 6, generator=generator)).to(like)
    mixed = torch.rand(one.shape, generator=generator).to(like.device) < 0.5
    order = torch.randperm(36, generator=generator).to(like.device)
    far, mean = 999 * one, (one + two) / 2
    try:
        first, second, between, turned, mix, moved, clipped = (
            module(x.clone())
            for x in (one, two, mean, -one, torch.where(mixed, one, two), _reorder(one, order), far)
        )
        return bool(
            first.shape == one.shape
            and _close(mix, torch.where(mixed, first, second))
            and _close(moved, _reorder(first, order))
            and not _close(between, (first + second) / 2)
            and not _close(turned, first)
            and not _is_clip(far, clipped)
        )
    except Exception:  # the user's own module: it may raise anything at all on maps of another size
        return False


def _builds_on_torch_s(module: nn.Module) -> bool:
    """Whether its class is one of torch's that is no activation, such as a normalisation, with more to it."""
    bases = [base for base in type(module).__mro__ if base.__module__.startswith("torch.")]
    return not set(bases) <= {nn.Module, *(base for kind in MODULES for base in kind.__mro__)}


def _is_clip(given: Tensor, made: Tensor) -> bool:
    """Whether what is made is what was given, but for both ends."""
    low, high = (end(made, (0, 2, 3), keepdim=True) for end in (torch.amin, torch.amax))
    both = bool(((given < low).any((0, 2, 3)) & (given > high).any((0, 2, 3))).all())
    return both and _close(made, given.clamp(low, high))


def _reorder(maps: Tensor, order: Tensor) -> Tensor:
    """The cells of every map in another order, and the images too."""
    return maps.flatten(2)[..., order].view_as(maps).flip(0)


def _close(one: Tensor, two: Tensor) -> bool:
    """But for the last bits, which vector units round by where in memory a number lies."""
    noise = 8 * torch.finfo(one.dtype).eps
    return torch.allclose(one, two, rtol=noise, atol=noise * float(one.abs().amax()))
