"""The user's own code: ``file.py:factory`` and ``package.module:factory``."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from dissect_report.errors import ModelError, SourceError, nearest
from dissect_report.sources.own_code import code_digest
from dissect_report.sources.ownership import installed
from dissect_report.sources.torchvision_import import mend_torchvision

#: Modules of users' folders that are no longer found by name; what they made still needs them.
_retired: list[ModuleType] = []


def load_factory(source: str, folder: Path, error: type[SourceError] = ModelError) -> Callable[..., Any]:
    """The factory that ``source`` names; calling it turns its failure into one clear line.

    Args:
        source: "file.py:factory" or "package.module:factory".
        folder: a relative file is relative to it.
        error: what to raise, by what the factory makes.

    Raises:
        SourceError: of the class ``error``: no such file, module or factory, or the code fails.
    """
    place, colon, name = source.rpartition(":")
    if not colon or not place or not name.isidentifier():
        raise error(f"{source!r} is not file.py:factory or package.module:factory")
    path = folder / place if place.endswith(".py") else None
    beside = code_folder(source, folder)
    mend_torchvision()
    with _failures(source, error), importable(beside, path is not None):
        module = _load_file(path, error) if path else _load_module(place, error)
    factory = getattr(module, name, None)
    if isinstance(factory, nn.Module):
        return lambda: factory
    if not callable(factory):
        known = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise error(f"{place} has no factory called {name!r}; {nearest(name, known)}")

    def call(**args: Any) -> Any:
        with _failures(source, error), importable(beside, path is not None):
            return factory(**args)

    return call


def code_folder(source: str, folder: Path) -> Path:
    """The folder that a source's own imports are looked for in: that of its file, else ``folder``."""
    place = source.rpartition(":")[0]
    return (folder / place).resolve().parent if place.endswith(".py") else folder.resolve()


def source_digest(source: str, folder: Path) -> str:
    """sha256 of the user's code behind a loaded source; "" for an installed package or a missing file."""
    place = source.rpartition(":")[0]
    if place.endswith(".py"):
        path = (folder / place).resolve()
        return code_digest(path, path.parent) if path.is_file() else ""
    origin = getattr(sys.modules.get(place), "__file__", None)
    if origin is None or installed(place, origin):
        return ""
    path = Path(origin).resolve()
    depth = len(place.split(".")) + (path.name == "__init__.py")
    return code_digest(path, path.parents[depth - 1])


def _load_file(path: Path, error: type[SourceError]) -> ModuleType:
    if not path.is_file():
        raise error(f"{path}: no such file")
    # A name of its own: the file may be called like an installed package, and may be edited between two runs.
    content = path.read_bytes()
    identity = hashlib.sha256(str(path.resolve()).encode() + content).hexdigest()[:12]
    name = f"_dissect_source_{identity}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise error(f"{path}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickles look their module up there
    try:
        # Compiled here: a stale .pyc is never read, and nothing is written beside the user's file.
        exec(compile(content, str(path), "exec"), module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _load_module(name: str, error: type[SourceError]) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name is not None and (name == missing.name or name.startswith(missing.name + ".")):
            raise error(
                f"no module is called {name!r}; install it, or name a file as file.py:factory"
            ) from None
        raise


@contextmanager
def importable(folder: Path, alone: bool) -> Iterator[None]:
    """``folder`` first on the import path inside, as if its code were run from there.

    Args:
        alone: what is imported from it is forgotten afterwards: another folder's helper may have the same
            name, and this one's may be edited before the next call.
    """
    entry, before = str(folder), set(sys.modules)
    sys.path.insert(0, entry)
    try:
        yield
    finally:
        if entry in sys.path:
            sys.path.remove(entry)
        for name in set(sys.modules) - before if alone else ():
            origin = getattr(sys.modules[name], "__file__", None)
            if origin and Path(origin).is_relative_to(folder) and not installed(name, origin):
                _retired.append(sys.modules.pop(name))


@contextmanager
def _failures(source: str, error: type[SourceError]) -> Iterator[None]:
    """Any exception of the user's code inside becomes one line that names it."""
    try:
        yield
    except SourceError:
        raise
    except (Exception, SystemExit) as failure:  # the user's own code: it may raise anything at all
        line = " ".join(str(failure).split())
        raise error(f"{source} fails: {type(failure).__name__}: {line}") from failure
