"""How what a classifier says, and what an image is of, are written in arrays; numpy only.

Where the largest score is the class, an image has one: labels are int [image], answers int [image, column].
Where every class is decided by itself, an image has any number of them: labels are int [image, carried],
class indices filled up with -1, answers uint8 [image, column, byte], the classes' bits packed as
``numpy.packbits`` packs them.
"""

from __future__ import annotations

import numpy as np

#: Stands in labels for no class.
NONE = -1

#: How many bits of a byte are set.
_BITS = np.array([bin(byte).count("1") for byte in range(256)], np.uint8)


def pack(decided: np.ndarray) -> np.ndarray:
    """uint8 [..., byte]: answers where every class is decided by itself, from bool [..., class]."""
    packed: np.ndarray = np.packbits(decided, axis=-1)
    return packed


def unpack(answers: np.ndarray, classes: int) -> np.ndarray:
    """Bool [..., class]: which classes are said."""
    return np.unpackbits(np.asarray(answers), axis=-1, count=classes).astype(bool)


def list_classes(decided: np.ndarray) -> np.ndarray:
    """int64 [image, carried]: labels, from the classes that every image is of, bool [image, class]."""
    most = max(1, int(decided.sum(1).max(initial=0)))
    labels = np.full((len(decided), most), NONE, np.int64)
    for row, chosen in zip(labels, decided, strict=True):
        own = np.flatnonzero(chosen)
        row[: len(own)] = own
    return labels


def carried(labels: np.ndarray, member: np.ndarray) -> np.ndarray:
    """Bool [image]: which images are of a target.

    Args:
        labels: [image] or [image, carried].
        member: bool [class], the target's classes.
    """
    inside: np.ndarray = np.append(member, False)[labels]  # NONE, the last, is of no target
    return inside if labels.ndim == 1 else np.asarray(inside.any(1))


def said(answers: np.ndarray, member: np.ndarray) -> np.ndarray:
    """Bool [image, column]: which images are said to be of a target.

    Args:
        answers: [image, column] or [image, column, byte].
        member: bool [class], the target's classes.
    """
    if answers.ndim == 2:
        return np.asarray(member[answers])
    mask = pack(member)
    found = np.zeros(answers.shape[:2], bool)
    for byte in np.flatnonzero(mask):
        found |= (answers[:, :, byte] & mask[byte]) != 0
    return found


def first_said(answers: np.ndarray, member: np.ndarray) -> np.ndarray:
    """int64 [image, column]: the class that is said; where each is decided by itself, the target's first.

    NONE where no class of the target is said then.
    """
    if answers.ndim == 2:
        return answers.astype(np.int64)
    found = np.full(answers.shape[:2], NONE, np.int64)
    for index in np.flatnonzero(member)[::-1]:
        found[said(answers, np.arange(len(member)) == index)] = index
    return found


def own_margin(margin: np.ndarray, labels: np.ndarray, member: np.ndarray) -> np.ndarray:
    """float32 [image, column]: of the first class of the target that an image is of.

    Args:
        margin: [image, column] or [image, column, carried].
        labels: [image] or [image, carried].
        member: bool [class], the target's classes.
    """
    if labels.ndim == 1:
        return margin
    place = np.append(member, False)[labels].argmax(1)
    return np.asarray(margin[np.arange(len(labels)), :, place])


def right(answers: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """[image, column]: right decisions; bool, or up to ``classes`` where each is decided by itself."""
    if answers.ndim == 2:
        return np.asarray(answers == labels[:, None])
    truth = np.zeros((len(labels), classes + 1), bool)
    np.put_along_axis(truth, labels, True, axis=1)
    wrong = np.bitwise_xor(answers, pack(truth[:, None, :classes]))
    return np.asarray(classes - _BITS[wrong].sum(2, dtype=np.int64))


def decisions(answers: np.ndarray, classes: int) -> int:
    """How many decisions an image is worth: one, or one a class."""
    return 1 if answers.ndim == 2 else classes
