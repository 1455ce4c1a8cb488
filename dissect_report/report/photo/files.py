"""What the page loads when a reader begins: the network, its units, the photos to pick."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from dissect_report.errors import FindingsError
from dissect_report.findings.units import UnitRecord
from dissect_report.report.addresses import link
from dissect_report.report.cards import label
from dissect_report.report.glossary import LETTERS
from dissect_report.report.page import DataFile
from dissect_report.report.photo.view import PhotoView
from dissect_report.report.runtime import STARTER, packed, registered, runtime_file, script_bundle

#: The page's own scripts, once a site.
SCRIPT = PurePosixPath("assets/js/photo.js")
PARTS = (
    STARTER,
    "assets/js/photo/pixels.js",
    "assets/js/photo/units.js",
    "assets/js/photo/cards.js",
    "assets/js/photo/page.js",
)

#: Of the layer whose units are shown.
FILES = {
    "photo.json": "the network as a graph for browsers: how large, how exact",
    "photo.npz": "how the layer's maps reach the grid, and what the network says of the photos to pick",
}


def network_file(photo: PhotoView) -> PurePosixPath:
    """The network as a script."""
    return photo.page.with_name("network.js")


def units_file(photo: PhotoView) -> PurePosixPath:
    """Levels, names and classes."""
    return photo.page.with_name("units.js")


def picture_file(photo: PhotoView, place: int) -> PurePosixPath:
    """A photo that readers can pick."""
    return photo.page.with_name(f"{place}.js")


def data_files(photo: PhotoView) -> Iterator[DataFile]:
    """Everything that the page loads: scripts, what runs networks, data."""
    yield runtime_file()
    yield script_bundle(SCRIPT, PARTS)
    folder, paths = photo.view.layer.summary.folder, photo.view.run.paths
    graph = {"graph": packed(_bytes(paths.network_graph(folder)))}
    yield DataFile(network_file(photo), registered(network_file(photo), graph))
    yield DataFile(units_file(photo), registered(units_file(photo), units_data(photo)))
    for place in range(len(photo.photos)):
        picture = base64.b64encode(_bytes(paths.photo_crop(folder, place))).decode("ascii")
        path = picture_file(photo, place)
        yield DataFile(path, registered(path, {"webp": f"data:image/webp;base64,{picture}"}))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FindingsError(f"{path}: {error.strerror}; run `dissect-report analyze` again") from None


def units_data(photo: PhotoView) -> dict[str, Any]:
    """What the page needs to know of units and classes.

    ``units`` are [level, maximum, name, category, grade] in channel order; ``needs`` and ``pages`` are by
    class index.
    """
    view, arrays = photo.view, photo.view.layer.photo_arrays
    return {
        "units": [_unit(photo, unit) for unit in view.layer.units],
        "folder": link(photo.page, view.addresses.page).removesuffix("index.html"),
        "classes": list(view.run.record.classes),
        "pages": {str(index): href for index, href in photo.class_pages.items()},
        "needs": {str(index): units for index, units in photo.needs.items()},
        "letters": LETTERS,
        "taps": {
            name: [_number(value, 9) if name.endswith("weight") else int(value) for value in arrays[name]]
            for name in ("y_index", "y_weight", "x_index", "x_weight")
        },
        "scores": [_number(value, 6) for value in arrays["pattern_scores"]],
    }


def _number(value: float, digits: int) -> float | None:
    """Rounded; None for what is no number."""
    return float(f"{value:.{digits}g}") if math.isfinite(value) else None


def _unit(photo: PhotoView, unit: UnitRecord) -> list[Any]:
    concept = photo.view.concept(unit.concept)
    category = concept.category if concept and unit.detector else "none"
    level = unit.level if unit.finite and not unit.dead else None
    return [level, unit.maximum, label(unit, concept), category, unit.grade]
