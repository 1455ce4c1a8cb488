"""Which mask belongs to which image, by name: case and the Unicode form of a name never matter.

A file that is the mask of an image is no image itself, wherever it lies.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Sequence
from copy import copy
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path, PurePosixPath

from dissect_report.config import SegmenterConfig
from dissect_report.schemes import keys_of, rest_of
from dissect_report.sources.folders import list_folder
from dissect_report.sources.picture_kinds import READABLE

#: Endings of pictures that keep numbers exactly, the most usual first.
EXACT = (".png", ".tif", ".tiff", ".bmp", ".gif")

#: Files among which an error looks for the nearest one.
LOOKED_AT = 3000


def plain(text: str) -> str:
    """``text`` as it is compared: composed, and without case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def stem(name: str) -> str:
    """``name`` without the ending of a picture; other dots stay."""
    start, ending = os.path.splitext(name)
    return start if ending.lower() in READABLE else name


class MaskFiles:
    """The masks below a folder, and the rule by which images find theirs.

    Attributes:
        folder: that holds them.
        source: as the configuration names it.
        image_suffix: what an image's name ends with and its mask's does not.
        mask_suffix: what a mask's name ends with and its image's does not.
    """

    def __init__(self, folder: Path, config: SegmenterConfig) -> None:
        self.folder = folder
        self.source = config.source
        self.image_suffix = stem(config.image_suffix)
        self.mask_suffix = stem(config.mask_suffix)

    @cached_property
    def _by_name(self) -> dict[str, list[Path]]:
        """The masks by their path below the folder, plain and without the ending."""
        found: dict[str, list[Path]] = {}
        for path in list_folder(self.folder).pictures:
            if path.suffix.lower() in EXACT:
                found.setdefault(plain(stem(path.relative_to(self.folder).as_posix())), []).append(path)
        return found

    def wanted(self, name: str) -> str:
        """The path of the mask of the image ``name`` below the folder, without an ending."""
        start = stem(name)
        if self.image_suffix and plain(start).endswith(plain(self.image_suffix)):
            start = unicodedata.normalize("NFC", start)
            start = start[: len(start) - len(unicodedata.normalize("NFC", self.image_suffix))]
        return start + self.mask_suffix

    def find(self, name: str, image: Path | None = None) -> Path | None:
        """The mask of the image ``name``: in the same sub-folder, in fewer of them, or in none.

        Args:
            image: the image's own file, which is never its mask.
        """
        parts = PurePosixPath(self.wanted(name)).parts
        for start in range(len(parts)):
            tail = "/".join(parts[start:])
            found = [path for path in self._by_name.get(plain(tail), ()) if not _same(path, image)]
            if found:
                return found[0] if len(found) == 1 else min(found, key=lambda path: self._rank(path, tail))
        return None

    def _rank(self, path: Path, tail: str) -> tuple[bool, int, str]:
        """The same writing first, then the usual ending."""
        name = stem(path.relative_to(self.folder).as_posix())
        other = unicodedata.normalize("NFC", name) != unicodedata.normalize("NFC", tail)
        return other, EXACT.index(path.suffix.lower()), path.name

    def missing(self, name: str, names: Sequence[str], image: Path | None = None) -> str:
        """A line for an image without a mask: what was looked for, what is there, and a rule that would do.

        Args:
            names: all images, to see whether the rule does for them too.
            image: the image's own file.
        """
        looked = self.folder / (self.wanted(name) + ".png")
        line = f"{looked}: no mask for the image {name!r} ({self.source})"
        near = self._nearest(name, image)
        if near is None:
            return f"{line}; {self.folder} holds no masks ({', '.join(EXACT)}; a JPEG does not keep ids)"
        line += f"; the nearest file that is there is {near.relative_to(self.folder).as_posix()!r}"
        rule = self._rule(name, near)
        fits = sum(rule.find(other) is not None for other in names)
        if fits * 2 < len(names) or (rule.image_suffix, rule.mask_suffix) == ("", ""):
            return line
        keys = [f'image_suffix = "{rule.image_suffix}"'] if rule.image_suffix else []
        keys.append(f'mask_suffix = "{rule.mask_suffix}"')
        return f"{line}; with {' and '.join(keys)} in [[segmenter]], {fits} of {len(names)} images have one"

    def _nearest(self, name: str, image: Path | None) -> Path | None:
        """The file with the most similar path, the image's own left out."""
        wanted = plain(self.wanted(name))
        first = os.path.basename(wanted)
        others = {key: [p for p in paths if not _same(p, image)] for key, paths in self._by_name.items()}
        shared = {key: _alike(os.path.basename(key), first) for key, paths in others.items() if paths}
        keys = sorted(shared, key=lambda key: (-shared[key], key))[:LOOKED_AT]
        best = max(shared.values(), default=0)
        if best * 2 <= len(first):  # the names begin otherwise: alike at all
            keys = get_close_matches(wanted, keys, n=1, cutoff=0.0)
        return others[keys[0]][0] if keys else None

    def _rule(self, name: str, near: Path) -> MaskFiles:
        """The same masks under the endings that part the names of ``near`` and the image."""
        image, mask = stem(os.path.basename(name)), stem(near.name)
        kept = _alike(image, mask)
        while kept and not image[kept - 1].isalnum():
            kept -= 1
        rule = copy(self)
        rule.image_suffix, rule.mask_suffix = image[kept:], mask[kept:]
        return rule


