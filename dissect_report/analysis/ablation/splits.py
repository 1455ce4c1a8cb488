"""Which images rank the units, which evaluate, and what class each image is of."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from dissect_report.analysis.survey import Survey

#: No class: the image is left out.
UNKNOWN = -1


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """Some images of a survey.

    Attributes:
        survey: where they are from.
        indices: into it, rising.
        labels: class indices, see ``findings.answers``.
    """

    survey: Survey
    indices: Int64[np.ndarray, " image"]
    labels: Int64[np.ndarray, "image ..."]

    def __len__(self) -> int:
        return len(self.indices)


def class_labels(labels: Sequence[str | None], classes: Sequence[str]) -> Int64[np.ndarray, " image"]:
    """The class index of each folder name; UNKNOWN for one that is no class, or could be either of two.

    Case and the choice between space, "_", "-" and "/" do not matter.
    """
    index = {_plain(name): number for number, name in enumerate(classes)}
    for twice, count in Counter(map(_plain, classes)).items():
        if count > 1:
            index[twice] = UNKNOWN
    exact = {name: number for number, name in enumerate(classes)}
    return np.array(
        [
            UNKNOWN if label is None else exact.get(label, index.get(_plain(label), UNKNOWN))
            for label in labels
        ],
        np.int64,
    )


def _plain(name: str) -> str:
    return name.casefold().replace("_", " ").replace("-", " ").replace("/", " ")


def strangers(surveys: Sequence[Survey], classes: Sequence[str]) -> str:
    """Names a folder that is no class, and the class whose name comes nearest; "" without one."""
    for survey in surveys:
        labels = [label for label in survey.labels if label]
        for label, found in zip(labels, class_labels(labels, classes), strict=True):
            if found == UNKNOWN:
                near = {_plain(name): name for name in classes}
                close = difflib.get_close_matches(_plain(label), near, n=1, cutoff=0.3)
                return f"one is {label!r}" + (f", the nearest class {near[close[0]]!r}" if close else "")
    return ""


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
