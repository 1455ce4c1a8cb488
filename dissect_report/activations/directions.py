"""Units that are directions among a layer's channels, and what is left of the layer without some of them.

Every place of a layer is a vector of its channels. A direction's activation there is what the dictionary
makes of the vector; a removed direction's part is subtracted, and what no direction explains stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from dissect_report.activations.readings import Reading
from dissect_report.errors import LayerError

#: Rounds of non-negative least squares, always as many: of an image the same whatever stands beside it.
PART_ROUNDS = 200


class Dictionary(Protocol):
    """What makes activations of directions out of a layer's channels, and channels out of activations."""

    @property
    def directions(self) -> int:
        """How many."""

    @property
    def complete(self) -> bool:
        """Whether they hold all that the channels hold."""

    def encode(self, maps: Float[Tensor, "image channel y x"]) -> Float[Tensor, "image unit y x"]:
        """Activations of the directions, float32."""

    def decode(self, units: Float[Tensor, "image unit y x"], chosen: Tensor | None = None) -> Tensor:
        """What directions add to the channels, [image, channel, y, x].

        Args:
            units: their activations: of all, or of those ``chosen``.

        Raises:
            LayerError: the file has no decoder.
        """


def _along(weight: Tensor, maps: Tensor) -> Tensor:
    """``weight`` [row, column] at every place of maps [image, column, y, x]."""
    return torch.einsum("rc,ncp->nrp", weight, maps.flatten(2)).reshape(len(maps), -1, *maps.shape[2:])


@dataclass(frozen=True, eq=False)
class Basis:
    """Orthonormal directions: a direction's activation is the projection on it.

    Attributes:
        rows: float32 [unit, channel].
    """

    rows: Tensor

    @property
    def directions(self) -> int:
        """How many."""
        return len(self.rows)

    @property
    def complete(self) -> bool:
        """Whether they span the space."""
        return self.rows.shape[0] == self.rows.shape[1]

    def encode(self, maps: Tensor) -> Tensor:
        """Projections."""
        return _along(self.rows, maps.float())

    def decode(self, units: Tensor, chosen: Tensor | None = None) -> Tensor:
        """Sums of directions."""
        return _along((self.rows if chosen is None else self.rows[chosen]).T, units)


@dataclass(frozen=True, eq=False)
class Latents:
    """A sparse autoencoder's: activation(encoder (x - pre_bias) + bias).

    Attributes:
        encoder: float32 [unit, channel].
        bias: [unit].
        pre_bias: [channel].
        activate: of [image, unit, y, x].
        decoder: [unit, channel]; None where there is none.
    """

    encoder: Tensor
    bias: Tensor
    pre_bias: Tensor
    activate: Callable[[Tensor], Tensor]
    decoder: Tensor | None

    complete = False

    @property
    def directions(self) -> int:
        """How many."""
        return len(self.encoder)

    def encode(self, maps: Tensor) -> Tensor:
        """Latents."""
        centred = maps.float() - self.pre_bias.view(-1, 1, 1)
        return self.activate(_along(self.encoder, centred) + self.bias.view(-1, 1, 1))

    def decode(self, units: Tensor, chosen: Tensor | None = None) -> Tensor:
        """Sums of decoder rows."""
        if self.decoder is None:
            raise LayerError("the dictionary's file has no decoder: its latents cannot be removed")
        return _along((self.decoder if chosen is None else self.decoder[chosen]).T, units)


@dataclass(frozen=True, eq=False)
class Parts:
    """Parts that add up: the weights, none below 0, whose sum comes closest to the channels.

    Attributes:
        rows: float32 [unit, channel], none below 0.
    """

    rows: Tensor

    complete = False

    @property
    def directions(self) -> int:
        """How many."""
        return len(self.rows)

    def encode(self, maps: Tensor) -> Tensor:
        """Weights by non-negative least squares: coordinate descent, part by part."""
        product = _along(self.rows, maps.float()).transpose(0, 1).flatten(1)
        gram = self.rows @ self.rows.T
        scale = gram.diagonal().clamp_min(1e-12)
        found = torch.zeros_like(product)
        for _ in range(PART_ROUNDS):
            for part in range(len(gram)):
                step = (product[part] - gram[part] @ found) / scale[part]
                found[part] = (found[part] + step).clamp_min(0)
        return found.reshape(len(gram), len(maps), *maps.shape[2:]).transpose(0, 1).contiguous()

    def decode(self, units: Tensor, chosen: Tensor | None = None) -> Tensor:
        """Sums of parts."""
        return _along((self.rows if chosen is None else self.rows[chosen]).T, units)


def relu(latents: Tensor) -> Tensor:
    """What is above 0."""
    return latents.clamp_min(0)


def top_k(k: int) -> Callable[[Tensor], Tensor]:
    """The ``k`` largest latents of each place, where above 0."""

    def activate(latents: Tensor) -> Tensor:
        values, places = latents.topk(k, dim=1)
        return torch.zeros_like(latents).scatter(1, places, values.clamp_min(0))

    return activate


def jump_relu(threshold: Float[Tensor, " unit"]) -> Callable[[Tensor], Tensor]:
    """What is above 0 and above its latent's threshold."""

    def activate(latents: Tensor) -> Tensor:
        return latents.clamp_min(0) * (latents > threshold.view(-1, 1, 1))

    return activate


@dataclass(frozen=True)
class DirectionsReading(Reading):
    """A reading whose units are directions among those of another.

    Attributes:
        dictionary: makes them; None until it is fitted.
    """

    dictionary: Dictionary | None = None

    @classmethod
    def of(cls, base: Reading, dictionary: Dictionary | None) -> DirectionsReading:
        """On top of ``base``."""
        return cls(**{each.name: getattr(base, each.name) for each in fields(Reading)}, dictionary=dictionary)

    @property
    def fitted(self) -> Dictionary:
        """The dictionary.

        Raises:
            LayerError: nothing was fitted.
        """
        if self.dictionary is None:
            raise LayerError("the directions are not fitted yet")
        return self.dictionary

    def unit_count(self, output: Tensor) -> int:
        """Directions."""
        return self.fitted.directions

    def read(self, output: Tensor) -> Float[Tensor, "image unit y x"]:
        """Maps of the directions."""
        return self.fitted.encode(self.maps(super().spread(output)))

    def spread(self, output: Tensor) -> Float[Tensor, "image unit y x"]:
        """All that directions hold in an output."""
        return self.fitted.encode(super().spread(output))

    def changed(self, output: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
        """The output less what directions held, plus what they hold after ``change``."""
        held = super().spread(output)
        units = self.fitted.encode(held)
        after = change(units.clone())
        return super().write((held + self.fitted.decode(after - units)).to(held.dtype))
