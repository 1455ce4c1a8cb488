"""Whether a run's folder is whole, possible, and holds nothing but findings: what ``check`` looks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from dissect_report.errors import FindingsError
from dissect_report.findings.folders import MARKER
from dissect_report.findings.manifest import faults, read_manifest
from dissect_report.findings.parts import ATTRIBUTES, MANIFEST, files_in, is_picture, part_of
from dissect_report.findings.store import LoadedLayer, load_run
from dissect_report.findings.whereabouts import homes_in

#: Files with text in them.
TEXTS = (".json", ".csv", ".html", ".js", ".xml", ".txt", ".svg", ".webmanifest")

NO_MANIFEST = (
    "no manifest.json, as in findings of older versions: nothing tells whether their files are whole; "
    "`dissect-report analyze` measures them again and writes one"
)


def run_problems(root: Path) -> Iterator[str]:
    """What is wrong with the findings in ``root``, a line each, each with the file's path.

    The manifest, the gate, files that are none of the findings, traces of the machine or the camera.
    """
    yield from _manifest_problems(root)
    try:
        run = load_run(root)
    except FindingsError as error:
        yield str(error)
    else:
        for layer in run.layers.values():
            yield from _gate_problems(layer)
    names = list(files_in(root))
    for name in names:
        if part_of(name) is None and name not in (MANIFEST, MARKER, ATTRIBUTES):
            yield f"{root / name}: is no file of findings, and `git add` would take it; move it away"
    for name in names:
        yield from traces(root / name)


def _manifest_problems(root: Path) -> Iterator[str]:
    try:
        manifest = read_manifest(root)
    except FindingsError as error:
        yield str(error)
        return
    if manifest is None:
        yield f"{root}: {NO_MANIFEST}"
        return
    for name, fault in faults(root, manifest).items():
        yield f"{root / name}: {fault}; `dissect-report analyze` makes it again, and only it"


def _gate_problems(layer: LoadedLayer) -> Iterator[str]:
    """Everything of a layer is read; where a record cannot be, its arrays are not asked for."""
    pairs: list[tuple[Callable[[], Any], Callable[[], Any]]] = [
        (lambda: layer.record, lambda: layer.arrays),
        (lambda: layer.ablation, lambda: layer.ablation_arrays),
        (lambda: layer.generation, lambda: layer.generation_arrays),
        (lambda: layer.painting and not layer.painting.obstacle, lambda: layer.painting_arrays),
        (lambda: layer.photo and not layer.photo.obstacle, lambda: layer.photo_arrays),
    ]
    for record, arrays in pairs:
        try:
            if record():
                arrays()
        except FindingsError as error:
            yield str(error)


def traces(path: Path) -> Iterator[str]:
    """What a file says of the machine that it was made on, or of the camera."""
    if path.suffix in TEXTS:
        for home in homes_in(path.read_text(encoding="utf-8", errors="replace")):
            yield f"{path}: names a folder of a machine, {home}; make it again with this version"
    elif is_picture(path.name) or path.suffix in (".jpg", ".jpeg"):
        try:
            with Image.open(path) as picture:
                told = picture.getexif() or picture.info.keys() & {"exif", "xmp", "comment"}
        except (OSError, UnidentifiedImageError, Image.DecompressionBombError):
            yield f"{path}: is no picture that can be read"
        else:
            if told:
                yield f"{path}: carries what its camera or owner wrote into it (EXIF); make it again"
