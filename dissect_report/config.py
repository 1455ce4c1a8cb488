"""What a ``dissect.toml`` can say: frozen dataclasses, every default stated here and only here.

The help text of every key lives in its field's metadata: ``dissect-report init`` and the
configuration reference are written from it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from dissect_report.config_checks import check_run, run_name
from dissect_report.config_tables import read_optional, read_section
from dissect_report.errors import ConfigError, nearest

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def key(default: Any, text: str) -> Any:
    """A configuration key with its default and its help text."""
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True)
class ModelConfig:
    """The network that is taken apart."""

    kind: Literal["classifier", "generator"] = key(
        "classifier", "what the network does: classifier (takes images) or generator (makes images)"
    )
    source: str = key(
        "", "file.py:factory | package.module:factory | torchvision:vgg16[@WEIGHTS_NAME] | progan:FILE"
    )
    layers: tuple[str, ...] = key(("*",), "layer names or globs; they are kept in execution order")
    weights: str = key("", "optional state dict (safetensors; a pickle only with allow_pickle = true)")
    allow_pickle: bool = key(False, "load weights that are a pickle, which can run code of its author")
    classes: str = key("", "text file of class names, one a line; default: output_0, output_1 ...")
    mean: tuple[float, ...] = key(IMAGENET_MEAN, "of the model's input, one a channel")
    std: tuple[float, ...] = key(IMAGENET_STD, "of the model's input, one a channel")
    latent_shape: tuple[int, ...] = key((), "generators: shape of one latent, e.g. [512]")
    output_range: tuple[float, ...] = key((-1.0, 1.0), "generators: what black and white are in the output")


@dataclass(frozen=True)
class ProbeConfig:
    """What the network is measured on: images, or for a generator latents."""

    images: tuple[str, ...] = key((), "a folder or a list of them; sub-folders are classes; or demo")
    resize: int = key(256, "side in pixels before the crop")
    resize_mode: Literal["short_side", "squash"] = key(
        "short_side", "short_side keeps the proportions, squash makes the picture square"
    )
    crop: int = key(224, "side in pixels of the centre crop, which model and segmenter see")
    limit: int = key(0, "0 = all images, else the size of a seeded, stratified sample")
    latents: int = key(1000, "generators: how many images are made")
    seed: int = key(1, "generators: of the latents, which are standard normal")


@dataclass(frozen=True)
class SegmenterConfig:
    """One source of concept labels; several are merged."""

    source: str = key(
        "",
        "file.py:factory | package.module:factory | torchvision:NAME@WEIGHTS | masks:FOLDER | color | demo",
    )
    concepts: str = key("", "CSV with id,name,category; or names alone, one a line in id order")
    unlabelled: int = key(0, "the id that means no label (255 in many mask datasets)")


@dataclass(frozen=True)
class DissectionConfig:
    """How activation maps are compared with concepts."""

    quantile: float = key(0.01, "fraction of probe pixels above a unit's level")
    iou_threshold: float = key(0.04, "a unit whose best IoU exceeds it is a detector")
    grid: int = key(0, "side of the segmentation grid; 0 = a quarter of the image side, at least 32")
    upsampling: Literal["border", "zeros"] = key("border", "what lies outside the map: its edge, or zero")
    registration: Literal["center", "convolution"] = key(
        "center", "convolution: where the strides and paddings of the layers put each cell"
    )
    top_images: int = key(15, "images on a unit's page")
    seed: int = key(0, "of samples, permutations and random images")


@dataclass(frozen=True)
class AblationConfig:
    """Which units are removed, and what the classifier is asked then. Without the table nothing is."""

    layers: tuple[str, ...] = key(
        (), "dissected layers, names or globs; default: the last before the pooling"
    )
    rank_images: tuple[str, ...] = key(
        (), "folder of images that rank the units; default: a seeded, stratified half of the probe"
    )
    set_sizes: tuple[int | str, ...] = key(
        (1, 2, 3, 4, 5, 20, 64, 128, 256), 'units removed or kept at a time; or shares of them, "4%"'
    )
    random_draws: int = key(5, "random sets of each size to compare with")
    replacement: Literal["zero", "mean", "quantile"] = key("zero", "what a removed unit's map becomes")
    replacement_quantile: float = key(
        0.5, 'for replacement = "quantile": the value that this fraction of the unit\'s grid pixels exceeds'
    )
    classes: tuple[str, ...] = key((), "names or globs; default: all with at least 10 evaluation images")
    class_groups: dict[str, tuple[str, ...]] = field(
        default_factory=dict,
        metadata={
            "help": "classes taken as one, e.g. street = ['alley', 'road*']; at least 10 evaluation images"
        },
    )
    sets: dict[str, tuple[int, ...]] = field(
        default_factory=dict,
        metadata={"help": "sets of units by name, removed and kept, e.g. snow = [12, 40]"},
    )
    memory_gb: float = key(1.0, "memory for maps and for what lies behind them, at a time")


@dataclass(frozen=True)
class GenerationConfig:
    """What is changed inside a generator, to see it change the image. Without the table nothing is."""

    layers: tuple[str, ...] = key(
        (), "dissected layers, names or globs; default: the one whose units match most concepts"
    )
    concepts: tuple[str, ...] = key(
        (), "names or globs; default: the 8 largest by area that a unit matches above chance"
    )
    removed: tuple[int, ...] = key(
        (0, 1, 2, 4, 8, 12, 16, 20, 25, 30), "how many of a concept's best units are removed"
    )
    unit_effects: Literal["detectors", "all"] = key("detectors", "which units are changed one by one")
    insert_units: int = key(20, "how many of a concept's best units are inserted")
    insert_quantile: float = key(
        0.005, "units are inserted at the level that this fraction of probe pixels exceeds"
    )
    places: int = key(8, "insertion is tried at places x places of the map, at most 8")
    latents: int = key(32, "the first latents of the probe, for removing")
    unit_latents: int = key(32, "the first of those, for changing single units")
    unit_places: int = key(
        4, "single units are also inserted at so many rows and columns of the first latent's map; 0: nowhere"
    )
    insert_latents: int = key(8, "the first of those, for inserting at every place")
    grid_latents: int = key(8, "the first of those, shown before and after")
    random_draws: int = key(2, "random sets of units to compare with")
    memory_gb: float = key(1.0, "memory for edited maps and for what lies behind them, at a time")


@dataclass(frozen=True)
class ComputeConfig:
    """Where and how the work runs. No number but floating-point noise depends on it."""

    device: str = key("auto", "auto = cuda if there is one, else cpu")
    batch_size: int = key(16, "images a forward pass; halved on out-of-memory, which the findings record")
    cache_gb: float = key(8.0, "disk for activations and labels; past it the forward pass is repeated")


@dataclass(frozen=True)
class SiteConfig:
    """How the site is published."""

    url: str = key("", "address the site will have, e.g. https://me.github.io/project/; may stay empty")
    images: bool = key(True, "false leaves every probe picture out: thumbnails, top images, segmentations")
    parquet: bool = key(False, "true adds units.parquet beside every units.csv; needs the extra `parquet`")
    templates: str = key("", "folder of own pages/*.html and partials/*.html, which win over the shipped")


@dataclass(frozen=True)
class RunConfig:
    """One network, measured on one probe dataset."""

    name: str
    model: ModelConfig
    probe: ProbeConfig
    segmenters: tuple[SegmenterConfig, ...]
    dissection: DissectionConfig = DissectionConfig()
    compute: ComputeConfig = ComputeConfig()
    ablation: AblationConfig | None = None
    generation: GenerationConfig | None = None

    @property
    def is_generator(self) -> bool:
        """Whether the network makes images."""
        return self.model.kind == "generator"


@dataclass(frozen=True)
class Config:
    """A whole ``dissect.toml``: one site of one or several runs.

    Attributes:
        path: the file it was read from; relative sources are relative to its folder.
        title: of the site.
        runs: at least one, with distinct names.
        site: how the site is published.
    """

    path: Path
    title: str
    runs: tuple[RunConfig, ...]
    site: SiteConfig = SiteConfig()

    @property
    def folder(self) -> Path:
        """The site's folder: findings, cache and built site lie in it."""
        return self.path.parent

    @property
    def templates(self) -> Path | None:
        """The folder of the site's own templates; None if it has none."""
        return self.folder / self.site.templates if self.site.templates else None


