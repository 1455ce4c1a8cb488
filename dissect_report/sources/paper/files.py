"""What the paper's authors publish: names, files, as much of their digests as is known.

Bau et al., "Understanding the role of individual units in a deep neural network", PNAS 2020. The hex at the
end of a file's name begins its sha256.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from dissect_report.config import RunConfig
from dissect_report.errors import SourceError, nearest
from dissect_report.sources.fetching.digests import Published

#: Every source of the paper begins with it.
SCHEME = "paper:"
HOST = "https://dissect.csail.mit.edu"

Kind = Literal["classifier", "generator", "segmenter", "photos"]


@dataclass(frozen=True)
class PaperSource:
    """Something that a configuration can name.

    Attributes:
        source: as the configuration names it.
        kind: what it is.
        files: that it is made of.
    """

    source: str
    kind: Kind
    files: tuple[Published, ...]


def _weights(name: str, kind: Kind, file: str) -> PaperSource:
    found = re.search(r"-([0-9a-f]{8,})\.pth$", file)
    published = Published(f"{HOST}/models/{file}", found[1] if found else "")
    return PaperSource(f"{SCHEME}{name}", kind, (published,))


def _segmenter(name: str, folder: str, epoch: int) -> PaperSource:
    names = (f"encoder_epoch_{epoch}.pth", f"decoder_epoch_{epoch}.pth", "labels.json")
    files = tuple(Published(f"{HOST}/models/segmodel/{folder}/{file}") for file in names)
    return PaperSource(f"{SCHEME}{name}", "segmenter", files)


VGG16 = _weights("vgg16-places", "classifier", "vgg16_places365-0bafbc55.pth")
ALEXNET = _weights("alexnet-places", "classifier", "alexnet_places365-92864cf6.pth")
RESNET152 = _weights("resnet152-places", "classifier", "resnet152_places365-f928166e5c.pth")

#: Generators by what they make.
GENERATORS = {
    scene: _weights(f"progan-{scene}", "generator", f"proggan_{file}.pth")
    for scene, file in {
        "church": "churchoutdoor-7e701dd5",
        "bedroom": "bedroom-d8a89ff1",
        "kitchen": "kitchen-67f1e16c",
        "livingroom": "livingroom-5ef336dd",
        "diningroom": "diningroom-3aa0ab80",
        "conferenceroom": "conferenceroom-21e85882",
        "restaurant": "restaurant-b8578299",
        "celebhq": "celebhq-620d161c",
    }.items()
}

UPP = _segmenter("upp", "upp-resnet50-upernet", 40)
COLOR = _segmenter("color", "color-resnet18dilated-ppm_deepsup", 20)

#: 36,500 photos, a hundred of each of 365 kinds of places.
PLACES_VAL = PaperSource(
    f"{SCHEME}places-val",
    "photos",
    (Published(f"{HOST}/datasets/places_val.zip", md5="593bbc21590cf7c396faac2e600cd30c"),),
)

#: Everything by its source.
SOURCES = {
    each.source: each for each in (VGG16, ALEXNET, RESNET152, *GENERATORS.values(), UPP, COLOR, PLACES_VAL)
}


def find(source: str, kinds: tuple[Kind, ...], error: type[SourceError]) -> PaperSource:
    """What a source of the paper names.

    Raises:
        SourceError: of the class ``error``: nothing of these kinds is called so.
    """
    known = {name: each for name, each in SOURCES.items() if each.kind in kinds}
    if source not in known:
        raise error(f"the paper has no {' or '.join(kinds)} called {source!r}; {nearest(source, known)}")
    return known[source]


def sources_of(run: RunConfig) -> list[PaperSource]:
    """What a run names of the paper's, once each; what is misspelt is left to who opens it."""
    rank = run.ablation.rank_images if run.ablation else ()
    named = [run.model.source, *(part.source for part in run.segmenters), *run.probe.images, *rank]
    return [SOURCES[name] for name in dict.fromkeys(named) if name in SOURCES]
