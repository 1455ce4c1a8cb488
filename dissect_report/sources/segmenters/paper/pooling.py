"""Maps made smaller and larger by matrices: what is linear and separable is a product from both sides."""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor


def hat_integral(place: Float[Tensor, ...]) -> Float[Tensor, ...]:
    """The integral of max(0, 1 - |t|) from minus infinity to ``place``."""
    inside = place.clamp(-1, 1)
    return 0.5 + inside - inside * inside.abs() / 2


@lru_cache(maxsize=64)
@torch.inference_mode(False)  # kept from call to call: also for one through which a gradient goes
def precise_weights(cells: int, bins: int) -> Float[Tensor, "bin cell"]:
    """Of every cell in the mean over every bin of [0, cells], by precise RoI pooling.

    Between cells, which stand at whole numbers, a map is interpolated linearly; nothing is beyond the last.
    Jiang et al., "Acquisition of Localization Confidence for Accurate Object Detection", 2018, eq. 4.
    """
    edges = torch.arange(bins + 1, dtype=torch.float64) * cells / bins
    reached = hat_integral(edges[:, None] - torch.arange(cells, dtype=torch.float64))
    return ((reached[1:] - reached[:-1]) * bins / cells).float()


def precise_pooling(maps: Float[Tensor, "image unit y x"], bins: int) -> Float[Tensor, "image unit bin bin"]:
    """The whole map as bins x bins means."""
    rows, columns = (precise_weights(side, bins).to(maps) for side in maps.shape[-2:])
    return rows @ maps @ columns.T


def enlarged(
    maps: Float[Tensor, "image unit y x"], size: tuple[int, int]
) -> Float[Tensor, "image unit y2 x2"]:
    """Bilinear, half-pixel centres."""
    return F.interpolate(maps, size, mode="bilinear", align_corners=False)


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def _taps(cells: int, size: int) -> Float[Tensor, "tap cell place"]:
    """What a cell gives to the neighbour before, the place itself and the one behind, of an enlarged row."""
    weights = F.interpolate(torch.eye(cells)[None], size, mode="linear", align_corners=False)[0]
    padded = F.pad(weights, (1, 1))
    return torch.stack([padded[:, tap : tap + size] for tap in range(3)])


def convolve_enlarged(
    maps: Float[Tensor, "image unit y x"],
    kernel: Float[Tensor, "out unit 3 3"],
    size: tuple[int, int],
) -> Float[Tensor, "image out y2 x2"]:
    """The 3x3 convolution, zeros around, of the enlarged map, done on the small one.

    Both are linear, and the enlargement treats units alike: the units are mixed first, where there are few
    cells, and the nine results enlarged, shifted and added. Sixteen times fewer products for a map of a
    quarter of the sides.
    """
    if maps.shape[-2:] == torch.Size(size):
        return F.conv2d(maps, kernel, padding=1)
    height, width = maps.shape[-2:]
    mixed = F.conv2d(maps, kernel.permute(0, 2, 3, 1).flatten(0, 2)[..., None, None])
    mixed = mixed.view(len(maps), len(kernel), 3, 3, height, width)
    columns, rows = _taps(width, size[1]).to(maps), _taps(height, size[0]).to(maps)
    wide = mixed.transpose(3, 4).flatten(4) @ columns.flatten(0, 1)  # image out tap y, place
    made: Tensor = rows.flatten(0, 1).T @ wide.flatten(2, 3)
    return made
