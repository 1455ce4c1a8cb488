"""Segmenters that the user wrote: from a factory, or an object of the running program."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dissect_report.config import ProbeConfig, SegmenterConfig
from dissect_report.errors import SegmenterError
from dissect_report.sources.concepts import check_catalogue
from dissect_report.sources.factory import load_factory, source_digest
from dissect_report.sources.in_memory import concepts_of, held
from dissect_report.sources.segmenters.carried import find_catalogue, read_carried
from dissect_report.sources.segmenters.network import NetworkSegmenter, normalisation_of


def open_factory(config: SegmenterConfig, folder: Path) -> NetworkSegmenter:
    """A segmenter from "file.py:factory" or "package.module:factory".

    Raises:
        SegmenterError: the factory fails, gives nothing that can segment, or nobody names its concepts.
    """
    network = load_factory(config.source, folder, SegmenterError)(**config.args)
    _check_segments(config, network)
    catalogue = find_catalogue(config, folder, network)
    code = source_digest(config.source, folder)
    return NetworkSegmenter(
        config.source, network, catalogue, unlabelled=config.unlabelled, output=config.output,
        code_digest=code, normalisation=normalisation_of(config),
    )  # fmt: skip


def open_held(
    config: SegmenterConfig, probe: ProbeConfig, folder: Path, among: Sequence[SegmenterConfig]
) -> NetworkSegmenter:
    """A segmenter that is an object of the running program. Raises as ``open_factory``."""
    held_network, concepts = concepts_of(held(config.source, SegmenterError))
    _check_segments(config, held_network)
    if concepts is None:
        catalogue = find_catalogue(config, folder, held_network)
    else:
        listed = read_carried(concepts, config.source, config.unlabelled)
        catalogue = check_catalogue(listed, config.unlabelled, config.source)
    return NetworkSegmenter(
        config.source, held_network, catalogue, unlabelled=config.unlabelled, output=config.output,
        normalisation=normalisation_of(config),
    )  # fmt: skip


def _check_segments(config: SegmenterConfig, network: Any) -> None:
    if not callable(network) and not callable(getattr(network, "segment", None)):
        what = type(network).__name__
        raise SegmenterError(
            f"{config.source} gives a {what}: neither a network nor an object with segment(images)"
        )
