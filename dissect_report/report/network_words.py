"""What a run's network is and what its images are called: a classifier takes them, a generator makes them."""

from __future__ import annotations

from dataclasses import dataclass

from dissect_report.findings.store import LoadedRun
from dissect_report.report.cards import setting


@dataclass(frozen=True)
class NetworkWords:
    """Names that depend on the kind of network.

    Attributes:
        generator: whether the network makes images.
        kind: in the singular.
        article: the kind with its article.
        images: what was segmented.
        measured: what the images stand for on the home page.
        goes_in: what enters the first layer.
        comes_out: what leaves the last one.
    """

    generator: bool
    kind: str
    article: str
    images: str
    measured: str
    goes_in: str
    comes_out: str


CLASSIFIER = NetworkWords(
    False, "classifier", "a classifier", "probe images", "probe images", "image", "classes"
)
GENERATOR = NetworkWords(
    True,
    "generator",
    "a generator",
    "generated images",
    "latents, an image made from each",
    "latent",
    "image",
)


def scores_sentence(run: LoadedRun) -> str:
    """Which output holds the classes, and how it decides; "" of a network without classes."""
    scores = run.record.scores
    if scores is None:
        return ""
    where = f"its output “{scores.output}”" if scores.output else "its output"
    if scores.decision == "one logit":
        no, yes = run.record.classes
        return f"Of its classes {where} gives one logit an image: above 0 it says “{yes}”, else “{no}”."
    row = f"The classes are read from {where}, a row of {scores.width} scores an image"
    if scores.decision == "argmax":
        return f"{row}: the largest is the class."
    undone = "; what goes into the sigmoid that ends the network is its logit" if scores.undone else ""
    return f"{row}, each decided by itself: yes above a probability of 0.5, a logit of 0{undone}."


def network_words(run: LoadedRun) -> NetworkWords:
    """The words that fit the run's network."""
    return GENERATOR if setting(run, "model", "kind") == "generator" else CLASSIFIER
