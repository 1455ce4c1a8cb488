"""The tensors that a network's output holds, by name, however deep they lie in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

#: Outputs within outputs that are looked into.
DEPTH = 8


def tensors_in(output: Any, images: int = 0) -> dict[str, Tensor]:
    """Every tensor of ``output`` by its dotted name, each once; the output itself is called "".

    Looks into tuples, lists, mappings, dataclasses and plain objects; parts of a sequence are numbered
    from 0, those of a named tuple have their names.

    Args:
        output: of a network.
        images: a list of so many mappings, which is how a detector says what it finds in each image, is
            left out.
    """
    found: dict[str, Tensor] = {}
    _collect(output, "", found, DEPTH, images)
    known: set[int] = set()
    once = {}
    for name, tensor in found.items():
        if id(tensor) not in known:
            once[name] = tensor
        known.add(id(tensor))
    return once


def tensor_at(output: Any, name: str) -> Tensor | None:
    """The tensor that ``tensors_in`` calls ``name``; a number also counts the parts of a mapping.

    None where there is no tensor of that name.
    """
    if not name:
        return output if isinstance(output, Tensor) else None
    parts = _parts(output)
    for key, part in parts.items():
        if name == key or name.startswith(f"{key}."):
            found = tensor_at(part, name[len(key) + 1 :])
            if found is not None:
                return found
    first, _, rest = name.partition(".")
    if first.isdecimal() and first not in parts and int(first) < len(parts):
        return tensor_at(list(parts.values())[int(first)], rest)
    return None


def shapes_of(tensors: Mapping[str, Tensor]) -> str:
    """For a message: "aux [2, 4], logits [2, 4]"."""
    return ", ".join(f"{name} {list(tensor.shape)}".strip() for name, tensor in tensors.items())


def _collect(output: Any, name: str, found: dict[str, Tensor], depth: int, images: int) -> None:
    if isinstance(output, Tensor):
        found[name] = output
    elif depth and not _says_each_image(output, images):
        for key, part in _parts(output).items():
            _collect(part, f"{name}.{key}" if name else key, found, depth - 1, images)


def _says_each_image(output: Any, images: int) -> bool:
    return (
        isinstance(output, list | tuple)
        and len(output) == images > 0
        and all(isinstance(part, Mapping) for part in output)
    )


def _parts(output: Any) -> dict[str, Any]:
    """What a container holds, by name; empty for anything else."""
    if isinstance(output, Mapping):
        return {str(key): part for key, part in output.items()}
    if isinstance(output, Sequence) and not isinstance(output, str | bytes):
        names = getattr(output, "_fields", range(len(output)))
        return {str(key): part for key, part in zip(names, output, strict=True)}
    if dataclasses.is_dataclass(output) and not isinstance(output, type):
        return {field.name: getattr(output, field.name) for field in dataclasses.fields(output)}
    if isinstance(output, Tensor | nn.Module | type) or callable(output):
        return {}
    kept = getattr(output, "__dict__", {})
    return {name: part for name, part in kept.items() if not name.startswith("_")}
