"""The pictures of a made-up run: simple scenes with their labels, segmentations and thumbnails."""

from __future__ import annotations

import colorsys
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from dissect_report.findings.paths import TILE
from dissect_report.findings.records import ConceptRecord

GRID, CROP, DEPTH = 28, 112, 2


def draw_scene(
    random: np.random.Generator, concepts: Sequence[ConceptRecord]
) -> tuple[Image.Image, np.ndarray]:
    """A picture of CROP pixels with its labels [depth, y, x]: coloured shapes on two bands."""
    hues = ((0.55 + 0.1 * random.random(), 0.8, 0.6), (0.2 + 0.2 * random.random(), 0.5, 0.45))
    above, below = (tuple(int(255 * c) for c in colorsys.hls_to_rgb(*hue)) for hue in hues)
    picture = Image.new("RGB", (CROP, CROP), above)
    planes = [Image.new("I", (CROP, CROP), 0) for _ in range(DEPTH)]
    draw, marks = ImageDraw.Draw(picture), [ImageDraw.Draw(plane) for plane in planes]
    horizon = int(random.integers(45, 75))
    draw.rectangle((0, horizon, CROP, CROP), fill=below)
    marks[0].rectangle((0, 0, CROP, horizon), fill=concepts[0].id)
    marks[0].rectangle((0, horizon, CROP, CROP), fill=concepts[min(6, len(concepts) - 1)].id)
    for _ in range(6):
        concept = concepts[int(random.integers(len(concepts)))]
        x, y = (int(value) for value in random.integers(5, 80, 2))
        side = int(random.integers(12, 45))
        shape = "ellipse" if concept.id % 2 else "rectangle"
        box = (x, y, x + side, y + int(side * 0.8))
        getattr(draw, shape)(box, fill=concept.color, outline="#333333")
        getattr(marks[int(concept.category == "color")], shape)(box, fill=concept.id)
    step = CROP // GRID
    return picture, np.stack([np.asarray(plane)[step // 2 :: step, step // 2 :: step] for plane in planes])


def thumbnail(picture: Image.Image) -> bytes:
    """The small picture of a probe image."""
    return encode(picture.resize((TILE, TILE)), "WEBP", quality=70)


def segmentation(labels: np.ndarray, concepts: Sequence[ConceptRecord]) -> bytes:
    """Labels [depth, y, x] as a paletted PNG, channels stacked from top to bottom."""
    colors = {concept.id: tuple(bytes.fromhex(concept.color[1:])) for concept in concepts}
    stacked = labels.reshape(-1, labels.shape[-1])
    ids, indices = np.unique(np.append(0, stacked), return_inverse=True)
    image = Image.fromarray(indices[1:].reshape(stacked.shape).astype(np.uint8)).convert("P")
    image.putpalette([value for i in ids for value in colors.get(int(i), (0, 0, 0))])
    return encode(image, "PNG", transparency=0)


def color(index: int) -> str:
    """Well apart, never black, unique for thousands."""
    hue, light = (index * 0.61803) % 1, 0.35 + 0.3 * ((index * 0.37) % 1)
    rgb = [int(255 * c) for c in colorsys.hls_to_rgb(hue, light, 0.55 + 0.4 * ((index * 0.73) % 1))]
    return "#" + bytes(rgb).hex()


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def outline(random: np.random.Generator) -> str:
    """Path data of a mask: a round shape somewhere in the box of 1000."""
    angles = np.linspace(0, 2 * np.pi, 25)[:-1]
    x, y = random.integers(250, 750, 2)
    radius = random.integers(80, 240) * (1 + 0.15 * np.sin(angles * 3))
    across, down = x + radius * np.cos(angles), y + radius * np.sin(angles)
    return "M" + "L".join(f"{px:.0f} {py:.0f}" for px, py in zip(across, down, strict=True)) + "Z"
