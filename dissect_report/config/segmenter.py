"""``[[segmenter]]``: what labels the images."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dissect_report.config.keys import UnsaidNumbers, bounded, key, refuse
from dissect_report.config.tables import settle_types
from dissect_report.schemes import keys_of


@dataclass(frozen=True)
class SegmenterConfig:
    """One source of concept labels; several are merged."""

    source: str = key(
        "",
        "file.py:factory, package.module:factory, or a segmenter by name, such as color or masks:FOLDER: the "
        "table of sources lists the kinds",
    )
    concepts: str = key(
        "", "CSV with id,name,category (and color for colour masks); or names alone, one a line in id order"
    )
    depends: tuple[str, ...] = key(
        (), "files, folders or globs that its code reads: when they change, images are labelled again"
    )
    unlabelled: tuple[int, ...] = key(
        UnsaidNumbers((0,)),
        "the id that means no label, or several: [0, 255]; -1: none does, every id or channel is a concept",
        most=2**32,
    )
    image_suffix: str = key("", "masks: what an image's name ends with and its mask's does not: _leftImg8bit")
    mask_suffix: str = key(
        "", "masks: what a mask's name ends with and its image's does not: _gtFine_labelIds"
    )
    panoptic: str = key(
        "", "masks:COCO.json of panoptic kind: folder of its PNGs; default: named as the file"
    )
    output: int | str = key("", "networks: which of several outputs holds the labels: a number, or a name")

    mean: tuple[float, ...] = key(
        (),
        "networks: what is taken off each channel of images in [0, 1]; default: what the source knows, else "
        "nothing",
    )
    std: tuple[float, ...] = key((), "networks: what each channel is divided by then")
    args: dict[str, Any] = field(
        default_factory=dict, metadata={"help": "networks: keyword arguments of what makes it"}
    )

    def __post_init__(self) -> None:
        settle_types(self, "[[segmenter]]")
        rule = self.image_suffix or self.mask_suffix or self.panoptic
        refuse(
            [
                (
                    self.unlabelled == (-1,) or all(0 <= number < 1 << 24 for number in self.unlabelled),
                    "[[segmenter]] unlabelled is an id from 0 to 16777215, a list of them, or -1 alone",
                ),
                (
                    not rule or "mask_suffix" in keys_of(self.source),
                    f"[[segmenter]] {self.source}: image_suffix, mask_suffix and panoptic are for masks:",
                ),
                (
                    len(self.mean) == len(self.std)
                    and len(self.mean) in (0, 3)
                    and all(s > 0 for s in self.std),
                    "[[segmenter]] mean and std have three values each, std above 0",
                ),
                *bounded(self, "[[segmenter]]"),
            ]
        )
