"""A layer's units as a table of texts, and as the CSV of it that spreadsheets open and do not run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from dissect_report.findings.records import ConceptRecord
from dissect_report.findings.units import UNIT_TABLE, UnitRecord

#: What a cell begins with that a spreadsheet takes for a formula, or skips and then finds one.
_RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def unit_rows(units: Sequence[UnitRecord], concepts: Sequence[ConceptRecord]) -> Iterator[dict[str, str]]:
    """A row a unit by column of ``UNIT_TABLE``; what is undefined is empty."""
    for unit in units:
        named = concepts[unit.concept - 1] if unit.concept else None
        row = {column: _cell(getattr(unit, column, None)) for column in UNIT_TABLE}
        yield row | {"concept": named.name if named else "", "category": named.category if named else ""}


def unit_table(units: Sequence[UnitRecord], concepts: Sequence[ConceptRecord]) -> str:
    """``units.csv``: the rows, a name that a spreadsheet would run behind an apostrophe."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, UNIT_TABLE, lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row, "concept": inert(row["concept"])} for row in unit_rows(units, concepts))
    return stream.getvalue()


def inert(text: str) -> str:
    """A text that no spreadsheet takes for a formula; most stay as they are."""
    return f"'{text}" if text.startswith(_RUN) else text


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.9g}" if isinstance(value, float) else str(value)
