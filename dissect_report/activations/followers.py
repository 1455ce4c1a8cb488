"""Which activation alone consumes a layer's output, seen in a real forward pass."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from torch import nn

from dissect_report.activations.activation_functions import acts_on_elements, is_standard
from dissect_report.activations.consumption import Call, Value
from dissect_report.activations.observing import Observer


@dataclass(frozen=True)
class Follower:
    """The activation that alone consumes a layer's output.

    Attributes:
        label: how it is named beside the layer, e.g. "features.29 (ReLU)", "relu()".
        module: dotted name of the module, "" for a function.
        index: how many calls of that module went before.
        function: name of the function, "" for a module.
    """

    label: str
    module: str = ""
    index: int = 0
    function: str = ""


@dataclass(frozen=True)
class _Consumer:
    """The follower, what it made, and that value's fingerprint."""

    follower: Follower
    product: Value
    print: bytes


def find_followers(observer: Observer) -> dict[str, tuple[Follower, bytes]]:
    """Per layer name the activation that it is recorded after, with the fingerprint of what that made.

    To be asked while the network's output is still held and the network is at rest: modules of the user's
    own make are tried out. Layers without a follower are left out, and so are activations themselves.
    """
    found: dict[str, _Consumer] = {}
    tried: dict[nn.Module, bool] = {}
    for name, value in observer.outputs.items():
        calls = observer.calls.get(name, [])
        if value is not None and len(calls) == 1 and not value.maker and not is_standard(calls[0].module):
            consumer = _consumer(value, tried)
            if consumer is not None:
                found[name] = consumer
    if any(observer.outputs[name].kept for name in found):  # type: ignore[union-attr]
        gc.collect()  # kept by nothing but a circle of garbage is not kept
    activated = {id(consumer.product) for consumer in found.values()}
    return {
        name: (consumer.follower, consumer.print)
        for name, consumer in found.items()
        if (value := observer.outputs[name]) and not value.kept and id(value) not in activated
    }


def _consumer(value: Value, tried: dict[nn.Module, bool]) -> _Consumer | None:
    """The only module or function that uses ``value``, if that is an activation."""
    call = _common_call(value)
    if call is not None and _applies_activation(call, value, tried):
        label = f"{call.name} ({type(call.module).__name__})"
        return _Consumer(Follower(label, call.name, call.index), call.product or value, call.print)
    use = value.uses[0] if len(value.uses) == 1 else None
    if use is None or use.product is None or (call is not None and is_standard(call.module)):
        return None
    return _Consumer(Follower(f"{use.activation}()", function=use.activation), use.product, use.print)


def _applies_activation(call: Call, value: Value, tried: dict[nn.Module, bool]) -> bool:
    if call.argument is not value or call.product is None or call.product is value:
        return False
    return is_standard(call.module) or _is_own_activation(call, tried)


def _common_call(value: Value) -> Call | None:
    """The innermost module call that all uses of ``value`` lie in, begun after it was made."""
    around = [use.call.chain if use.call else [] for use in value.uses]
    chains = [[call for call in calls if call.start > value.born] for calls in around]
    shared = [calls[0] for calls in takewhile(_all_one, zip(*chains, strict=False))]
    return shared[-1] if shared else None


def _all_one(calls: tuple[Call, ...]) -> bool:
    return all(call is calls[0] for call in calls)


def _is_own_activation(call: Call, tried: dict[nn.Module, bool]) -> bool:
    """Whether a module that is none of torch's activations is one all the same."""
    module = call.module
    if len(call.shape) != 4 or call.like is None or _is_torch_s(module) or any(map(_mixes, _below(call))):
        return False
    if module not in tried:
        tried[module] = acts_on_elements(module, call.shape[1], call.like)
    return tried[module]


def _is_torch_s(module: nn.Module) -> bool:
    return type(module).__module__.startswith("torch.") and "forward" not in vars(module)


def _mixes(call: Call) -> bool:
    """Whether a call is of one of torch's modules that does anything but act on elements."""
    leaf = _is_torch_s(call.module) and not call.parts
    return leaf and not is_standard(call.module) and call.product is not call.argument


def _below(call: Call) -> Iterator[Call]:
    for part in call.parts:
        yield part
        yield from _below(part)
