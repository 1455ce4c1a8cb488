"""A file of COCO's form: its images, its categories, and what is annotated in each image."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from dissect_report.errors import SegmenterError
from dissect_report.sources.mask_names import plain, stem

EXPECTED = "a COCO file holds images, annotations with a segmentation, and categories"


class CocoFile:
    """The images of a COCO file and what is annotated in them.

    Attributes:
        path: of the file.
        categories: by id.
        panoptic: whether annotations are of whole images.
    """

    def __init__(self, path: Path, content: bytes) -> None:
        """Raises:
        SegmenterError: it is no COCO file of instances or of the panoptic kind.
        """
        self.path = path
        try:
            data = json.loads(content)
            images, annotations, categories = data["images"], data["annotations"], data["categories"]
            self.categories = {int(entry["id"]): str(entry["name"]) for entry in categories}
            self.panoptic = any("segments_info" in entry for entry in annotations)
            self._images = {entry["id"]: {**entry, "file_name": _file_name(entry)} for entry in images}
            self._of_image: dict[Any, list[dict[str, Any]]] = {}
            for entry in annotations:
                self._of_image.setdefault(entry["image_id"], []).append(entry)
            self._names: dict[str, list[Any]] = {}
            for number, entry in self._images.items():
                name = PurePosixPath(entry["file_name"]).name
                self._names.setdefault(plain(stem(name)), []).append(number)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            line = f"{type(error).__name__}: {' '.join(str(error).split())}"
            raise SegmenterError(f"{path}: {EXPECTED} ({line})") from None

    def find(self, name: str) -> dict[str, Any] | None:
        """The entry of the image ``name``: of the same file name, in as many of the same folders as possible.

        Raises:
            SegmenterError: several are equally near.
        """
        parts = PurePosixPath(plain(stem(name))).parts
        shared = Counter[Any]()
        for number in self._names.get(parts[-1], ()):
            own = PurePosixPath(plain(stem(self._images[number]["file_name"]))).parts
            pairs = zip(reversed(parts), reversed(own), strict=False)
            shared[number] = next((k for k, (a, b) in enumerate(pairs) if a != b), min(len(parts), len(own)))
        best = shared.most_common(2)
        if len(best) == 2 and best[0][1] == best[1][1]:
            raise SegmenterError(
                f"{self.path}: two images are called like {name!r}, ids {best[0][0]} and {best[1][0]}"
            )
        return dict(self._images[best[0][0]]) if best else None

    def annotations(self, image: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What is annotated in an image."""
        return self._of_image.get(image["id"], [])


def _file_name(entry: Mapping[str, Any]) -> str:
    """The path of an image; of LVIS, the end of its address."""
    return str(entry.get("file_name") or entry["coco_url"]).replace("\\", "/")
