"""Whether a run can be set beside the paper: its network, its layer, what labelled it, on what.

Bau et al., "Understanding the role of individual units in a deep neural network", PNAS 2020. A network is
known by the source that checks its weights, or by the name of its weights file, which carries the beginning
of its sha256.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from dissect_report.findings.store import LoadedRun
from dissect_report.report.formatting import count

#: By the beginning of a weights file's name, or a source of the paper.
_NETWORKS = {
    "vgg16_places365-0bafbc55": "vgg16",
    "proggan_churchoutdoor-7e701dd5": "church",
    "churchoutdoor-7e701dd5": "church",
    "proggan_kitchen-67f1e16c": "kitchen",
    "kitchen-67f1e16c": "kitchen",
    "paper:vgg16-places": "vgg16",
    "paper:progan-church": "church",
    "paper:progan-kitchen": "kitchen",
}
#: The paper's names of layers, by how torchvision or the weights call them.
_LAYERS = {
    ("vgg16", "features.28"): "conv5_3",
    ("vgg16", "features.conv5_3"): "conv5_3",
    ("vgg16", "features.24"): "conv5_1",
    ("vgg16", "features.conv5_1"): "conv5_1",
}
#: Photos and latents of the paper, and kinds of places among the photos.
PHOTOS, LATENTS, PLACES = 36_500, 10_000, 365


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        what: is told.
        theirs: as it was published.
        ours: of this run.
    """

    what: str
    theirs: str
    ours: str


@dataclass(frozen=True)
class Beside:
    """The paper's figures beside a run's.

    Attributes:
        rows: at least one.
        differences: of the two set-ups, each a part of a sentence.
    """

    rows: tuple[Row, ...]
    differences: tuple[str, ...]


def beside(rows: list[Row], differences: list[str]) -> Beside | None:
    """None where there is nothing to compare."""
    return Beside(tuple(rows), tuple(differences)) if rows else None


def network_of(run: LoadedRun) -> str:
    """The paper's name of a run's network; "" where it is none of the paper's that has published figures."""
    model = table(run, "model")
    source = str(model["source"])
    if source in _NETWORKS:
        return _NETWORKS[source]
    for given in (str(model["weights"]), source.partition(":")[2]):
        name = PurePosixPath(given).name
        for start, known in _NETWORKS.items():
            if name.startswith(start):
                return known
    return ""


def place_of(run: LoadedRun, layer: str) -> tuple[str, str]:
    """The paper's names of a run's network and of its layer."""
    network = network_of(run)
    return network, _LAYERS.get((network, layer), layer)


def table(run: LoadedRun, name: str) -> Mapping[str, Any]:
    """A table of the configuration that a run was made with; empty where there was none."""
    found = run.record.config.get(name)
    return found if isinstance(found, Mapping) else {}


def labelled_as_there(run: LoadedRun, source: str = "paper:upp") -> bool:
    """Whether a segmenter of the paper labelled the images: another's concepts cannot be compared."""
    return any(segmenter.source == source for segmenter in run.record.segmenters)


def measured_as_there(run: LoadedRun) -> bool:
    """Whether levels and the bound of a detector are the paper's."""
    options = table(run, "dissection")
    return (options.get("quantile"), options.get("iou_threshold")) == (0.01, 0.04)


def on_the_photos(run: LoadedRun) -> bool:
    """Whether the images are the paper's photos, or others of as many kinds of places."""
    kinds = {image.label for image in run.record.images if image.label is not None}
    return "paper:places-val" in table(run, "probe").get("images", ()) or len(kinds) == PLACES


def differences_of(run: LoadedRun, images: int) -> list[str]:
    """What differs in every measurement.

    Args:
        images: photos or latents that it is measured on here.
    """
    generator = table(run, "model").get("kind") == "generator"
    there, noun = (LATENTS, "latents") if generator else (PHOTOS, "photos")
    found = [f"{count(there)} {noun} there, {count(images)} here"] if images != there else []
    if not generator and table(run, "probe").get("resize_mode") == "short_side":
        found.append("photos are squashed there, cropped to a square here")
    found.append("levels are estimated there, exact here")
    if table(run, "dissection").get("upsampling") == "border":
        found.append("maps fade to zero beyond their edge there, go on here")
    return found
