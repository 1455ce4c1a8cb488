"""One geometry, read as colour and as labels."""

import numpy as np

from dissect_report.demo.canvas import Canvas, View
from dissect_report.demo.concepts import label
from dissect_report.demo.palette import LIGHTS
from dissect_report.demo.spot import Spot

NOON = next(light for light in LIGHTS if light.name == "noon")
HOUSE, BOAT = label("house", "roof", "tile"), label("boat")


def test_a_box_covers_exactly_the_pixels_it_is_drawn_on() -> None:
    canvas = Canvas(100, NOON)
    canvas.box(10, 20, 30, 60, canvas.paint((200, 100, 50), HOUSE))
    expected = np.zeros((100, 100), dtype=np.uint8)
    expected[20:60, 10:30] = HOUSE[0]
    np.testing.assert_array_equal(canvas.labels()[0], expected)
    assert (canvas.colors()[20:60, 10:30] == (200, 100, 50)).all()


def test_edges_are_smooth_in_colour_and_sharp_in_labels() -> None:
    canvas = Canvas(64, NOON)
    canvas.oval(50, 50, 30, 30, canvas.paint((240, 240, 240), BOAT))
    tones, ids = np.unique(canvas.colors()[..., 0]), np.unique(canvas.labels())
    assert len(tones) > 6
    assert set(ids.tolist()) == {0, BOAT[0]}


def test_what_is_drawn_later_hides_what_was_drawn_before() -> None:
    canvas = Canvas(32, NOON)
    canvas.box(0, 0, 100, 100, canvas.paint((10, 10, 10), HOUSE))
    canvas.box(50, 0, 100, 100, canvas.paint((90, 90, 90), BOAT))
    assert (canvas.labels()[:, :, :16] == np.array(HOUSE)[:, None, None]).all()
    assert (canvas.labels()[:, :, 16:] == np.array(BOAT)[:, None, None]).all()


def test_a_gradient_runs_from_its_first_to_its_last_colour() -> None:
    canvas = Canvas(100, NOON)
    canvas.box(0, 0, 101, 101, canvas.paint((0, 0, 0), HOUSE, to=(200, 200, 200), span=(0, 100)))
    column = canvas.colors()[:, 50, 0]
    assert (np.diff(column) >= 0).all()
    assert column[0] < 5
    assert column[-1] > 195


def test_distance_fades_into_the_haze_and_night_darkens_all_but_lamps() -> None:
    night = Canvas(16, next(light for light in LIGHTS if light.name == "night"))
    noon = Canvas(16, NOON)
    for canvas in (night, noon):
        canvas.box(0, 0, 101, 101, canvas.paint((200, 200, 200), HOUSE))
    lamp = Canvas(16, night.light)
    lamp.box(0, 0, 101, 101, lamp.paint((200, 200, 200), HOUSE, glow=1.0))
    far = Canvas(16, NOON)
    far.box(0, 0, 101, 101, far.paint((0, 0, 0), HOUSE, far=1.0))
    assert night.colors().mean() < noon.colors().mean() - 50
    assert lamp.colors().mean() > noon.colors().mean() - 1
    assert np.abs(far.colors()[8, 8] - NOON.haze).max() <= 1


def test_a_spot_mirrors_and_scales_what_is_drawn_in_it() -> None:
    left, right = Canvas(100, NOON), Canvas(100, NOON)
    for canvas, turn in ((left, -1), (right, 1)):
        spot = Spot(canvas, 50, 50, 10, turn=turn)
        spot.shape(spot.paint((0, 0, 0), BOAT), 0, 0, 2, 0, 2, 1)
    columns = np.flatnonzero(right.labels()[0].any(axis=0))
    rows = np.flatnonzero(right.labels()[0].any(axis=1))
    assert columns.min() >= 50
    assert 68 <= columns.max() <= 70
    assert 40 <= rows.min() <= 41
    assert rows.max() <= 50
    mirrored = left.labels()[0][:, ::-1]
    assert (mirrored != right.labels()[0]).mean() < 0.01


def test_a_view_is_that_part_of_the_whole_seen_as_large_as_the_picture() -> None:
    whole, part = Canvas(200, NOON), Canvas(100, NOON, View(25, 40, 50))
    for canvas in (whole, part):
        canvas.box(0, 0, 101, 101, canvas.paint((0, 0, 0), HOUSE, to=(200, 200, 200), span=(30, 90)))
        canvas.polygon((30, 95, 52, 45, 70, 85), canvas.paint((200, 40, 40), BOAT))
        canvas.oval(60, 60, 12, 9, canvas.paint((40, 200, 40), HOUSE))
        canvas.blob(40, 60, 8, 6, 3, canvas.paint((40, 40, 200), BOAT))
        canvas.line((20, 42, 80, 88), 2, canvas.paint((250, 250, 250), HOUSE))
        canvas.sun(60, 50, 10, (40, 40, 40))
    np.testing.assert_array_equal(part.labels(), whole.labels()[:, 80:180, 50:150])
    np.testing.assert_allclose(part.colors(), whole.colors()[80:180, 50:150], atol=1.01)
