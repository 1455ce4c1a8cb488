"""The demo's networks: a VGG-like scene classifier, a U-Net that labels every pixel, a generator of hamlets.

``python -m dissect_report.demo.train`` makes all three. The first two train with batch normalisation and ship
without it, folded into the convolutions: the classifier is only convolution, ReLU and pooling up to its
global pooling and linear layer.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from jaxtyping import Float, Int
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from dissect_report.demo.concepts import CHANNELS, CONCEPTS, DemoConcept, concept_ids
from dissect_report.demo.generator import hamlet_generator_from
from dissect_report.demo.scenes import SCENE_CLASSES
from dissect_report.errors import ModelError

MEAN: tuple[float, float, float] = (0.5, 0.5, 0.5)
STD: tuple[float, float, float] = (0.25, 0.25, 0.25)
"""What the classifier's caller subtracts from RGB in [0, 1] and divides by; the segmenter does so itself."""

WEIGHTS = Path(__file__).parent / "weights"

_CLASSIFIER_BLOCKS: tuple[tuple[int, ...], ...] = ((16, 24), (40, 40), (80, 80), (128, 128), (160, 192))
_ENCODER: tuple[tuple[int, ...], ...] = ((12,), (32, 32), (64, 64), (96, 96), (128, 128))
_DECODER: tuple[int, ...] = (88, 56, 48, 28)
_AT_ONCE = 4096

TAUGHT_SIDE = 128
"""Pixels of the scenes that classifier and segmenter were taught on."""


class SceneClassifier(nn.Sequential):
    """Layers in a row, and the names of the outputs."""

    classes: tuple[str, ...] = SCENE_CLASSES


def classifier_network(*, batch_norm: bool = False) -> SceneClassifier:
    """The classifier's layers with fresh weights: conv1_1, relu1_1, conv1_2 ... pool, flatten, linear.

    128x128 pixels become 16x16 cells of 192 units at conv5_2; the fifth block is not pooled before.
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    before = 3
    for block, widths in enumerate(_CLASSIFIER_BLOCKS, start=1):
        for place, units in enumerate(widths, start=1):
            layers[f"conv{block}_{place}"] = nn.Conv2d(before, units, 3, padding=1, bias=not batch_norm)
            if batch_norm:
                layers[f"norm{block}_{place}"] = nn.BatchNorm2d(units)
            layers[f"relu{block}_{place}"] = nn.ReLU()
            before = units
        if block < 4:
            layers[f"pool{block}"] = nn.MaxPool2d(2)
    layers["pool"] = nn.AdaptiveAvgPool2d(1)
    layers["flatten"] = nn.Flatten()
    layers["linear"] = nn.Linear(before, len(SCENE_CLASSES))
    return SceneClassifier(layers)


def _step(before: int, units: int, *, batch_norm: bool) -> nn.Sequential:
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["conv"] = nn.Conv2d(before, units, 3, padding=1, bias=not batch_norm)
    if batch_norm:
        layers["norm"] = nn.BatchNorm2d(units)
    layers["relu"] = nn.ReLU(inplace=True)  # a sixth of the time; nobody dissects the segmenter
    return nn.Sequential(layers)


class SegmenterNetwork(nn.Module):
    """A small U-Net whose logits are three groups: objects, parts, materials, each with "none" first."""

    def __init__(self, *, batch_norm: bool = False) -> None:
        super().__init__()
        before, kept = 3, []
        self.encoder = nn.ModuleList()
        for widths in _ENCODER:
            steps = []
            for units in widths:
                steps.append(_step(before, units, batch_norm=batch_norm))
                before = units
            self.encoder.append(nn.Sequential(*steps))
            kept.append(before)
        self.decoder = nn.ModuleList()
        for units, skipped in zip(_DECODER, kept[-2::-1], strict=True):
            enlarged = before // 4 if len(self.decoder) == len(_DECODER) - 1 else before
            self.decoder.append(_step(enlarged + skipped, units, batch_norm=batch_norm))
            before = units
        self.head = nn.Linear(before, sum(GROUPS), bias=False)

    def forward(self, images: Float[Tensor, "image 3 y x"]) -> Float[Tensor, "image logit y x"]:
        """Logits of RGB in [0, 1] whose sides are multiples of 16; see GROUPS for their order."""
        logits: Tensor = self.head(self.maps(images).permute(0, 2, 3, 1))
        return logits.permute(0, 3, 1, 2)

    def maps(self, images: Float[Tensor, "image 3 y x"]) -> Float[Tensor, "image unit y x"]:
        """What the last linear layer reads, at full resolution."""
        maps = (images - MEAN[0]) / STD[0]
        kept: list[Tensor] = []
        for depth, block in enumerate(self.encoder):
            if depth:
                maps = functional.max_pool2d(maps, 2)
            maps = block(maps)
            kept.append(maps)
        for depth, (block, skipped) in enumerate(zip(self.decoder, kept[-2::-1], strict=True), start=1):
            if depth < len(self.decoder):
                larger = functional.interpolate(maps, scale_factor=2, mode="nearest")
            else:  # the last enlargement spreads units over pixels: a quarter of the work at full size
                larger = functional.pixel_shuffle(maps, 2)
            maps = block(torch.cat((larger, skipped), dim=1))
        return maps


GROUPS: tuple[int, ...] = tuple(len(concept_ids(category)) + 1 for category in CHANNELS)
"""Sizes of the groups of logits: "none" and one per concept of the channel."""


class SceneSegmenter:
    """The trained U-Net as a segmenter of the demo's catalogue."""

    concepts: tuple[DemoConcept, ...] = CONCEPTS

    def __init__(self, network: SegmenterNetwork) -> None:
        self.network = network

    def to(self, device: torch.device | str) -> "SceneSegmenter":
        """Moves the network; returns itself."""
        self.network.to(device)
        return self

    @torch.no_grad()
    def segment(
        self, images: Float[Tensor, "image 3 y x"], cells: Callable[[int], Sequence[int]] = range
    ) -> Int[Tensor, "image 3 row column"]:
        """Object, part and material id of every pixel, 0 = none, int64, at the resolution that was looked at.

        Args:
            images: RGB in [0, 1]; sides other than multiples of 16 are extended by their last pixels. Scenes
                smaller than those it was taught on are enlarged: a tree of nine pixels is no tree to it.
            cells: of a side in pixels, the rows and columns that are wanted; by default all of them.
        """
        height, width = (int(side) for side in images.shape[-2:])  # numbers, also while a graph is made
        if height == width < TAUGHT_SIDE:
            larger = functional.interpolate(images, size=(TAUGHT_SIDE, TAUGHT_SIDE), mode="bicubic")
            return self.segment(larger.clamp(0, 1), cells)
        padded = _padded(images)
        maps = self.network.maps(padded.contiguous(memory_format=torch.channels_last)).permute(0, 2, 3, 1)
        rows, columns = (torch.tensor(cells(side), device=maps.device) for side in (height, width))
        maps = maps[:, rows[:, None], columns]
        best = self._best(maps.reshape(-1, maps.shape[-1])).view(3, *maps.shape[:3])
        for channel, category in enumerate(CHANNELS):
            best[channel] += (concept_ids(category)[0] - 1) * (best[channel] > 0)
        return best.transpose(0, 1).contiguous()

    def log_probability(
        self, images: Float[Tensor, "image 3 y x"], concept: int
    ) -> Float[Tensor, "image row column"]:
        """The natural logarithm of a concept's probability in its channel, with a gradient.

        See ``segment``.
        """
        height, width = images.shape[-2:]
        if height == width < TAUGHT_SIDE:
            larger = functional.interpolate(images, size=(TAUGHT_SIDE, TAUGHT_SIDE), mode="bicubic")
            return self.log_probability(larger.clamp(0, 1), concept)
        channel = next(k for k, category in enumerate(CHANNELS) if concept in concept_ids(category))
        place = concept - concept_ids(CHANNELS[channel])[0] + 1
        logits = self.network(_padded(images).contiguous(memory_format=torch.channels_last))
        group = logits.split(GROUPS, dim=1)[channel]
        found: Tensor = group.log_softmax(1)[:, place, :height, :width]
        return found

    def _best(self, rows: Float[Tensor, "pixel unit"]) -> Int[Tensor, "channel pixel"]:
        """Place of the largest logit in each group, so many pixels at a time as stay in cache."""
        best = torch.empty((len(GROUPS), len(rows)), dtype=torch.int64, device=rows.device)
        for start in range(0, len(rows), _AT_ONCE):
            logits = self.network.head(rows[start : start + _AT_ONCE])
            for channel, group in enumerate(logits.split(GROUPS, dim=1)):
                best[channel, start : start + _AT_ONCE] = group.max(dim=1).indices
        return best


