"""The generator of hamlets: layers of single cells first, then layers that draw.

Up to ``layer4`` a cell is worked out alone, from the scene's numbers, its own and its place: the middle of
the network is a plan of the hamlet, spatial by construction. ``layer5`` looks at the neighbours, every second
layer from ``layer6`` on doubles the map, and ``output_HxW`` turns the last one into RGB. What a unit stands
for is said nowhere.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dissect_report.demo.hamlets import CELL, CELLS, SCENE
from dissect_report.sources.progan import PixelNorm

#: Layers that look at single cells: the last of them is the plan.
ALONE = 4

_PLACES = 16


class Plots(nn.Module):
    """A latent laid out over the cells: the scene's numbers for all, the cell's own, and where it lies."""

    def __init__(self) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.randn(_PLACES, CELLS, CELLS))

    def forward(self, latents: Float[Tensor, "image number"]) -> Float[Tensor, "image unit y x"]:
        """Maps of SCENE + CELL + 16 units of a latent of LATENT numbers."""
        scene = latents[:, :SCENE, None, None].expand(-1, -1, CELLS, CELLS)
        own = latents[:, SCENE:].reshape(-1, CELL, CELLS, CELLS)
        return torch.cat((scene, own, self.place.expand(len(latents), -1, -1, -1)), dim=1)


def _layer(number: int, before: int, units: int) -> nn.Sequential:
    side = 1 if number <= ALONE else 3
    steps: OrderedDict[str, nn.Module] = OrderedDict()
    if number <= ALONE + 1:
        steps["norm"] = PixelNorm()
    elif number % 2 == 0:
        steps["up"] = nn.Upsample(scale_factor=2, mode="nearest")
    steps["conv"] = nn.Conv2d(before, units, side, padding=side // 2)
    steps["relu"] = nn.ReLU() if number <= ALONE else nn.LeakyReLU(0.2)
    return nn.Sequential(steps)


def output(before: int) -> nn.Sequential:
    """The last layer with fresh weights: maps -> RGB in about [-1, 1]."""
    return nn.Sequential(OrderedDict(conv=nn.Conv2d(before, 3, 1)))


def hamlet_generator(widths: Sequence[int]) -> nn.Sequential:
    """A generator with fresh weights: latents [image, LATENT] -> RGB in about [-1, 1].

    Args:
        widths: units of layer1, layer2 ...: five at least; with every two more the image's side doubles.
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict(latent=Plots())
    before = SCENE + CELL + _PLACES
    for number, units in enumerate(widths, start=1):
        layers[f"layer{number}"] = _layer(number, before, units)
        before = units
    side = CELLS << (len(widths) - ALONE - 1) // 2
    layers[f"output_{side}x{side}"] = output(before)
    generator = nn.Sequential(layers)
    for name, module in generator.named_modules():
        if isinstance(module, nn.Conv2d) and name.startswith("layer") and module.bias is not None:
            nn.init.kaiming_normal_(module.weight, 0.2)
            nn.init.zeros_(module.bias)
    return generator


def hamlet_generator_from(state: Mapping[str, Tensor]) -> nn.Sequential:
    """The generator a state dict was made for, loaded with it, in eval mode.

    Raises:
        RuntimeError: the state dict is another network's.
    """
    widths: list[int] = []
    while (key := f"layer{len(widths) + 1}.conv.weight") in state:
        widths.append(len(state[key]))
    generator = hamlet_generator(widths)
    generator.load_state_dict({key: value.float() for key, value in state.items()})
    return generator.eval()
