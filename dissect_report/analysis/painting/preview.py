"""One scene, intact and painted: what the home page and shared links show of the page."""

from __future__ import annotations

import io

import numpy as np
import torch
from PIL import Image

from dissect_report.activations.tail import Held, Tail
from dissect_report.analysis.painting.strokes import paint
from dissect_report.findings.generation import ConceptEdits, Generation
from dissect_report.findings.painting import PaintSet

#: Side of each of the two pictures.
SIDE = 256

#: Between them, transparent.
GAP = 8

#: Places painted, of those where the concept takes best.
PLACES = 6


def best_scene(record: Generation, scenes: int) -> tuple[ConceptEdits, int] | None:
    """The concept and the scene in which it takes best; None where none takes anywhere."""
    tried = [
        (sum(sorted(added)[-PLACES:]), edits, latent)
        for edits in record.concepts
        for latent, added in enumerate(edits.lattice_added[:scenes])
        if added and max(added) > 0
    ]
    if not tried:
        return None
    _, edits, latent = max(tried, key=lambda one: (one[0], -one[1].concept, -one[2]))
    return edits, latent


def painted_picture(
    tail: Tail, held: Held, own: PaintSet, levels: np.ndarray, edits: ConceptEdits, latent: int,
    places: tuple[int, int], output_range: tuple[float, float],
) -> bytes:  # fmt: skip
    """WebP of the intact scene beside the one with the concept painted where it takes best.

    Args:
        held: of the scene.
        places: rows and columns of the lattice of places.
    """
    maps = held.recorded[0].float().cpu().numpy()
    order = np.argsort(-np.array(edits.lattice_added[latent]), kind="stable")[:PLACES]
    chosen = np.zeros(places, bool)
    chosen.flat[order] = True
    rows, columns = (np.arange(size) * n // size for size, n in zip(maps.shape[1:], places, strict=True))
    units = {
        unit: (float(levels[unit]), strength)
        for unit, strength in zip(own.adds, own.strengths, strict=True)
        if np.isfinite(levels[unit])
    }
    made = paint(maps, chosen[np.ix_(rows, columns)], units)
    low, high = output_range
    shown = []
    for each in (maps, made):
        with torch.inference_mode():
            image = tail.run(torch.from_numpy(each)[None].to(held.recorded.device), held.kept)
        pixels = (image[0].float().clamp(low, high) - low) / (high - low) * 255
        picture = Image.fromarray(pixels.round().byte().permute(1, 2, 0).cpu().numpy())
        shown.append(picture.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    both = Image.new("RGBA", (2 * SIDE + GAP, SIDE))
    for place, picture in enumerate(shown):
        both.paste(picture, (place * (SIDE + GAP), 0))
    stream = io.BytesIO()
    both.save(stream, "WEBP", quality=80, method=4)
    return stream.getvalue()
