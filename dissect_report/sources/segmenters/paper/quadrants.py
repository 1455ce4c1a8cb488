"""Objects cut into quadrants: every connected piece at the middle of its box."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Integer

from dissect_report.sources.segmenters.paper.vocabulary import Vocabulary

#: Neighbours across corners belong together, too.
TOUCHING = np.ones((3, 3), np.int8)


def quadrants(
    objects: Integer[np.ndarray, "y x"], vocabulary: Vocabulary
) -> tuple[Integer[np.ndarray, "y x"], Integer[np.ndarray, "y x"]]:
    """Ids of upper and lower, and of left and right halves; 0 where no object is.

    Args:
        objects: ids.
        vocabulary: what they stand for.
    """
    import scipy.ndimage  # noqa: PLC0415  slow to load, and few runs need it

    ndimage: Any = scipy.ndimage  # its functions come in by a star, which no type checker follows
    upright, lying = np.zeros_like(objects), np.zeros_like(objects)
    top, left, bottom, right = (vocabulary.quadrant(ending) for ending in ("-t", "-l", "-b", "-r"))
    for number in np.unique(objects[objects > 0]).tolist():
        pieces, _ = ndimage.label(objects == number, TOUCHING)
        for piece, (rows, columns) in enumerate(ndimage.find_objects(pieces), 1):
            inside = pieces[rows, columns] == piece
            middle, centre = ((box.start + box.stop) // 2 for box in (rows, columns))
            below = np.arange(rows.start, rows.stop)[:, None] >= middle
            beyond = np.arange(columns.start, columns.stop)[None, :] >= centre
            halves = np.where(below, number + bottom, number + top)
            sides = np.where(beyond, number + right, number + left)
            np.copyto(upright[rows, columns], halves, where=inside)
            np.copyto(lying[rows, columns], sides, where=inside)
    return upright, lying
