"""Strokes: what an address says, which cells they cover, what they do."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dissect_report.analysis.generation.edits import Edit
from dissect_report.analysis.painting.strokes import (
    Stroke,
    apply_strokes,
    brushed,
    paint,
    read_strokes,
    stroke_units,
)
from dissect_report.errors import ConfigError
from dissect_report.findings.painting import Painting, PaintSet
from dissect_report.findings.records import SCHEMA_VERSION

PAINTING = Painting(
    schema_version=SCHEMA_VERSION, key="", layer="layer", obstacle="", map_size=(6, 8), kept=(), side=8,
    output_range=(-1.0, 1.0), scenes=(0,), sets=(PaintSet(5, (0, 2, 3), (1.0, 0.5, 1.0), (1, 2)),),
    levels=(2.0, 3.0, 4.0, None), insert_quantile=0.005, precision="float16", difference=0.0,
    checked_with="torch", multiplications=1, bytes=1, labels=None, painted=None, notes=(), seconds=0.0,
)  # fmt: skip


def test_a_stroke_is_read_as_it_is_described():
    (stroke,) = read_strokes(["a.c5.80.3.c.2244"], (6, 8))
    assert stroke == Stroke(True, True, 5, 80, 3, ((1, 4), (1, 5), (1, 6), (2, 6), (3, 6)))
    (one,) = read_strokes(["r.u7.100.1.0."], (6, 8))
    assert one == Stroke(False, False, 7, 100, 1, ((0, 0),))


@pytest.mark.parametrize("text", ["", "a.c5.80.3.c", "b.c5.80.3.c.2", "a.c5.80.3.c.9", "a.x5.80.3.c.2"])
def test_what_is_no_stroke_is_refused(text: str):
    with pytest.raises(ConfigError, match="is no stroke"):
        read_strokes([text], (6, 8))


@pytest.mark.parametrize("text", ["a.c5.80.3.zz.", "a.c5.80.3.0.0", "a.c5.80.3.7.2", "a.c5.80.3.8.6"])
def test_a_stroke_that_leaves_the_map_is_refused(text: str):
    with pytest.raises(ConfigError, match="leaves the map, which has 6 x 8"):
        read_strokes([text], (6, 8))


@given(st.integers(1, 9), st.integers(0, 47), st.integers(0, 47))
def test_a_brush_covers_the_cells_within_half_its_width(width: int, first: int, second: int):
    path = [divmod(first, 8), divmod(second, 8)]
    cells = brushed(path, width, (6, 8))
    for row in range(6):
        for column in range(8):
            near = any(np.hypot(row - y, column - x) <= width / 2 for y, x in path)
            assert cells[row, column] == near


def test_painting_at_full_strength_is_an_edit_of_those_cells():
    maps = torch.randn(4, 6, 8, generator=torch.Generator().manual_seed(1))
    cells = np.zeros((6, 8), bool)
    cells[1:3, 2:7] = True
    for values in ((), (2.0, 4.0)):
        edited = maps.clone()
        Edit((0, 2), values, (1, 3, 2, 7)).apply(edited)
        units = {unit: (value, 1.0) for unit, value in zip((0, 2), values or (0.0, 0.0), strict=True)}
        assert np.array_equal(paint(maps.numpy(), cells, units), edited.numpy())


def test_strength_goes_part_of_the_way_and_the_rest_stays():
    maps = np.ones((4, 6, 8), np.float32)
    cells = np.zeros((6, 8), bool)
    cells[0, 0] = True
    made = paint(maps, cells, {1: (3.0, 0.5)}, 0.5)
    assert made[1, 0, 0] == pytest.approx(1.5)
    made[1, 0, 0] = 1
    assert (made == 1).all()


def test_a_set_adds_some_units_and_removes_others():
    add, remove, unit, dead = read_strokes(
        ["a.c5.100.1.0.", "r.c5.100.1.0.", "a.u1.100.1.0.", "a.u3.100.1.0."], (6, 8)
    )
    assert stroke_units(PAINTING, add) == {0: (2.0, 1.0), 2: (4.0, 0.5)}  # unit 3 has no insertion value
    assert stroke_units(PAINTING, remove) == {1: (0.0, 1.0), 2: (0.0, 1.0)}
    assert stroke_units(PAINTING, unit) == {1: (3.0, 1.0)}
    assert stroke_units(PAINTING, dead) == {}


@pytest.mark.parametrize("text", ["a.c9.100.1.0.", "a.u4.100.1.0."])
def test_a_set_that_is_not_there_is_said(text: str):
    with pytest.raises(ConfigError, match=r"concept 9 has no units|no unit 4"):
        apply_strokes(PAINTING, np.zeros((4, 6, 8), np.float32), read_strokes([text], (6, 8)))


def test_strokes_act_one_after_the_other():
    maps = np.zeros((4, 6, 8), np.float32)
    both = apply_strokes(PAINTING, maps, read_strokes(["a.u0.100.1.0.", "r.u0.50.1.0."], (6, 8)))
    assert both[0, 0, 0] == pytest.approx(1.0)
