"""Watching tensors flow through one real forward pass: which call used which value.

Functions are seen as they are called (``F.relu``, a method, an operator), modules by hooks on them, and
what reaches torch by neither way, compiled code for one, by its kernels. A tensor is known by its storage,
so that views of it count; what is written into a storage begins another value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.nn.parameter import is_lazy
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from dissect_report.activations.activation_functions import applied_activation
from dissect_report.activations.consumption import Call, Use, Value, fingerprint

#: Questions about a tensor that its numbers do not matter for, and makers of tensors like it.
QUESTIONS = {
    "size", "dim", "ndimension", "numel", "nelement", "stride", "is_contiguous", "is_floating_point",
    "is_complex", "is_signed", "element_size", "storage_offset", "get_device", "__len__", "is_tensor",
    "is_same_size", "result_type", "new_empty", "new_zeros", "new_ones", "new_full", "new_tensor",
    "zeros_like", "ones_like", "empty_like", "full_like", "rand_like", "randn_like", "randint_like",
}  # fmt: skip


class Observer:
    """What is seen of a network's forward pass.

    Attributes:
        calls: per module name its calls.
        outputs: per module name the value it put out last; None if that was not one tensor.
    """

    def __init__(self, model: nn.Module) -> None:
        self.names = {module: name for name, module in model.named_modules()}
        self.calls: dict[str, list[Call]] = {}
        self.outputs: dict[str, Value | None] = {}
        self._values: dict[object, Value] = {}
        self._without_storage: list[Tensor] = []
        self._stack: list[Call] = []
        self._clock = 0
        self._aside = 0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Inside, the forward pass of the model is watched."""
        with ExitStack() as stack:
            for module in self.names:
                if isinstance(module, torch.jit.ScriptModule):  # takes no hooks
                    continue
                enter = module.register_forward_pre_hook(self._enter, prepend=True, with_kwargs=True)
                stack.callback(enter.remove)
                stack.callback(module.register_forward_hook(self._leave).remove)
            stack.enter_context(_Kernels(self))
            stack.enter_context(_Functions(self))
            yield

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Inside, what happens is no part of the network's forward pass."""
        self._aside += 1
        try:
            yield
        finally:
            self._aside -= 1

    def value(self, tensor: Tensor) -> Value:
        """What ``tensor`` holds now."""
        key = self._key(tensor)
        value = self._values.get(key)
        return value if value is not None else self._begin(key, tensor)

    def print(self, tensor: Tensor) -> bytes:
        """Fingerprint of maps or tokens, equal for equal numbers; b"" for constant ones and all else."""
        prints = self.value(tensor).prints
        reading = (tensor.shape, tensor.stride(), tensor.storage_offset()) if tensor.ndim in (3, 4) else None
        if reading is None or not tensor.is_floating_point():
            return b""
        if reading not in prints:
            prints[reading] = fingerprint(tensor)
        return prints[reading]

    def run(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Calls ``function`` and notes what it uses and makes."""
        if self._aside:
            return function(*args, **kwargs)
        with self.aside():
            given = list(_tensors((args, kwargs)))
            values = [self.value(tensor) for tensor in given]
            versions = [_version(tensor) for tensor in given]
            result = function(*args, **kwargs)
            made = list(_tensors(result))
            if not _is_question(function, made):
                self._note(function, (args, kwargs), given, values, versions, made)
            return result

    def _note(
        self,
        function: Any,
        arguments: tuple[tuple[Any, ...], dict[str, Any]],
        given: list[Tensor],
        values: list[Value],
        versions: list[int | None],
        made: list[Tensor],
    ) -> None:
        name = applied_activation(function, *arguments)
        written = {
            id(value)
            for tensor, value, version in zip(given, values, versions, strict=True)
            if _is_written(function, tensor, version, made, name)
        }
        for tensor, value in zip(given, values, strict=True):
            if id(value) in written and value.current:
                value.current = False
                self._begin(self._key(tensor), tensor)
        known = {id(value) for value in values}
        for tensor in made:
            if id(self.value(tensor)) not in known:
                self.value(tensor).maker = name
        first = arguments[0][0] if arguments[0] else arguments[1].get("input")
        alone = sum(not isinstance(tensor, nn.Parameter) for tensor in given) == 1
        for tensor, value in zip(given, values, strict=True):
            if id(value) not in written and any(tensor is one for one in made):
                continue  # handed through as it is: nobody used it
            use = Use("", self._stack[-1] if self._stack else None)
            if name and alone and tensor is first and len(made) == 1 and made[0].shape == tensor.shape:
                use = Use(name, use.call, self.value(made[0]), self.print(made[0]))
            value.uses.append(use)

    def _key(self, tensor: Tensor) -> object:
        """What tells values apart: the storage; of a tensor that has none (sparse, a subclass), itself."""
        try:
            return int(tensor.untyped_storage()._cdata)
        except (NotImplementedError, RuntimeError):
            self._without_storage.append(tensor)  # alive, so that nothing else takes its id
            return ("tensor", id(tensor))

    def _begin(self, key: object, tensor: Tensor) -> Value:
        """Another value in a storage, whose address the weak reference keeps from being taken anew."""
        storage = StorageWeakRef(tensor.untyped_storage()) if isinstance(key, int) else None  # type: ignore[no-untyped-call]
        value = self._values[key] = Value(storage, self._tick())
        return value

    def _tick(self) -> int:
        self._clock += 1
        return self._clock

    def _enter(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        if self._aside:
            return
        with self.aside():
            name, given = self.names[module], list(_tensors((args, kwargs)))
            calls = self.calls.setdefault(name, [])
            parent = self._stack[-1] if self._stack else None
            call = Call(name, module, len(calls), self._tick(), parent)
            if len(given) == 1:
                call.argument, call.shape = self.value(given[0]), tuple(given[0].shape)
                call.like = given[0].new_empty(0)
            if parent is not None:
                parent.parts.append(call)
            calls.append(call)
            self._stack.append(call)

    def _leave(self, module: nn.Module, _args: Any, output: Any) -> None:
        if self._aside:
            return
        with self.aside():
            name = self.names[module]
            while self._stack and self._stack[-1].module is not module:
                self._stack.pop()  # broken off by an error that the network caught
            self.outputs[name] = self.value(output) if isinstance(output, Tensor) else None
            if self._stack:
                call = self._stack.pop()
                if isinstance(output, Tensor) and tuple(output.shape) == call.shape:
                    call.product, call.print = self.outputs[name], self.print(output)


class _Functions(TorchFunctionMode):
    def __init__(self, observer: Observer) -> None:
        super().__init__()
        self.observer = observer

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        return self.observer.run(func, args, kwargs or {})


class _Kernels(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sees what no function call shows; a kernel is never taken for the activation itself."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Nothing is compiled here, and torch's compiler takes more than a second to load."""
        return False

    def __init__(self, observer: Observer) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.observer = observer

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        return self.observer.run(_Kernel(func), args, kwargs or {})


@dataclass(frozen=True)
class _Kernel:
    kernel: Any

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.kernel(*args, **kwargs)


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        if not is_lazy(value):  # it has no numbers yet
            yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _tensors(one)
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _tensors(one)


def _version(tensor: Tensor) -> int | None:
    """How often it was written into; None where torch does not count."""
    return None if tensor.is_inference() else tensor._version


def _is_written(
    function: Any, tensor: Tensor, version: int | None, made: list[Tensor], activation: str
) -> bool:
    if version is not None:
        return _version(tensor) != version
    name = str(getattr(function, "__name__", ""))
    named = name.startswith("__i") or (name.endswith("_") and not name.endswith("__")) or bool(activation)
    return named and any(tensor is one for one in made)


def _is_question(function: Any, made: list[Tensor]) -> bool:
    name = str(getattr(function, "__name__", ""))
    return name in QUESTIONS or (name in ("__get__", "type") and not made)
