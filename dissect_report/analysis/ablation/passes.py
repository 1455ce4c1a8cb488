"""Predictions with sets of units removed, over all images of a split: block by block, resumable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dissect_report.analysis.ablation.removals import Nest, Outcome, Remover
from dissect_report.analysis.ablation.splits import LabelledImages
from dissect_report.analysis.cache import Cache, digest
from dissect_report.analysis.held_maps import HeldMaps
from dissect_report.analysis.passes.filling import fill, in_blocks
from dissect_report.analysis.progress import Progress

#: Images a block at most: what an interruption can lose.
BLOCK = 128


@dataclass(frozen=True, eq=False)
class RemovalPass:
    """What all passes over one layer share.

    Attributes:
        remover: replaces units.
        cache: predictions of finished blocks.
        key: digest of the network, the layer, and how it is run.
        progress: told images x sets.
    """

    remover: Remover
    cache: Cache
    key: str
    progress: Progress

    def predict(
        self, name: str, maps: HeldMaps, images: LabelledImages, nests: Sequence[Nest], title: str
    ) -> Outcome:
        """Predictions of every image of ``images`` with every set of ``nests``; column 0 is intact.

        Args:
            name: of the cached arrays among the layer's.
        """
        name = f"removed.{self.remover.tail.layer.file}.{name}"
        columns = 1 + sum(nest.columns for nest in nests)
        key = digest(
            self.key, images.survey.digest, images.indices.tolist(), images.labels.tolist(),
            [(nest.units.tolist(), nest.sizes, nest.removed, nest.kept) for nest in nests],
        )  # fmt: skip
        decider, size = self.remover.decider, (len(images), columns)
        predicted = self.cache.open(f"{name}.answers", key, (*size, *decider.shape), decider.kind)
        margin = self.cache.open(f"{name}.f32", key, (*size, *images.labels.shape[1:]), np.float32)
        notes = predicted.extra = predicted.extra or {"unchanged": 0, "close": 0}

        def work(first: int, last: int) -> None:
            held = maps.block(images.indices[first:last])
            part = self.remover.predict(held, images.labels[first:last], nests)
            predicted.values[first:last], margin.values[first:last] = part.predicted, part.margin
            notes["unchanged"] += part.unchanged
            notes["close"] += part.close

        walk = in_blocks(self._block(images, maps), work)
        with self.progress.stage(title, len(images) * columns, "images x sets") as stage:
            fill([margin, predicted], len(images), walk, stage, columns, seconds=0)
        return Outcome(predicted.values, margin.values, notes["unchanged"], notes["close"])

    def _block(self, images: LabelledImages, maps: HeldMaps) -> int:
        """Images whose maps, and three values of that size, fit half the memory."""
        one = maps.block(images.indices[:1])
        size = sum(value.numel() * 4 for value in (one.recorded, *one.kept))
        return int(np.clip(self.remover.memory // (8 * size), 1, BLOCK))
