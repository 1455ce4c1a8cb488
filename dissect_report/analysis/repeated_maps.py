"""A layer's maps made again, image by image, where the disk does not hold them all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from dissect_report.activations.layers import LayerInfo
from dissect_report.activations.recording import record
from dissect_report.activations.upsampling import Upsampling
from dissect_report.analysis.forward import on_grid
from dissect_report.analysis.passes.batches import Batches
from dissect_report.analysis.survey import Survey
from dissect_report.config import ModelConfig


@dataclass(frozen=True)
class RepeatedMaps:
    """A layer's maps where the disk does not hold them all: the forward pass of the asked images, again.

    Reads like an array [image, unit, y, x] sliced by images. Batches begin at the same images as
    in the pass that was cached, so that the values are the same.
    """

    model: nn.Module
    config: ModelConfig
    layer: LayerInfo
    shrink: Upsampling | None
    survey: Survey
    batches: Batches

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """[image, unit, y, x]."""
        height, width = self.layer.map_size if self.shrink is None else (self.shrink.grid, self.shrink.grid)
        return len(self.survey), self.layer.units, height, width

    def __getitem__(self, images: slice) -> np.ndarray:
        first, last, _ = images.indices(len(self.survey))
        start = first - first % self.batches.size
        parts = [self._forward(at) for at in range(start, last, self.batches.size)]
        maps: np.ndarray = np.concatenate(parts)[first - start : last - start]
        return maps

    def _forward(self, start: int) -> np.ndarray:
        stop = min(start + self.batches.size, len(self.survey))
        with torch.inference_mode(), record(self.model, [self.layer]) as recorder:
            inputs = self.survey.inputs(start, stop, self.config, self.batches.device)
            with recorder.stopping():
                self.model(inputs)
            return on_grid(recorder.take()[self.layer.name].cpu().numpy(), self.shrink)
