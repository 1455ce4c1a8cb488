"""What a network, or any object that computes, is made of: every number within reach, in one digest.

A state dict is a part of it only. A forward also goes by buffers that are not saved, tensors and
settings kept as plain attributes, packed numbers of quantised layers, and networks in lists, closures,
partials, bound methods or globals of the user's own code.
"""

from __future__ import annotations

import enum
import functools
import hashlib
import os
import sys
import types
from collections import deque
from collections.abc import Iterator, Mapping, Set
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import torch
import torch.fx
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.utils.hooks import RemovableHandle

from dissect_report.sources.ownership import is_own_file

#: Things that are told apart by what they say of themselves.
PLAIN = (type(None), bool, int, float, complex, bytes, enum.Enum, torch.dtype, torch.Size, np.generic, range)

#: Attributes of any module: its parts, and what no forward goes by; a graph is its code.
MACHINERY = frozenset(vars(nn.Module())) | {"_graph", "_tracer_cls"}

#: What cannot change a number, or changes with every process.
PASSING = (RemovableHandle, torch.device, torch.Generator, types.ModuleType, torch.cuda.Stream)

#: Machinery by the package of its class: locks, files, loggers; nodes and compilers of torch.
MACHINES = (
    *(sys.stdlib_module_names - {"types", "argparse"}),
    "torch.fx",
    "torch._dynamo",
    "torch.distributed",
)

#: Objects at most, and how deep within each other: past them the outputs on a fixed input must tell.
MOST, DEEPEST = 500_000, 150


def digest_of(thing: object) -> str:
    """sha256, hexadecimal, over everything that ``thing`` computes from, as far as it is within reach."""
    walk = _Walk()
    walk.take(thing)
    return walk.hash.hexdigest()


