"""The progressive generator (Karras et al. 2018) with the layer names of the paper's networks.

``layer1`` makes 4x4 cells of a latent, every second layer from ``layer3`` on doubles the map, and
``output_HxW`` turns the last one into RGB. Any state dict of that form can be loaded: the widths are read
from its shapes.
"""

import math
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dissect_report.config import ModelConfig
from dissect_report.errors import ModelError
from dissect_report.schemes import rest_of
from dissect_report.sources.checkpoints import Checkpoint, read_checkpoint
from dissect_report.sources.fitting import choose, parts
from dissect_report.sources.named_tensors import Tree, leaves


class PixelNorm(nn.Module):
    """Every pixel's units divided by their root mean square."""

    def forward(self, maps: Float[Tensor, "image unit y x"]) -> Float[Tensor, "image unit y x"]:
        """The maps with a mean square of one over the units."""
        return maps / (maps.square().mean(dim=1, keepdim=True) + 1e-8).sqrt()


class WeightScale(nn.Module):
    """A fixed factor after a convolution, so that all weights can be learnt at one rate; then the bias."""

    def __init__(self, scale: float, units: int) -> None:
        super().__init__()
        self.scale = scale
        self.b = nn.Parameter(torch.zeros(units))

    def forward(self, maps: Float[Tensor, "image unit y x"]) -> Float[Tensor, "image unit y x"]:
        """Scaled maps plus a bias a unit."""
        return maps * self.scale + self.b[:, None, None]


def _layer(number: int, before: int, units: int) -> nn.Sequential:
    side, padding = (4, 3) if number == 1 else (3, 1)
    steps: OrderedDict[str, nn.Module] = OrderedDict(norm=PixelNorm())
    if number > 1 and number % 2:
        steps["up"] = nn.Upsample(scale_factor=2, mode="nearest")
    steps["conv"] = nn.Conv2d(before, units, side, padding=padding, bias=False)
    steps["wscale"] = WeightScale(math.sqrt(2 / (before * side * side)), units)
    steps["relu"] = nn.LeakyReLU(0.2)
    return nn.Sequential(steps)


def _output(before: int) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(
            norm=PixelNorm(),
            conv=nn.Conv2d(before, 3, 1, bias=False),
            wscale=WeightScale(1 / math.sqrt(before), 3),
        )
    )


def progan(latent: int, widths: Sequence[int]) -> nn.Sequential:
    """A generator with fresh weights: latents [image, latent] -> RGB in about [-1, 1].

    Args:
        latent: numbers in a latent.
        widths: units of layer1, layer2 ...; their number decides the image's side: 4 for two layers, doubled
            with every further two.
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict(latent=nn.Unflatten(1, (-1, 1, 1)))
    before = latent
    for number, units in enumerate(widths, start=1):
        layers[f"layer{number}"] = _layer(number, before, units)
        before = units
    side = 4 << (len(widths) - 1) // 2
    layers[f"output_{side}x{side}"] = _output(before)
    generator = nn.Sequential(layers)
    for module in generator.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight)
    return generator


def progan_from(state: Mapping[str, Tensor]) -> nn.Sequential:
    """The generator a state dict was made for, loaded with it, in eval mode.

    Raises:
        ModelError: naming the entry that does not fit.
    """
    shapes = {
        int(found[1]): value.shape
        for key, value in state.items()
        if (found := re.fullmatch(r"layer(\d+)\.conv\.weight", key))
    }
    if not shapes or sorted(shapes) != list(range(1, len(shapes) + 1)):
        raise ModelError(
            "not a progressive generator's state dict: layer1.conv.weight, layer2... are missing"
        )
    generator = progan(shapes[1][1], [shapes[number][0] for number in sorted(shapes)])
    expected = generator.state_dict()
    for key in sorted(expected.keys() | state.keys()):
        if key not in state or key not in expected or state[key].shape != expected[key].shape:
            raise ModelError(
                f"not a progressive generator's state dict: {key!r} is missing, extra or misshapen"
            )
    generator.load_state_dict({key: value.float() for key, value in state.items()})
    return generator.eval()


def open_progan(config: ModelConfig, folder: Path, notes: list[str]) -> nn.Module:
    """The generator of "progan:FILE".

    Raises:
        ModelError: the file is of no such generator.
        WeightsError: it is missing, refused or damaged.
    """
    checkpoint = read_checkpoint(folder / rest_of(config.source), config.allow_pickle, folder)
    return _progan(checkpoint, config.weights_key, notes)


def _progan(checkpoint: Checkpoint, key: str, notes: list[str]) -> nn.Module:
    """The generator in the one part of a weight file that is one."""

    def made(part: Tree) -> nn.Module | None:
        try:
            return progan_from(dict(leaves(part))) if "layer1" in part else None
        except ModelError:
            return None

    found = parts(checkpoint, key, made)
    path, model = (
        choose(found, checkpoint.where) if found else ("", progan_from(dict(leaves(checkpoint.tree))))
    )
    if path:
        notes.append(f"{checkpoint.name}: the weights under {path!r} were taken")
    return model
