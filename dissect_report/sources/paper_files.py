"""What the paper's authors publish: names, files, the beginnings of digests that are known.

Bau et al., "Understanding the role of individual units in a deep neural network", PNAS 2020. The hex at the
end of a file's name begins its sha256.
"""

from __future__ import annotations

from dataclasses import dataclass

from dissect_report.sources.fetching.digests import Published

#: Every source of the paper begins with it.
SCHEME = "paper:"
HOST = "https://dissect.csail.mit.edu"


@dataclass(frozen=True)
class PaperSource:
    """Something that a configuration can name.

    Attributes:
        source: as the configuration names it.
        files: that it is made of.
    """

    source: str
    files: tuple[Published, ...]


def _segmenter(name: str, folder: str, epoch: int) -> PaperSource:
    names = (f"encoder_epoch_{epoch}.pth", f"decoder_epoch_{epoch}.pth", "labels.json")
    files = tuple(Published(f"{HOST}/models/segmodel/{folder}/{file}") for file in names)
    return PaperSource(f"{SCHEME}{name}", files)


UPP = _segmenter("upp", "upp-resnet50-upernet", 40)
COLOR = _segmenter("color", "color-resnet18dilated-ppm_deepsup", 20)
