"""The numbers of everything that the paper's segmenter can say, from its table of names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from dissect_report.errors import SegmenterError
from dissect_report.sources.concepts import Concept

#: Behind an object's name, in the order of their numbers: top, left, bottom, right.
QUADRANTS = ("-t", "-l", "-b", "-r")

EXPECTED = "object, material: lists of names, the first no label; object_part: lists of parts by object"


@dataclass(frozen=True)
class Vocabulary:
    """Names in the order of the network's channels. 0 is no label in every list.

    Ids: objects, then every object's top, left, bottom and right quadrant, then materials, then parts that
    are no objects.

    Attributes:
        objects: the first is no object.
        materials: the first is no material.
        parts: of every object that has some, in the order of objects: the first is none.
    """

    objects: tuple[str, ...]
    materials: tuple[str, ...]
    parts: dict[str, tuple[str, ...]]

    @property
    def count(self) -> int:
        """Objects, the one that is none excepted."""
        return len(self.objects) - 1

    @property
    def part_channels(self) -> int:
        """Channels of the part head."""
        return sum(map(len, self.parts.values()))

    @property
    def first_material(self) -> int:
        """What is added to a material's channel."""
        return self.count * (1 + len(QUADRANTS))

    @property
    def first_part(self) -> int:
        """Id of the first part that is no object."""
        return self.first_material + len(self.materials)

    def quadrant(self, ending: str) -> int:
        """What is added to an object's id for one of ``QUADRANTS``."""
        return self.count * (1 + QUADRANTS.index(ending))

    @cached_property
    def new_parts(self) -> tuple[str, ...]:
        """Names of parts that are no objects, in the order in which they first appear."""
        named = [part for parts in self.parts.values() for part in parts[1:]]
        return tuple(part for part in dict.fromkeys(named) if part not in self.objects)

    @cached_property
    def owners(self) -> tuple[tuple[int, slice, np.ndarray], ...]:
        """Of every object with parts: its id, its channels of the part head, and the ids of these."""
        ids = {part: number for number, part in enumerate(self.new_parts, self.first_part)}
        ids |= {name: number for number, name in enumerate(self.objects)}
        found, start = [], 0
        for name, parts in self.parts.items():
            numbers = np.array([0, *(ids[part] for part in parts[1:])])
            found.append((self.objects.index(name), slice(start, start + len(parts)), numbers))
            start += len(parts)
        return tuple(found)

    @property
    def concepts(self) -> list[Concept]:
        """Everything that can be said, by id from 1 on."""
        quadrants = [name + ending for ending in QUADRANTS for name in self.objects[1:]]
        named = [
            *((name, "object") for name in self.objects[1:]),
            *((name, "part") for name in quadrants),
            *((name, "material") for name in self.materials[1:]),
            *((name, "part") for name in self.new_parts),
        ]
        return [Concept(number, name, category) for number, (name, category) in enumerate(named, 1)]


def read_vocabulary(path: Path) -> Vocabulary:
    """The published ``labels.json``.

    Raises:
        SegmenterError: it cannot be read, or is no such table.
    """
    table = read_json(path)
    try:
        return vocabulary_of(table)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise SegmenterError(f"{path}: {error} (expected {EXPECTED})") from None


def vocabulary_of(table: Mapping[str, Any]) -> Vocabulary:
    """Raises ValueError, or what a table of another form raises."""
    objects, materials = tuple(table["object"]), tuple(table["material"])
    if len(objects) < 2 or not all(isinstance(name, str) for name in objects + materials):
        raise ValueError("its lists of objects and materials are not names")
    order = {name: number for number, name in enumerate(objects)}
    if strays := [name for name in table["object_part"] if name not in order]:
        raise ValueError(f"parts of {strays[0]!r}, which is no object")
    parts = {name: tuple(found) for name, found in table["object_part"].items()}
    return Vocabulary(objects, materials, dict(sorted(parts.items(), key=lambda item: order[item[0]])))


def read_json(path: Path) -> Any:
    """Raises SegmenterError: the file cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SegmenterError(f"{path}: cannot be read ({error})") from None
