"""What painting needs of a made-up generator; the graphs are none: nothing here runs them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from dissect_report.config import load_config
from dissect_report.findings.painting import LabelGraph, Painting, PaintSet
from dissect_report.findings.paths import SitePaths
from dissect_report.findings.records import SCHEMA_VERSION
from dissect_report.findings.store import LoadedLayer, load_run, write_arrays, write_atomically, write_record
from tests.synthetic_scenes import encode


def write_synthetic_painting(config: Path, obstacle: str = "", counted: bool = True) -> None:
    """For the last edited layer of every generator of a site that ``write_synthetic_generator`` wrote."""
    for run in load_config(config).runs:
        if run.is_generator:
            loaded = load_run(SitePaths(config.parent).run(run.name).root)
            layer = [layer for layer in loaded.layers.values() if layer.generation][-1]
            record = _record(layer, counted, len(loaded.record.concepts))
            folder = layer.summary.folder
            if obstacle:
                blank = replace(record, scenes=(), sets=(), levels=(), labels=None, bytes=0)
                write_record(loaded.paths.painting(folder), replace(blank, obstacle=obstacle))
                continue
            write_record(loaded.paths.painting(folder), record)
            write_atomically(loaded.paths.tail(folder), b"no graph")
            write_atomically(loaded.paths.label_graph(folder), b"no graph")
            maps = np.zeros((6, layer.summary.units, 14, 14), np.float16)
            samples = np.zeros((6, 3, 8, 8), np.float32)
            styles = np.ones((6, 4), np.float32)
            write_arrays(
                loaded.paths.painting_arrays(folder), {"maps": maps, "kept0": styles, "samples": samples}
            )
            picture = Image.new("RGB", (512, 256), "#9ab")
            write_atomically(loaded.paths.painted(folder), encode(picture, "WEBP", quality=60, method=0))


def _record(layer: LoadedLayer, counted: bool, concepts: int) -> Painting:
    found = layer.generation
    assert found is not None
    levels = layer.arrays["level"] * 1.2
    return Painting(
        schema_version=SCHEMA_VERSION, key="made up", layer=layer.summary.name, obstacle="",
        map_size=(14, 14), kept=((4,),), side=64, output_range=(-1.0, 1.0), scenes=tuple(range(6)),
        sets=tuple(
            PaintSet(e.concept, e.insert_units, e.insert_strengths, e.curves[0].units[:20])
            for e in found.concepts
        ),
        levels=tuple(None if unit.dead else float(v) for unit, v in zip(layer.units, levels, strict=True)),
        insert_quantile=0.005, precision="float16", difference=0.013, checked_with="onnxruntime 1.20",
        multiplications=356_000_000, bytes=950_000,
        labels=LabelGraph("demo", 0, concepts - 2, 32, 2_600_000, 0.0) if counted else None,
        painted=found.concepts[0].concept,
        notes=() if counted else ("no pixels are counted, the segmenter masks cannot go along: no network",),
        seconds=3.2,
    )  # fmt: skip
