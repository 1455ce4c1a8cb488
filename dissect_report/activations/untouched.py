"""Running a network's own code and putting back whatever that changed in it.

A forward pass may leave things behind: a grid made at the first call and kept, a counter, a list that
grows, a buffer. While somebody only looks at the network, and above all while symbols flow through it
instead of numbers, none of that may stay.
"""

from __future__ import annotations

import functools
import random
import types
from collections import UserDict, UserList, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.parameter import is_lazy

from dissect_report.sources.ownership import is_own_class, is_own_file

Undo = Callable[[], object]

_CACHED = type(functools.lru_cache(int))

#: What cannot change.
_INERT = (
    str, bytes, int, float, complex, type(None), type(...), torch.dtype, torch.device, torch.Size, range,
    slice, types.BuiltinFunctionType, types.CodeType, types.FrameType, types.GeneratorType,
)  # fmt: skip

#: Bytes above which an array is data: not copied, for no forward pass writes into so much.
LARGEST = 1 << 26

_HOLDERS = (nn.Module, types.SimpleNamespace, UserDict, UserList)


@contextmanager
def untouched(model: nn.Module) -> Iterator[None]:
    """Whatever ``model``'s code changes inside is as before afterwards, also after an error.

    That is: attributes, containers, buffers and tensors of all its parts and of the objects, closures and
    defaults that they hold; the variables of the classes and files of the user's own code behind them; the
    state of the random number generators. What torch's own modules have learned is not copied, for they
    never write into it, nor are arrays above 64 MB.
    """
    parts = list(model.modules())
    if any(isinstance(part, LazyModuleMixin) and any(map(is_lazy, part.parameters())) for part in parts):
        yield  # its first call makes its parameters: there is no earlier state to go back to
        return
    undos = _Walk(model).undos()
    state, numbers = random.getstate(), np.random.get_state()
    devices = {p.device.index or 0 for p in model.parameters() if p.device.type == "cuda"}
    try:
        with torch.random.fork_rng(devices=sorted(devices)):
            yield
    finally:
        random.setstate(state)
        np.random.set_state(numbers)
        for undo in undos:
            undo()


class _Walk:
    """Everything within reach of a network, each thing once."""

    def __init__(self, root: nn.Module) -> None:
        self.found: list[Undo] = []
        self.seen: dict[int, object] = {}  # the things too: an id is unique only while its thing lives
        self.waiting: list[Any] = [*root.buffers(), root]
        #: Whose plain objects may hold state: an installed model zoo's, but no logger's and no thread's.
        self.packages = {_package(type(part)) for part in root.modules()} - {"torch"}

    def undos(self) -> list[Undo]:
        """What puts back the present state of everything."""
        while self.waiting:
            thing = self.waiting.pop()
            if id(thing) not in self.seen and not isinstance(thing, _INERT):
                self.seen[id(thing)] = thing
                self._visit(thing)
        return self.found

    def _visit(self, thing: Any) -> None:
        for kinds, visit in _VISITS:
            if isinstance(thing, kinds):
                visit(self, thing)
                return
        if isinstance(thing, list | set | deque | dict | bytearray):
            self._container(thing)
        kind = type(thing)
        if isinstance(thing, _HOLDERS) or _package(kind) in self.packages or is_own_class(kind):
            self._object(thing)

    def _parts(self, thing: Any) -> None:
        """Of what cannot change itself."""
        if isinstance(thing, types.MethodType):
            self.waiting += [thing.__self__, thing.__func__]
        elif isinstance(thing, functools.partial):
            self.waiting += [thing.func, thing.args, thing.keywords]
        else:
            self.waiting += thing

    def _generator(self, generator: torch.Generator) -> None:
        self.found.append(functools.partial(generator.set_state, generator.get_state()))

    def _tensor(self, tensor: Tensor) -> None:
        if tensor.is_meta or tensor.layout != torch.strided:
            return
        # Data given anew show in the address, data written in place only in the numbers.
        held, address = tensor.detach(), tensor.data_ptr()
        kept = held.clone() if held.nbytes <= LARGEST else None

        def undo() -> None:
            with torch.no_grad():
                if tensor.data_ptr() != address or tensor.shape != held.shape:
                    tensor.data = held
                if kept is not None and not torch.equal(tensor, kept):
                    tensor.copy_(kept)

        self.found.append(undo)

    def _learned(self, parameter: Tensor | None) -> None:
        """A parameter of one of torch's modules: other data put into it are seen, but it is not copied."""
        if parameter is None or id(parameter) in self.seen or is_lazy(parameter):
            return
        self.seen[id(parameter)] = parameter
        held, address = parameter.detach(), parameter.data_ptr()

        def undo() -> None:
            if parameter.data_ptr() != address:
                parameter.data = held

        self.found.append(undo)

    def _array(self, array: np.ndarray) -> None:
        if array.nbytes > LARGEST:
            return
        kept = array.copy()

        def undo() -> None:
            if array.tobytes() != kept.tobytes():
                np.copyto(array, kept)

        self.found.append(undo)

    def _container(self, thing: Any) -> None:
        keyed = isinstance(thing, dict)
        kept = list(thing.items()) if keyed else list(thing)

        def undo() -> None:
            if not _identical(list(thing.items()) if keyed else list(thing), kept):
                thing.clear()
                (thing.update if isinstance(thing, dict | set) else thing.extend)(kept)

        self.found.append(undo)
        self.waiting += thing.values() if keyed else kept

    def _object(self, thing: Any) -> None:
        """Its attributes; of one of torch's modules not what it has learned."""
        kind, slots = type(thing), _slots(thing)
        if isinstance(thing, nn.Module) and not is_own_class(kind):
            for value in thing._parameters.values():
                self._learned(value)
        for attributes in (vars(thing),) if hasattr(thing, "__dict__") else ():
            self.found.append(functools.partial(_rewrite, attributes, dict(attributes)))
            self.waiting += attributes.values()
        if slots:
            self.found.append(functools.partial(_refill, thing, slots))
            self.waiting += slots.values()
        self.waiting.append(kind)

    def _class(self, kind: type) -> None:
        """The variables of a class and what its methods reach, if it is the user's own."""
        for base in kind.__mro__:
            if is_own_class(base) and (base is kind or id(base) not in self.seen):
                self.seen[id(base)] = base
                self.found.append(functools.partial(_reset_class, base, _variables(base)))
                for value in vars(base).values():
                    self.waiting.append(getattr(value, "fget", None) or getattr(value, "__func__", value))

    def _function(self, function: types.FunctionType) -> None:
        for cell in function.__closure__ or ():
            self._cell(cell)
        self.waiting += [function.__defaults__, function.__kwdefaults__, function.__dict__]
        self._namespace(function.__globals__)

    def _cell(self, cell: types.CellType) -> None:
        try:
            kept = cell.cell_contents
        except ValueError:  # nothing in it yet
            return
        self.found.append(functools.partial(setattr, cell, "cell_contents", kept))
        self.waiting.append(kept)

    def _cached(self, function: Any) -> None:
        known = function.cache_info()
        self.found.append(lambda: function.cache_info() == known or function.cache_clear())
        self.waiting.append(function.__wrapped__)

    def _file(self, module: types.ModuleType) -> None:
        self._namespace(vars(module))

    def _namespace(self, names: dict[str, Any]) -> None:
        """The variables of a file of the user's own code."""
        if id(names) not in self.seen and is_own_file(names):
            self.seen[id(names)] = names
            self.found.append(functools.partial(_rewrite, names, dict(names)))
            self.waiting += [value for name, value in names.items() if not name.startswith("__")]


