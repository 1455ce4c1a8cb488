"""Tick boxes that remove units: what the page is told, and the data file of a pooling and linear tail."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from dissect_report.report.ablation.view import AblationView
from dissect_report.report.page import DataFile
from dissect_report.report.templating import script_json

#: Characters of a data file at most: 4 MB.
MOST = 4_000_000
#: What base64 makes of a byte.
_GROWTH = 4 / 3
#: Largest weight as it is shipped, where float32 would be too much.
_STEPS = 32767
#: Units with a tick box of their own; the others are reached by number.
TICKED = 20


def live_config(removals: AblationView, target: int) -> dict[str, Any]:
    """What the tick boxes of one target need to know, apart from the data file.

    ``stored`` lists sets of units with the balanced accuracy and the accuracy that the run found.
    """
    record = removals.record
    own = record.targets[target]
    before = own.balanced_accuracy
    live = record.live and live_images(removals) > 0
    stored: list[list[Any]] = [[[], before, record.accuracy]]
    for unit in own.units if live else ():
        if before is not None and unit.evaluation_loss is not None:
            stored.append([[unit.unit], before - unit.evaluation_loss, None])
    order = [int(unit) for unit in removals.arrays["order"][target]]
    for size in record.set_sizes:
        row = removals.rows[target, "removed", size]
        stored.append([order[:size], row.balanced_accuracy, row.accuracy])
    for row in record.rows:
        if row.target == target and row.kind == "removed" and row.name:
            stored.append([sorted(set(record.sets[row.name])), row.balanced_accuracy, row.accuracy])
    stored += [[list(c.units), c.balanced_accuracy, c.accuracy] for c in own.combinations]
    return {
        "live": live,
        "file": str(removals.view.addresses.live.with_suffix("")),
        "members": list(own.classes),
        "order": order,
        "sizes": list(record.set_sizes),
        "stored": stored,
        "random": {
            str(row.size): [list(pair) for pair in zip(row.draws, row.accuracy_draws, strict=True)]
            for row in record.rows
            if row.target == target and row.kind == "random" and live
        },
    }


def live_images(removals: AblationView) -> int:
    """Evaluation images that fit into the data file; 0 where the network alone is too large for it."""
    if not removals.record.live:
        return 0
    images, units = removals.arrays["pooled"].shape
    room = MOST / _GROWTH - _weight_bytes(removals) - 40 * units - 8 * removals.arrays["random_order"].size
    labels = 4 * removals.arrays["label"].size // max(1, images)
    return int(min(images, room // (units + labels))) if room > units else 0


def _weight_bytes(removals: AblationView) -> int:
    classes, units = removals.arrays["weight"].shape
    return int(classes * (units * (4 if _whole(removals) else 2) + 8))


def _whole(removals: AblationView) -> bool:
    """Whether weights and images fit as they are."""
    arrays = removals.arrays
    return bool((arrays["pooled"].size + 4 * arrays["weight"].size) * _GROWTH < 0.9 * MOST)


def live_file(removals: AblationView) -> DataFile | None:
    """The data of the tick boxes; None where another tail lies behind the layer, or it is too large.

    Arrays travel as base64 of their bytes, smallest end first: ``pooled`` uint8 [image, unit], ``label``
    int32 [image], or [image, carried] where every class is decided by itself, the others float32. Weights are
    float32 [class, unit], or int16 with one ``step`` a class.
    """
    images = live_images(removals)
    if not images:
        return None
    arrays = removals.arrays
    # An even choice where not all fit.
    chosen = np.linspace(0, len(arrays["pooled"]) - 1, images).round().astype(int)
    weight, step = arrays["weight"].astype("<f4"), np.ones(len(arrays["weight"]), "<f4")
    if not _whole(removals):
        step = (np.maximum(np.abs(weight).max(1), 1e-30) / _STEPS).astype("<f4")
        weight = np.rint(weight / step[:, None]).astype("<i2")
    data = {
        "images": images,
        "units": int(weight.shape[1]),
        "classes": int(weight.shape[0]),
        "pooled": _bytes(arrays["pooled"][chosen]),
        "each": removals.words.each,
        "label": _bytes(arrays["label"][chosen].astype("<i4")),
        "weight": _bytes(weight),
        "short": weight.dtype.itemsize == 2,
        "step": _bytes(step),
        **{name: _bytes(arrays[name].astype("<f4")) for name in ("scale", "offset", "bare", "removed_value")},
        "draws": arrays["random_order"].tolist(),
    }
    path = removals.view.addresses.live
    name = script_json(str(path.with_suffix("")))
    return DataFile(path, f"dissect.register({name},{script_json(data)});\n")


def _bytes(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")
