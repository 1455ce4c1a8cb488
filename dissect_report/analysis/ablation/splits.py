"""Which images rank the units, which evaluate, and what class each image is of."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from dissect_report.analysis.survey import Survey
from dissect_report.errors import nearest

#: No class: the image is left out.
UNKNOWN = -1


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """Some images of a survey.

    Attributes:
        survey: where they are from.
        indices: into it, rising.
        labels: class indices.
    """

    survey: Survey
    indices: Int64[np.ndarray, " image"]
    labels: Int64[np.ndarray, " image"]

    def __len__(self) -> int:
        return len(self.indices)


def class_labels(labels: Sequence[str | None], classes: Sequence[str]) -> Int64[np.ndarray, " image"]:
    """The class index of each folder; UNKNOWN for one that is no class, or could be several.

    Of folders in folders the first that is a class counts, as in "train/tench" and "tench/monday";
    "barn/indoor" goes before "barn". Case, the Unicode form and the choice between space, "_", "-" and "/" do
    not matter. "tench (n01440764)" is meant by "tench", by "n01440764" and by both.
    """
    exact = {name: number for number, name in reversed(list(enumerate(classes)))}
    index = _index([_aliases(name) for name in classes]) | _index([{_plain(name)} for name in classes])
    known: dict[str | None, int] = {None: UNKNOWN}
    for label in dict.fromkeys(labels):
        found = (exact.get(part, index.get(_plain(part), UNKNOWN)) for part in _parts(label))
        known[label] = next((number for number in found if number != UNKNOWN), UNKNOWN)
    return np.array([known[label] for label in labels], np.int64)


def _parts(label: str | None) -> Iterator[str]:
    """The names that folders in folders may mean, the outer and the longer first."""
    folders = label.split("/") if label else []
    for first in range(len(folders)):
        yield from ("/".join(folders[first:last]) for last in range(len(folders), first, -1))


def _index(writings: Sequence[set[str]]) -> dict[str, int]:
    """The class of each writing; UNKNOWN for one that several classes share."""
    index: dict[str, int] = {}
    for number, own in enumerate(writings):
        index.update({writing: UNKNOWN if writing in index else number for writing in own})
    return index


def _plain(name: str) -> str:
    composed = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    return " ".join(re.split(r"[\s_/-]+", composed)).strip()


def _aliases(name: str) -> set[str]:
    """What a folder of a class of WordNet may be called, besides the class's name."""
    found = re.fullmatch(r"(.+) \((n\d{8})\)", name)
    if found is None:
        return set()
    words, synset = found.groups()
    return {_plain(part) for part in (words, synset, f"{synset} {words}", f"{words} {synset}")}


def stray_folders(labels: Sequence[str | None], classes: Sequence[str]) -> str:
    """The first folders that are named like no class, each with the nearest class; "" if there are none."""
    known = class_labels(labels, classes)
    strays = dict.fromkeys(
        label for label, place in zip(labels, known, strict=True) if label and place == UNKNOWN
    )
    named = "; ".join(f"{label!r}: {_hint(label, classes)}" for label in list(strays)[:3])
    return named + (f"; and {len(strays) - 3} more folders" if len(strays) > 3 else "")


def _hint(label: str, classes: Sequence[str]) -> str:
    hints = (nearest(part, classes) for part in _parts(label))
    return next((hint for hint in hints if hint.startswith("did")), "no class is near")


def split_halves(
    labels: Int64[np.ndarray, " image"], digests: Sequence[str], seed: int
) -> tuple[Int64[np.ndarray, " image"], Int64[np.ndarray, " image"]]:
    """Indices of the ranking and of the evaluation half, every class halved; UNKNOWN images are in neither.

    The odd image of a class goes to the half that has fewer so far: many classes of one image must not
    all rank. Images of the same digest go to the same half: the same content, or one group of images that are
    not independent. The order of the images does not matter.
    """
    generator = np.random.default_rng([seed, 2])
    ranks: set[str] = set()
    seen: set[str] = set()
    for label in np.unique(labels[labels != UNKNOWN]):
        own = sorted({digests[index] for index in np.flatnonzero(labels == label).tolist()} - seen)
        seen.update(own)
        order = generator.permutation(len(own))
        odd = len(own) % 2 and 2 * len(ranks) <= len(seen) - len(own)
        ranks.update(own[place] for place in order[: len(own) // 2 + odd])
    chosen = np.array([text in ranks for text in digests], bool)
    known = labels != UNKNOWN
    return np.flatnonzero(chosen & known), np.flatnonzero(~chosen & known)


def overlap_note(ranking: Survey, evaluation: Survey) -> str:
    """Names the images that both hold, by content; "" if there is none."""
    known = dict(zip(ranking.digests, ranking.names, strict=True))
    both = [name for name, text in zip(evaluation.names, evaluation.digests, strict=True) if text in known]
    if not both:
        return ""
    named = ", ".join(both[:5]) + (f" and {len(both) - 5} more" if len(both) > 5 else "")
    return f"{len(both)} evaluation images are ranking images too (same content): {named}; the losses flatter"
