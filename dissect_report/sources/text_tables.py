"""Lists and tables that people write: in which encoding, parted by what, under which headings."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from dissect_report.errors import SourceError

#: What parts the cells of a table; "" is any white space, for tables aligned by it.
DELIMITERS = (",", ";", "\t", "|", "")

#: Characters of a line, at most: past it a file is something else, a picture or a program's data in one line.
LONGEST = 100_000
#: A number that nothing reads.
_ENDLESS = re.compile(r"\d{1000}")

#: Headings by what stands below them. The first that is there is taken.
HEADINGS = {
    "name": ("name", "class_name", "category_name", "label_name", "concept", "class", "label"),
    "id": ("id", "idx", "index", "class_id", "category_id", "label_id", "value", "label", "class"),
    "category": ("category",),
    "color": ("color", "colour", "hex", "rgb"),
    "red": ("r", "red"),
    "green": ("g", "green"),
    "blue": ("b", "blue"),
}


@dataclass(frozen=True)
class Table:
    """A table whose headings are known.

    Attributes:
        rows: the number of its line in the file, and the cells by what they mean, a key of ``HEADINGS``.
        headings: as the file has them, in lower case.
    """

    rows: tuple[tuple[int, dict[str, str]], ...]
    headings: tuple[str, ...]


def read_text(path: Path, what: str, error: type[SourceError]) -> str:
    """The text of a file in UTF-8, or in UTF-16 that says so by its first two bytes.

    Args:
        what: the file is, for the error: "a list of concepts".

    Raises:
        SourceError: of the type ``error``: it is missing, or not text.
    """
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise error(f"{path}: is no file")  # a pipe would be waited for, a device read for ever
        content = path.read_bytes()
    except FileNotFoundError:
        raise error(f"{path}: no such {what.partition(' ')[2]}") from None
    except (OSError, ValueError) as reason:  # a name that none can be, too
        raise error(f"{path}: cannot be read ({getattr(reason, 'strerror', reason)})") from None
    wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        raise error(f"{path}: {what} must be UTF-8 text") from None
    if "\0" in text:
        raise error(f"{path}: {what} must be UTF-8 text")
    for number, line in enumerate(text.splitlines(), start=1):
        if len(line) > LONGEST or _ENDLESS.search(line):
            raise error(f"{path}, line {number}: no line of {what} ({len(line):,} characters)")
    return re.sub(r"\Asep=.[\r\n]+", "", text)  # what Excel writes for itself


def read_table(text: str, path: Path, expected: str, error: type[SourceError]) -> Table | None:
    """The table in ``text``; None where the first line has no headings that are known.

    Args:
        expected: what the file should hold, with the heading, for the error.

    Raises:
        SourceError: of the type ``error``: a row has more or fewer cells than there are headings, or a
            heading is missing.
    """
    first = next(iter(text.splitlines()), "")
    for delimiter in DELIMITERS:
        headings = tuple(cell.strip(" #").lower() for cell in _cells(first, delimiter))
        columns = _columns(headings)
        if "name" in columns and ("id" in columns or {"color", "blue"} & columns.keys()):
            return Table(tuple(_rows(text, delimiter, headings, columns, path, error)), headings)
        if delimiter and len(headings) > 1 and {"name", "id"} & columns.keys():
            raise error(f"{path}: the headings {first.strip()!r} are not enough; expected {expected}")
    return None


def read_rows(
    text: str, delimiter: str, count: int, path: Path, error: type[SourceError]
) -> list[tuple[int, list[str]]]:
    """The rows of a table that are not empty, its first among them: line in the file, and cells.

    Args:
        delimiter: one of ``DELIMITERS``.
        count: cells of a row where white space parts them; the last may hold some itself.

    Raises:
        SourceError: of the type ``error``: a cell goes on over many lines.
    """
    if delimiter:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            lines = [(reader.line_num, row) for row in reader]
        except csv.Error:
            raise error(f"{path}: a quotation mark is never closed") from None
    else:
        lines = [(k, line.split(None, count - 1)) for k, line in enumerate(text.splitlines(), start=1)]
    rows = [(number, [cell.strip() for cell in row]) for number, row in lines]
    return [(number, cells) for number, cells in rows if any(cells)]


def _cells(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), []) if delimiter else line.split()


def _columns(headings: Sequence[str]) -> dict[str, int]:
    """Where what stands, by the key of ``HEADINGS``; no column means two things."""
    found: dict[str, int] = {}
    for meaning, known in HEADINGS.items():
        places = [headings.index(name) for name in known if name in headings]
        free = [place for place in places if place not in found.values()]
        if free:
            found[meaning] = free[0]
    if not {"red", "green", "blue"} <= found.keys():
        return {k: v for k, v in found.items() if k not in ("red", "green", "blue")}
    return found


def _rows(
    text: str,
    delimiter: str,
    headings: Sequence[str],
    columns: dict[str, int],
    path: Path,
    error: type[SourceError],
) -> list[tuple[int, dict[str, str]]]:
    count, rows = len(headings), []
    for number, cells in read_rows(text, delimiter, count, path, error)[1:]:
        while len(cells) > count and not cells[-1]:
            cells.pop()
        if len(cells) != count:
            raise error(f"{path}, line {number}: {len(cells)} values under {count} headings")
        rows.append((number, {meaning: cells[place] for meaning, place in columns.items()}))
    return rows


def refuse_tables(
    lines: Sequence[str], path: Path, expected: str, error: type[SourceError], words: Collection[str] = ()
) -> None:
    """Refuses lines of names that are rows of a table without headings, or another kind of file.

    Args:
        expected: what the file should hold, with the heading.
        words: what a column of a table may hold; one of whole numbers tells a table, too.

    Raises:
        SourceError: of the type ``error``.
    """
    told = [line.strip() for line in lines if line.strip()]
    if not told:
        return
    if told[0][0] == "{" or (told[0][0] == "[" and _is_json("\n".join(told))):
        raise error(f"{path}: looks like JSON or Python; expected {expected}")
    parted = any(all(mark in line for line in told) for mark in ";\t|")
    numbered = any(re.match(r"\d+\s*[;\t|]", line) for line in told)
    if parted or numbered or _has_column(told, words):
        first = told[0] if len(told[0]) <= 60 else told[0][:60] + " ..."
        raise error(
            f"{path}: looks like a table, but its first line {first!r} is no heading; expected {expected}"
        )


def _has_column(lines: Sequence[str], words: Collection[str]) -> bool:
    """Whether the lines have as many commas each, and one column is of whole numbers or of ``words``."""
    rows = [[cell.strip() for cell in _cells(line, ",")] for line in lines]
    width, body = len(rows[0]), rows[1:] or rows
    if width == 1 or any(len(row) != width for row in rows):
        return False
    columns = [[row[place] for row in body] for place in range(width)]
    return any(
        all(cell.isdecimal() for cell in column) or all(cell in words for cell in column)
        for column in columns
    )


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except RecursionError:
        return True
    except ValueError:
        return False
    return True
