"""What a factory's object carries with it: its concepts, and its networks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from torch import nn

from dissect_report.config import SegmenterConfig
from dissect_report.errors import SegmenterError
from dissect_report.sources.concepts import Concept, check_catalogue, name_channels, read_catalogue


def read_carried(carried: Iterable[Any], where: str, unlabelled: Collection[int] = (0,)) -> list[Concept]:
    """Concepts from names in channel order, or from (id, name, category) triples or objects.

    Args:
        carried: what the factory's object has.
        where: for the message.
        unlabelled: the ids that mean no label.

    Raises:
        SegmenterError: it is neither.
    """
    entries = list(carried)
    if all(isinstance(entry, str) for entry in entries):
        return name_channels(entries, unlabelled)
    concepts = []
    for entry in entries:
        parts = (
            entry
            if isinstance(entry, tuple | list)
            else [getattr(entry, k, None) for k in ("id", "name", "category")]
        )
        if len(parts) != 3 or not isinstance(parts[0], int) or not all(isinstance(p, str) for p in parts[1:]):
            raise SegmenterError(f"{where}: {entry!r} is neither a name nor (id, name, category)")
        concepts.append(Concept(*parts))
    return concepts


def networks_in(thing: Any) -> list[nn.Module]:
    """The network itself, or those that an object with ``segment`` keeps in attributes, lists and tables."""
    if isinstance(thing, nn.Module):
        return [thing]
    if isinstance(thing, Mapping | list | tuple):
        kept = thing.values() if isinstance(thing, Mapping) else thing
        return [network for part in kept for network in networks_in(part)]
    kept = [value for _, value in sorted(vars(thing).items())] if hasattr(thing, "__dict__") else []
    return [
        n for part in kept if isinstance(part, nn.Module | Mapping | list | tuple) for n in networks_in(part)
    ]


def find_catalogue(config: SegmenterConfig, folder: Path, network: Any) -> tuple[Concept, ...]:
    """From the configured file, else from what the factory's object carries."""
    if config.concepts:
        return read_catalogue(folder / config.concepts, config.unlabelled)
    for attribute in ("concepts", "labels"):
        carried = getattr(network, attribute, None)
        if isinstance(carried, Iterable) and (carried := list(carried)):
            where = f"{config.source}, its .{attribute}"
            return check_catalogue(read_carried(carried, where, config.unlabelled), config.unlabelled, where)
    raise SegmenterError(
        f"{config.source}: nobody names its concepts: set `concepts` to a file, or give the object "
        "a list .labels, one name a channel"
    )