SECTIONS: dict[str, type[Any]] = {
    "model": ModelConfig,
    "probe": ProbeConfig,
    "segmenter": SegmenterConfig,
    "dissection": DissectionConfig,
    "ablation": AblationConfig,
    "generation": GenerationConfig,
    "compute": ComputeConfig,
}

#: Sections that switch something on: without them it is not done.
OPTIONAL = ("ablation", "generation")


def load_config(path: str | Path) -> Config:
    """Reads and checks a ``dissect.toml``.

    Raises:
        ConfigError: the file is missing, not TOML, or says something impossible.
    """
    path = Path(path)
    if path.is_dir():
        path = path / "dissect.toml"
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; `dissect-report init DIR` writes one") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    return parse_config(tables, path)


def parse_config(tables: Mapping[str, Any], path: Path) -> Config:
    """A configuration from parsed TOML.

    Raises:
        ConfigError: naming ``path``, the key and the remedy.
    """
    known = ["title", "site", "run", *SECTIONS]
    for name in tables:
        if name not in known:
            raise ConfigError(f"{path}: unknown key {name!r}; {nearest(name, known)}")
    entries = tables.get("run", [tables])
    if not isinstance(entries, list) or not entries or not all(isinstance(e, Mapping) for e in entries):
        raise ConfigError(f"{path}: runs are written as [[run]] tables, each with a name")
    if "run" in tables and (stray := [name for name in SECTIONS if name in tables]):
        raise ConfigError(f"{path}: with [[run]] tables, write [{stray[0]}] as [run.{stray[0]}] below a run")
    several = "run" in tables
    runs = tuple(_read_run(entry, f"{path}", several) for entry in entries)
    names = [run.name for run in runs]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{path}: two runs are called {name!r}; give each [[run]] its own name")
    title = tables.get("title", runs[0].name)
    if not isinstance(title, str) or not title.strip():
        raise ConfigError(f"{path}: title must be a text")
    site = read_section(SiteConfig, tables.get("site", {}), f"{path}: [site]")
    return Config(path=path.resolve(), title=title, runs=runs, site=site)


def _read_run(tables: Mapping[str, Any], where: str, several: bool) -> RunConfig:
    known = [*SECTIONS, "name"] if several else [*SECTIONS, "title", "site"]
    for name in tables:
        if name not in known:
            raise ConfigError(f"{where}: unknown key {name!r} in [[run]]; {nearest(name, known)}")
    model = read_section(ModelConfig, tables.get("model", {}), f"{where}: [model]")
    segmenters = tables.get("segmenter", [])
    if not isinstance(segmenters, list):
        segmenters = [segmenters]
    run = RunConfig(
        name=run_name(tables.get("name", ""), model.source, where),
        model=model,
        probe=read_section(ProbeConfig, tables.get("probe", {}), f"{where}: [probe]"),
        segmenters=tuple(read_section(SegmenterConfig, s, f"{where}: [[segmenter]]") for s in segmenters),
        dissection=read_section(DissectionConfig, tables.get("dissection", {}), f"{where}: [dissection]"),
        compute=read_section(ComputeConfig, tables.get("compute", {}), f"{where}: [compute]"),
        ablation=read_optional(AblationConfig, tables, "ablation", where),
        generation=read_optional(GenerationConfig, tables, "generation", where),
    )
    check_run(run, where)
    return run
