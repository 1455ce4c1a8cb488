"""Which tensor of a segmenting network's output holds the labels, and what kind of labels they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Shaped
from torch import Tensor

from dissect_report.errors import SegmenterError, nearest
from dissect_report.sources.output_tensors import shapes_of, tensor_at, tensors_in
from dissect_report.sources.sigmoids import SigmoidInputs

#: What networks call the output that is meant, where several fit.
SAID = ("out", "logits")


@dataclass(frozen=True)
class LabelOutput:
    """Finds a network's labels.

    Attributes:
        source: the segmenter, for messages.
        name: of the output, where it is said; "" for the one that fits.
        channels: how many the network may have, by its list of concepts.
        yes_no: whether there is one concept only: then one channel tells whether it is there.
    """

    source: str
    name: str
    channels: tuple[int, ...]
    yes_no: bool

    def read(self, run: Callable[[], Any], images: int) -> tuple[Shaped[Tensor, "image _ y x"], bool]:
        """Logits [image, concept, y, x], or whole ids [image, y, x] or [image, depth, y, x].

        Args:
            run: gives the network's output.
            images: how many it saw.

        Returns:
            The tensor, and whether each channel is decided by itself, above a logit of 0: one channel of
            a yes/no concept, or channels that come out of a sigmoid, which is undone.

        Raises:
            SegmenterError: no output fits, or several do.
        """
        with SigmoidInputs() as watch:
            output = run()
        output = torch.from_numpy(output) if isinstance(output, np.ndarray) else output
        found = self._choose(output, images)
        before = watch.before(found)
        found = found if before is None else before
        if found.is_floating_point() and found.ndim == 3:
            found = found[:, None]
        return found, before is not None or (self.yes_no and found.shape[1] == 1)

    def _choose(self, output: Any, images: int) -> Tensor:
        held = tensors_in(output)
        if self.name:
            said = tensor_at(output, self.name)
            if said is None:
                given = shapes_of(held) or f"a {type(output).__name__}"
                hint = nearest(self.name, held)
                raise SegmenterError(
                    f"[[segmenter]] output = {self.name!r}: {self.source} gives {given}; {hint}"
                )
            held = {self.name: said}
        fitting = {name: tensor for name, tensor in held.items() if self._fits(tensor, images)}
        floats = {name: tensor for name, tensor in fitting.items() if tensor.is_floating_point()}
        fitting = floats or fitting
        for name in SAID if len(fitting) > 1 else ():
            if name in fitting:
                return fitting[name]
        if len(fitting) > 1:
            first = next(iter(fitting))
            raise SegmenterError(
                f"{self.source} gives several outputs that fit its list of concepts, {shapes_of(fitting)}: "
                f"say which, such as output = {first if first.isdecimal() else repr(first)} in [[segmenter]]"
            )
        if not fitting:
            raise SegmenterError(self._refusal(output, held, images))
        return next(iter(fitting.values()))

    def _fits(self, tensor: Tensor, images: int) -> bool:
        if tensor.ndim not in (3, 4) or len(tensor) != images or tensor.is_complex():
            return False
        if not tensor.is_floating_point():
            return tensor.dtype != torch.bool or self.yes_no
        if tensor.ndim == 3:
            return self.yes_no
        return tensor.shape[1] in self.channels or (self.yes_no and tensor.shape[1] == 1)

    def _refusal(self, output: Any, held: dict[str, Tensor], images: int) -> str:
        maps = [t for t in held.values() if t.ndim == 4 and len(t) == images and t.is_floating_point()]
        if maps:
            return (
                f"{self.source} gives {maps[0].shape[1]} channels, its list of concepts names "
                f"{self.channels[-1]} ids (the highest is {self.channels[-1] - 1}): a network's list has one "
                "line a channel"
            )
        given = shapes_of(held) or type(output).__name__
        return (
            f"{self.source} gives {given}, not logits [image, concept, y, x] of {images} images (or whole "
            "ids; an object whose method `segment` gives them also will do)"
        )
