"""Which file of a run belongs to what: the names that ``RunPaths`` gives, read backwards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from dissect_report.findings.disk import PART
from dissect_report.findings.folders import MARKER
from dissect_report.findings.paths import STRIPS

#: Of a run as a whole, of its layers' records, of pictures that can be drawn again from both.
RUN, LAYERS, PICTURES = "run", "layers", "pictures"

#: Of what each experiment writes: its part is called like the record.
_LAYER_FILES = {
    LAYERS: r"dissection\.json|counts\.npz|units\.csv",
    PICTURES: rf"{STRIPS}/\d+\.webp",  # older versions drew strips of images; `analyze` drops them
    "ablation": r"ablation\.json|ablation\.npz|flips/\d+\.webp",
    "generation": r"generation\.json|generation\.npz|edits/[a-z]+-\d+(-\d+|-places)?\.webp",
    "painting": r"painting\.json|painting\.npz|tail\.onnx|labels\.onnx|painted\.webp",
    "photo": r"photo\.json|photo\.npz|network\.onnx|photos/\d+\.webp",
}
_NAMES = [
    (RUN, re.compile(r"run\.json")),
    (PICTURES, re.compile(r"thumbnails/\d+\.webp|segmentation/\d+\.png")),
    *((part, re.compile(rf"[^/]+/({names})")) for part, names in _LAYER_FILES.items()),
]
#: What killed processes left half written; older versions ended such names with eight letters.
_HALF = re.compile(rf"\.(.+)\.([0-9a-f]{{8}}{re.escape(PART)}|[a-z0-9_]{{8}})")
MANIFEST = "manifest.json"
#: Keeps git from turning line ends: the manifest would no longer hold.
ATTRIBUTES, AS_THEY_ARE = ".gitattributes", b"* -text\n"


@dataclass(frozen=True)
class FileRecord:
    """One file of a run.

    Attributes:
        size: in bytes.
        sha256: of its bytes, hexadecimal.
    """

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """Every file of a run but this one.

    Attributes:
        schema_version: of the findings.
        files: by name below the run's folder.
    """

    schema_version: int
    files: dict[str, FileRecord]


def part_of(name: str) -> str | None:
    """What the file of a run called ``name``, with its folders, belongs to; None: to no findings."""
    return next((part for part, names in _NAMES if names.fullmatch(name)), None)


def is_picture(name: str) -> bool:
    """Whether the file of a run called ``name`` shows images and nothing else."""
    return name.endswith((".webp", ".png"))


def files_in(folder: Path) -> Iterator[str]:
    """Names of all files below a run's folder, with their folders, in order; links are none."""
    paths = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return iter(sorted(path.relative_to(folder).as_posix() for path in paths))


def foreign(names: Iterable[str]) -> Iterator[str]:
    """Those that this program never wrote: they are their owner's and stay."""
    for name in names:
        half = _HALF.fullmatch(PurePosixPath(name).name)
        whole = str(PurePosixPath(name).with_name(half[1])) if half else name
        if part_of(whole) is None and whole not in (MANIFEST, MARKER):
            yield name
