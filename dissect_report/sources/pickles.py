"""Pickles of any training script: read as far as classes are here, or looked at without being run."""

from __future__ import annotations

import pickle
import pickletools
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from dissect_report.sources.factory import importable


class Unknown:
    """Stands for an object whose class is not here: of a network's parts only the numbers matter."""

    def __new__(cls, *_: Any, **__: Any) -> Unknown:  # noqa: D102
        return super().__new__(cls)

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, dict):
            self.__dict__.update(state)

    def __setitem__(self, _: Any, __: Any) -> None:
        pass

    def append(self, _: Any) -> None:
        """Items of a list of unknown kind are let go."""

    def extend(self, _: Any) -> None:
        """As ``append``."""

    def __call__(self, *_: Any, **__: Any) -> Unknown:  # noqa: D102
        return self


class _Tolerant(pickle.Unpickler):
    """A pickle in which a class that cannot be imported is no reason to give up the tensors."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return super().find_class(module, name)
        except (ImportError, AttributeError):
            return type(name, (Unknown,), {"__module__": module})


#: What ``torch.load`` takes for the module that unpickles.
_PICKLE = SimpleNamespace(
    Unpickler=_Tolerant,
    load=lambda stream, **_: _Tolerant(stream).load(),
    loads=pickle.loads,
    __name__="pickle",
)


def unpickle(path: Path, code: Path) -> Any:
    """What a pickle of torch, or of Python itself, holds; its author's code may raise anything at all.

    Args:
        code: folder in which classes are looked for, too.
    """
    with path.open("rb") as stream, importable(code, alone=True):
        try:  # a path's ending would decide what torch takes it for
            return torch.load(stream, map_location="cpu", weights_only=False, pickle_module=_PICKLE)
        except (pickle.UnpicklingError, RuntimeError) as error:
            if "magic number" not in str(error):
                raise
            stream.seek(0)
            return _Tolerant(stream).load()


def pickled_network(path: Path) -> str:
    """The first class of a network's parts that a pickle names; "" if it names none. Nothing is run."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                data = archive.read(next(name for name in archive.namelist() if name.endswith("data.pkl")))
        else:
            data = path.read_bytes()
        texts = [str(argument) for _, argument, _ in pickletools.genops(data) if isinstance(argument, str)]
    except (ValueError, OSError, KeyError, StopIteration, IndexError):  # a legacy file is several pickles
        return ""
    found = next((text for text in texts if text.startswith("torch.nn.modules.")), "")
    return found.replace(" ", ".")