class _Walk:
    """One walk over objects, each once: they may hold each other."""

    def __init__(self) -> None:
        self.hash = hashlib.sha256()
        self.met: dict[int, tuple[int, object]] = {}
        self.depth = 0

    def say(self, *words: object) -> None:
        self.hash.update("\0".join(map(str, words)).encode("utf-8", "surrogatepass") + b"\n")

    def take(self, value: Any) -> None:
        """Adds ``value`` and what it holds."""
        if isinstance(value, PLAIN):
            self.say(type(value).__name__, repr(value))
        elif isinstance(value, str):
            self.say("str", Path(value).name if os.path.isabs(value) else value)
        elif isinstance(value, PurePath):  # folders move; what lies in them is declared
            self.say("path", value.name if value.is_absolute() else value)
        elif isinstance(value, PASSING):
            self.say(type(value).__name__)
        elif id(value) in self.met:
            self.say("again", self.met[id(value)][0])
        elif len(self.met) < MOST and self.depth < DEEPEST:
            self.met[id(value)] = (len(self.met), value)  # held, so that no other gets its id
            self.depth += 1
            self._open(value)
            self.depth -= 1

    def _open(self, value: Any) -> None:
        if isinstance(value, Tensor):
            self._tensor(value)
        elif isinstance(value, np.ndarray):
            self._array(value)
        elif isinstance(value, nn.Module):
            self._network(value)
        elif isinstance(value, functools.partial):
            self._all("partial", (value.func, value.args, value.keywords))
        elif isinstance(value, types.MethodType):
            self._all("method", (value.__self__, value.__func__))
        elif isinstance(value, types.FunctionType):
            self._function(value)
        elif isinstance(value, type):
            self._class(value)
        elif isinstance(value, Mapping):
            self._all(type(value).__name__, (part for item in value.items() for part in item))
        elif isinstance(value, Set):
            self.say(type(value).__name__, *sorted(map(self._apart, value)))
        elif isinstance(value, list | tuple | deque):
            self._all(type(value).__name__, value)
        else:
            self._object(value)

    def _apart(self, value: Any) -> str:
        """The digest of one item of what has no order."""
        walk = _Walk()
        walk.met, walk.depth = dict(self.met), self.depth
        walk.take(value)
        return walk.hash.hexdigest()

    def _all(self, kind: str, values: Any) -> None:
        values = list(values)
        self.say(kind, len(values))
        for value in values:
            self.take(value)

    def _tensor(self, tensor: Tensor) -> None:
        if is_lazy(tensor) or tensor.is_meta:
            self.say("empty tensor", tensor.dtype)
            return
        self.say("tensor", tensor.dtype, list(tensor.shape), tensor.layout)
        flatten = getattr(tensor, "__tensor_flatten__", None)
        if type(tensor) not in (Tensor, nn.Parameter, nn.Buffer) and flatten is not None:
            names, rest = flatten()
            self._all("parts", [getattr(tensor, name) for name in names])
            self.say(rest)
            return
        self.hash.update(_bytes(tensor.detach()))

    def _array(self, array: np.ndarray) -> None:
        self.say("array", array.dtype, array.shape)
        if array.dtype.hasobject:
            self._all("objects", array.ravel().tolist())
        else:
            self.hash.update(np.ascontiguousarray(array).tobytes())

    def _network(self, network: nn.Module) -> None:
        self.say("network", type(network).__qualname__)
        for group in (network._parameters, network._buffers, network._modules):
            self._all("parts", (part for item in group.items() for part in item))
        own: dict[str, Any] = {}
        if type(network)._save_to_state_dict is not nn.Module._save_to_state_dict:
            network._save_to_state_dict(own, "", True)
        if type(network).get_extra_state is not nn.Module.get_extra_state:
            own["extra state"] = network.get_extra_state()
        self.take(own)
        for hooks in (network._forward_hooks, network._forward_pre_hooks):
            self._all("hooks", hooks.values())  # their keys count up in a process
        self._kept(vars(network), MACHINERY)
        if isinstance(network, torch.jit.ScriptModule | torch.fx.GraphModule):
            self.say(getattr(network, "code", ""))
        else:
            self.take(type(network))

    def _kept(self, attributes: Mapping[str, Any], left_out: Set[str]) -> None:
        for name, value in attributes.items():
            if name not in left_out:
                self.say(name)
                self.take(value)

    def _function(self, function: types.FunctionType) -> None:
        self.say("function", function.__qualname__)
        self.take(function.__defaults__)
        self.take(function.__kwdefaults__)
        for cell in function.__closure__ or ():
            try:
                self.take(cell.cell_contents)
            except ValueError:  # not filled yet
                self.say("empty cell")
        if is_own_file(function.__globals__):
            self._code(function.__code__, function.__globals__)

    def _code(self, code: types.CodeType, names: Mapping[str, Any]) -> None:
        """A user's code, and the globals that it names."""
        self.hash.update(code.co_code)
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                self._code(constant, names)
            elif isinstance(constant, (*PLAIN, str)):
                self.take(constant)
        for name in code.co_names:
            value = names.get(name)
            if isinstance(value, types.ModuleType) and is_own_file(vars(value)):
                self._code_names(code, value)
            elif value is not None and not isinstance(value, types.ModuleType):
                self.say(name)
                self.take(value)

    def _code_names(self, code: types.CodeType, module: types.ModuleType) -> None:
        """What the code may take from a module of the user's."""
        for name in code.co_names:
            if name in vars(module) and not isinstance(vars(module)[name], types.ModuleType):
                self.say(name)
                self.take(vars(module)[name])

    def _class(self, kind: type) -> None:
        """A class by name; a user's own also by its functions and what it keeps for all its objects."""
        self.say("class", kind.__qualname__)
        for base in kind.__mro__:
            kept = {
                name: getattr(value, "__func__", getattr(value, "fget", value))
                for name, value in vars(base).items()
            }
            functions = [value for value in kept.values() if isinstance(value, types.FunctionType)]
            if any(is_own_file(function.__globals__) for function in functions):
                names = {name for name in kept if name.startswith("__") and name.endswith("__")}
                self._kept(kept, names - {"__init__", "__call__"})

    def _object(self, value: Any) -> None:
        self.say("object", type(value).__qualname__)
        if any(f"{type(value).__module__}.".startswith(f"{package}.") for package in MACHINES):
            return
        if isinstance(value, torch.ScriptObject):
            self._packed(value)
            return
        self._kept(getattr(value, "__dict__", {}), frozenset())
        for name in _slots(type(value)):
            if hasattr(value, name):
                self.say(name)
                self.take(getattr(value, name))
        self.take(type(value))

    def _packed(self, value: Any) -> None:
        """Numbers packed for a kernel: they unpack themselves, one way or another."""
        for way in ("unpack", "__getstate__"):
            try:
                self.take(getattr(value, way)())
            except (AttributeError, RuntimeError):
                continue
            return


def _slots(kind: type) -> Iterator[str]:
    for base in kind.__mro__:
        listed = vars(base).get("__slots__", ())
        yield from (name for name in ([listed] if isinstance(listed, str) else listed) if name != "__dict__")


def _bytes(tensor: Tensor) -> Any:
    """The numbers of a tensor, however it keeps them."""
    if tensor.is_quantized:
        scale = (
            (tensor.q_per_channel_scales(), tensor.q_per_channel_zero_points())
            if "channel" in str(tensor.qscheme())
            else (tensor.q_scale(), tensor.q_zero_point())
        )
        return b"".join(
            (bytes(_bytes(tensor.int_repr())), str(tensor.qscheme()).encode(), repr(scale).encode())
        )
    if tensor.layout is torch.sparse_coo:
        tensor = tensor.coalesce()
        return b"".join(bytes(_bytes(part)) for part in (tensor.indices(), tensor.values()))
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    tensor = tensor.resolve_conj().resolve_neg().cpu().contiguous().reshape(-1)
    return tensor.view(torch.uint8).numpy() if tensor.numel() else b""
