"""Networks of transformers: "hf:FOLDER" of ``save_pretrained``, or "hf:ORG/NAME" of the hub."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from torch import nn

from dissect_report.config import ModelConfig, SegmenterConfig
from dissect_report.errors import ModelError, SourceError, nearest
from dissect_report.sources.hub import local_or_hub
from dissect_report.sources.knowledge import Knowledge, Opened
from dissect_report.sources.making import load_package, same_dice, taking

REMEDY = (
    "download it where there is a network (hf download ORG/NAME --local-dir FOLDER) and name the folder: "
    "hf:FOLDER; it holds config.json and model.safetensors (a pickle alone is not read)"
)

#: What a picture is called among the inputs.
PIXELS = "pixel_values"

#: Names of classes that nobody gave.
PLACEHOLDER = re.compile(r"LABEL_\d+")

#: Arguments that say where something is, and are no settings of a network.
PLACES = ("revision", "subfolder", "cache_dir", "token", "local_files_only", "force_download")


@dataclass(frozen=True)
class Loaded:
    """A network of transformers.

    Attributes:
        network: as its class makes it.
        labels: names of classes or concepts by their numbers; empty where they are placeholders.
        processor: how its image processor makes pictures ready; empty where none came with it.
        place: the folder, or the name on the hub.
    """

    network: Any
    labels: tuple[str, ...]
    processor: Mapping[str, Any]
    place: str


def load_hf(
    config: ModelConfig | SegmenterConfig, folder: Path, error: type[SourceError], pretrained: bool = True
) -> Loaded:
    """The network that a folder or a repository holds, by the class that its configuration names.

    Args:
        config: with arguments: settings of the network, or where on the hub it is.
        folder: a relative folder is relative to it.
        error: what to raise, by what the network is for.
        pretrained: else its weights are random.

    Raises:
        SourceError: of the class ``error``: transformers is missing, or it holds no such network.
        WeightsError: it cannot be had.
    """
    transformers = load_package("transformers", config.source, error)
    place, _ = local_or_hub(config.source, folder, error)
    args = {name: value for name, value in config.args.items() if name != "pretrained"}
    where = {name: args[name] for name in PLACES if name in args}
    with same_dice(), taking(args, config.source, error, REMEDY), _quiet(transformers):
        settings, unknown = transformers.AutoConfig.from_pretrained(
            place, trust_remote_code=False, return_unused_kwargs=True, **args
        )
        for name in sorted(unknown.keys() - {*PLACES, "trust_remote_code", "dtype"}):
            hint = nearest(name, [*vars(settings), "num_labels"])
            raise error(f"{config.source}: its configuration has no {name!r}; {hint}")
        kind = _class_of(transformers, settings, config.source, error)
        if pretrained:
            network = kind.from_pretrained(place, config=settings, use_safetensors=True, **where)
        else:
            network = kind(settings)
        network = network if "dtype" in args else network.float()
        processor = _processor(transformers, place, where)
    named = getattr(settings, "id2label", None) or {}
    labels = tuple(str(named[number]) for number in sorted(named))
    placeholders = all(PLACEHOLDER.fullmatch(label) for label in labels)
    return Loaded(network, () if placeholders else labels, processor, place)


def _class_of(transformers: Any, settings: Any, source: str, error: type[SourceError]) -> Any:
    names = getattr(settings, "architectures", None) or []
    kind = getattr(transformers, names[0], None) if names else None
    if kind is None or not issubclass(kind, transformers.PreTrainedModel):
        named = f"names {names[0]!r}" if names else "names nothing under 'architectures'"
        raise error(
            f"{source}: its config.json {named}, no network of transformers {transformers.__version__}: "
            "save_pretrained writes it, a newer transformers may know it"
        )
    return kind


class _quiet:  # noqa: N801  reads as what it does
    """No bars and no reports of transformers' own."""

    def __init__(self, transformers: Any) -> None:
        self._logging = transformers.utils.logging

    def __enter__(self) -> None:
        self._before = self._logging.get_verbosity(), self._logging.is_progress_bar_enabled()
        self._logging.set_verbosity_error()
        self._logging.disable_progress_bar()

    def __exit__(self, *_: object) -> None:
        self._logging.set_verbosity(self._before[0])
        if self._before[1]:
            self._logging.enable_progress_bar()


