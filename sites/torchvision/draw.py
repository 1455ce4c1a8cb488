"""Draws pictures and masks in the layout that README.md describes, to try the example without photos.

A folder that is there already is left alone.
"""

import sys
from pathlib import Path

from PIL import Image

from dissect_report.demo.scenes import CONCEPTS, SCENE_CLASSES, draw_scene

HERE = Path(__file__).parent
#: What ImageNet calls some of the drawn places.
CLASSES = {"lake": "lakeside", "beach": "seashore", "farm": "barn", "harbor": "dock"}


def draw(folder: Path, images: int = 80) -> None:
    """Writes photos, masks and the list of concepts below ``folder``."""
    wanted = [SCENE_CLASSES.index(place) for place in CLASSES]
    names = list(CLASSES.values())
    for number in range(images):
        index = wanted[number % len(wanted)] + len(SCENE_CLASSES) * (number // len(wanted))
        scene, name = draw_scene(index, seed=1, size=256), names[number % len(wanted)]
        for kind, pixels in (("photos", scene.image), ("masks", scene.labels[0])):
            path = folder / kind / name / f"{number:04}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)
    objects = [concept for concept in CONCEPTS if concept.category == "object"]
    lines = [f"{concept.id},{concept.name},{concept.category}" for concept in objects]
    (folder / "concepts.csv").write_text("\n".join(["id,name,category", *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    for kind in ("photos", "masks", "concepts.csv"):
        if (HERE / kind).exists():
            sys.exit(f"{HERE / kind}: is there already; nothing was drawn")
    draw(HERE)
