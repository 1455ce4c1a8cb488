"""The paper's experiments as configurations: what each measures, downloads and takes.

Bau et al., "Understanding the role of individual units in a deep neural network", PNAS 2020.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Table = Mapping[str, Any]

#: Thousand million multiplications a second of one core, and of a graphics card of about 10 TFLOPS: what
#: convolutions reach. An estimate; ``build --dry-run`` measures.
CORE, CARD = 40.0, 2000.0

#: Of an image, in thousand million multiplications: the segmenters, at 224 to 256 pixels.
SEGMENTING = 66.0 + 26.0
#: Megabytes of the segmenters' files.
SEGMENTER_MB = 395.0

LICENCES = {
    "code": "the paper's code, from which none is taken here: MIT",
    "places": "Places365, photos and what is trained on them: for non-commercial research and education only",
    "classifier": "the paper's classifier weights: published without a licence of their own",
    "progan": "the progressive generators (NVIDIA, converted by the paper's authors): CC BY-NC 4.0",
    "upp": "unified perceptual parsing: code MIT; its weights come without a licence of their own and were "
    "trained on ADE20K, Pascal, OpenSurfaces and others, each with its terms",
}


@dataclass(frozen=True)
class Preset:
    """An experiment of the paper.

    Attributes:
        name: as ``init --preset`` takes it.
        says: one line of what it is.
        tables: of the configuration, by section, but for the segmenters.
        remarks: by section: what differs from the paper, and what to change.
        megabytes: of the network's file, and of the photos.
        images: photos or latents that are measured on.
        multiplications: of the network for an image, in thousand million.
        edits: images made for the edits, at most.
        licences: keys of ``LICENCES``.
    """

    name: str
    says: str
    tables: Mapping[str, Table]
    remarks: Mapping[str, str]
    megabytes: float
    images: int
    multiplications: float
    edits: int
    licences: tuple[str, ...]

    @property
    def downloads(self) -> float:
        """Megabytes, segmenters included."""
        return self.megabytes + SEGMENTER_MB

    @property
    def seconds(self) -> tuple[float, float]:
        """On one core, and on a graphics card: every image and edit once through network and segmenters."""
        work = (self.images + self.edits) * (self.multiplications + SEGMENTING)
        return work / CORE, work / CARD


#: Sources of the segmenters of every preset, in the order of merging.
SEGMENTERS = ("paper:upp", "paper:color")

#: Of 36,500 photos: twenty of each kind of place, of which ten rank units and ten judge.
PHOTOS = 7300
#: The archive of photos; nobody says its size beforehand, about that of Places365's own.
PHOTOS_MB = 500.0
#: Of 10,000 latents.
LATENTS = 1000
#: Of the units that are removed or kept together.
SET_SIZES = (1, 2, 3, 4, 5, 20, 64, 128, 256)


def _classifier(
    name: str, words: str, layer: str, others: str, crop: int, megabytes: float, multiplications: float
) -> Preset:
    registration = "convolution" if crop == 227 else "center"
    return Preset(
        name=f"pnas-{name}-places",
        says=f"{words} trained on Places365, {layer}, on photos of places",
        tables={
            "model": {"source": f"paper:{name}-places", "layers": (layer,)},
            "probe": {
                "images": ("paper:places-val",), "resize": 256, "resize_mode": "squash", "crop": crop,
                "limit": PHOTOS,
            },
            "dissection": {
                "quantile": 0.01, "iou_threshold": 0.04, "upsampling": "zeros", "registration": registration,
            },
            "ablation": {"layers": (layer,), "set_sizes": SET_SIZES},
        },
        remarks={
            "model": f"Its other layers: {others}",
            "probe": "The paper measures on all 36,500 photos: limit = 0, which takes five times as long.",
            "dissection": "The paper's rules; levels are exact here, and estimated there.",
            "ablation": "The paper ranks on training images; without rank_images a half of the photos ranks.",
        },
        megabytes=megabytes + PHOTOS_MB,
        images=PHOTOS,
        multiplications=multiplications,
        edits=0,
        licences=("code", "classifier", "places", "upp"),
    )  # fmt: skip


def _generator(scene: str, layer: str, concepts: tuple[str, ...], multiplications: float = 28.0) -> Preset:
    what = "faces (CelebA-HQ, 1024 x 1024)" if scene == "celebhq" else f"LSUN {scene} scenes (256 x 256)"
    # single units, sets and insertions as the edits count them, one concept after the other
    edits = 512 * (2 * 32 + 16) + len(concepts) * (250 * 32 + 64 * 2 * 32)
    return Preset(
        name=f"pnas-progan-{scene}",
        says=f"progressive generator of {what}, {layer}",
        tables={
            "model": {
                "kind": "generator", "source": f"paper:progan-{scene}", "layers": (layer,),
                "latent_shape": (512,),
            },
            "probe": {"latents": LATENTS, "seed": 1},
            "dissection": {"quantile": 0.01, "iou_threshold": 0.04, "grid": 64, "upsampling": "zeros"},
            "generation": {
                "layers": (layer,), "concepts": concepts, "removed": (0, 1, 2, 4, 8, 12, 16, 20, 25, 30),
                "insert_units": 20, "insert_quantile": 0.005, "latents": 32,
            },
        },
        remarks={
            "model": "Its other layers: layer1 to the last before the output.",
            "probe": "The paper measures on 10,000 latents, which takes ten times as long.",
            "dissection": "The paper's rules; levels are exact here, and estimated there.",
            "generation": "The paper removes over 10,000 images: latents = 10000. "
            'choose_by = "effect" learns which units to insert.',
        },
        megabytes=92.0,
        images=LATENTS,
        multiplications=multiplications,
        edits=edits,
        licences=("code", "progan", "upp"),
    )  # fmt: skip


def _presets() -> list[Preset]:
    vgg_layers = (
        "features.conv1_2, features.conv2_2, features.conv3_3, features.conv4_3, features.conv5_1, ..."
    )
    return [
        _classifier("vgg16", "VGG-16", "features.conv5_3", vgg_layers, 224, 543.0, 15.5),
        _classifier("alexnet", "AlexNet", "conv5", "conv1 to conv4", 227, 233.5, 0.7),
        _classifier("resnet152", "ResNet-152", "7", '"4", "5", "6": the stages before', 224, 236.2, 11.5),
        _generator("church", "layer4", ("tree", "door")),
        _generator("bedroom", "layer4", ("window", "lamp")),
        _generator("kitchen", "layer5", ("window", "cabinet")),
        _generator("livingroom", "layer4", ("window", "sofa")),
        _generator("diningroom", "layer4", ("window", "chair")),
        _generator("conferenceroom", "layer4", ("window", "chair")),
        _generator("restaurant", "layer4", ("window", "chair")),
        _generator("celebhq", "layer4", ("hair", "eye"), 43.0),
    ]


PRESETS = {preset.name: preset for preset in _presets()}
