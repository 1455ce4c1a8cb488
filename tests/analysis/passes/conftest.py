"""What a run does, counted."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
import torch
from torch import nn

import dissect_report.analysis.dissection as dissection
import dissect_report.analysis.drawing as drawing
import dissect_report.analysis.layer_numbers as layer_numbers
import dissect_report.analysis.writing as writing
from dissect_report.analysis.ablation.removals import Remover
from dissect_report.analysis.generation.edits import Editor


@dataclass
class Work:
    """What was done since the last ``clear``.

    Attributes:
        first: number of images at every call of the network's first layer.
        head: and of the last.
        done: names of the works done, as often as they were.
    """

    first: list[int] = field(default_factory=list)
    head: list[int] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def clear(self) -> None:
        self.first.clear()
        self.head.clear()
        self.done.clear()

    @property
    def kinds(self) -> set[str]:
        """Each once."""
        return set(self.done)


#: Functions that measure or draw, where they are called from, and what they do.
WORKS = (
    (layer_numbers, "measure_units", "count"),
    (layer_numbers, "be_certain", "count"),
    (layer_numbers, "correlate_units", "count"),
    (dissection, "count_concepts", "count concepts"),
    (drawing, "draw_outlines", "outline"),
    (writing, "thumbnail", "thumbnail"),
    (Remover, "predict", "remove"),
    (Editor, "run", "edit"),
)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    """Counts calls of convolutions of three channels (the first layer), of linear ones, and of ``WORKS``."""
    seen = Work()
    convolve, multiply = nn.Conv2d.forward, nn.Linear.forward

    def convolution(self: nn.Conv2d, images: torch.Tensor) -> torch.Tensor:
        if self.in_channels == 3:
            seen.first.append(len(images))
        return convolve(self, images)

    def linear(self: nn.Linear, rows: torch.Tensor) -> torch.Tensor:
        seen.head.append(len(rows))
        return multiply(self, rows)

    monkeypatch.setattr(nn.Conv2d, "forward", convolution)
    monkeypatch.setattr(nn.Linear, "forward", linear)
    for owner, name, kind in WORKS:
        made = getattr(owner, name)

        def counted(*given, made=made, kind=kind, **named):
            seen.done.append(kind)
            return made(*given, **named)

        monkeypatch.setattr(owner, name, counted)
    return seen
