"""Whether code is the user's own, rather than Python's, an installed package's or this program's."""

from __future__ import annotations

import sys
import types
from typing import Any


def is_own_class(kind: type) -> bool:
    """Whether a class stands in a file of the user's."""
    names = getattr(sys.modules.get(kind.__module__), "__dict__", None)
    if names is None:  # a helper of the user's that is no longer found by name
        methods = (value for value in vars(kind).values() if isinstance(value, types.FunctionType))
        names = next((method.__globals__ for method in methods), {})
    return is_own_file(names)


def is_own_file(names: dict[str, Any]) -> bool:
    """Whether the global names ``names`` are those of a file of the user's."""
    name, path = str(names.get("__name__", "")), str(names.get("__file__") or "")
    package = name.partition(".")[0]
    if not path or package in sys.stdlib_module_names or package == "dissect_report":
        return False
    return not any(place in path for place in ("site-packages", "dist-packages"))
