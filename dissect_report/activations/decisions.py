"""From scores to answers, and how near another answer was: for the largest score, and for each by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from dissect_report.activations.class_output import ClassOutput
from dissect_report.findings.answers import pack


class Decider(Protocol):
    """Makes answers of scores, see ``findings.answers`` for how they are written."""

    @property
    def kind(self) -> type[np.generic]:
        """Type of an answer."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the answer for one image."""

    def answer(self, scores: Float[Tensor, "row class"]) -> np.ndarray:
        """[row, ...] what is said."""

    def gap(self, scores: Float[Tensor, "row class"]) -> Float[Tensor, " row"]:
        """How much a difference of scores must change for another answer."""

    def margin(
        self, scores: Float[Tensor, "row class"], labels: Int64[Tensor, "row ..."]
    ) -> Float[Tensor, "row ..."]:
        """How clearly the images' own classes are said; below 0 they are not."""


class Largest:
    """The class of the largest score: of equal ones the first."""

    kind = np.int32
    shape = ()

    def answer(self, scores: Float[Tensor, "row class"]) -> np.ndarray:
        """int32 [row]."""
        return np.asarray(scores.cpu().numpy().argmax(1), np.int32)

    def gap(self, scores: Float[Tensor, "row class"]) -> Float[Tensor, " row"]:
        """The largest score minus the second."""
        best = scores.topk(2, 1).values
        return best[:, 0] - best[:, 1]

    def margin(
        self, scores: Float[Tensor, "row class"], labels: Int64[Tensor, " row"]
    ) -> Float[Tensor, " row"]:
        """The own score minus the best other."""
        own = scores.gather(1, labels[:, None])[:, 0]
        other: Tensor = scores.scatter(1, labels[:, None], -torch.inf).amax(1)
        return own - other


@dataclass(frozen=True)
class EachAlone:
    """Every class whose logit is above 0.

    Attributes:
        classes: how many there are.
    """

    classes: int
    kind = np.uint8

    @property
    def shape(self) -> tuple[int, ...]:
        """The bits of all classes."""
        return (-(-self.classes // 8),)

    def answer(self, scores: Float[Tensor, "row class"]) -> np.ndarray:
        """uint8 [row, byte]."""
        return pack((scores > 0).cpu().numpy())

    def gap(self, scores: Float[Tensor, "row class"]) -> Float[Tensor, " row"]:
        """The logit that is nearest to 0."""
        return scores.abs().amin(1)

    def margin(
        self, scores: Float[Tensor, "row class"], labels: Int64[Tensor, "row carried"]
    ) -> Float[Tensor, "row carried"]:
        """The own logits; 0 where an image has no further class."""
        return scores.gather(1, labels.clamp_min(0)).where(labels >= 0, 0.0)


def decider_of(output: ClassOutput | None) -> Decider:
    """Makes answers of the scores of an output."""
    return EachAlone(output.classes) if output is not None and output.each else Largest()
