"""The one place that mends torchvision where its compiled part does not fit torch.

A torchvision built for CUDA beside a CPU-only torch fails at import (``operator torchvision::nms
does not exist``): its library cannot be loaded, so the operators that it decorates are missing.
Declaring the two operators that the import itself touches is enough for models and transforms.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from dissect_report.errors import SourceError

SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}

#: Torch's compiler, which takes as long to load as the rest of torch; torchvision asks it one question, and
#: only when a network of its own runs: whether it can compile for a device.
COMPILER = "torch._dynamo"
QUESTION = "is_compile_supported"

#: Torch forgets a library's operators with the object: it is kept for the life of the process.
_declared: list[torch.library.Library] = []


@cache
def import_torchvision() -> ModuleType:
    """The torchvision package with ``models`` and their registries loaded.

    Raises:
        SourceError: torchvision is not installed, or broken in another way.
    """
    spec = importlib.util.find_spec("torchvision")
    if spec is None or not spec.submodule_search_locations:
        raise SourceError("torchvision is not installed; `pip install -c constraints.txt torchvision`")
    _provide_operators(Path(next(iter(spec.submodule_search_locations))))
    try:
        with warnings.catch_warnings(), _compiler_at_its_use():
            warnings.filterwarnings("ignore", message="Failed to load image Python extension")
            module = importlib.import_module("torchvision")
            importlib.import_module("torchvision.models.segmentation")
    except (ImportError, RuntimeError) as error:
        line = " ".join(str(error).split())
        remedy = f"install the one that goes with torch {torch.__version__}"
        raise SourceError(f"torchvision cannot be imported: {line}; {remedy}") from error
    return module


class _Mender(MetaPathFinder):
    """Provides torchvision's operators at the moment when anybody imports it."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Finds nothing: others do."""
        if name == "torchvision":
            sys.meta_path.remove(self)
            spec = importlib.util.find_spec(name)
            if spec is not None and spec.submodule_search_locations:
                _provide_operators(Path(next(iter(spec.submodule_search_locations))))


def mend_torchvision() -> None:
    """From here on torchvision can be imported by anybody: by a user's factory, by timm, by transformers."""
    if "torchvision" not in sys.modules and not any(isinstance(one, _Mender) for one in sys.meta_path):
        sys.meta_path.insert(0, _Mender())


class _Deferred(ModuleType):
    """Stands for a module until something of it is used."""

    def __getattr__(self, name: str) -> Any:
        if name == QUESTION:
            return self._ask
        if name.startswith("__"):  # what the import itself looks for
            raise AttributeError(name)
        return getattr(self._load(), name)

    def _ask(self, device: str) -> Any:
        return getattr(self._load(), QUESTION)(device)

    def _load(self) -> ModuleType:
        _forget_deferred()
        return importlib.import_module(self.__name__)


def _forget_deferred() -> None:
    for name in (COMPILER, f"{COMPILER}.utils"):
        if isinstance(sys.modules.get(name), _Deferred):
            del sys.modules[name]


@contextmanager
def _compiler_at_its_use() -> Iterator[None]:
    """Inside, torch's compiler is loaded only where something else than its question is wanted."""
    if COMPILER in sys.modules:
        yield
        return
    package, utils = _Deferred(COMPILER), _Deferred(f"{COMPILER}.utils")
    package.__path__ = []  # a package, so that its part can be imported
    package.utils = utils  # type: ignore[attr-defined]
    sys.modules[COMPILER], sys.modules[f"{COMPILER}.utils"] = package, utils
    try:
        yield
    finally:
        _forget_deferred()


def _provide_operators(folder: Path) -> None:
    """Loads torchvision's own operators or, where they do not load, declares what its import needs."""
    load: Any = torch.ops.load_library
    declare: Any = torch.library.Library
    for library in ("_C_stable.so", "_C.so"):
        if (folder / library).exists():
            try:
                load(folder / library)
            except OSError:  # built for another torch: the operators below stand in at import
                continue
    missing = [name for name in SCHEMAS if not hasattr(torch.ops.torchvision, name)]
    if missing:
        fragment = declare("torchvision", "FRAGMENT")
        for name in missing:
            fragment.define(SCHEMAS[name])
        _declared.append(fragment)
