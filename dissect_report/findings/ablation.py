"""What removing units does to a classifier, as inert records: ``ablation.json`` beside a layer's dissection.

Numbers that a page shows one by one are here; ``ablation.npz`` holds the whole arrays, see ``ARRAYS``.
Classes are indices into ``Run.classes``, images indices into ``Run.images``. ``None`` means undefined.
Where every class is decided by itself, an image has any number of classes: see ``answers.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

#: A unit serves a class if it is among this many most important ones, with a loss that other images confirm.
SERVING = 4

#: Classes with fewer ranking images serve nobody, with fewer evaluation images are asked about only by name.
ENOUGH_IMAGES = 10

#: The arrays of ``ablation.npz``. Targets are in the order of ``Ablation.targets``.
ARRAYS = {
    "ranking_loss": "[target, unit] float64 balanced accuracy lost on the ranking images; NaN = undefined",
    "evaluation_loss": "[target, unit] float64 the same on the evaluation images",
    "fall": "[target, unit] float64 mean fall of (true logit - best other) on the target's ranking images, "
    "of the true logit alone where every class is decided by itself",
    "order": "[target, unit] int64 units, most important first",
    "random_order": "[draw, alive unit] int64 living units: the first n are the draw's random set of n",
    "served": "[unit] int64 classes that the unit serves",
    "confirmed_loss": "[target, unit] float64 mean of the losses that confirm it; NaN = it does not serve",
    "iou": "[unit] float64 best IoU; NaN = undefined",
    "evaluation": "[image] int64 index into Run.images of each evaluation image",
    "label": "[image] int64 class index of each evaluation image; where every class is decided by itself "
    "[image, carried], filled up with -1",
    "predicted": "[image] int32 the intact network's class; where every class is decided by itself uint8 "
    "[image, byte], the classes' bits as numpy.packbits packs them",
    "pooled": "[image, unit] uint8 what the unit hands to the linear layer; only where live",
    "scale": "[unit] float32: pooled value = offset + scale * uint8; only where live",
    "offset": "[unit] float32; only where live",
    "weight": "[class, unit] float32 of the linear layer; only where live",
    "bare": "[class] float32 logits with every unit removed; only where live",
    "removed_value": "[unit] float32 the pooled value of a removed unit; only where live",
}


@dataclass(frozen=True)
class UnitLoss:
    """One unit alone removed, for one target.

    Attributes:
        unit: index.
        ranking_loss: balanced accuracy lost on the ranking images.
        evaluation_loss: on the evaluation images.
        low: lower end of the 95 % interval of ``evaluation_loss`` over images.
        high: upper end.
        fall: mean fall of the margin on the ranking images, in logits.
        recall_lost: recall lost on the evaluation images.
        specificity_lost: specificity lost on the evaluation images.
        confirmed_loss: mean of the losses that confirm that the unit serves the target; None if it does not.
        alarms: evaluation images of other classes that are given the target only without the unit, by their
            class, most first; none where every class is decided by itself.
    """

    unit: int
    ranking_loss: float | None
    evaluation_loss: float | None
    low: float | None
    high: float | None
    fall: float
    recall_lost: float | None
    specificity_lost: float | None
    confirmed_loss: float | None
    alarms: tuple[Confusion, ...]


@dataclass(frozen=True)
class Confusion:
    """Evaluation images that are taken for a class that they are not of.

    Attributes:
        predicted: the other class: what a target's images are taken for, or what taken images are of.
        images: how many.
    """

    predicted: int
    images: int


@dataclass(frozen=True)
class Flip:
    """An image that the network gives up when the best units are removed.

    Attributes:
        image: index into ``Run.images``.
        before: class index without removal.
        after: class index per entry of ``Ablation.flip_sizes``; -1 where every class is decided by itself
            and the target's are no longer said.
    """

    image: int
    before: int
    after: tuple[int, ...]


@dataclass(frozen=True)
class Combination:
    """Some of a target's four most important units removed.

    Attributes:
        units: removed ones; empty for the intact network.
        balanced_accuracy: of the target.
        accuracy: over all classes.
    """

    units: tuple[int, ...]
    balanced_accuracy: float | None
    accuracy: float | None


@dataclass(frozen=True)
class Target:
    """A class, or a group of classes taken as one.

    Attributes:
        name: of the class or group.
        kind: "class" or "group".
        classes: its class indices.
        ranking_images: of it among the ranking images.
        evaluation_images: of it among the evaluation images.
        recall: of the intact network on the evaluation images.
        specificity: the same.
        balanced_accuracy: the same.
        recall_interval: 95 %, of ``recall``; None where it is undefined.
        balanced_interval: 95 %, of ``balanced_accuracy``; None where it is undefined.
        ranking_balanced_accuracy: on the ranking images.
        units: the most important ones, in order, by the ranking images; then the others that serve it.
        confusions: what its images are taken for, most frequent first; none where each is decided alone.
        flips: up to six evaluation images.
        combinations: of its four most important units, by binary counting; empty where the page is live.
    """

    name: str
    kind: str
    classes: tuple[int, ...]
    ranking_images: int
    evaluation_images: int
    recall: float | None
    specificity: float | None
    balanced_accuracy: float | None
    recall_interval: tuple[float, float] | None
    balanced_interval: tuple[float, float] | None
    ranking_balanced_accuracy: float | None
    units: tuple[UnitLoss, ...]
    confusions: tuple[Confusion, ...]
    flips: tuple[Flip, ...]
    combinations: tuple[Combination, ...]


@dataclass(frozen=True)
class SetRow:
    """A set of units removed, or everything but it.

    Attributes:
        target: index into ``Ablation.targets``.
        kind: "removed", "kept" or "random" (removed; means over the draws).
        name: of a named set; "" for the target's most important units.
        size: units in the set.
        balanced_accuracy: of the target on the evaluation images.
        low: lower end of the 95 % interval of its change against the intact network; None for random sets.
        high: upper end.
        accuracy: over all classes.
        accuracy_low: lower end of the 95 % interval of its change.
        accuracy_high: upper end.
        draws: random sets: balanced accuracy of each draw.
        accuracy_draws: random sets: all-class accuracy of each draw.
        recall: of the target; of random sets the mean.
        specificity: the same.
        effective: units of the set that alone cost the target something on the ranking images; None of random
            sets.
        p: best units removed: (1 + random sets of the size that cost at least as much) / (1 + random sets).
    """

    target: int
    kind: str
    name: str
    size: int
    balanced_accuracy: float | None
    low: float | None
    high: float | None
    accuracy: float | None
    accuracy_low: float | None
    accuracy_high: float | None
    draws: tuple[float | None, ...] = ()
    accuracy_draws: tuple[float | None, ...] = ()
    recall: float | None = None
    specificity: float | None = None
    effective: int | None = None
    p: float | None = None


@dataclass(frozen=True)
class ServingBar:
    """Units that serve the same number of classes.

    Attributes:
        classes: that number; the last bar holds all units with at least that many.
        units: how many.
        measured: those with a defined best IoU.
        mean_iou: their mean best IoU; None without any.
        standard_error: of the mean; None with fewer than two.
    """

    classes: int
    units: int
    measured: int
    mean_iou: float | None
    standard_error: float | None


@dataclass(frozen=True)
class Spread:
    """Balanced accuracy of every class, one state of the network.

    Attributes:
        state: "intact", "removed" or "kept".
        size: units removed or kept; 0 for intact.
        mean: over the classes where it is defined.
        values: per target that is a class, in order.
    """

    state: str
    size: int
    mean: float | None
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Ablation:
    """``ablation.json``: one layer's units removed.

    Attributes:
        schema_version: of this file.
        key: digest of everything the numbers depend on.
        layer: dotted module name.
        labels: "labels", or "intact predictions" where those stand in: then every accuracy is agreement.
        decision: "argmax", "one logit" or "sigmoid", as ``ScoresRecord.decision``.
        replacement: "zero", "mean" or "quantile": what every cell of a removed unit's map becomes.
        replacement_quantile: fraction of the unit's grid pixels that exceed it; None unless "quantile".
        path: how the network ran behind the layer: "fx", "export" or "full".
        shortcut: what was subtracted instead of recomputed.
        unchanged: predictions of single units that needed no arithmetic, as a share.
        close: predictions too close for the shortcut, decided by the plain tail.
        sets: named sets of units.
        set_sizes: as used on this layer.
        flip_sizes: numbers of best units removed for ``Target.flips``.
        ranking_images: all of them.
        evaluation_images: all of them.
        accuracy: of the intact network on the evaluation images, over all classes: the share of images, or
            where every class is decided by itself of all decisions, that are right.
        targets: classes, then groups.
        rows: the set table.
        serving: importance v interpretability.
        serving_correlation: rank correlation of best IoU and classes served; None if undefined.
        serving_p: its two-sided p by 9,999 permutations of the units.
        left_out: classes with too few ranking or evaluation images for ``serving``.
        spread: intact, removed and kept over the classes.
        live: whether ``ablation.npz`` holds what a page needs to remove units itself.
        live_difference: largest difference between the live path's and the stored all-class accuracy, over
            all single units; None where not live.
        notes: what the reader should know.
        command: what makes these findings again.
        seconds: per stage; differs between two equal runs.
    """

    schema_version: int
    key: str
    layer: str
    labels: str
    decision: str
    replacement: str
    replacement_quantile: float | None
    path: str
    shortcut: str
    unchanged: float
    close: int
    sets: dict[str, tuple[int, ...]]
    set_sizes: tuple[int, ...]
    flip_sizes: tuple[int, ...]
    ranking_images: int
    evaluation_images: int
    accuracy: float | None
    targets: tuple[Target, ...]
    rows: tuple[SetRow, ...]
    serving: tuple[ServingBar, ...]
    serving_correlation: float | None
    serving_p: float | None
    left_out: int
    spread: tuple[Spread, ...]
    live: bool
    live_difference: float | None
    notes: tuple[str, ...]
    command: str
    seconds: dict[str, float]
