"""Edits of every latent's image, latent by latent: an interruption loses one."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from dissect_report.analysis.cache import digest
from dissect_report.analysis.generation.edits import Edit, Editor
from dissect_report.analysis.held_maps import HeldMaps
from dissect_report.analysis.passes.filling import fill, in_blocks
from dissect_report.findings.paths import TILE


@dataclass
class EditList:
    """Edits in order, each once: the same edit asked for twice is made once."""

    edits: list[Edit] = field(default_factory=list)
    places: dict[Edit, int] = field(default_factory=dict)

    def add(self, edit: Edit) -> int:
        """Index of the edit."""
        if edit not in self.places:
            self.places[edit] = len(self.edits)
            self.edits.append(edit)
        return self.places[edit]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What all latents gave.

    Attributes:
        pixels: int32 [latent, edit, concept + 1].
        inside: int32 [latent, edit, concept + 1] those over the edit's block.
        pictures: uint8 [slot, TILE, TILE, 3].
        unchanged: edits that changed no activation.
        seconds: spent now; less than the whole where a run was resumed.
    """

    pixels: np.ndarray
    inside: np.ndarray
    pictures: np.ndarray
    unchanged: int
    seconds: float


@dataclass(frozen=True, eq=False)
class EditPass:
    """What all passes over one layer share.

    Attributes:
        editor: makes the images.
        maps: of the layer, for every latent.
        key: digest of the network, the layer, and how it is run.
    """

    editor: Editor
    maps: HeldMaps
    key: str

    def run(
        self,
        name: str,
        title: str,
        latents: int,
        edits: Sequence[Edit],
        slots: Mapping[tuple[int, int], int] | None = None,
    ) -> Outcome:
        """Every edit of the images of the first ``latents`` latents.

        Args:
            name: of the cached arrays among the layer's.
            title: for the progress.
            slots: where the picture of (latent, edit) goes.
        """
        setup, slots = self.editor.setup, slots or {}
        name = f"edited.{self.editor.tail.layer.file}.{name}"
        key = digest(self.key, repr(list(edits)), sorted(slots.items()))
        shape = (latents, len(edits), len(setup.segmenter.catalogue) + 1)
        pixels = setup.cache.open(f"{name}.i32", key, shape, np.int32)
        inside = setup.cache.open(f"{name}.inside.i32", key, shape, np.int32)
        shown = (max(slots.values(), default=0) + 1, TILE, TILE, 3)
        drawn = setup.cache.open(f"{name}.u8", key, shown, np.uint8)
        pixels.extra = pixels.extra or {"unchanged": 0}
        begun = time.perf_counter()
        with setup.progress.stage(title, latents * len(edits), "images") as stage:

            def work(latent: int, _: int) -> None:
                own = {edit: slot for (of, edit), slot in slots.items() if of == latent}
                held = self.maps.block(np.array([latent]))
                found = self.editor.run(held, edits, own, latent, stage)
                pixels.values[latent], inside.values[latent] = found.pixels, found.inside
                for edit, slot in own.items():
                    drawn.values[slot] = found.pictures[edit]
                pixels.extra["unchanged"] += found.unchanged

            walk = in_blocks(1, work)
            fill([drawn, inside, pixels], latents, walk, stage, len(edits), seconds=0, tells=True)
        spent = time.perf_counter() - begun
        return Outcome(pixels.values, inside.values, drawn.values, pixels.extra["unchanged"], spent)
