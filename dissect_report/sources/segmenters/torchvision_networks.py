"""Segmenters of torchvision, with published weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dissect_report.config import ProbeConfig, SegmenterConfig
from dissect_report.config.keys import Unsaid
from dissect_report.errors import SegmenterError
from dissect_report.sources.concepts import check_catalogue, name_channels, read_catalogue
from dissect_report.sources.segmenters.network import NetworkSegmenter, normalisation_of
from dissect_report.sources.torchvision_models import build_torchvision, torchvision_knowledge

#: What torchvision's segmenters were trained with.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
BACKGROUND = "__background__"


def open_torchvision(
    config: SegmenterConfig, probe: ProbeConfig, folder: Path, among: Sequence[SegmenterConfig]
) -> NetworkSegmenter:
    """A segmenter from "torchvision:NAME@WEIGHTS", with the weights' categories as its catalogue.

    Raises:
        SegmenterError: no such network or weights, or they do not segment.
    """
    known = torchvision_knowledge(config.source, SegmenterError)
    categories = known.classes
    if "@" not in config.source:
        raise SegmenterError(
            f"{config.source} has random weights; name trained ones: {config.source}@DEFAULT"
        )
    network = build_torchvision(config.source, SegmenterError, config.args)
    unlabelled = config.unlabelled
    if config.concepts:
        catalogue = read_catalogue(folder / config.concepts, unlabelled)
    else:
        if isinstance(unlabelled, Unsaid) and BACKGROUND in categories:
            unlabelled = (categories.index(BACKGROUND),)
        catalogue = check_catalogue(name_channels(categories), unlabelled, config.source)
    return NetworkSegmenter(
        config.source, network, catalogue, unlabelled=unlabelled, output=config.output,
        normalisation=normalisation_of(config, (known.mean or MEAN, known.std or STD)),
    )  # fmt: skip
