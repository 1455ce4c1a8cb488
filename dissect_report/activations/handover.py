"""What the activation behind a layer makes of the layer's output: taken, or changed, as it is handed on.

Seen in the very forward pass that is asked about, so that hooks on the activation count, and an activation
that many layers share serves each of them at the right call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from dissect_report.activations.activation_functions import function_name
from dissect_report.activations.followers import Follower
from dissect_report.activations.layers import LayerInfo
from dissect_report.errors import LayerError

#: Gets a layer and what its activation made of its output; a tensor that it returns goes on instead.
Arrive = Callable[[LayerInfo, Tensor], Tensor | None]

#: A layer, and the output that its activation is to come for.
Expected = tuple[LayerInfo, Tensor]


class Handover(TorchFunctionMode):
    """Waits for the activations of layers whose output is there."""

    def __init__(self, arrive: Arrive) -> None:
        super().__init__()
        self.arrive = arrive
        self.expected: list[Expected] = []

    def expect(self, layer: LayerInfo, output: Tensor) -> None:
        """``layer`` has just put out ``output``."""
        self.expected.append((layer, output))

    def check(self) -> None:
        """Refuses that a layer's activation has not come.

        Raises:
            LayerError: naming the layer.
        """
        expected, self.expected = self.expected, []
        if expected:
            layer, _ = expected[0]
            raise LayerError(f"layer {layer.name!r} is not followed by its activation ({layer.recorded_as})")

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name = function_name(func) if self.expected else ""
        argument = args[0] if args else (kwargs or {}).get("input")
        claimed = self.claim([argument], lambda follower: follower.function == name) if name else []
        return self.hand_on(claimed, func(*args, **(kwargs or {})))

    def claim(self, arguments: Sequence[object], meant: Callable[[Follower], bool]) -> list[Expected]:
        """What is expected of an activation that is called with ``arguments``; it is expected no more."""
        claimed = [
            (layer, output)
            for layer, output in self.expected
            if layer.follows is not None
            and meant(layer.follows)
            and any(_is_same(argument, output) for argument in arguments)
        ]
        names = {layer.name for layer, _ in claimed}
        self.expected = [one for one in self.expected if one[0].name not in names]
        return claimed

    def hand_on(self, claimed: Sequence[Expected], result: Any) -> Any:
        """What goes on in place of an activation's ``result``.

        Raises:
            LayerError: the activation made no map like the one it was given.
        """
        for layer, output in claimed:
            if not isinstance(result, Tensor) or result.shape != output.shape:
                raise LayerError(
                    f"layer {layer.name!r}: its activation ({layer.recorded_as}) made no such map"
                )
            changed = self.arrive(layer, result)
            if changed is not None:
                # In place, others go on with the output itself: they must meet the change in it.
                result = result.copy_(changed) if _is_same(result, output) else changed
        return result


@contextmanager
def handing_over(model: nn.Module, layers: Sequence[LayerInfo], arrive: Arrive) -> Iterator[Handover]:
    """Inside, ``arrive`` sees what the activations make of the outputs that are expected."""
    handover = Handover(arrive)
    modules = dict(model.named_modules())
    followers = [layer.follows for layer in layers if layer.follows is not None]
    with ExitStack() as stack:
        for name in dict.fromkeys(follower.module for follower in followers if follower.module):
            _hook(stack, handover, name, modules[name])
        if any(follower.function for follower in followers):
            stack.enter_context(handover)
        yield handover


def _hook(stack: ExitStack, handover: Handover, name: str, module: nn.Module) -> None:
    """Around all hooks of the module's own: they are a part of what it does."""
    claimed: list[Expected] = []

    def enter(_module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        arguments = [*args, *kwargs.values()]
        claimed[:] = handover.claim(arguments, lambda follower: follower.module == name)

    def leave(_module: nn.Module, _args: Any, output: Any) -> Any:
        taken = claimed[:]
        claimed.clear()
        return handover.hand_on(taken, output) if taken else None

    stack.callback(module.register_forward_pre_hook(enter, prepend=True, with_kwargs=True).remove)
    stack.callback(module.register_forward_hook(leave).remove)


def _is_same(argument: object, output: Tensor) -> bool:
    """Whether two tensors are one, though perhaps under two names."""
    if argument is output or not isinstance(argument, Tensor):
        return argument is output
    alike = argument.shape == output.shape and argument.stride() == output.stride()
    return alike and argument.dtype == output.dtype and argument.data_ptr() == output.data_ptr()
