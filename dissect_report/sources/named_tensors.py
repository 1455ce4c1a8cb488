"""Whatever a training script saved, as a tree of names: tensors lie where their dotted names say."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from dissect_report.sources.pickles import Unknown

#: A tree: what lies under each part of the dotted names; leaves are tensors and everything else.
Tree = dict[str, Any]

#: Where a tensor stands that has others below its own name.
ITSELF = ""


def tree_of(content: object) -> Any:
    """``content`` as a tree where it holds anything by name, else itself.

    Names in mappings are taken apart at their dots; networks give their state dict.
    """
    return _Planter().plant(content)


class _Planter:
    """Follows every object once on its way down: checkpoints may hold themselves."""

    def __init__(self) -> None:
        self.above: list[object] = []

    def plant(self, content: object) -> Any:
        if isinstance(content, np.ndarray) and content.dtype.kind in "fiub":
            return torch.from_numpy(np.ascontiguousarray(content))
        if isinstance(content, Tensor):
            return content
        if any(content is one for one in self.above):
            return None
        items = list(_named(content))
        if not items:
            return content
        self.above.append(content)
        tree: Tree = {}
        for name, value in items:
            _insert(tree, name.split("."), self.plant(value))
        self.above.pop()
        return tree


def _named(content: object) -> Iterator[tuple[str, Any]]:
    """What ``content`` holds by name."""
    if isinstance(content, nn.Module):
        try:
            yield from content.state_dict().items()
        except AttributeError:  # a part of it is of a class that is not here
            yield from _parts(content)
    elif isinstance(content, Mapping):
        yield from ((str(name), value) for name, value in content.items())
    elif isinstance(content, list | tuple):
        if any(isinstance(item, Mapping | nn.Module | Unknown) for item in content):
            yield from ((str(place), item) for place, item in enumerate(content))
    elif isinstance(content, Unknown):
        yield from _parts(content) if "_modules" in vars(content) else vars(content).items()
    elif dataclasses.is_dataclass(content) and not isinstance(content, type):
        yield from ((field.name, getattr(content, field.name)) for field in dataclasses.fields(content))


def _parts(network: Any) -> Iterator[tuple[str, Any]]:
    """Parameters, kept buffers and modules, as the state dict of a network has them."""
    kept = vars(network)
    passing = kept.get("_non_persistent_buffers_set", ())
    for group in ("_parameters", "_buffers", "_modules"):
        for name, value in (kept.get(group) or {}).items():
            if value is not None and name not in passing:
                yield name, value


def _insert(tree: Tree, steps: list[str], value: Any) -> None:
    for step in steps[:-1]:
        below = tree.get(step)
        if not isinstance(below, dict):
            below = tree[step] = {} if below is None else {ITSELF: below}
        tree = below
    last, before = steps[-1], tree.get(steps[-1])
    if isinstance(before, dict):
        for name, item in (value if isinstance(value, dict) else {ITSELF: value}).items():
            _insert(before, [name], item)
    else:
        tree[last] = value


def holds_tensor(tree: Any) -> bool:
    """Whether a tensor lies in it."""
    return any(map(holds_tensor, tree.values())) if isinstance(tree, dict) else isinstance(tree, Tensor)


def leaves(tree: Tree, before: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted names and values, in order."""
    for name, value in tree.items():
        dotted = f"{before}.{name}" if before and name else before or name
        if isinstance(value, dict):
            yield from leaves(value, dotted)
        else:
            yield dotted, value


def branches(tree: Tree, before: str = "") -> Iterator[tuple[str, Tree]]:
    """Every branch that holds a tensor, the root first, by its dotted name."""
    if holds_tensor(tree):
        yield before, tree
        for name, below in tree.items():
            if isinstance(below, dict):
                yield from branches(below, f"{before}.{name}" if before else name)
