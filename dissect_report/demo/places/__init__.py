"""The ten kinds of scene, each a recipe of backdrop, things and clutter."""

from collections.abc import Callable

from dissect_report.demo.canvas import Canvas
from dissect_report.demo.dice import Dice
from dissect_report.demo.palette import Season
from dissect_report.demo.places.settled import city, farm, garden, village
from dissect_report.demo.places.waters import beach, harbor, lake
from dissect_report.demo.places.wild import desert, forest, ski_resort

Place = Callable[[Canvas, Dice, Season], None]

PLACES: dict[str, Place] = {
    "village": village,
    "ski resort": ski_resort,
    "harbor": harbor,
    "forest": forest,
    "desert": desert,
    "city": city,
    "farm": farm,
    "beach": beach,
    "lake": lake,
    "garden": garden,
}
"""Name of a class -> what draws one of its scenes on an empty canvas."""
