"""What was published for a network that a run takes apart, to be set beside the run's own figures.

Bau et al., "Understanding the role of individual units in a deep neural network", PNAS 2020. A network is
known by the name of its weights file, which carries the beginning of its sha256.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Literal

from dissect_report.findings.store import LoadedRun

Question = Literal["layer", "keeping", "removing"]

_WEIGHTS = {
    "vgg16_places365-0bafbc55": "vgg16",
    "proggan_church": "church",
    "churchoutdoor-7e701dd5": "church",
    "proggan_kitchen": "kitchen",
    "kitchen-67f1e16c": "kitchen",
}
_LAYERS = {
    ("vgg16", "features.28"): "conv5_3",
    ("vgg16", "features.conv5_3"): "conv5_3",
    ("vgg16", "features.24"): "conv5_1",
    ("vgg16", "features.conv5_1"): "conv5_1",
}
_FIGURES: dict[tuple[str, str, Question], str] = {
    ("vgg16", "conv5_3", "layer"): "its detectors match 51 objects, 22 parts, 12 materials and 8 colors",
    ("vgg16", "conv5_1", "layer"): "its detectors match 28 objects, 25 parts, 9 materials and 8 colors",
    ("vgg16", "conv5_3", "keeping"): (
        "over all 365 classes, removing the 20 most important units leaves a balanced accuracy of 53.0 % on "
        "average, keeping only those costs 3.6 points; of ski resort it is 81.4 % intact, 64.0 % without the "
        "4 most important units, 53.5 % without 20, 77.7 % with only those 20; accuracy over all classes is "
        "53.3 % intact, 53.2 and 52.6 % without them, 2.1 % with only 20"
    ),
    ("kitchen", "layer5", "layer"): "its detectors match 19 objects, 41 parts, 1 material and 6 colors",
    (
        "church",
        "layer4",
        "removing",
    ): "removing 20 tree units takes away 53.3 % of the tree pixels of 10,000 images",
}


def published(run: LoadedRun, layer: str, question: Question) -> str:
    """One sentence of the paper's own figures for this network and layer; "" where it has none."""
    model = run.record.config["model"]
    assert isinstance(model, dict)
    for given in (str(model["weights"]), str(model["source"]).partition(":")[2]):
        name = PurePosixPath(given).name
        network = next((known for start, known in _WEIGHTS.items() if start in name), "")
        figures = _FIGURES.get((network, _LAYERS.get((network, layer), layer), question))
        if figures:
            return f"Published for this network (Bau et al., PNAS 2020): {figures}."
    return ""
