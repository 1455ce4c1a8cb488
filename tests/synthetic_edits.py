"""A made-up generator's images with units changed: label maps and small pictures, edited by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from dissect_report.analysis.outlines import BOX
from dissect_report.findings.paths import TILE
from dissect_report.findings.records import Run
from dissect_report.findings.store import LoadedLayer
from tests.synthetic_scenes import encode

PLACES = 8


@dataclass
class EditedScenes:
    """The first latents of a run, as one layer's units change them."""

    run: Run
    layer: LoadedLayer
    latents: int
    insert_latents: int

    @property
    def grid(self) -> int:
        return self.run.grid

    @property
    def width(self) -> int:
        """Of a concept axis."""
        return len(self.run.concepts) + 1

    @cached_property
    def labels(self) -> np.ndarray:
        """[latent, depth, y, x] concept ids, read back from the segmentations."""
        by_color = {tuple(bytes.fromhex(c.color[1:])): c.id for c in self.run.concepts}
        maps = []
        for latent in range(self.latents):
            with Image.open(self.layer.paths.segmentation(latent)) as picture:
                pixels = np.asarray(picture.convert("RGBA"))
            flat = [by_color.get(tuple(p[:3]), 0) if p[3] else 0 for p in pixels.reshape(-1, 4).tolist()]
            maps.append(np.reshape(flat, (self.run.depth, self.grid, self.grid)))
        return np.stack(maps)

    @cached_property
    def pictures(self) -> list[Image.Image]:
        return [Image.open(self.layer.paths.thumbnail(i)).convert("RGB") for i in range(self.latents)]

    @cached_property
    def intact(self) -> np.ndarray:
        return np.stack([self.areas(labels) for labels in self.labels])

    @cached_property
    def place_labels(self) -> np.ndarray:
        return self.labels_at(PLACES)[: self.insert_latents]

    def labels_at(self, side: int) -> np.ndarray:
        """[latent, place, depth] in the middles of ``side`` x ``side`` places."""
        middles = [sum(self.span(place, side)) // 2 for place in range(side)]
        found = self.labels[:, :, middles][:, :, :, middles]
        return found.reshape(self.latents, self.run.depth, -1).transpose(0, 2, 1).astype(np.int64)

    def areas(self, labels: np.ndarray) -> np.ndarray:
        """[concept + 1] grid pixels that carry it."""
        present = [(labels == c).any(0).sum() for c in range(1, len(self.run.concepts) + 1)]
        return np.array([0, *present])

    def removed(self, latent: int, concept: int, portion: float) -> np.ndarray:
        """Labels with a portion of the concept given to the largest other one; a negative one adds some."""
        labels = self.labels[latent].copy()
        flat = labels.reshape(-1)
        own = np.flatnonzero(flat == concept)
        cells = round(abs(portion) * len(own))
        if portion >= 0:
            order = np.argsort(-self.intact.sum(0), kind="stable")
            flat[own[:cells]] = next((int(c) for c in order if c != concept), 0)
        else:
            flat[np.flatnonzero(flat != concept)[-cells:] if cells else own[:0]] = concept
        return labels

    def inserted(self, latent: int, concept: int, place: int | None, side: int = PLACES) -> np.ndarray:
        """Labels with the concept at a place, or everywhere; some contexts take none of it."""
        labels = self.labels[latent].copy()
        for at in range(side**2) if place is None else (place,):
            (top, bottom), (left, right) = (self.span(at // side, side), self.span(at % side, side))
            context = int(self.labels[latent, 0, (top + bottom) // 2, (left + right) // 2])
            rows = round((bottom - top) * ((context * 7 + concept) % 3) / 2)
            labels[0, bottom - rows : bottom, left:right] = concept
        return labels

    def span(self, place: int, side: int) -> tuple[int, int]:
        return place * self.grid // side, (place + 1) * self.grid // side

    def picture(self, latent: int, labels: np.ndarray) -> Image.Image:
        """The thumbnail, where labels changed in the concept's colour, or in a haze where nothing is left."""
        changed = (labels != self.labels[latent]).any(0)
        colors = {c.id: tuple(bytes.fromhex(c.color[1:])) for c in self.run.concepts}
        paint = np.asarray(self.pictures[latent].resize((self.grid, self.grid))).copy()
        for y, x in zip(*np.nonzero(changed), strict=True):
            label = int(labels[(labels != self.labels[latent])[:, y, x].argmax(), y, x])
            paint[y, x] = colors.get(label, (190 - y, 205 - y, 215 - y))
        over = Image.fromarray(paint).resize((TILE, TILE), Image.Resampling.NEAREST)
        mask = Image.fromarray((changed * 255).astype(np.uint8)).resize(
            (TILE, TILE), Image.Resampling.NEAREST
        )
        return Image.composite(over, self.pictures[latent].resize((TILE, TILE)), mask)

    def write_sheet(self, path: Path, rows: Sequence[Sequence[Image.Image]]) -> None:
        made = Image.new("RGB", (TILE * len(rows[0]), TILE * len(rows)))
        for y, row in enumerate(rows):
            for x, picture in enumerate(row):
                made.paste(picture, (x * TILE, y * TILE))
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(encode(made, "WEBP", quality=60, method=0))


def outline(changed: np.ndarray) -> str:
    """The border of the changed cells as an SVG path in the box of outlines; "" if there are none."""
    inside, step = np.pad(changed, 1), BOX / len(changed)
    lines = []
    for y, x in zip(*np.nonzero(inside[1:, :] != inside[:-1, :]), strict=True):
        lines.append(f"M{(x - 1) * step:.0f} {y * step:.0f}h{step:.0f}")
    for y, x in zip(*np.nonzero(inside[:, 1:] != inside[:, :-1]), strict=True):
        lines.append(f"M{x * step:.0f} {(y - 1) * step:.0f}v{step:.0f}")
    return "".join(lines)
