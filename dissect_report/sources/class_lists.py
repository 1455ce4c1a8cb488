"""Lists of class names, as networks come with them.

One name a line is the plain form. Read are also: a table with the headings ``id`` and ``name``; lines
numbered from 0 or 1 at either end; Places365's "/a/airport_terminal 2"; ImageNet's "n01440764 tench, Tinca
tinca", which gives "tench (n01440764)".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from dissect_report.errors import ModelError
from dissect_report.sources.text_tables import Table, read_table, read_text, refuse_tables

EXPECTED = "one class name a line, or a first line id,name"

#: A letter's folder of Places, the name, and its number.
_PLACE = re.compile(r"/[a-z]/(\S+?)(?:\s+(\d+))?")

#: A synset of WordNet, a number that some lists have, and its words.
_SYNSET = re.compile(r"(n\d{8})[\s,]+(?:\d+\s+)?(\S.*)")

_NUMBER_FIRST = re.compile(r"(?P<number>\d+)\s*[:,\s]\s*(?P<name>\S.*)")
_NUMBER_LAST = re.compile(r"(?P<name>.*\S)[,\s]\s*(?P<number>\d+)")


def read_class_names(path: Path) -> tuple[str, ...]:
    """The names of a network's outputs in their order; twins are left to the caller.

    Raises:
        ModelError: the file is missing, is not text, or lists no names in a form that is known.
    """
    text = read_text(path, "a file of class names", ModelError)
    table = read_table(text, path, EXPECTED, ModelError)
    if table is not None and all("id" in row for _, row in table.rows):
        return _from_table(table, path)
    names = tuple(line.strip() for line in text.rstrip().splitlines())
    if not all(names):
        raise ModelError(f"{path}: line {names.index('') + 1} is empty: one class name a line")
    known = _places(names) or _synsets(names) or _numbered(names, _NUMBER_FIRST)
    known = known or _numbered(names, _NUMBER_LAST)
    if known:
        return known
    refuse_tables(names, path, EXPECTED, ModelError)
    if not any(names):
        raise ModelError(f"{path}: no name of a class in it; expected {EXPECTED}")
    return names


def _from_table(table: Table, path: Path) -> tuple[str, ...]:
    rows = [(row["id"], row["name"]) for _, row in table.rows]
    ordered = _in_order([number for number, _ in rows], [name for _, name in rows])
    if not ordered or not all(ordered):
        raise ModelError(f"{path}: the ids of a table of classes are 0, 1, 2 ... with a name each")
    return ordered


def _in_order(numbers: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """``names`` by their numbers; empty unless these are 0, 1, 2 ... or 1, 2, 3 ... in any order."""
    if not all(number.isdecimal() for number in numbers):
        return ()
    places = [int(number) for number in numbers]
    first = min(places, default=0)
    if first > 1 or sorted(places) != list(range(first, first + len(places))):
        return ()
    return tuple(name for _, name in sorted(zip(places, names, strict=True)))


def _places(lines: Sequence[str]) -> tuple[str, ...]:
    found = [_PLACE.fullmatch(line) for line in lines]
    if not all(found):
        return ()
    names = [match[1] for match in found if match]
    numbers = [match[2] for match in found if match]
    return _in_order(numbers, names) if all(numbers) else tuple(names)


def _synsets(lines: Sequence[str]) -> tuple[str, ...]:
    found = [_SYNSET.fullmatch(line) for line in lines]
    if not all(found):
        return ()
    return tuple(f"{match[2].split(',')[0].strip()} ({match[1]})" for match in found if match)


def _numbered(lines: Sequence[str], form: re.Pattern[str]) -> tuple[str, ...]:
    """Names without their numbers; empty where these do not count, or are what tells the names apart.

    Where every name holds a comma, there are more columns than two.
    """
    found = [match for line in lines if (match := form.fullmatch(line))]
    names = [match["name"].strip() for match in found]
    if len(found) < len(lines) or len(lines) < 2 or len(set(names)) < len(names):
        return ()
    if all("," in name for name in names):
        return ()
    return _in_order([match["number"] for match in found], names)
