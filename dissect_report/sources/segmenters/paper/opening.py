"""The published weights of the paper's segmenters, read into the networks they were made for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from dissect_report.config import SegmenterConfig
from dissect_report.errors import SegmenterError
from dissect_report.sources.concepts import check_catalogue, name_channels
from dissect_report.sources.fetching.fetch import fetched
from dissect_report.sources.paper.files import COLOR, UPP
from dissect_report.sources.paper.networks import fit
from dissect_report.sources.segmenters.network import NetworkSegmenter
from dissect_report.sources.segmenters.paper.coloring import color_net
from dissect_report.sources.segmenters.paper.labels import PerceptualParser
from dissect_report.sources.segmenters.paper.parsing import perceptual_net
from dissect_report.sources.segmenters.paper.vocabulary import read_json, read_vocabulary
from dissect_report.sources.shells import eager
from dissect_report.sources.weights import read_restricted


class PerceptualSegmenter(NetworkSegmenter):
    """Objects, materials, parts and quadrants, decided on the grid's own cells."""

    network: PerceptualParser

    def label(
        self, images: Float[Tensor, "image 3 y x"], names: Sequence[str], grid: int
    ) -> Integer[Tensor, "image depth grid grid"]:
        """See ``Segmenter``."""
        if torch._C._get_tracing_state():  # a graph is made of it
            raise SegmenterError(f"{self.source}: connected pieces, which quadrants are cut of, have none")
        with torch.no_grad(), eager():
            ids = self._run(lambda given: self.network.segment(given, grid), self._prepared(images))
        return self._from_ids(ids, images, grid)


def open_paper(config: SegmenterConfig, *_: object) -> NetworkSegmenter:
    """One by its source, "paper:upp" or "paper:color"; files that are not in the cache are downloaded.

    Raises:
        SegmenterError: no such segmenter, or its files do not fit each other.
        WeightsError: a file cannot be had.
    """
    opened = {UPP.source: open_upp, COLOR.source: open_color}.get(config.source)
    if opened is None:
        raise SegmenterError(f"{config.source}: the paper's segmenters are {UPP.source} and {COLOR.source}")
    return opened()


def open_upp() -> PerceptualSegmenter:
    """Objects, parts, materials, and every object's quadrants. Raises as ``open_paper``."""
    encoder, decoder, labels = map(fetched, UPP.files)
    words = read_vocabulary(labels)
    first, last = read_part(encoder), read_part(decoder)
    width = units_of(first, "conv1.weight", encoder)
    units = units_of(last, "ppm_last_conv.0.weight", decoder)
    with torch.device("meta"):
        network = perceptual_net(len(words.objects), words.part_channels, len(words.materials), width, units)
    load_part(network.encoder, first, encoder)
    load_part(network.decoder, last, decoder)
    catalogue = check_catalogue(words.concepts, 0, f"{labels}")
    return PerceptualSegmenter(UPP.source, PerceptualParser(network, words).eval(), catalogue)


def open_color() -> NetworkSegmenter:
    """Eleven color terms. Raises as ``open_paper``."""
    encoder, decoder, labels = map(fetched, COLOR.files)
    names, mean, std = read_terms(labels)
    first, last = read_part(encoder), read_part(decoder)
    width = units_of(first, "conv1.weight", encoder)
    units = units_of(last, "conv_last.0.weight", decoder)
    with torch.device("meta"):
        network = color_net(len(names), mean, std, width, units)
    load_part(network.encoder, first, encoder)
    load_part(network.decoder, last, decoder)
    catalogue = check_catalogue(name_channels(names), (), f"{labels}")
    catalogue = tuple(replace(concept, category="color") for concept in catalogue)
    return NetworkSegmenter(COLOR.source, network, catalogue, unlabelled=(-1,))


def read_terms(labels: Path) -> tuple[tuple[str, ...], tuple[float, ...], tuple[float, ...]]:
    """Names in the order of channels, and the mean and std of RGB, from a published table.

    Raises:
        SegmenterError: the table says something else.
    """
    table = read_json(labels)
    try:
        names = tuple(str(entry["name"]) for entry in table["labels"])
        image = table["imageformat"]
        mean, std = (tuple(map(float, image[key])) for key in ("mean", "stdev"))
        if image.get("byteorder", "RGB") != "RGB" or not len(mean) == len(std) == 3:
            raise ValueError("imageformat is not RGB")
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        expected = "labels: names; imageformat: byteorder RGB, mean, stdev"
        raise SegmenterError(f"{labels}: {error} (expected {expected})") from None
    return names, mean, std


def read_part(path: Path) -> dict[str, Tensor]:
    """A published state dict; a classifier's ``fc`` in it is let go.

    Raises:
        WeightsError: it holds anything but tensors.
    """
    return {key: value for key, value in read_restricted(path).items() if not key.startswith("fc.")}


def units_of(state: Mapping[str, Tensor], key: str, path: Path) -> int:
    """How many units a convolution has.

    Raises:
        SegmenterError: there is no such convolution.
    """
    if key not in state or state[key].ndim != 4:
        raise SegmenterError(f"{path}: not this network's weights: {key!r} is missing or misshapen")
    return len(state[key])


def load_part(part: nn.Module, state: Mapping[str, Tensor], path: Path) -> None:
    """Puts a state dict into an encoder or a decoder.

    Raises:
        SegmenterError: it is of another network.
    """
    if misfit := fit(part, state):
        raise SegmenterError(f"{path}: not this network's weights: {misfit!r} is missing, extra or misshapen")
    part.eval()
