"""``[model]``: the network that is taken apart."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

from dissect_report.config.directions import DirectionsConfig
from dissect_report.config.keys import MOST, UnsaidNumbers, bounded, key, refuse
from dissect_report.config.tables import settle_types
from dissect_report.schemes import keys_of

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class TokensConfig:
    """How the tokens of a transformer lie over the picture.

    Attributes:
        grid: rows and columns; none: found by changing stripes of the picture.
        extra: tokens that have no place: a class token, registers.
        first: whether these stand before the others.
    """

    grid: tuple[int, ...] = ()
    extra: int = 0
    first: bool = True

    def __post_init__(self) -> None:
        settle_types(self, "[model] tokens")
        placed = len(self.grid) == 2 and min(self.grid) > 0 and self.extra >= 0
        silent = (self.grid, self.extra, self.first) == ((), 0, True)
        line = "[model] tokens is {grid = [rows, columns], extra = tokens without a place, first = true}"
        refuse([(placed or silent, line)])


@dataclass(frozen=True)
class ModelConfig:
    """The network that is taken apart."""

    kind: Literal["classifier", "generator"] = key(
        "classifier", "what the network does: classifier (takes images) or generator (makes images)"
    )
    source: str = key(
        "",
        "file.py:factory, package.module:factory, or a network by name, such as torchvision:vgg16: the table "
        "of sources lists the kinds",
    )
    layers: tuple[str, ...] = key(
        (), "layer names or globs, kept in execution order; default: the outputs of the network's stages"
    )
    tokens: TokensConfig = field(
        default_factory=TokensConfig,
        metadata={
            "help": "how a transformer's tokens lie where that is not found: "
            "{grid = [14, 14], extra = 5, first = true}"
        },
    )
    directions: tuple[DirectionsConfig, ...] = key(
        (), "directions among a layer's channels as units: [[model.directions]] tables, see below"
    )
    weights: str = key(
        "",
        "optional weight file (safetensors; a pickle only with allow_pickle = true): "
        "the one part of it that fits the model is taken",
    )
    weights_key: str = key("", 'which part of the weight file, where several fit the model, e.g. "ema"')
    allow_pickle: bool = key(False, "load weights that are a pickle, which can run code of its author")
    depends: tuple[str, ...] = key(
        (), "files, folders or globs that the model's code reads: when they change, it is measured again"
    )
    classes: str = key(
        "",
        "text file of class names, one a line; default: what the source knows, else output_0, output_1 ...",
    )
    output: int | str = key(
        "", 'which of several outputs holds the classes (or images): a number, or a name such as "aux.logits"'
    )
    decision: Literal["auto", "argmax", "sigmoid"] = key(
        "auto",
        "argmax: the class of the largest score; sigmoid: each class by itself, above a logit of 0; auto: "
        "sigmoid if the network ends in one, else argmax; a single logit always tells two classes apart",
    )
    mean: tuple[float, ...] = key(
        UnsaidNumbers(IMAGENET_MEAN), "of the model's input, one a channel; what the source knows comes first"
    )
    std: tuple[float, ...] = key(
        UnsaidNumbers(IMAGENET_STD), "of the model's input, one a channel; what the source knows comes first"
    )
    args: dict[str, Any] = field(
        default_factory=dict,
        metadata={
            "help": "keyword arguments of what makes the network, e.g. {num_classes = 10}; timm and hf: "
            "pretrained = false for random weights"
        },
    )
    inputs: dict[str, int | float | str | bool | list[Any]] = field(
        default_factory=dict,
        metadata={
            "help": "further inputs of the model's forward by name, the same for every image, e.g. "
            '{truncation_psi = 0.7, noise_mode = "const"}; a list of numbers is a tensor with a row an image'
        },
    )
    calls: int = key(
        0,
        "which call, from 1, is looked at of parts that run several times in a pass, such as a diffusion "
        "model's steps; 0: such parts are not dissected",
    )
    latent_shape: tuple[int, ...] = key((), "generators: shape of one latent, e.g. [512]")
    output_range: tuple[float, ...] = key((-1.0, 1.0), "generators: what black and white are in the output")

    def __post_init__(self) -> None:
        settle_types(self, "[model]")
        has_file = bool(self.weights) or "weights_key" in keys_of(self.source)
        ordered = len(self.output_range) == 2 and self.output_range[0] < self.output_range[1]
        names = [each.layer_name for each in self.directions]
        twice = next((name for name in names if names.count(name) > 1), "")
        refuse(
            [
                (not twice, f"[[model.directions]]: two are called {twice!r}; give each a name of its own"),
                (
                    has_file or not self.weights_key,
                    "[model] weights_key chooses a part of a weight file: name the file in weights",
                ),
                (len(self.mean) == len(self.std), "[model] mean and std differ in length"),
                (len(self.mean) in (1, 3), "[model] mean has one value a channel: one or three"),
                (all(value > 0 for value in self.std), "[model] std must be above 0"),
                (
                    all(side > 0 for side in self.latent_shape),
                    "[model] latent_shape has a side that is not above 0",
                ),
                (
                    math.prod(self.latent_shape) <= MOST,
                    f"[model] latent_shape: at most {MOST:,} numbers a latent",
                ),
                *(
                    (
                        _is_input(value),
                        f"[model] inputs {name}: a number, text, true, false or list of numbers",
                    )
                    for name, value in self.inputs.items()
                ),
                (self.calls >= 0, "[model] calls must be 0 or the number of a call, from 1"),
                (ordered, "[model] output_range is two numbers, black and white, e.g. [-1.0, 1.0]"),
                *bounded(self, "[model]"),
            ]
        )


def _is_input(value: object) -> bool:
    """Whether it can be written in the file: nested lists hold numbers, as many in each."""
    if not isinstance(value, list):
        return isinstance(value, int | float | str)
    return all(map(_is_number, value)) or (
        all(isinstance(part, list) and _is_input(part) for part in value) and len(set(map(len, value))) == 1
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
