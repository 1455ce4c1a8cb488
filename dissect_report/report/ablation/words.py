"""What the numbers of a removal are called: accuracy, or agreement where no labels were known."""

from __future__ import annotations

from dataclasses import dataclass

from dissect_report.findings.ablation import Ablation
from dissect_report.report.formatting import count, share
from dissect_report.report.glossary import Term

#: ``Ablation.labels`` of a run whose images have class labels.
LABELLED = "labels"

#: What agreement is with; columns and axes leave it out.
AGREED = " with the intact model"


@dataclass(frozen=True)
class Words:
    """Names of the measures.

    Attributes:
        plain: share of images that are given their class.
        balanced: mean of recall and specificity of one class.
        overall: ``plain`` over all classes; the share of decisions where every class has its own.
        truth: what a prediction is held against.
        each: whether every class is decided by itself.
    """

    plain: str
    balanced: str
    overall: str
    truth: str
    each: bool

    @property
    def balanced_column(self) -> str:
        """``balanced`` where there is room for two words: at the head of a column, along an axis."""
        return self.balanced.removesuffix(AGREED)

    @property
    def overall_column(self) -> str:
        """``overall`` there."""
        return self.overall.replace(AGREED, "")


def words_of(record: Ablation) -> Words:
    """The words that fit a layer's labels, and how its classes are decided."""
    each = record.decision == "sigmoid"
    if record.labels == LABELLED:
        overall = "share of right decisions over all classes" if each else "accuracy over all classes"
        return Words("accuracy", "balanced accuracy", overall, "the images' class labels", each)
    agreement = f"agreement{AGREED}"
    return Words(
        agreement,
        f"balanced {agreement}",
        "share of decisions as the intact model's" if each else f"{agreement} over all classes",
        "the intact model's own predictions, because no image lies in a folder named like a class",
        each,
    )


#: By ``Ablation.decision``: what is right or wrong.
ANSWERS = {
    "argmax": "the network's first answer",
    "one logit": "the network's answer (its one logit above 0 or not)",
    "sigmoid": "the network's decision on the class (its probability above 0.5 or not)",
}

#: By ``Ablation.decision``: what a margin is.
MARGINS = {
    "argmax": "The logit of the right class minus the largest other one",
    "one logit": "How far the logit lies from 0 on the side of the right class",
    "sigmoid": "How far the class's own logit lies above 0",
}


def _overall(record: Ablation) -> str:
    """What the measure over all classes counts."""
    of = "right" if record.labels == LABELLED else "that of the intact model"
    if record.decision == "sigmoid":
        return (
            f"The part of all decisions, one a class and evaluation image, that is {of}. It stays high where "
            "a rare class is never said."
        )
    return f"The part of all evaluation images whose {'first ' * (record.decision == 'argmax')}answer is {of}"


def ablation_glossary(record: Ablation) -> dict[str, Term]:
    """Definitions by key, with this layer's parameters written into them."""
    words = words_of(record)
    value = {"zero": "0", "mean": "its mean over the ranking images"}.get(
        record.replacement,
        f"the activation that {share(record.replacement_quantile)} of its grid pixels exceed",
    )
    terms = {
        "removed": ("removed unit", f"A unit whose whole map is replaced by {value}, on every image."),
        "balanced": (
            words.balanced,
            f"The mean of recall and specificity of {ANSWERS[record.decision]}, for one class; a network "
            "that does not know the class reaches 50 %. Held against " + words.truth + ".",
        ),
        "recall": ("recall of a class", "The part of the class's images that the network gives that class."),
        "specificity": (
            "specificity of a class",
            "The part of all other images that the network does not give that class.",
        ),
        "overall": (
            words.overall,
            _overall(record),
        ),
        "ranking": (
            "ranking images",
            f"The {count(record.ranking_images)} images on which units are ranked. What is then reported is "
            "measured on the others: a unit chosen on an image looks better on that image.",
        ),
        "evaluation": (
            "evaluation images",
            f"The {count(record.evaluation_images)} images on which removals are measured.",
        ),
        "importance": (
            "importance",
            f"How much {words.balanced} a class loses on the ranking images when the unit alone is removed. "
            "Ties go to the unit whose removal lowers the margin of the right class most.",
        ),
        "margin": (
            "margin",
            f"{MARGINS[record.decision]}, mean over the class's ranking images.",
        ),
        "serves": (
            "serves a class",
            "The unit is among the four most important units of the class on one half of the images, with a "
            "loss above 0, and the other half loses too. Both halves rank and confirm, unless images of "
            "their own rank. Shown is the mean of the losses that confirm it. A class is not ranked on "
            "fewer than 10 images.",
        ),
        "random": (
            "random units",
            "Units that are not dead, drawn with a seed; mean and range over the draws. p: (1 + draws that "
            "cost at least as much) / (1 + draws).",
        ),
        "interval": (
            "95 % interval",
            "Newcombe's paired score intervals of recall and specificity, joined by square-and-add. They "
            "need no draws, hold the estimate and are never without width.",
        ),
    }
    return {key: Term(*term) for key, term in terms.items()}
