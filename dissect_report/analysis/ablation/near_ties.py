"""Predictions too close for the shortcut: the plain tail decides, on the image alone only where it has to.

The plain tail on one image reads every weight for that image. On a batch it is many times faster, and
differs only by the order of its sums. By how much is measured where both are run, on the closest ties;
what is further apart than a multiple of that is left to the batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from dissect_report.activations.decisions import Decider, Largest
from dissect_report.activations.outputs import NOISE

#: Ties that are always run alone: where batch and image alone are compared.
COMPARED = 8

#: The batch decides beyond this many times the largest difference seen ...
SAFETY = 4

#: ... and beyond this share of the largest logit, should the compared ones happen to be equal.
LEAST_NOISE = NOISE / 10


@dataclass(eq=False)
class NearTies:
    """Settles the near-ties of a block of images.

    Attributes:
        run: logits by the plain tail of some images with the sets of some columns, in one batch.
        capacity: how many fit in the memory at a time.
        compared: ties run both ways so far.
        seen: the largest difference between the two, as a share of the largest logit.
        decider: tells how near another answer is.
    """

    run: Callable[[Tensor, Tensor], Tensor]
    capacity: int
    compared: int = 0
    seen: float = 0.0
    decider: Decider = field(default_factory=Largest)

    def settle(
        self,
        images: Int64[Tensor, " tie"],
        columns: Int64[Tensor, " tie"],
        scale: Float[Tensor, " tie"],
    ) -> Float[Tensor, "tie class"]:
        """Logits whose answer is that of the plain tail on the image alone.

        Args:
            images: of at most ``capacity`` ties.
            columns: the sets removed from them.
            scale: the largest logit that noise is a share of.
        """
        if len(images) <= COMPARED:
            places = range(len(images))
            return torch.cat([self.run(images[k : k + 1], columns[k : k + 1]) for k in places])
        scores = self.run(images, columns)
        gaps = self.decider.gap(scores) / scale.clamp_min(torch.finfo(scale.dtype).tiny)
        for place in gaps.argsort(stable=True).tolist():
            noise = max(LEAST_NOISE, SAFETY * self.seen)
            if self.compared >= COMPARED and float(gaps[place]) > 2 * noise:
                break
            alone = self.run(images[place : place + 1], columns[place : place + 1])[0]
            difference = (alone - scores[place]).abs().amax() / scale[place]
            self.seen = max(self.seen, float(difference))
            self.compared += 1
            scores[place] = alone
        return scores
