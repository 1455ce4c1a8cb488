"""Which images of the probe are not independent: a table ``image,group``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dissect_report.errors import ProbeError, nearest
from dissect_report.sources.text_tables import DELIMITERS, read_rows, read_text

HEADER = ["image", "group"]


def read_groups(path: Path, names: Sequence[str]) -> tuple[str, ...]:
    """The group of every image of a probe.

    Args:
        path: table in UTF-8 or UTF-16 with the headings image and group; commas, semicolons or tabs.
        names: of the probe's images; every one must be in the table, which may list others.

    Raises:
        ProbeError: no such table, other headings, an image twice in two groups, or one that is not listed.
    """
    groups = _read_groups(read_text(path, "a table of groups", ProbeError), path)
    for name in names:
        if name not in groups:
            raise ProbeError(
                f"{path}: no group for the image {name!r}; {nearest(name, groups)}; "
                "every image of the probe needs one"
            )
    return tuple(groups[name] for name in names)


def _read_groups(text: str, path: Path) -> dict[str, str]:
    tables = (read_rows(text, delimiter, len(HEADER), path, ProbeError) for delimiter in DELIMITERS)
    fitting = (rows for rows in tables if rows and [cell.lower() for cell in rows[0][1]] == HEADER)
    rows = next(fitting, None)
    if rows is None:
        first = next(iter(text.splitlines()), "")
        raise ProbeError(f"{path}: the first line must be image,group, not {first.strip()[:80]!r}")
    groups: dict[str, str] = {}
    for line, row in rows[1:]:
        if len(row) != len(HEADER) or not all(row):
            raise ProbeError(f"{path}, line {line}: expected an image and its group")
        image, group = row
        if groups.setdefault(image, group) != group:
            raise ProbeError(f"{path}, line {line}: the image {image!r} stands in two groups")
    return groups