def _processor(transformers: Any, place: str, where: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings of the image processor; empty where there is none."""
    try:
        found = transformers.AutoImageProcessor.from_pretrained(place, trust_remote_code=False, **where)
    except (OSError, ValueError, KeyError):  # none was saved with it: the configuration's defaults hold
        return {}
    told: Mapping[str, Any] = found.to_dict()
    return told


def open_hf(config: ModelConfig, folder: Path, notes: list[str]) -> Opened:
    """The network to take apart; of a network that takes words, too, the part that sees.

    Raises:
        ModelError, WeightsError: see ``load_hf``; or nothing of it takes pictures.
    """
    pretrained = bool(config.args.get("pretrained", not config.weights))
    loaded = load_hf(config, folder, ModelError, pretrained)
    if not pretrained and not config.weights:
        notes.append(f"{config.source}: its weights are random (seed 0)")
    network, name = seeing_part(loaded.network)
    if network is None:
        raise ModelError(f"{config.source} is a {type(loaded.network).__name__}, which takes no pictures")
    if name:
        notes.append(f"{config.source}: of the {type(loaded.network).__name__} its part {name!r}, which sees")
    names = loaded.labels if "ImageClassification" in type(loaded.network).__name__ else ()
    return Opened(network, knowledge_of(loaded.processor, names))


def seeing_part(network: Any) -> tuple[nn.Module | None, str]:
    """The network, or the largest part of it whose first input is a picture; and that part's name."""
    for name, part in network.named_modules():
        if getattr(part, "main_input_name", "") == PIXELS:
            return part, name
    return None, ""


def knowledge_of(processor: Mapping[str, Any], classes: tuple[str, ...] = ()) -> Knowledge:
    """What the settings of an image processor say in our words."""
    mean, std = normalisation(processor)
    resize, crop, mode = _sides(processor)
    resample = processor.get("resample")
    rule = Image.Resampling(int(resample)).name.lower() if isinstance(resample, int) else ""
    return Knowledge(classes, mean, std, resize, crop, mode, rule if crop else "")


def normalisation(processor: Mapping[str, Any]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and std of pictures in [0, 1]; empty where nothing is known.

    A processor multiplies bytes by a factor, perhaps moves them to begin at -1, and then normalises.
    """
    if not processor:
        return (), ()
    rescaled = processor.get("do_rescale", True)
    factor = 255 * float(processor.get("rescale_factor") or 1 / 255) if rescaled else 255.0
    offset = 1.0 if processor.get("rescale_offset") or processor.get("offset") else 0.0
    mean, std = [0.0] * 3, [1.0] * 3
    if processor.get("do_normalize") and processor.get("image_mean") and processor.get("image_std"):
        mean, std = (_three(processor.get(name)) for name in ("image_mean", "image_std"))
    if processor.get("include_top"):  # EfficientNet's, which divides once more
        std = [s * s for s in std]
    return tuple((m + offset) / factor for m in mean), tuple(s / factor for s in std)


def _three(values: Any) -> list[float]:
    several = list(values) if isinstance(values, list | tuple) else [values] * 3
    return [float(value) for value in several]


def _sides(processor: Mapping[str, Any]) -> tuple[int, int, str]:
    """Side before the crop, crop, and whether proportions are kept; zeros where it is no square."""
    size = _box(processor.get("size")) if processor.get("do_resize", True) else {}
    cut = _box(processor.get("crop_size")) if processor.get("do_center_crop") else {}
    short, high, wide = (int(size.get(name) or 0) for name in ("shortest_edge", "height", "width"))
    crop = int(cut.get("height") or 0) if cut.get("height") == cut.get("width") else 0
    share = processor.get("crop_pct")
    if short and share and not crop:  # ConvNeXt's: up to 384 pixels a part is cut out, from there squashed
        return (int(short / share), short, "short_side") if short < 384 else (short, short, "squash")
    if short and crop and short >= crop:
        return short, crop, "short_side"
    if high and high == wide and (not crop or high >= crop):
        return high, crop or high, "squash"
    return 0, 0, ""


def _box(size: Any) -> Mapping[str, Any]:
    """A size as sides by name: early processors wrote one number."""
    if isinstance(size, int):
        return {"height": size, "width": size}
    return size if isinstance(size, Mapping) else {}
