"""What the paper's authors publish: names, files, the beginnings of digests that are known.

Bau et al., "Understanding the role of individual units in a deep neural network", PNAS 2020. The hex at the
end of a file's name begins its sha256.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dissect_report.sources.weights import fetch

#: Every source of the paper begins with it.
SCHEME = "paper:"
HOST = "https://dissect.csail.mit.edu"


@dataclass(frozen=True)
class PaperFile:
    """A published file.

    Attributes:
        path: below the host.
        sha256: how it begins; "" where nobody says.
        md5: the same.
    """

    path: str
    sha256: str = ""
    md5: str = ""

    @property
    def url(self) -> str:
        """Where it was published."""
        return f"{HOST}/{self.path}"


@dataclass(frozen=True)
class PaperSource:
    """Something that a configuration can name.

    Attributes:
        source: as the configuration names it.
        files: that it is made of.
    """

    source: str
    files: tuple[PaperFile, ...]


def _segmenter(name: str, folder: str, epoch: int) -> PaperSource:
    names = (f"encoder_epoch_{epoch}.pth", f"decoder_epoch_{epoch}.pth", "labels.json")
    return PaperSource(
        f"{SCHEME}{name}", tuple(PaperFile(f"models/segmodel/{folder}/{file}") for file in names)
    )


UPP = _segmenter("upp", "upp-resnet50-upernet", 40)
COLOR = _segmenter("color", "color-resnet18dilated-ppm_deepsup", 20)


def paper_file(file: PaperFile) -> Path:
    """A published file in the cache, downloaded where it is not there yet.

    Raises:
        WeightsError: it cannot be had, or is another.
    """
    return fetch(file.url, file.sha256)
