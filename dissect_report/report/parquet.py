"""A layer's table of units as Parquet: the columns of ``units.csv`` with their types, floats in full.

Written by pyarrow, which is large, so that only those who ask for it in ``[site]`` need it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib import import_module
from pathlib import PurePosixPath
from types import ModuleType
from typing import Any

from dissect_report.errors import PublishError
from dissect_report.findings.records import ConceptRecord
from dissect_report.findings.units import UNIT_TABLE, UnitRecord
from dissect_report.report.addresses import RunAddresses
from dissect_report.report.site import SiteFindings, layers_of

FILE = "units.parquet"
#: Columns that are not floats; the rest is.
TYPES = {
    "unit": "int64", "concept": "string", "category": "string", "detector": "bool", "grade": "string",
    "dead": "bool", "finite": "bool", "duplicate_of": "int64", "saturation": "int64", "saturates": "bool",
    "mask_pixels": "int64",
}  # fmt: skip


def parquet_files(site: SiteFindings) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Address and bytes of every layer's table; nothing where the site does not ask for them.

    Raises:
        PublishError: the site asks, and pyarrow is not installed.
    """
    if not site.config.site.parquet:
        return
    arrow, parquet = _pyarrow()
    for run in site.runs:
        for layer in layers_of(run):
            folder = RunAddresses(run.record.name).layer(layer.summary.folder).folder
            columns = table(layer.units, run.record.concepts)
            typed = {
                name: arrow.array(values, TYPES.get(name, "float64")) for name, values in columns.items()
            }
            file = io.BytesIO()
            parquet.write_table(arrow.table(typed), file)
            yield folder / FILE, file.getvalue()


def table(units: tuple[UnitRecord, ...], concepts: tuple[ConceptRecord, ...]) -> dict[str, list[Any]]:
    """By column, a value a unit; undefined is None."""
    found: dict[str, list[Any]] = {name: [getattr(unit, name, None) for unit in units] for name in UNIT_TABLE}
    named = [concepts[unit.concept - 1] if unit.concept else None for unit in units]
    found["concept"] = [concept and concept.name for concept in named]
    found["category"] = [concept and concept.category for concept in named]
    return found


def _pyarrow() -> tuple[ModuleType, ModuleType]:
    """Its two modules, loaded only here: a site that does not ask must not need them."""
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        raise PublishError(
            "[site] parquet needs pyarrow; install it with pip install 'dissect-report[parquet]', "
            "or take `parquet` out of [site]"
        ) from None
