"""What lies behind directions of a layer: they are added up, and what lies behind the layer runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from dissect_report.activations.directions import Dictionary, DirectionsReading
from dissect_report.activations.layers import LayerInfo
from dissect_report.activations.linear_step import LinearStep, find_linear_step, plain_step
from dissect_report.activations.outputs import Reader
from dissect_report.activations.tail import PATHS, Held, Path, Tail, split_tail


@dataclass(frozen=True)
class DirectionsTail:
    """The tail behind a layer, run from the activations of directions and what these do not explain.

    Attributes:
        layer: whose units are directions.
        base: behind the layer among whose units they are.
        dictionary: the directions.
    """

    layer: LayerInfo
    base: Tail
    dictionary: Dictionary

    @property
    def path(self) -> Path:
        """How it is run."""
        return self.base.path

    @property
    def row_bytes(self) -> int:
        """Of the largest value behind the layer, per image."""
        return self.base.row_bytes

    def head(self, images: Tensor) -> Held:
        """What the tail needs of ``images``; of an incomplete dictionary the rest is kept first."""
        held = self.base.head(images)
        units = self.dictionary.encode(held.recorded)
        if self.dictionary.complete:
            return Held(units, held.kept)
        return Held(units, (held.recorded.float() - self.dictionary.decode(units), *held.kept))

    def put_together(self, channels: Tensor, kept: Sequence[Tensor]) -> tuple[Tensor, Sequence[Tensor]]:
        """The layer's channels out of what directions add to them, and what passes by the layer."""
        return (channels, kept) if self.dictionary.complete else (channels + kept[0], kept[1:])

    def run(self, recorded: Tensor, kept: Sequence[Tensor] = ()) -> Float[Tensor, "image ..."]:
        """The network's output from activations of the directions; no argument is written into."""
        return self.base.run(*self.put_together(self.dictionary.decode(recorded), kept))

    def consume(self, recorded: Tensor, kept: Sequence[Tensor]) -> Float[Tensor, "image ..."]:
        """As ``run``, on values that nobody needs afterwards."""
        return self.base.consume(*self.put_together(self.dictionary.decode(recorded), kept))

    def follow(self, recorded: Tensor, kept: Sequence[Tensor]) -> Float[Tensor, "image ..."]:
        """As ``run``; where the network allows it, a gradient leads back to ``recorded``."""
        return self.base.follow(*self.put_together(self.dictionary.decode(recorded), kept))


def open_tail(
    model: nn.Module,
    layer: LayerInfo,
    images: Float[Tensor, "image ..."],
    paths: Sequence[Path] = PATHS,
    read: Reader | None = None,
) -> Tail:
    """The tail behind ``layer``, whose units may be directions; see ``split_tail``.

    Raises:
        LayerError, ModelError: see ``split_tail``; or the directions cannot be removed.
    """
    if layer.base is None or not isinstance(layer.reading, DirectionsReading):
        return split_tail(model, layer, images, paths, read)
    tail = DirectionsTail(layer, split_tail(model, layer.base, images, paths, read), layer.reading.fitted)
    tail.head(images[:1])  # which needs a decoder
    return tail


def open_step(tail: Tail, images: Tensor) -> LinearStep:
    """The linear map behind the tail's layer; where there is none, the tail itself in its dress."""
    if not isinstance(tail, DirectionsTail):
        return find_linear_step(tail, images) or plain_step(tail)
    dictionary = tail.dictionary

    def rest(channels: Tensor, kept: Sequence[Tensor]) -> Tensor:
        return tail.base.consume(*tail.put_together(channels, kept))

    return LinearStep(
        "sum of directions", lambda units: units, dictionary.decode, dictionary.decode, rest, None,
        tail.row_bytes,
    )  # fmt: skip
