"""Masks against their images by what stands at the beginning of their files: thousands a second."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from dissect_report.errors import SegmenterError
from dissect_report.sources.pictures import DAMAGED, raw_size

#: More pixels than this are no mask of a photo: their ids alone would take a gigabyte.
MOST_PIXELS = 89_478_485

#: Proportions of mask and image may differ by the rounding of their sides.
SLACK = 1.5


@dataclass(frozen=True)
class Header:
    """What a picture says of itself.

    Attributes:
        width: in pixels, as they lie in the file.
        height: likewise.
        mode: of its pixels, as Pillow calls it.
    """

    width: int
    height: int
    mode: str


def read_header(path: Path) -> Header:
    """What the picture at ``path`` says of itself.

    Raises:
        SegmenterError: it is no picture, or would unpack to too many pixels.
    """
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for
            raise SegmenterError(f"{path}: a mask that is no file")
        with Image.open(path) as picture:
            header = Header(*raw_size(picture), picture.mode)
    except Image.DecompressionBombError:
        raise SegmenterError(f"{path}: too many pixels to be a mask (decompression bomb)") from None
    except DAMAGED as error:
        raise SegmenterError(f"{path}: not a readable mask ({' '.join(str(error).split())})") from None
    check_pixels(f"{path}", header.width, header.height)
    return header


def check_pixels(what: str, width: int, height: int) -> None:
    """Refuses more pixels than any mask has.

    Raises:
        SegmenterError: naming ``what``.
    """
    if width * height > MOST_PIXELS:
        raise SegmenterError(
            f"{what}: {width}x{height} pixels are too many for a mask, at most "
            f"{MOST_PIXELS / 1e6:.0f} million; scale it down by nearest neighbour"
        )


def proportional(width: int, height: int, image: tuple[int, int]) -> bool:
    """Whether labels of this size fit an image of a width and a height."""
    scale = width / image[0]
    return abs(height - scale * image[1]) <= SLACK * max(1.0, scale)


def readable(path: Path | None) -> bool:
    """Whether a photo is one by its header; a drawn one is."""
    return path is None or image_size(path) is not None


def image_size(path: Path) -> tuple[int, int] | None:
    """Width and height of a photo as its pixels lie in the file; None where that cannot be told."""
    try:
        with Image.open(path) as picture:
            return raw_size(picture)
    except (*DAMAGED, Image.DecompressionBombError):  # the probe reports unreadable images
        return None


def check_headers(
    masks: Iterable[tuple[str, Path]],
    images: Mapping[str, Path | None],
    check: Callable[[Path, Header, str], None],
) -> None:
    """Looks at every mask's header beside its image's.

    Args:
        masks: names of images, and the files of their masks.
        images: the files of images by their names.
        check: refuses a mode, or a size that fits the image in no orientation, for good.

    Raises:
        SegmenterError: of the first mask that cannot be one.
    """

    def look(pair: tuple[str, Path]) -> None:
        name, path = pair
        header = read_header(path)
        image = images.get(name)
        size = image_size(image) if image is not None else None
        # No EXIF orientation is looked for: a mask may fit either way, and is measured again when it is read.
        sizes = [] if size is None else [size, size[::-1]]
        fits = not sizes or any(proportional(header.width, header.height, side) for side in sizes)
        check(path, header, "" if fits else name)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # a large photo is only large
        with ThreadPoolExecutor() as pool:
            for _ in pool.map(look, masks):
                pass
