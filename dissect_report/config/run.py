"""A run and the whole file: the tables together, and what they cannot say of each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dissect_report.config.ablation import AblationConfig
from dissect_report.config.compute import ComputeConfig
from dissect_report.config.dissection import DissectionConfig
from dissect_report.config.generation import GenerationConfig
from dissect_report.config.keys import refuse
from dissect_report.config.model import ModelConfig
from dissect_report.config.names import check_distinct, check_name
from dissect_report.config.photo import PhotoConfig
from dissect_report.config.probe import CROP, ProbeConfig
from dissect_report.config.segmenter import SegmenterConfig
from dissect_report.config.site import SiteConfig
from dissect_report.schemes import scheme_of


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
    photo: PhotoConfig | None = None

    def __post_init__(self) -> None:
        check_name(self.name)
        refuse(
            [
                (bool(self.model.source), "[model] source is missing: file.py:factory, or a network by name"),
                (
                    bool(self.probe.images) or self.is_generator,
                    '[probe] images is missing: a folder of pictures (or is [model] kind = "generator"?)',
                ),
                (self.probe.holds_crop or scheme_of(self.model.source) is not None, CROP),
                (bool(self.segmenters), "[[segmenter]] is missing: concepts need at least one"),
                (all(s.source for s in self.segmenters), "[[segmenter]] source is missing"),
                *(self._generator_checks() if self.is_generator else self._classifier_checks()),
            ]
        )

    def _classifier_checks(self) -> list[tuple[bool, str]]:
        return [
            (self.generation is None, '[generation] is for [model] kind = "generator"'),
            (
                not self.probe.classes,
                "[probe] classes are a generator's; of a classifier [model] classes lists the names",
            ),
            (not self.probe.truncation, '[probe] truncation is for [model] kind = "generator"'),
        ]

    def _generator_checks(self) -> list[tuple[bool, str]]:
        return [
            (
                not self.probe.images,
                "[probe] images: a generator is measured on latents = N, not on images",
            ),
            (not self.probe.groups, "[probe] groups: latents are independent, leave it out"),
            (
                bool(self.model.latent_shape),
                "[model] latent_shape is missing: the shape of one latent, e.g. [512]",
            ),
            (self.ablation is None, "[ablation] needs a classifier; a generator's table is [generation]"),
            (self.photo is None, "[photo] needs a classifier, which takes photos"),
            (
                self.dissection.registration == "center",
                '[dissection] registration = "convolution" is for classifiers; leave it out',
            ),
        ]

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

    def __post_init__(self) -> None:
        refuse(
            [
                (bool(self.runs), "a site needs at least one run"),
                (isinstance(self.title, str) and bool(self.title.strip()), "title must be a text"),
            ]
        )
        check_distinct([run.name for run in self.runs])

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
    "photo": PhotoConfig,
    "compute": ComputeConfig,
}

#: Sections that switch something on: without them it is not done.
OPTIONAL = ("ablation", "generation", "photo")
