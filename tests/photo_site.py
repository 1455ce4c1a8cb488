"""A small classifier site with a ``[photo]`` table, dissected once."""

from __future__ import annotations

from pathlib import Path

from dissect_report.analysis.dissection import dissect
from tests.ablation_site import write_site

TABLE = "[photo]\nphotos = 3\n"


def write_photo_site(folder: Path, table: str = TABLE, units: int = 24) -> Path:
    """``dissect.toml`` of a site whose network can be tried on a photo of 32 pixels."""
    return write_site(folder, table, units=units)


def dissected(folder: Path, table: str = TABLE) -> Path:
    """The same with its findings."""
    path = write_photo_site(folder, table)
    dissect(path, threads=1)
    return path
