"""What the page loads: the graph, the scenes one by one, the segmenter, the runtime, its own scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from dissect_report.errors import FindingsError
from dissect_report.report.page import DataFile
from dissect_report.report.painting.view import PaintingView
from dissect_report.report.runtime import STARTER, packed, registered, runtime_file, script_bundle

#: The page's own scripts, once a site.
SCRIPT = PurePosixPath("assets/js/paint.js")
PARTS = (
    STARTER,
    "assets/js/paint/strokes.js",
    "assets/js/paint/png.js",
    "assets/js/paint/board.js",
    "assets/js/paint/network.js",
    "assets/js/paint/page.js",
)

#: Of the layer that is painted with.
FILES = {
    "painting.json": "what painting needs to know: scenes, sets of units, insertion values",
    "tail.onnx": "what lies behind the layer as a graph that any ONNX runtime runs",
}


def data_files(view: PaintingView) -> Iterator[DataFile]:
    """Everything that the page loads on demand."""
    paths, folder = view.edited.view.run.paths, view.edited.view.layer.summary.folder
    addresses = view.edited.view.run_addresses
    yield runtime_file()
    yield script_bundle(SCRIPT, PARTS)
    yield _file(addresses.paint_file("graph"), {"graph": packed(_bytes(paths.tail(folder)))})
    if view.record.labels:
        yield _file(addresses.paint_file("labels"), {"graph": packed(_bytes(paths.label_graph(folder)))})
    arrays = view.edited.view.layer.painting_arrays
    names = ["maps", *(f"kept{place}" for place in range(len(view.record.kept)))]
    for scene in range(len(view.record.scenes)):
        kept = [_array(arrays[name][scene : scene + 1]) for name in names]
        samples = [round(float(value), 5) for value in arrays["samples"][scene].ravel()]
        yield _file(addresses.paint_file(f"scene-{scene}"), {"arrays": kept, "samples": samples})


def copies(view: PaintingView, pictures: bool) -> Iterator[tuple[Path, PurePosixPath]]:
    """Files that go over as they are.

    Args:
        pictures: whether the site shows any.
    """
    own = view.edited.view
    for name in FILES:
        yield own.run.paths.root / own.layer.summary.folder / name, own.addresses.folder / name
    if pictures and view.record.painted is not None:
        yield own.run.paths.painted(own.layer.summary.folder), own.run_addresses.painted


def _array(values: np.ndarray) -> list[object]:
    """Packed numbers, their type and their shape."""
    type_name = "float16" if values.dtype == np.float16 else "float32"
    little = values.astype(np.dtype(type_name).newbyteorder("<"))
    return [packed(little.tobytes()), type_name, list(values.shape)]


def _file(path: PurePosixPath, data: object) -> DataFile:
    return DataFile(path, registered(path, data))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FindingsError(f"{path}: {error.strerror}; run `dissect-report analyze` again") from None
