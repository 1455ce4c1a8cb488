"""Segmenters of segmentation_models_pytorch, as its ``save_pretrained`` wrote them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dissect_report.config import ProbeConfig, SegmenterConfig
from dissect_report.errors import SegmenterError, WeightsError
from dissect_report.sources.hub import local_or_hub
from dissect_report.sources.making import load_package, taking
from dissect_report.sources.segmenters.carried import find_catalogue
from dissect_report.sources.segmenters.network import NetworkSegmenter, normalisation_of

REMEDY = (
    "download it where there is a network (hf download ORG/NAME --local-dir FOLDER) and name the folder: "
    "smp:FOLDER"
)


def open_smp(
    config: SegmenterConfig, probe: ProbeConfig, folder: Path, among: Sequence[SegmenterConfig]
) -> NetworkSegmenter:
    """A segmenter from "smp:FOLDER" or "smp:ORG/NAME".

    Its input is normalised as that of its encoder's published weights, if it began with such.

    Raises:
        SegmenterError: nobody names its concepts, or nobody knows how its input is normalised.
        WeightsError: it cannot be had.
    """
    smp = load_package("segmentation_models_pytorch", config.source, SegmenterError)
    place, local = local_or_hub(config.source, folder, SegmenterError)
    if local and not (Path(place) / "model.safetensors").is_file():
        raise WeightsError(f"{config.source}: {place} holds no model.safetensors; save_pretrained writes it")
    with taking(config.args, config.source, SegmenterError, REMEDY):
        network = smp.from_pretrained(place, **config.args)
    catalogue = find_catalogue(config, folder, network)
    known = None if config.mean else _normalisation(smp, config, network)
    return NetworkSegmenter(
        config.source, network, catalogue, unlabelled=config.unlabelled, output=config.output,
        normalisation=normalisation_of(config, known),
    )  # fmt: skip


def _normalisation(
    smp: Any, config: SegmenterConfig, network: Any
) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Mean and std of its encoder's published weights; None where it began with random ones."""
    weights = network.config.get("encoder_weights")
    if not weights:
        return None
    remedy = "its encoder's settings are on the hub; say mean = [..] and std = [..] in [[segmenter]]"
    with taking({}, config.source, SegmenterError, remedy):
        told = smp.encoders.get_preprocessing_params(network.config["encoder_name"], weights)
    if told["input_space"] != "RGB":
        raise SegmenterError(f"{config.source} wants {told['input_space']} images: a factory can wrap it")
    white = float(max(told["input_range"]))
    return tuple(m / white for m in told["mean"]), tuple(s / white for s in told["std"])
