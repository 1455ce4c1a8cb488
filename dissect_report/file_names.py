"""The one way from a name (of a layer, a run, a concept, a class) to a file name and an address."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Container, Iterable

#: Signs of a file name at most, before a piece of a hash.
LONGEST = 100


def file_names(names: Iterable[str], reserved: Iterable[str] = ()) -> list[str]:
    """Each name as a distinct file name of letters, digits, ``.``, ``_`` and ``-``.

    A name that is a file name as it stands keeps it. In others every foreign sign becomes "-", and where
    that is a file name of another (or is reserved) a piece of the name's hash tells them apart: "a/b"
    beside "a-b", two forms of one accent, ``Sky`` and ``sky`` on a file system that takes them for one.
    The order of the names is of no account.
    """
    listed = _numbered(names)
    plain = [_plain(name) for name, _ in listed]
    owners: dict[str, tuple[str, int] | None] = {name.casefold(): None for name in reserved}
    order = sorted(range(len(listed)), key=lambda place: (plain[place] != listed[place][0], listed[place]))
    for place in order:
        owners.setdefault(plain[place].casefold(), listed[place])
    taken, result = set(owners), dict(enumerate(plain))
    for place in order:
        if owners[plain[place].casefold()] != listed[place]:
            result[place] = _told_apart(plain[place], listed[place], taken)
            taken.add(result[place].casefold())
    return [result[place] for place in range(len(listed))]


def _numbered(names: Iterable[str]) -> list[tuple[str, int]]:
    """Each name, and how often it came before."""
    seen: Counter[str] = Counter()
    listed = []
    for name in names:
        listed.append((name, seen[name]))
        seen[name] += 1
    return listed


def _plain(name: str) -> str:
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")
    return safe[:LONGEST].rstrip("-.") or "unnamed"


def _told_apart(plain: str, name: tuple[str, int], taken: Container[str]) -> str:
    spoken = f"{name[0]}\0{name[1]}" if name[1] else name[0]
    marked = hashlib.sha256(spoken.encode("utf-8", "surrogatepass")).hexdigest()
    digits = 8
    while f"{plain}-{marked[:digits]}".casefold() in taken:
        digits += 1
    return f"{plain}-{marked[:digits]}"
