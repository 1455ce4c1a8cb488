"""Concepts, and the files that list them.

A catalogue comes as a table (``id,name,category`` with a header, parted by commas, semicolons or tabs) or as
plain names one a line, where the line's number minus one is the id, as a network's labels are written in
channel order. Of several names parted by semicolons the first is taken. An id that means "no label" is never
a concept.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dissect_report.errors import SegmenterError, nearest
from dissect_report.findings.records import CATEGORIES
from dissect_report.sources.names import number_twins
from dissect_report.sources.text_tables import Table, read_table, read_text, refuse_tables

#: Stands in a table of positions for an id that is neither a concept nor "no label".
UNKNOWN = -1

#: Ids go up to what three bytes hold; tables of positions are as long as the highest.
HIGHEST = (1 << 24) - 1

EXPECTED = "a first line id,name,category (or names alone, one a line in the order of their ids)"


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


@dataclass(frozen=True)
class ConceptList:
    """What a file of concepts says.

    Attributes:
        catalogue: the concepts, in the order of their ids.
        colors: 0xrrggbb to the id that the colour stands for, ids that mean no label too; empty without a
            column of colours.
    """

    catalogue: tuple[Concept, ...]
    colors: dict[int, int]


def unlabelled_ids(unlabelled: int | Collection[int]) -> frozenset[int]:
    """The ids that mean no label, from one or several; negative ones stand for none."""
    given = (unlabelled,) if isinstance(unlabelled, int) else unlabelled
    return frozenset(number for number in given if number >= 0)


def read_catalogue(path: Path, unlabelled: int | Collection[int] = 0) -> tuple[Concept, ...]:
    """The concepts listed in a file, without those whose id is ``unlabelled``.

    Raises:
        SegmenterError: the file is missing, not text, or says something impossible.
    """
    return read_concepts(path, unlabelled).catalogue


def read_concepts(path: Path, unlabelled: int | Collection[int] = 0) -> ConceptList:
    """The same, and the colours that stand for them. Raises as ``read_catalogue``."""
    text = read_text(path, "a list of concepts", SegmenterError)
    table = read_table(text, path, EXPECTED, SegmenterError)
    if table is None:
        names = text.rstrip().splitlines()
        refuse_tables(names, path, EXPECTED, SegmenterError, CATEGORIES)
        _refuse_numbered(names, path)
        listed = name_channels(first_names(names, other=""), unlabelled)
        return ConceptList(check_catalogue(listed, unlabelled, f"{path}"), {})
    concepts = _table_concepts(table, path)
    catalogue = check_catalogue(concepts, unlabelled, f"{path}")
    return ConceptList(catalogue, _table_colors(table, concepts, unlabelled_ids(unlabelled), path))


def _refuse_numbered(names: Sequence[str], path: Path) -> None:
    """Lines that all begin with a number are ids and names, and the number is not a part of the name."""
    if len(names) > 1 and all(re.match(r"\s*\d+\s*[:\s]\s*\S", name) for name in names):
        raise SegmenterError(
            f"{path}: every line begins with a number, as {names[0].strip()!r}; expected {EXPECTED}"
        )


def _table_concepts(table: Table, path: Path) -> list[Concept]:
    """One a row; without a column of ids, numbered from 1."""
    for number, row in table.rows:
        if "id" in row and not (row["id"].isdecimal() and int(row["id"]) <= HIGHEST):
            raise SegmenterError(
                f"{path}, line {number}: id {row['id']!r} is not a whole number from 0 up to {HIGHEST}"
            )
    names = first_names([row["name"] for _, row in table.rows], other=", " if "idx" in table.headings else "")
    return [
        Concept(int(row.get("id", place)), name, row.get("category", "object") or "object")
        for place, (name, (_, row)) in enumerate(zip(names, table.rows, strict=True), start=1)
    ]


def first_names(names: Sequence[str], other: str) -> list[str]:
    """The first of several names parted by ";" or by ``other``; all of them where the first is not alone."""
    first = [name.split(";")[0].strip() for name in names]
    if other:
        first = [name.split(other)[0].strip() for name in first]
    return [
        name if first.count(name) == 1 else whole.strip() for name, whole in zip(first, names, strict=True)
    ]


def _table_colors(
    table: Table, concepts: Sequence[Concept], unlabelled: frozenset[int], path: Path
) -> dict[int, int]:
    """0xrrggbb to id, from a column of colours or three of their parts."""
    colors: dict[int, int] = {}
    for (number, row), concept in zip(table.rows, concepts, strict=True):
        text = row.get("color") or " ".join(row.get(part, "") for part in ("red", "green", "blue")).strip()
        if not text:
            continue
        code = _color(text, f"{path}, line {number}")
        known = colors.setdefault(code, concept.id)
        if known != concept.id and not {known, concept.id} <= unlabelled:
            raise SegmenterError(f"{path}, line {number}: the colour {text!r} stands twice")
    return colors


def _color(text: str, where: str) -> int:
    """0xrrggbb of "#rrggbb" or of three numbers from 0 to 255.

    Raises:
        SegmenterError: it is neither.
    """
    if re.fullmatch(r"#?[0-9a-fA-F]{6}", text):
        return int(text.lstrip("#"), 16)
    parts = re.findall(r"\d+", text) if re.fullmatch(r"[\s\[(]*\d+(?:[\s,;]+\d+){2}[\s\])]*", text) else []
    if not parts or any(int(part) > 255 for part in parts):
        raise SegmenterError(f'{where}: the colour {text!r} is neither "#rrggbb" nor "r g b" from 0 to 255')
    red, green, blue = map(int, parts)
    return red << 16 | green << 8 | blue


def name_channels(names: Iterable[str], unlabelled: int | Collection[int] = ()) -> list[Concept]:
    """Concepts of category object from names in the order of their ids, which start at 0.

    A single name is that of a yes/no concept: its id is 1 where 0 means no label.
    """
    listed = list(names)
    first = 1 if len(listed) == 1 and 0 in unlabelled_ids(unlabelled) else 0
    return [Concept(number, name.strip(), "object") for number, name in enumerate(listed, first)]


def check_catalogue(
    concepts: Iterable[Concept], unlabelled: int | Collection[int], where: str
) -> tuple[Concept, ...]:
    """The concepts in the order of their ids, without those that are ``unlabelled``; twins numbered apart.

    Raises:
        SegmenterError: an empty name, a repeated id, an unknown category, or no concept.
    """
    without = unlabelled_ids(unlabelled)
    kept = sorted((c for c in concepts if c.id not in without), key=lambda concept: concept.id)
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


def position_table(catalogue: Sequence[Concept], unlabelled: int | Collection[int]) -> np.ndarray:
    """int32 [id]: an id's position 1, 2 ... in the catalogue, 0 for no label, ``UNKNOWN`` for the rest."""
    without = unlabelled_ids(unlabelled)
    table = np.full(max([c.id for c in catalogue] + [*without, 0]) + 1, UNKNOWN, np.int32)
    for position, concept in enumerate(catalogue, start=1):
        table[concept.id] = position
    table[list(without)] = 0
    return table


def look_up(ids: np.ndarray, table: np.ndarray, where: str) -> np.ndarray:
    """The positions of ``ids``, of any shape.

    Raises:
        SegmenterError: an id is neither in the catalogue nor one that means no label.
    """
    inside = (ids >= 0) & (ids < len(table))
    positions = np.where(inside, table[np.where(inside, ids, 0)], UNKNOWN)
    if (positions == UNKNOWN).any():
        stray = int(ids[positions == UNKNOWN].flat[0])
        remedy = (
            f", or set `unlabelled` = {[*np.flatnonzero(table == 0).tolist(), stray]} if it means no label"
        )
        raise SegmenterError(
            f"{where}: the id {stray} is not in the catalogue of concepts; "
            + (f"add it there{remedy}" if stray >= 0 else "ids count from 0")
        )
    return positions
