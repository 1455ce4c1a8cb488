"""Which tensor of a network's output holds the classes, how it is read, and how it decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dissect_report.activations.modes import quiet
from dissect_report.activations.outputs import Reader
from dissect_report.activations.untouched import untouched
from dissect_report.config import ModelConfig
from dissect_report.errors import ModelError, nearest
from dissect_report.sources.output_tensors import shapes_of, tensor_at, tensors_in
from dissect_report.sources.sigmoids import SigmoidInputs

#: How scores become an answer. ``argmax``: the largest; ``one logit``: two classes, the second above 0;
#: ``sigmoid``: every class by itself, above 0.
Decision = Literal["argmax", "one logit", "sigmoid"]

#: What a network calls its class scores, where several outputs look like them.
SAID = "logits"

#: Inputs are made this many times larger to see whether outputs stay between 0 and 1.
FAR = 1000.0


@dataclass(frozen=True)
class ClassOutput:
    """A row of class scores an image.

    Attributes:
        name: dotted, of the tensor in the network's output; "" if it is the output itself.
        width: numbers an image.
        decision: how they become an answer.
        undone: whether they come out of a sigmoid: then what goes into it is read.
    """

    name: str
    width: int
    decision: Decision = "argmax"
    undone: bool = False

    @property
    def classes(self) -> int:
        """How many; one logit tells two apart."""
        return 2 if self.decision == "one logit" else self.width

    @property
    def each(self) -> bool:
        """Whether every class is decided by itself."""
        return self.decision == "sigmoid"

    def read(self, run: Callable[[], Any]) -> Float[Tensor, "image class"]:
        """The logits, float32, of what ``run`` gives; one logit z stands as [0, z].

        Raises:
            ModelError: it gives another output than at first.
        """
        if self.undone:
            with SigmoidInputs() as watch:
                scores = tensor_at(run(), self.name)
            scores = None if scores is None else watch.before(scores)
        else:
            scores = tensor_at(run(), self.name)
        if scores is None or scores.numel() % self.width:
            raise ModelError(f"the network no longer gives {self.said} of {self.width} scores an image")
        return self.spread(scores.float().reshape(-1, self.width))

    def spread(self, scores: Float[Tensor, "image width"]) -> Float[Tensor, "image class"]:
        """One logit as those of two classes; others as they are."""
        return torch.cat([torch.zeros_like(scores), scores], 1) if self.decision == "one logit" else scores

    @property
    def said(self) -> str:
        """For a reader: which output."""
        return f"the output {self.name!r}" if self.name else "an output"


def find_class_output(
    model: nn.Module,
    example: Float[Tensor, "image ..."],
    config: ModelConfig,
    names: Sequence[str] = (),
) -> tuple[ClassOutput | None, Mapping[str, Tensor]]:
    """The output that holds the classes, from one forward pass.

    Args:
        model: left as it was.
        example: inputs, on its device.
        config: ``output`` and ``decision``, where they are said.
        names: of the classes, where there is a list of them.

    Returns:
        None if no output is a row of scores an image; and everything that the network gives, by name.

    Raises:
        ModelError: several fit, none is as long as the list, or ``[model] output`` is not one.
    """
    with untouched(model), quiet(model), SigmoidInputs() as watch:
        output = model(example.clone())
    held = tensors_in(output, len(example))
    name = _said_name(output, held, config, len(example)) if config.output != "" else None
    if name is None:
        name = _fitting_name(held, config, len(example), len(names))
    if name is None:
        return None, held
    scores = tensor_at(output, name)
    assert scores is not None, "it was found there"
    width = scores.numel() // len(example)
    if names and not _fits_list(width, len(names)):
        raise ModelError(wrong_list(config, len(names), {name: scores}))
    seen = watch.before(scores) is not None
    return ClassOutput(
        name, width, _decision(config, width, seen), seen and config.decision != "argmax"
    ), held


def class_reader(model: nn.Module, images: Float[Tensor, "image ..."]) -> Reader:
    """Reads the class scores that fit, of a network of which nothing else is said.

    Raises:
        ModelError: several fit, or none.
    """
    output, held = find_class_output(model, images, ModelConfig(source="the network"))
    if output is None:
        raise ModelError(
            f"the network gives {shapes_of(held) or 'no tensor'}: no row of class scores an image"
        )
    return output.read


def wrong_list(config: ModelConfig, names: int, held: Mapping[str, Tensor]) -> str:
    """For the reader: a class list that is as long as no output."""
    where = config.classes or "the model's own list"
    widths = ", ".join(f"{name} {scores.numel() // len(scores)}".strip() for name, scores in held.items())
    return f"[model] classes: {where} has {names} names, the model gives {widths} outputs"


def is_row(tensor: Tensor, images: int) -> bool:
    """Whether a tensor is a row of scores an image: [image, class], or [image, class, 1, 1]."""
    return (
        tensor.is_floating_point()
        and tensor.ndim in (2, 4)
        and len(tensor) == images
        and tensor.shape[1] > 0
        and tensor.shape[2:].numel() == 1
    )


def is_number(tensor: Tensor, images: int) -> bool:
    """Whether a tensor is a number an image."""
    return tensor.is_floating_point() and tensor.shape == (images,)


def _said_name(output: Any, held: Mapping[str, Tensor], config: ModelConfig, images: int) -> str:
    """The name that ``[model] output`` gives.

    Raises:
        ModelError: there is no such output, or it is no row of scores.
    """
    name = str(config.output)
    tensor = tensor_at(output, name)
    if tensor is None:
        given = f"{config.source} gives {shapes_of(held) or 'no tensor'}"
        others = nearest(name, held) if len(held) > 1 else "leave it out"
        raise ModelError(f"[model] output = {config.output!r}: {given}; {others}")
    if not is_row(tensor, images) and not is_number(tensor, images):
        raise ModelError(
            f"[model] output = {config.output!r} is {list(tensor.shape)} for {images} images: no row of "
            "scores an image; a factory can return class scores [image, class]"
        )
    return name


def _fitting_name(held: Mapping[str, Tensor], config: ModelConfig, images: int, names: int) -> str | None:
    """The one output that fits, None where none is a row of scores.

    Raises:
        ModelError: several fit, or none is as long as the list of ``names`` classes.
    """
    rows = {name: tensor for name, tensor in held.items() if is_row(tensor, images)}
    rows = rows or {name: tensor for name, tensor in held.items() if is_number(tensor, images)}
    fitting = rows
    if names and rows:
        exact = {name: row for name, row in rows.items() if row.numel() == images * names}
        fitting = exact or {n: r for n, r in rows.items() if _fits_list(r.numel() // images, names)}
        if not fitting:
            raise ModelError(wrong_list(config, names, rows))
    if len(fitting) > 1 and SAID in fitting:
        return SAID
    if len(fitting) > 1:
        first = next(iter(fitting))
        key = first if first.isdecimal() else f'"{first}"'
        raise ModelError(
            f"{config.source} gives several rows of scores an image, {shapes_of(fitting)}: say which one "
            f"holds the classes, such as [model] output = {key}"
        )
    return next(iter(fitting), None)


def _fits_list(width: int, names: int) -> bool:
    """Whether a list of names fits; one logit tells two classes apart, or one from all else."""
    return names == width or (width == 1 and names == 2)


def _decision(config: ModelConfig, width: int, seen: bool) -> Decision:
    """How the scores decide.

    Raises:
        ModelError: the largest of one logit is always the same.
    """
    if width > 1:
        return "sigmoid" if config.decision == "sigmoid" or (config.decision == "auto" and seen) else "argmax"
    if config.decision == "argmax":
        raise ModelError(
            f"{config.source} gives one logit an image, which decides at 0, not by the largest: "
            'leave out [model] decision = "argmax"'
        )
    return "one logit"


def stays_between(
    model: nn.Module, example: Float[Tensor, "image ..."], output: ClassOutput, held: Mapping[str, Tensor]
) -> bool:
    """Whether scores that come from no sigmoid seem to be probabilities all the same, not adding up to 1.

    Then other arithmetic made them, and 0 decides nothing. Inputs far from all photos tell.

    Args:
        held: what ``model`` gives for ``example``.
    """
    if output.undone or not _between(held[output.name], output.width):
        return False
    with untouched(model), quiet(model):
        return all(
            _between(tensor_at(model(inputs), output.name), output.width)
            for inputs in (FAR * example, -FAR * example)
        )


def _between(scores: Tensor | None, width: int) -> bool:
    """Whether all of ``scores`` lie between 0 and 1, differ, and do not add up to 1."""
    if scores is None:
        return False
    rows = scores.float().reshape(-1, width)
    inside = bool(((rows >= 0) & (rows <= 1)).all() & (rows != rows[0, 0]).any())
    return inside and (width == 1 or not bool(((rows.sum(1) - 1).abs() < 1e-3).all()))