def mask_folder(config: SegmenterConfig, folder: Path) -> Path | None:
    """The folder that holds the masks of a segmenter; None if it has none, or it is not there.

    Args:
        folder: relative sources are relative to it.
    """
    if "mask_suffix" not in keys_of(config.source):
        return None
    place = folder / rest_of(config.source)
    if place.suffix.lower() == ".json":
        file, place = place, panoptic_folder(config, folder)
        if not (place.is_dir() and file.is_file() and b'"segments_info"' in file.read_bytes()):
            return None
    return place if place.is_dir() else None


def panoptic_folder(config: SegmenterConfig, folder: Path) -> Path:
    """Where the PNGs of a COCO file of the panoptic kind are: named, or beside it and called like it."""
    file = folder / rest_of(config.source)
    return folder / config.panoptic if config.panoptic else file.with_suffix("")


def masks_among(pictures: Sequence[tuple[str, Path]], roots: Sequence[Path], masks: MaskFiles) -> set[str]:
    """The real paths of those ``pictures`` that are masks.

    They are the masks of other pictures; and where the folder of masks lies below one of images, all in it
    that keep numbers exactly and have no mask themselves.

    Args:
        pictures: files by their names below their folder of images.
        roots: folders of images.
    """
    home = os.path.realpath(masks.folder) + os.sep
    above = [os.path.realpath(root) + os.sep for root in roots]
    if not any(root.startswith(home) or home.startswith(root) for root in above):
        return set()
    inside = home not in above and any(home.startswith(root) for root in above)
    found = [(path, masks.find(name, path)) for name, path in pictures]
    alone = [path for path, mask in found if mask is None and path.suffix.lower() in EXACT] if inside else []
    return {
        *real_paths(mask for _, mask in found if mask is not None),
        *(real for real in real_paths(alone) if real.startswith(home)),
    }


def likely_masks(names: Sequence[str]) -> list[str]:
    """Pictures called like another one in the same folder, or in the one above it; none where these are few.

    Args:
        names: of pictures, below their folder of images.
    """
    kept: set[str] = set()
    twins = []
    for name in sorted(
        names, key=lambda name: (name.count("/"), os.path.splitext(name)[1].lower() in EXACT, name)
    ):
        folder, file = os.path.split(plain(stem(name)))
        if not {os.path.join(folder, file), os.path.join(os.path.dirname(folder), file)}.isdisjoint(kept):
            twins.append(name)
        kept.add(os.path.join(folder, file))
    return twins if len(twins) * 3 > len(names) else []


def real_paths(paths: Iterable[Path]) -> list[str]:
    """Where each file is, links followed: as ``os.path.realpath``, but each folder is looked at once."""
    folders: dict[Path, str] = {}
    return [
        os.path.realpath(path)
        if path.is_symlink()
        else os.path.join(
            folders.get(path.parent) or folders.setdefault(path.parent, os.path.realpath(path.parent)),
            path.name,
        )
        for path in paths
    ]


def _alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def _same(path: Path, image: Path | None) -> bool:
    if image is None or path.name != image.name:
        return False
    return path == image or os.path.realpath(path) == os.path.realpath(image)
