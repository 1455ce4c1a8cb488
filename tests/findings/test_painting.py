"""Findings for painting that cannot be are refused before anything is drawn of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dissect_report.config import load_config
from dissect_report.errors import FindingsError
from dissect_report.findings.paths import SitePaths
from dissect_report.findings.store import LoadedLayer, load_run, write_arrays, write_record
from tests.synthetic_generation import write_synthetic_generator
from tests.synthetic_painting import write_synthetic_painting


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("painting")
    made = write_synthetic_generator(folder, concepts=14, units=12, images=16, edited=2)
    write_synthetic_painting(made)
    return made


def layer_of(config: Path) -> LoadedLayer:
    (run,) = load_config(config).runs
    loaded = load_run(SitePaths(config.parent).run(run.name).root)
    return list(loaded.layers.values())[-1]


def test_what_was_written_is_read(config: Path):
    layer = layer_of(config)
    assert layer.painting is not None
    assert set(layer.painting_arrays) == {"maps", "samples", "kept0"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"map_size": (3, 3)}, "map_size"),
        ({"levels": (1.0,)}, "levels: of 1 units"),
        ({"scenes": (99,)}, "scenes.0: 99"),
        ({"scenes": ()}, "scenes: none"),
        ({"painted": 99}, "painted: 99"),
        ({"precision": "int8"}, "precision"),
        ({"output_range": (1.0, -1.0)}, "output_range"),
        ({"layer": "another"}, "layer"),
    ],
)
def test_what_cannot_be_is_refused(config: Path, change: dict[str, Any], said: str):
    layer = layer_of(config)
    record, path = layer.painting, layer.paths.painting(layer.summary.folder)
    assert record is not None
    write_record(path, replace(record, **change))
    try:
        with pytest.raises(FindingsError, match=said):
            _ = layer_of(config).painting
    finally:
        write_record(path, record)


@pytest.mark.parametrize(
    ("own", "said"),
    [({"strengths": (1.0,)}, "strengths"), ({"adds": (99,)}, "adds.0: 99"), ({"concept": 0}, "concept: 0")],
)
def test_a_set_that_cannot_be_is_refused(config: Path, own: dict[str, Any], said: str):
    layer = layer_of(config)
    record, path = layer.painting, layer.paths.painting(layer.summary.folder)
    assert record is not None
    write_record(path, replace(record, sets=(replace(record.sets[0], **own),)))
    try:
        with pytest.raises(FindingsError, match=said):
            _ = layer_of(config).painting
    finally:
        write_record(path, record)


@pytest.mark.parametrize("name", ["maps", "kept0", "samples", "other"])
def test_arrays_that_do_not_fit_are_refused(config: Path, name: str):
    layer = layer_of(config)
    arrays, path = layer.painting_arrays, layer.paths.painting_arrays(layer.summary.folder)
    write_arrays(path, arrays | {name: np.zeros(3, np.float32)})
    try:
        with pytest.raises(FindingsError, match=name):
            _ = layer_of(config).painting_arrays
    finally:
        write_arrays(path, arrays)
