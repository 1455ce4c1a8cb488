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


def network_words(run: LoadedRun) -> NetworkWords:
    """The words that fit the run's network."""
    return GENERATOR if setting(run, "model", "kind") == "generator" else CLASSIFIER
