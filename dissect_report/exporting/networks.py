"""A whole classifier as a graph, with a layer's maps beside its scores and a factor for each of its units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from dissect_report.activations.class_output import ClassOutput
from dissect_report.activations.interventions import replaced
from dissect_report.activations.layers import LayerInfo
from dissect_report.exporting.graph import export_graph
from dissect_report.sources.probe import LUMA, rgb

#: Names of the graph's inputs: RGB of 0 to 255, and what each unit's map is multiplied by.
PHOTO, KEEP = "photo", "keep"
#: Names of its outputs: logits, and the layer's maps as they are recorded, before they are multiplied.
SCORES, MAPS = "scores", "maps"


@dataclass(frozen=True)
class Normalisation:
    """What the network's input is made of pixels by: one value a channel, see ``prepare_input``."""

    mean: Sequence[float]
    std: Sequence[float]


class NetworkModule(nn.Module):
    """A classifier as a module of one photo, [1, 3, y, x] of 0 to 255, and a factor for each unit."""

    def __init__(
        self, model: nn.Module, layer: LayerInfo, output: ClassOutput, normalisation: Normalisation
    ) -> None:
        super().__init__()
        self.model = model
        self.layer = layer
        self.output = output
        self.normalisation = normalisation

    def forward(self, photo: Tensor, keep: Tensor) -> tuple[Tensor, Tensor]:
        """Logits [1, class] with the units multiplied by ``keep``, and the maps before that."""
        taken: list[Tensor] = []

        def change(maps: Tensor) -> Tensor:
            taken.append(maps)
            return maps * keep.to(maps.dtype).view(1, -1, 1, 1)

        images = prepared(photo, self.normalisation)
        with replaced(self.model, self.layer, change):
            scores = self.output.read(lambda: self.model(images))
        return scores, self.layer.reading.maps(taken[0]).float()


def prepared(photo: Tensor, normalisation: Normalisation) -> Tensor:
    """As ``sources.probe.prepare_input``, of pixels as floats: graphs shift no signed whole numbers."""
    if len(normalisation.mean) == 3:
        images = rgb(photo.permute(0, 2, 3, 1))
    else:  # sums stay below 2^24, so that floats hold them exactly
        weights = torch.tensor(LUMA, dtype=torch.float32, device=photo.device).view(1, 3, 1, 1)
        images = torch.floor(((photo * weights).sum(1, keepdim=True) + 0x8000) / 0x10000) / 255
    shape = (1, -1, 1, 1)
    centre = torch.tensor(normalisation.mean, dtype=torch.float32, device=photo.device).view(shape)
    spread = torch.tensor(normalisation.std, dtype=torch.float32, device=photo.device).view(shape)
    return (images - centre) / spread


def network_inputs(pixels: np.ndarray, units: int, removed: Sequence[int] = ()) -> Mapping[str, Tensor]:
    """The graph's inputs.

    Args:
        pixels: uint8 [y, x, 3].
        units: of the layer.
        removed: those of them that are set to zero.
    """
    photo = torch.from_numpy(pixels.astype(np.float32)).permute(2, 0, 1)[None].contiguous()
    keep = torch.ones(units)
    keep[list(removed)] = 0
    return {PHOTO: photo, KEEP: keep}


def export_network(module: NetworkModule, side: int, half: bool) -> bytes:
    """The graph of a classifier for photos of ``side`` pixels.

    Args:
        half: whether weights are stored as float16.

    Raises:
        ExportError: naming what stands in the way.
    """
    device = next((p.device for p in module.parameters()), torch.device("cpu"))
    blank = network_inputs(np.zeros((side, side, 3), np.uint8), module.layer.units)
    example = {name: value.to(device) for name, value in blank.items()}
    return export_graph(module, example, [SCORES, MAPS], half)
