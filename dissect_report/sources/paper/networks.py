"""The paper's networks with their published weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from dissect_report.config import ModelConfig
from dissect_report.errors import ModelError
from dissect_report.sources.fetching.fetch import fetched
from dissect_report.sources.knowledge import Knowledge, Opened
from dissect_report.sources.paper.classifiers import alexnet, resnet152, vgg16
from dissect_report.sources.paper.files import ALEXNET, PLACES_VAL, RESNET152, VGG16, find
from dissect_report.sources.paper.photos import place_names
from dissect_report.sources.progan import progan_from
from dissect_report.sources.weights import read_restricted

BUILDERS: Mapping[str, Callable[[], nn.Module]] = {
    VGG16.source: vgg16,
    ALEXNET.source: alexnet,
    RESNET152.source: resnet152,
}


def open_paper_network(config: ModelConfig, folder: Path, notes: list[str]) -> Opened:
    """The network in eval mode; its weights are downloaded where they are not in the cache.

    Raises:
        ModelError: the paper has no such network, or the file holds another.
        WeightsError: the file cannot be had, or holds anything but tensors.
    """
    wanted = find(config.source, ("classifier", "generator"), ModelError)
    path = fetched(wanted.files[0])
    state = read_restricted(path)
    try:
        if wanted.kind == "generator":
            return Opened(progan_from(state))
        network = _classifier(config.source, state)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None
    names = place_names()
    if not names and not config.classes:
        notes.append(
            f"{config.source}: its classes are the folders of {PLACES_VAL.source}, which are not here: "
            "dissect-report fetch, or name a file in [model] classes"
        )
    return Opened(network, Knowledge(classes=names))


def _classifier(source: str, state: Mapping[str, Tensor]) -> nn.Module:
    with torch.device("meta"):
        network = BUILDERS[source]()
    misfit = fit(network, state)
    if misfit:
        raise ModelError(f"not {source}: {misfit!r} is missing, extra or misshapen")
    return network.eval()


def fit(network: nn.Module, state: Mapping[str, Tensor]) -> str:
    """Puts a published state dict into a network that has no numbers yet.

    Returns:
        The first key that does not fit; "" where all do.
    """
    wanted = network.state_dict()
    # published before torch counted the batches that a norm has seen
    given = {key: torch.tensor(0) for key in wanted if key.endswith("num_batches_tracked")} | dict(state)
    for key in sorted(wanted.keys() | given.keys()):
        if key not in given or key not in wanted or given[key].shape != wanted[key].shape:
            return key
    network.load_state_dict(given, assign=True)
    return ""