def _padded(images: Tensor) -> Tensor:
    """Sides extended to multiples of 16."""
    height, width = images.shape[-2:]
    return functional.pad(images, (0, -width % 16, 0, -height % 16), mode="replicate")


def folded(trained: nn.Module, plain: nn.Module) -> nn.Module:
    """`plain` in eval mode with the weights of `trained`, whose batch normalisation is folded away.

    Args:
        trained: a network made with batch_norm=True.
        plain: the same network made without.
    """
    trained.eval()
    state: dict[str, Tensor] = {}
    modules = dict(trained.named_modules())
    for name, module in modules.items():
        if isinstance(module, nn.Conv2d):
            norm = modules.get(name.replace("conv", "norm"))
            whole = fuse_conv_bn_eval(module, norm) if isinstance(norm, nn.BatchNorm2d) else module
            state |= {f"{name}.{key}": value for key, value in whole.state_dict().items()}
        elif isinstance(module, nn.Linear):
            state |= {f"{name}.{key}": value for key, value in module.state_dict().items()}
    plain.load_state_dict(state)
    return plain.eval()


def read_weights(name: str) -> dict[str, Tensor]:
    """A shipped state dict, float32.

    Raises:
        ModelError: the weights are not in the package.
    """
    path = WEIGHTS / f"{name}.safetensors"
    if not path.is_file():
        remedy = f"reinstall, or run python -m dissect_report.demo.train {name}"
        raise ModelError(f"{path.name} of the demo is missing: {remedy}")
    return {key: value.float() for key, value in load_file(path).items()}


def _load(network: nn.Module, name: str) -> None:
    network.load_state_dict(read_weights(name))
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    network.eval().requires_grad_(False)


def scene_classifier() -> nn.Module:
    """The trained classifier in eval mode: normalised RGB [image, 3, 128, 128] -> logits [image, class].

    Raises:
        ModelError: the weights are not in the package.
    """
    network = classifier_network()
    _load(network, "classifier")
    return network


def scene_segmenter() -> SceneSegmenter:
    """The trained segmenter of the demo's scenes.

    Raises:
        ModelError: the weights are not in the package.
    """
    network = SegmenterNetwork()
    _load(network, "segmenter")
    return SceneSegmenter(network)


def scene_generator() -> nn.Module:
    """The trained generator of hamlets in eval mode: latents [image, 552] -> RGB in about [-1, 1], 64x64.

    Raises:
        ModelError: the weights are not in the package.
    """
    generator = hamlet_generator_from(read_weights("generator"))
    generator.requires_grad_(False)
    return generator
