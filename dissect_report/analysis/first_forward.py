"""A network's first forward pass: in its own number types, without shells, or one line that says why not."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from dissect_report.activations.modes import quiet
from dissect_report.activations.steadiness import REPEAT_NOISE, alike
from dissect_report.activations.untouched import untouched
from dissect_report.config import RunConfig
from dissect_report.errors import ModelError
from dissect_report.sources.calls import Turn, count_calls, look_at_call
from dissect_report.sources.feeding import (
    Fed,
    Feeding,
    chosen_classes,
    feeding_of,
    missing_inputs,
    with_classes,
)
from dissect_report.sources.output_tensors import tensors_in
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
        classes: numbers of those that a conditional generator's latents take in turn.
        feeding: how it gets what it wants besides one tensor; None where it wants nothing.
    """

    model: nn.Module
    example: Tensor
    output: Any
    notes: tuple[str, ...]
    classes: tuple[int, ...] = ()
    feeding: Feeding | None = None


def run_first(
    model: nn.Module, run: RunConfig, device: torch.device, names: Sequence[str] = ()
) -> FirstForward:
    """Runs ``model``, which is on ``device``, on noise.

    Args:
        names: of the classes of a conditional generator; empty where nobody names them.

    Raises:
        ModelError: it fails: naming the source, the shape, and the first line of the cause.
    """
    chosen = chosen_classes(run.probe.classes, names)
    source, example = run.model.source, example_input(run, chosen).to(device)
    feeding = _feeding(model, example, run, len(names))

    def forward(part: nn.Module) -> Any:
        return _forward(part if feeding is None else Fed(part, feeding), example)

    with warnings.catch_warnings(record=True) as remarks:
        try:
            output, note = run_as_it_is(model, lambda: forward(model), source)
        except Exception as error:  # the network's own code: it may raise anything at all
            fed = model if feeding is None else Fed(model, feeding)
            raise ModelError(_translate(error, fed, model, example, run)) from error
        _check_several(model if feeding is None else Fed(model, feeding), example, run)
    for remark in remarks:  # beside an error they would only hide it
        warnings.warn_explicit(remark.message, remark.category, remark.filename, remark.lineno)
    bare = take_off(model, forward)
    calls = run.model.calls
    turns = _turns(bare, feeding, example, run) if calls else ()
    fed = Fed(bare, feeding or Feeding(), turns) if turns or feeding else bare
    if turns and not _same_outputs(output, _forward(fed, example)):
        raise ModelError(f"[model] calls = {calls}: {source} gives something else with one call apart")
    notes = [text for text in (note, _unused_classes(fed, example, output, chosen)) if text]
    return FirstForward(fed, example, output, tuple(notes), chosen, feeding)


def _feeding(model: nn.Module, example: Tensor, run: RunConfig, named: int) -> Feeding | None:
    """How the network is fed: with the number of a class, or where it fails on that with a one-hot row."""
    feeding = feeding_of(run)
    if feeding is None or not run.probe.classes or not named or _takes(Fed(model, feeding), example):
        return feeding
    rows = feeding_of(run, one_hot=named)
    return rows if rows is not None and _takes(Fed(model, rows), example) else feeding


def _turns(bare: nn.Module, feeding: Feeding | None, example: Tensor, run: RunConfig) -> tuple[Turn, ...]:
    fed = bare if feeding is None else Fed(bare, feeding)
    with untouched(bare), quiet(bare):
        times = count_calls(bare, lambda _: fed(example.clone()))
    return look_at_call(bare, times, run.model.calls, run.model.source)


def _same_outputs(first: Any, second: Any) -> bool:
    now = tensors_in(second)
    return all(
        name in now and alike(tensor, now[name], REPEAT_NOISE) for name, tensor in tensors_in(first).items()
    )


def _unused_classes(model: nn.Module, example: Tensor, output: Any, classes: Sequence[int]) -> str:
    """A note where other classes give the very same images; "" where they do not, or there is but one."""
    if len(set(classes)) < 2:
        return ""
    other = example.clone()
    other[:, -1] = torch.tensor([next(k for k in classes if k != now) for now in example[:, -1]])
    now = tensors_in(_forward(model, other))
    if any(not torch.equal(tensor, now[name]) for name, tensor in tensors_in(output).items()):
        return ""
    return "[probe] classes make no difference: the generator makes the same images of each of them"


def example_input(run: RunConfig, classes: Sequence[int] = ()) -> Tensor:
    """Seeded noise of the model's input shape, of a conditional generator with classes behind it.

    Two of them where a batch may be, so that nothing is constant by accident.
    """
    generator = torch.Generator().manual_seed(0)
    side = run.probe.crop
    shape = run.model.latent_shape if run.is_generator else (len(run.model.mean), side, side)
    noise = torch.randn(min(2, run.compute.batch_size), *shape, generator=generator)
    return torch.from_numpy(with_classes(noise.numpy(), classes)) if classes else noise


def _forward(model: nn.Module, example: Tensor) -> Any:
    with untouched(model), quiet(model):
        return model(example.clone())


def _translate(error: Exception, model: nn.Module, own: nn.Module, example: Tensor, run: RunConfig) -> str:
    shape = list(run.model.latent_shape) if run.is_generator else list(example.shape[1:])
    failed = f"{run.model.source} fails on an input of shape {[len(example), *shape]}: {first_line(error)}"
    if missing := missing_inputs(own, run):
        ways = "[model] inputs gives the same value to every image"
        if run.is_generator and not run.probe.classes:
            ways = f"[probe] classes gives the first of them classes, {ways}"
        return f"{failed}; its forward wants {', '.join(map(repr, missing))} besides: {ways}"
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