_VISITS: tuple[tuple[Any, Callable[[_Walk, Any], None]], ...] = (
    (Tensor, _Walk._tensor),
    (np.ndarray, _Walk._array),
    (torch.Generator, _Walk._generator),
    ((tuple, frozenset, types.MethodType, functools.partial), _Walk._parts),
    (_CACHED, _Walk._cached),
    (types.FunctionType, _Walk._function),
    (types.ModuleType, _Walk._file),
    (type, _Walk._class),
)


def _package(kind: type) -> str:
    return str(kind.__module__).partition(".")[0]


def _identical(now: list[Any], kept: list[Any]) -> bool:
    """The very same things; of pairs, the same keys and values."""

    def same(one: Any, two: Any) -> bool:
        if isinstance(one, tuple) and isinstance(two, tuple) and len(one) == len(two) == 2:
            return one[0] is two[0] and one[1] is two[1]
        return one is two

    return len(now) == len(kept) and all(map(same, now, kept))


def _rewrite(attributes: dict[str, Any], kept: dict[str, Any]) -> None:
    if not _identical(list(attributes.items()), list(kept.items())):
        attributes.clear()
        attributes.update(kept)


def _slots(thing: object) -> dict[str, Any]:
    found = [vars(base).get("__slots__", ()) for base in type(thing).__mro__]
    names = [name for slots in found for name in ([slots] if isinstance(slots, str) else slots)]
    return {
        name: getattr(thing, name) for name in names if not name.startswith("__") and hasattr(thing, name)
    }


def _refill(thing: object, kept: dict[str, Any]) -> None:
    for name, value in kept.items():
        if getattr(thing, name, _refill) is not value:  # what did not change may refuse to be written
            setattr(thing, name, value)


def _variables(kind: type) -> dict[str, Any]:
    return {name: value for name, value in vars(kind).items() if not name.startswith("__")}


def _reset_class(kind: type, kept: dict[str, Any]) -> None:
    now = _variables(kind)
    for name in now.keys() - kept.keys():
        delattr(kind, name)
    for name, value in kept.items():
        if now.get(name) is not value:
            setattr(kind, name, value)
