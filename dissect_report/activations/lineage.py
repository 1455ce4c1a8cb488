"""Which outputs are maps because of what made them: convolutions, and what leaves places where they are."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from dissect_report.activations.activation_functions import MODULES as ACTIVATIONS
from dissect_report.activations.modes import watchable

#: Their outputs are maps by construction.
MAKERS = (
    nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d, nn.InstanceNorm2d, nn.MaxPool2d, nn.AvgPool2d, nn.LPPool2d,
    nn.FractionalMaxPool2d, nn.MaxUnpool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d,
)  # fmt: skip

#: Given a map they give a map.
KEEPERS = (
    *ACTIVATIONS, nn.Identity, nn.Dropout, nn.Dropout2d, nn.AlphaDropout, nn.FeatureAlphaDropout,
    nn.GroupNorm, nn.LocalResponseNorm, nn.ChannelShuffle, nn.Softmax2d, nn.Upsample, nn.UpsamplingNearest2d,
    nn.UpsamplingBilinear2d, nn.ZeroPad2d, nn.ConstantPad2d, nn.ReflectionPad2d, nn.ReplicationPad2d,
    nn.PixelShuffle, nn.PixelUnshuffle,
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One call of a module.

    Attributes:
        name: of the module.
        kind: its class and the shape of its output: what else is made like it.
        maker: its output is a map by construction.
        keeper: its output is a map where its input is.
        given: number of the tensor it was given first; -1 for none.
        made: number of the tensor it put out; -1 for none.
        same_places: as many rows and columns as it was given.
    """

    name: str
    kind: tuple[str, tuple[int, ...]]
    maker: bool
    keeper: bool
    given: int
    made: int
    same_places: bool


class Lineage:
    """The calls of one forward pass, and which tensor went from which to which.

    Attributes:
        steps: in the order in which they ended.
    """

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._numbers: dict[int, tuple[weakref.ref[Tensor], int]] = {}
        self._count = 0

    def _number(self, value: Any) -> int:
        """Of the very tensor, not of its values. Only while it lives is its address its own."""
        if not isinstance(value, Tensor):
            return -1
        reference, number = self._numbers.get(id(value), (None, -1))
        if reference is None or reference() is not value:
            number, self._count = self._count, self._count + 1
            self._numbers[id(value)] = weakref.ref(value), number
        return number

    @contextmanager
    def watching(self, model: nn.Module) -> Iterator[None]:
        """Inside, every forward pass of ``model`` adds its steps."""
        handles: list[RemovableHandle] = []
        own = {module: _is_plain(module) for _, module in watchable(model)}  # before any hook of this tool
        try:
            for name, module in watchable(model):
                handles.append(module.register_forward_hook(self._looker(name, own[module])))
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _looker(self, name: str, plain: bool) -> Any:
        def look(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
            given = inputs[0] if inputs else None
            shapes = [tuple(v.shape) if isinstance(v, Tensor) else () for v in (given, output)]
            self.steps.append(
                Step(
                    name=name,
                    kind=(type(module).__qualname__, shapes[1]),
                    maker=plain and isinstance(module, MAKERS),
                    keeper=plain and isinstance(module, KEEPERS),
                    given=self._number(given),
                    made=self._number(output),
                    same_places=len(shapes[0]) == len(shapes[1]) == 4 and shapes[0][2:] == shapes[1][2:],
                )
            )

        return look


def _is_plain(module: nn.Module) -> bool:
    """Whether it does what its kind does: a subclass's own forward, or a hook, may do anything."""
    kinds = [kind for kind in (*MAKERS, *KEEPERS) if isinstance(module, kind)]
    forward = getattr(type(module), "forward", None)
    same = any(forward is kind.forward for kind in kinds) and "forward" not in vars(module)
    return same and not module._forward_hooks
