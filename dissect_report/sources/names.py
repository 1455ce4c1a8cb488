"""Names of classes and concepts: every one its own."""

from __future__ import annotations

from collections.abc import Iterable


def number_twins(names: Iterable[str]) -> tuple[str, ...]:
    """The names in their order; the second "crane" is called "crane (2)", or the next number that is free."""
    listed = list(names)
    taken, seen, apart = set(listed), set[str](), []
    for name in listed:
        own, number = name, 1
        while own in seen or (number > 1 and own in taken):
            number += 1
            own = f"{name} ({number})"
        seen.add(own)
        apart.append(own)
    return tuple(apart)
