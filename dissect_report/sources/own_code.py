"""The files that a user's factory is written in: its own and those of its folder that it imports."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path


def code_digest(start: Path, root: Path) -> str:
    """sha256 over ``start`` and every file below ``root`` that it imports, directly or not.

    Imports are read, not run: one that is put together while the program runs is not seen.
    """
    digest = hashlib.sha256()
    for path in sorted(_imported(start, root)):
        digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _imported(start: Path, root: Path) -> set[Path]:
    found, waiting = {start}, [start]
    while waiting:
        for dotted in _names(waiting.pop(), root):
            for end in range(1, len(dotted) + 1):  # of a.b.c also a and a.b, whose files run first
                place = root.joinpath(*dotted[:end])
                for file in (place.with_name(f"{place.name}.py"), place / "__init__.py"):
                    if file.is_file() and file not in found:
                        found.add(file)
                        waiting.append(file)
    return found


def _names(path: Path, root: Path) -> Iterator[tuple[str, ...]]:
    """What a file imports, as dotted names from ``root``; a name may turn out to be no module."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):  # loading it says so better
        return
    package = path.parent.relative_to(root).parts
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = (*above, *(node.module.split(".") if node.module else ()))
            yield from ((*module, alias.name) for alias in node.names)
