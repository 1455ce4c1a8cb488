"""A network's first forward pass: in its own number types, without shells, or one line that says why not."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from dissect_report.activations.modes import quiet
from dissect_report.activations.untouched import untouched
from dissect_report.config import RunConfig
from dissect_report.errors import ModelError
from dissect_report.sources.precision import run_as_it_is
from dissect_report.sources.shells import take_off


@dataclass(frozen=True)
class FirstForward:
    """A network that has run once.

    Attributes:
        model: without shells, in the number types that it runs in.
        example: what it was given.
        output: what it gave.
        notes: what a reader should know of it.
    """

    model: nn.Module
    example: Tensor
    output: Any
    notes: tuple[str, ...]


def run_first(model: nn.Module, run: RunConfig, device: torch.device) -> FirstForward:
    """Runs ``model``, which is on ``device``, on noise.

    Raises:
        ModelError: it fails: naming the source, the shape, and the first line of the cause.
    """
    source, example = run.model.source, example_input(run).to(device)
    with warnings.catch_warnings(record=True) as remarks:
        try:
            output, note = run_as_it_is(model, lambda: _forward(model, example), source)
        except Exception as error:  # the network's own code: it may raise anything at all
            raise ModelError(_translate(error, model, example, run)) from error
        _check_several(model, example, run)
    for remark in remarks:  # beside an error they would only hide it
        warnings.warn_explicit(remark.message, remark.category, remark.filename, remark.lineno)
    return FirstForward(
        take_off(model, lambda part: _forward(part, example)), example, output, (note,) if note else ()
    )


def example_input(run: RunConfig) -> Tensor:
    """Seeded noise of the model's input shape.

    Two of them where a batch may be, so that nothing is constant by accident.
    """
    generator = torch.Generator().manual_seed(0)
    side = run.probe.crop
    shape = run.model.latent_shape if run.is_generator else (len(run.model.mean), side, side)
    return torch.randn(min(2, run.compute.batch_size), *shape, generator=generator)


def _forward(model: nn.Module, example: Tensor) -> Any:
    with untouched(model), quiet(model):
        return model(example.clone())


def _translate(error: Exception, model: nn.Module, example: Tensor, run: RunConfig) -> str:
    failed = f"{run.model.source} fails on an input of shape {list(example.shape)}: {first_line(error)}"
    if len(example) > 1 and _takes(model, example[:1]):
        return f"{failed}; it takes one at a time: set [compute] batch_size = 1"
    wanted = "[image, channel, y, x]" if not run.is_generator else "[latent, ...] ([model] latent_shape)"
    return f"{failed}; it is given one tensor {wanted}: a factory can wrap a network that wants anything else"


def _check_several(model: nn.Module, example: Tensor, run: RunConfig) -> None:
    """Refuses a network of one image at a time whose units are to be changed: many changes run at once.

    Raises:
        ModelError: naming the table.
    """
    table = "ablation" if run.ablation else "generation" if run.generation else ""
    if table and len(example) == 1 and not _takes(model, torch.cat((example, example))):
        raise ModelError(
            f"{run.model.source} takes one input at a time: [{table}] needs a network that takes several"
        )


def _takes(model: nn.Module, example: Tensor) -> bool:
    try:
        _forward(model, example)
    except Exception:  # as above
        return False
    return True


def first_line(error: BaseException) -> str:
    """The kind of an error and the first line of what it says."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
