"""Which images of the probe are not independent: a table ``image,group``."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from dissect_report.errors import ProbeError, nearest

HEADER = ["image", "group"]


def read_groups(path: Path, names: Sequence[str]) -> tuple[str, ...]:
    """The group of every image of a probe.

    Args:
        path: UTF-8 table with the headings image and group; commas, semicolons or tabs.
        names: of the probe's images; every one must be in the table, which may list others.

    Raises:
        ProbeError: no such table, other headings, an image twice in two groups, or one that is not listed.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ProbeError(f"{path}: no such table of groups") from None
    except OSError as error:
        raise ProbeError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ProbeError(f"{path}: a table of groups must be UTF-8 text") from None
    groups = _read_rows(text, path)
    for name in names:
        if name not in groups:
            raise ProbeError(
                f"{path}: no group for the image {name!r}; {nearest(name, groups)}; "
                "every image of the probe needs one"
            )
    return tuple(groups[name] for name in names)


def _read_rows(text: str, path: Path) -> dict[str, str]:
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    rows = list(csv.reader(io.StringIO(text), delimiter=separator))
    if not rows or [cell.strip().lower() for cell in rows[0]] != HEADER:
        raise ProbeError(f"{path}: the first line must be image,group, not {first.strip()[:80]!r}")
    groups: dict[str, str] = {}
    for line, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(HEADER) or not all(cell.strip() for cell in row):
            raise ProbeError(f"{path}, line {line}: expected an image and its group")
        image, group = (cell.strip() for cell in row)
        if groups.setdefault(image, group) != group:
            raise ProbeError(f"{path}, line {line}: the image {image!r} stands in two groups")
    return groups
