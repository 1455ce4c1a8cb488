"""Sets of units put into images together: what each adds, and what goes when it is removed."""

from __future__ import annotations

from dataclasses import dataclass

#: How units that are put into images together are chosen; "random" is their control.
CHOICES = ("effect", "iou", "random")


@dataclass(frozen=True)
class InsertedSet:
    """Units that were put into images together, chosen in one way.

    Attributes:
        chosen_by: one of ``CHOICES``.
        units: the strongest first; of "random" those of its first draw: at every place others are drawn.
        strengths: how far each is moved to its insertion value, in (0, 1].
        added: mean added area of an insertion at one place, over places and latents.
        added_low: lower end of its 99 % Student t interval over latents; None where fewer than 12 show a
            change, as of all intervals here.
        added_high: upper end.
        painted: share of the place's own grid pixels that carry the concept then, mean likewise.
        gained: that share minus the one in the intact image.
        gained_low: lower end of its interval.
        gained_high: upper end.
        ace: area with the set inserted everywhere minus area with its units removed.
        ace_low: lower end of its interval.
        ace_high: upper end.
        removed: portion of the concept's pixels that is gone without the set's units; None where it was never
            drawn.
        removed_low: lower end of its 99 % bootstrap-t interval.
        removed_high: upper end.
    """

    chosen_by: str
    units: tuple[int, ...]
    strengths: tuple[float, ...]
    added: float
    added_low: float | None
    added_high: float | None
    painted: float
    gained: float
    gained_low: float | None
    gained_high: float | None
    ace: float
    ace_low: float | None
    ace_high: float | None
    removed: float | None
    removed_low: float | None
    removed_high: float | None
