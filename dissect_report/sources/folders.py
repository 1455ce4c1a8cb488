"""Looking through a folder of pictures: what is read, what is not, and what cannot be looked into."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dissect_report.sources.picture_kinds import readable_suffixes, unread_kind

#: Kinds that a note names; the rest are counted.
NAMED = 8


@dataclass
class Listing:
    """What lies below a folder.

    Attributes:
        shown: the folder, as a line names it.
        pictures: files with an ending that is read, in no order.
        unread: how many pictures of kinds that are not read, by kind.
        troubles: a line for every folder that could not be looked into.
    """

    shown: str
    pictures: list[Path] = field(default_factory=list)
    unread: Counter[str] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)

    def notes(self) -> Iterator[str]:
        """A line for all pictures that are not read, and one for every trouble."""
        if self.unread:
            missed = self.unread.total()
            yield (
                f"{missed} of {missed + len(self.pictures)} pictures in {self.shown} are not read: "
                f"{self.kinds()}; convert them to JPEG or PNG"
            )
        yield from self.troubles

    def kinds(self) -> str:
        """The kinds that are not read, with their numbers."""
        counts = self.unread.most_common(NAMED)
        rest = len(self.unread) - len(counts)
        more = [f"{self.unread.total() - sum(n for _, n in counts)} of {rest} more kinds"] if rest else []
        return ", ".join([f"{number} {kind}" for kind, number in counts] + more)


def list_folder(root: Path, without: Collection[str] = (), shown: str = "") -> Listing:
    """Everything below ``root``, through links to folders too, hidden files left out.

    Args:
        root: a folder that is there.
        without: real paths of folders that are passed over.
        shown: how lines name ``root``; by its path where empty.
    """
    listing, suffixes = Listing(shown or f"{root}"), readable_suffixes()
    seen = dict.fromkeys(without, "")

    def name(path: str | Path) -> str:
        return os.path.normpath(os.path.join(listing.shown, os.path.relpath(path, root)))

    def refused(error: OSError) -> None:
        what = f"{name(error.filename)} is left out: it cannot be looked into ({error.strerror})"
        listing.troubles.append(what)

    for folder, below, files in os.walk(root, onerror=refused, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            below.clear()
            above = os.path.realpath(os.path.dirname(folder)) + os.sep
            if seen[real] and not above.startswith(real + os.sep):  # a link up is a loop, nothing is missed
                again = f"{name(folder)} is {name(seen[real])} again, by a link: its pictures count once"
                listing.troubles.append(again)
            continue
        seen[real] = folder
        below[:] = sorted(inner for inner in below if not inner.startswith("."))
        for path in (Path(folder, file) for file in files if not file.startswith(".")):
            if path.name.lower().endswith(suffixes):
                listing.pictures.append(path)
            elif path.is_symlink() and not path.exists():
                listing.troubles.append(f"{name(path)} is left out: a link to nothing")
            elif kind := unread_kind(path):
                listing.unread[kind] += 1
    return listing
