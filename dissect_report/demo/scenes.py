"""Labelled scenes of a small drawn world: the same index and seed give the same bytes, always.

Drawing speed: ``python -m dissect_report.demo.scenes`` draws 300 of 128x128 and prints scenes a second.
"""

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dissect_report.demo.canvas import WHOLE, Canvas, View
from dissect_report.demo.concepts import CHANNELS, CONCEPTS, DemoConcept
from dissect_report.demo.dice import Dice
from dissect_report.demo.palette import AUTUMN, SEASONS, SPRING, SUMMER, hour
from dissect_report.demo.places import PLACES
from dissect_report.demo.weather import finish

__all__ = ["CHANNELS", "CONCEPTS", "SCENE_CLASSES", "DemoConcept", "Scene", "draw_scene"]

SCENE_CLASSES: tuple[str, ...] = tuple(PLACES)
_SNOWLESS = {"desert", "beach"}
_WET = {"overcast", "dawn", "dusk"}


@dataclass(frozen=True)
class Scene:
    """One drawn picture and all that is true of it.

    Attributes:
        image: RGB, uint8 [y, x, 3].
        labels: concept ids, uint8 [3, y, x]: object, part, material; 0 = unlabelled.
        scene_class: index into SCENE_CLASSES.
    """

    image: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    scene_class: int


def draw_scene(index: int, seed: int = 0, size: int = 128) -> Scene:
    """Draws scene number `index` of the set `seed`.

    The class goes round: index modulo the number of classes. Light, season, weather, distances and everything
    else come from (seed, index) alone; the size changes the resolution, not the scene.

    Args:
        index: 0 or more.
        seed: 0 or more; another seed is another world of scenes.
        size: side of the square picture in pixels, at least 16.

    Raises:
        ValueError: index or seed below 0, or size below 16.
    """
    if index < 0 or seed < 0 or size < 16:
        raise ValueError(f"draw_scene needs index >= 0, seed >= 0, size >= 16, got {index}, {seed}, {size}")
    dice = Dice(seed, index)
    number = index % len(SCENE_CLASSES)
    name = SCENE_CLASSES[number]
    season = dice.pick((SPRING, SUMMER, AUTUMN) if name in _SNOWLESS else SEASONS)
    canvas = Canvas(size, hour(dice), _view(dice))
    PLACES[name](canvas, dice, season)
    labels = canvas.labels()
    cold = season.snow or name == "ski resort"
    snowing = name not in _SNOWLESS and cold and dice.chance(0.35)
    raining = not cold and name != "desert" and canvas.light.name in _WET and dice.chance(0.4)
    mist = dice.between(0.15, 0.5) if dice.chance(0.18) else 0.0
    image = finish(canvas.colors(), labels, canvas.light, (seed, index),
                   snowing=snowing, mist=mist, raining=raining)  # fmt: skip
    return Scene(image, labels, number)


def _view(dice: Dice) -> View:
    """All of the place, or, mostly, a part of it: the eye does not always see what a place is known by."""
    if dice.chance(0.35):
        return WHOLE
    side = dice.between(68, 100)
    return View(dice.between(0, 100 - side), dice.between(0, 100 - side), side)


if __name__ == "__main__":
    start = time.process_time()
    for scene in range(300):
        draw_scene(scene)
    print(f"{300 / (time.process_time() - start):.0f} scenes of 128x128 a second of one core")
