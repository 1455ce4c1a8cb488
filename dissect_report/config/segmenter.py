"""``[[segmenter]]``: what labels the images."""

from __future__ import annotations

from dataclasses import dataclass

from dissect_report.config.keys import bounded, key, refuse
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
        (0,),
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
                *bounded(self, "[[segmenter]]"),
            ]
        )
