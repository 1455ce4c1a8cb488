"""Arrays of the findings against what their documentation says of their axes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from dissect_report.findings.arrays import Head

_AXES = re.compile(r"\[([^\]]*)\]")


def axes_of(text: str) -> list[tuple[str, ...]]:
    """Every list of axes that an array's documentation allows, such as ("unit", "concept + 1").

    Without brackets it is a single number; an axis in brackets may follow, where another case is told of.
    """
    found = [tuple(axis.strip() for axis in axes.split(",")) for axes in _AXES.findall(text)]
    shapes = [axes for axes in found if all(re.fullmatch(r"[a-z]+( [a-z]+)?( \+ 1)?", axis) for axis in axes)]
    return shapes if text.startswith("[") else [()]


def misshapen(
    arrays: Mapping[str, Head], documented: Mapping[str, str], sizes: Mapping[str, int], live: bool
) -> Iterator[str]:
    """What is wrong with a file of arrays, in words.

    Args:
        arrays: what it says of each.
        documented: by name, what an array holds, its axes first in brackets.
        sizes: of the axes that the records know; the others must agree with each other.
        live: whether arrays that are there "only where live" must be.
    """
    known = dict(sizes)
    for name in sorted(set(documented) - set(arrays)):
        if live or "only where live" not in documented[name]:
            yield f"the array {name!r} is missing"
    for name, array in sorted(arrays.items()):
        if name not in documented:
            yield f"no array is called {name!r}"
            continue
        if array.dtype.kind not in "iufb":
            yield f"the array {name!r} holds no numbers"
            continue
        fitting = [axes for axes in axes_of(documented[name]) if len(axes) == array.ndim]
        if not fitting:
            yield f"the array {name!r} has {array.ndim} axes"
            continue
        for axis, size in zip(fitting[0], array.shape, strict=True):
            if known.setdefault(axis, size) != size:
                yield f"the axis {axis!r} of the array {name!r} is {size} long, elsewhere {known[axis]}"
