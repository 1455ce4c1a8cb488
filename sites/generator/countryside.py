"""A generator whose truth is known: four numbers become a sky, a sun, a lawn and a barn.

Nothing is trained. Every weight is written down below, so that what the dissection finds can be held
against what was built in. A trained generator takes the place of ``countryside`` in the same way.
"""

import torch
from torch import nn

#: The colour of each thing, RGB from 0 to 1. A thing is one unit of the second layer.
COLORS = {
    "sky": (0.35, 0.60, 1.00),
    "lawn": (0.15, 0.60, 0.15),
    "sun": (1.00, 0.90, 0.10),
    "barn": (0.80, 0.05, 0.05),
}
#: Units of the first layer for each thing, one stronger than the other; eight more carry nothing.
SHARED = 20
IDLE = 8


class Countryside(nn.Module):
    """From latents [image, 4] to images [image, 3, 64, 64] in [0, 1]."""

    def __init__(self):
        super().__init__()
        side = torch.linspace(-1, 1, 16)
        self.register_buffer("y", side.view(1, 16, 1))
        self.register_buffer("x", side.view(1, 1, 16))
        units = SHARED * len(COLORS) + IDLE
        self.layer1 = nn.Conv2d(len(COLORS), units, 3, padding=1)
        self.layer2 = nn.Conv2d(units, len(COLORS), 3, padding=1)
        self.rgb = nn.Conv2d(len(COLORS), 3, 1)
        self._write_weights()

    def _write_weights(self):
        for value in self.parameters():
            nn.init.zeros_(value)
        things = list(COLORS)
        strength = torch.arange(1.0, SHARED + 1) / sum(range(1, SHARED + 1))
        with torch.no_grad():
            for number, thing in enumerate(things):
                units = slice(SHARED * number, SHARED * (number + 1))
                self.layer1.weight[units, number, 1, 1] = strength
                self.layer2.weight[number, units, 1, 1] = 1
                # The barn hides everything behind it, the sun the sky.
                for hidden in {"barn": ("sky", "lawn", "sun"), "sun": ("sky",)}.get(thing, ()):
                    self.layer2.weight[things.index(hidden), units, 1, 1] = -1
                self.rgb.weight[:, number, 0, 0] = torch.tensor(COLORS[thing])

    def forward(self, z):
        """The image of each latent."""
        maps = torch.relu(self.layer1(self.places(z)))
        maps = torch.relu(self.layer2(nn.functional.interpolate(maps, scale_factor=2)))
        return self.rgb(nn.functional.interpolate(maps, scale_factor=2)).clamp(0, 1)

    def places(self, z):
        """Where the four things are: maps [image, 4, 16, 16] from 0 to 1."""
        horizon, sun, barn, size = (torch.tanh(z[:, k]).view(-1, 1, 1) for k in range(4))
        lawn = torch.sigmoid(12 * (self.y - 0.3 * horizon)).expand(-1, -1, 16)
        far = ((self.x - 0.8 * sun) ** 2 + (self.y + 0.7) ** 2).sqrt()
        near = torch.maximum((self.x - 0.7 * barn).abs(), (self.y - 0.3 * horizon - 0.1).abs())
        round_sun = torch.sigmoid(30 * (0.25 - far))
        barn = torch.sigmoid(30 * (0.25 + 0.1 * size - near))
        return torch.stack([1 - lawn, lawn, round_sun, barn], 1)


def countryside():
    """Called by dissect-report."""
    return Countryside()
