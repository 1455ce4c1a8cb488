"""What trying a photo needs of a made-up classifier; the graph is none: nothing here runs it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from dissect_report.config import load_config
from dissect_report.findings.paths import SitePaths
from dissect_report.findings.photo import Photo
from dissect_report.findings.records import SCHEMA_VERSION
from dissect_report.findings.store import load_run, write_arrays, write_atomically, write_record
from tests.synthetic_scenes import encode

PHOTOS = (1, 4, 7)


def write_synthetic_photo(config: Path, obstacle: str = "") -> None:
    """For the last layer of every run of a site that ``write_synthetic_site`` wrote."""
    for run in load_config(config).runs:
        loaded = load_run(SitePaths(config.parent).run(run.name).root)
        layer = list(loaded.layers.values())[-1]
        folder, grid = layer.summary.folder, loaded.record.grid
        record = Photo(
            schema_version=SCHEMA_VERSION, key="made up", layer=layer.summary.name, obstacle="",
            map_size=(14, 14), side=224, outside="border", photos=PHOTOS, precision="float16",
            scores_difference=0.0012, maps_difference=0.0009, checked_with="onnxruntime 1.20",
            multiplications=356_000_000, bytes=1_800_000, seconds=3.2,
        )  # fmt: skip
        if obstacle:
            write_record(loaded.paths.photo(folder), replace(record, obstacle=obstacle, photos=(), bytes=0))
            continue
        write_record(loaded.paths.photo(folder), record)
        write_atomically(loaded.paths.network_graph(folder), b"no graph")
        picture = encode(Image.new("RGB", (224, 224), "#9ab"), "WEBP", lossless=True)
        for place in range(len(PHOTOS)):
            write_atomically(loaded.paths.photo_crop(folder, place), picture)
        classes, units = len(loaded.record.classes), layer.summary.units
        index, weight = np.zeros(grid, np.int32), np.full(grid, 0.25, np.float32)
        write_arrays(
            loaded.paths.photo_arrays(folder),
            {
                "y_index": index, "y_weight": weight, "x_index": index, "x_weight": weight,
                "pattern_scores": np.linspace(-1, 1, classes, dtype=np.float32),
                "pattern_peaks": np.ones(units, np.float32),
                "scores": np.zeros((len(PHOTOS), classes), np.float32),
                "peaks": np.zeros((len(PHOTOS), units), np.float32),
            },
        )  # fmt: skip
