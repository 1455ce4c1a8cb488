"""``[[segmenter]]``: what labels the images."""

from __future__ import annotations

from dataclasses import dataclass

from dissect_report.config.keys import key


@dataclass(frozen=True)
class SegmenterConfig:
    """One source of concept labels; several are merged."""

    source: str = key(
        "",
        "file.py:factory | package.module:factory | torchvision:NAME@WEIGHTS | masks:FOLDER | color | demo",
    )
    concepts: str = key("", "CSV with id,name,category; or names alone, one a line in id order")
    depends: tuple[str, ...] = key(
        (), "files, folders or globs that its code reads: when they change, images are labelled again"
    )
    unlabelled: int = key(0, "the id that means no label (255 in many mask datasets)")
