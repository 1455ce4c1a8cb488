"""Concepts, and the files that list them.

A catalogue comes as a table (``id,name,category`` with a header) or as plain names one a line,
where the line's number minus one is the id, as a network's labels are written in channel order.
The id that means "no label" is never a concept.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dissect_report.errors import SegmenterError, nearest
from dissect_report.findings.records import CATEGORIES
from dissect_report.sources.names import number_twins

#: Stands in a table of positions for an id that is neither a concept nor "no label".
UNKNOWN = -1


@dataclass(frozen=True)
class Concept:
    """Something that a pixel can show.

    Attributes:
        id: as the segmenter's maps say it; in a merged catalogue 1, 2 ...
        name: unique within its catalogue.
        category: one of ``CATEGORIES``.
    """

    id: int
    name: str
    category: str


def read_catalogue(path: Path, unlabelled: int = 0) -> tuple[Concept, ...]:
    """The concepts listed in a UTF-8 file, without the one whose id is ``unlabelled``.

    Raises:
        SegmenterError: the file is missing, not text, or says something impossible.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise SegmenterError(f"{path}: no such list of concepts") from None
    except OSError as error:
        raise SegmenterError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise SegmenterError(f"{path}: a list of concepts must be UTF-8 text") from None
    header = [cell.strip().lower() for cell in text.split("\n", 1)[0].split(",")]
    if "id" in header and "name" in header:
        return check_catalogue(_read_table(text, header, path), unlabelled, f"{path}")
    return check_catalogue(name_channels(text.rstrip().splitlines(), unlabelled), unlabelled, f"{path}")


def _read_table(text: str, header: Sequence[str], path: Path) -> list[Concept]:
    concepts = []
    for number, row in enumerate(csv.reader(io.StringIO(text)), start=1):
        if number == 1 or not any(cell.strip() for cell in row):
            continue
        cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
        if len(row) != len(header):
            raise SegmenterError(f"{path}, line {number}: {len(row)} values under {len(header)} headings")
        if not cells["id"].isdecimal():
            raise SegmenterError(f"{path}, line {number}: id {cells['id']!r} is not a whole number from 0 up")
        concepts.append(Concept(int(cells["id"]), cells["name"], cells.get("category", "object") or "object"))
    return concepts


def name_channels(names: Iterable[str], unlabelled: int = UNKNOWN) -> list[Concept]:
    """Concepts of category object from names in the order of their ids, which start at 0.

    A single name is that of a yes/no concept: its id is 1 where 0 means no label.
    """
    listed = list(names)
    first = 1 if len(listed) == 1 and unlabelled == 0 else 0
    return [Concept(number, name.strip(), "object") for number, name in enumerate(listed, first)]


def check_catalogue(concepts: Iterable[Concept], unlabelled: int, where: str) -> tuple[Concept, ...]:
    """The concepts in the order of their ids, without ``unlabelled``; equal names are numbered apart.

    Raises:
        SegmenterError: an empty name, a repeated id, an unknown category, or no concept.
    """
    kept = sorted((c for c in concepts if c.id != unlabelled), key=lambda concept: concept.id)
    ids: set[int] = set()
    for concept in kept:
        if not concept.name:
            raise SegmenterError(f"{where}: the concept with id {concept.id} has no name")
        if concept.category not in CATEGORIES:
            hint = nearest(concept.category, CATEGORIES)
            raise SegmenterError(
                f"{where}: concept {concept.name!r} is of unknown category {concept.category!r}; {hint}"
            )
        if concept.id < 0:
            raise SegmenterError(f"{where}: concept {concept.name!r} has the negative id {concept.id}")
        if concept.id in ids:
            raise SegmenterError(f"{where}: the id {concept.id} stands twice")
        ids.add(concept.id)
    if not kept:
        raise SegmenterError(f"{where}: there is not one concept in it")
    names = number_twins(concept.name for concept in kept)
    return tuple(replace(concept, name=name) for concept, name in zip(kept, names, strict=True))


def position_table(catalogue: Sequence[Concept], unlabelled: int) -> np.ndarray:
    """int32 [id]: an id's position 1, 2 ... in the catalogue, 0 for no label, ``UNKNOWN`` for the rest."""
    table = np.full(max([c.id for c in catalogue] + [unlabelled, 0]) + 1, UNKNOWN, np.int32)
    for position, concept in enumerate(catalogue, start=1):
        table[concept.id] = position
    if unlabelled >= 0:
        table[unlabelled] = 0
    return table


def look_up(ids: np.ndarray, table: np.ndarray, where: str) -> np.ndarray:
    """The positions of ``ids``, of any shape.

    Raises:
        SegmenterError: an id is neither in the catalogue nor the one that means no label.
    """
    inside = (ids >= 0) & (ids < len(table))
    positions = np.where(inside, table[np.where(inside, ids, 0)], UNKNOWN)
    if (positions == UNKNOWN).any():
        stray = int(ids[positions == UNKNOWN].flat[0])
        raise SegmenterError(
            f"{where}: the id {stray} is not in the catalogue of concepts; add it there, "
            "or set `unlabelled` if it means no label"
        )
    return positions
