"""Whether code is the user's own, rather than Python's, an installed package's or this program's."""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

#: Folders of packages that were installed; Debian's own are in the second.
INSTALLED = frozenset({"site-packages", "dist-packages"})


def is_own_class(kind: type) -> bool:
    """Whether a class stands in a file of the user's."""
    names = getattr(sys.modules.get(kind.__module__), "__dict__", None)
    if names is None:  # a helper of the user's that is no longer found by name
        methods = (value for value in vars(kind).values() if isinstance(value, types.FunctionType))
        names = next((method.__globals__ for method in methods), {})
    return is_own_file(names)


def is_own_file(names: Mapping[str, Any]) -> bool:
    """Whether the global names ``names`` are those of a file of the user's."""
    origin = names.get("__file__")
    return isinstance(origin, str) and origin != "" and not installed(str(names.get("__name__", "")), origin)


def installed(module: str, origin: str) -> bool:
    """Whether a module of the file ``origin`` was installed: its version tells what it is."""
    package = module.partition(".")[0]
    if package in sys.stdlib_module_names or package == "dissect_report":
        return True
    return not INSTALLED.isdisjoint(PurePath(origin).parts)
