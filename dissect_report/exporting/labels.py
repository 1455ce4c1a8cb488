"""A segmenter as a graph: an image's labels on the grid, as the run measured them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dissect_report.errors import DissectError, ExportError
from dissect_report.exporting.graph import export_graph
from dissect_report.sources.segmenters.protocol import Segmenter

#: Name of the graph's input, RGB in the generator's own range, and of its output.
IMAGE, LABELS = "image", "labels"


class LabelModule(nn.Module):
    """Image [1, 3, y, x] in the generator's range -> positions in the segmenter's catalogue, int32."""

    def __init__(self, segmenter: Segmenter, grid: int, output_range: tuple[float, float]) -> None:
        super().__init__()
        self._segmenter = [segmenter]
        self.grid = grid
        self.low, self.high = output_range

    def forward(self, image: Tensor) -> Tensor:
        """Labels [1, depth, grid, grid]; 0 = no concept."""
        unit = (image.clamp(self.low, self.high) - self.low) / (self.high - self.low)
        labels = self._segmenter[0].label(unit, ["generated"], self.grid)
        return labels.to(torch.int32)


def export_labels(
    segmenter: Segmenter, example: Tensor, grid: int, output_range: tuple[float, float]
) -> tuple[bytes, LabelModule]:
    """The graph of a segmenter for one image of ``example``'s shape, and the module it was made of.

    Raises:
        ExportError: naming what stands in the way.
    """
    module = LabelModule(segmenter, grid, output_range)
    try:
        return export_graph(module, {IMAGE: example}, [LABELS]), module
    except ExportError:
        raise
    except DissectError as error:
        raise ExportError(str(error)) from error
