"""The check before measuring: an image's maps, scores and labels depend on that image alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn

from dissect_report.activations.causes import fault_line
from dissect_report.activations.recording import record
from dissect_report.activations.steadiness import COUNT, find_fault
from dissect_report.activations.untouched import untouched
from dissect_report.analysis.generating import made_images, unit_range
from dissect_report.analysis.passes.batches import out_of_memory
from dissect_report.analysis.setup import Setup
from dissect_report.errors import DissectError, ModelError, SegmenterError
from dissect_report.sources.probe import rgb
from dissect_report.sources.segmenters.network import NetworkSegmenter


def check_images_alone(setup: Setup) -> None:
    """Asks the network and every segmenter for the first images again and in another batch.

    Three forward passes of at most three images each. Refuses what dropout, batch statistics, noise or
    state from call to call would make of the numbers.

    Raises:
        ModelError, SegmenterError: the answers differ by more than arithmetic noise; the line names the
            likely cause and the remedy.
    """
    _check_network(setup)
    for segmenter in setup.segmenter.segmenters:
        if isinstance(segmenter, NetworkSegmenter):
            _check_segmenter(setup, segmenter)


def _check_network(setup: Setup) -> None:
    network, source = setup.network, setup.run.model.source
    inputs = _inputs(setup)

    def ask(images: Tensor) -> Mapping[str, Tensor]:
        with record(network.model, network.chosen) as recorder:
            made = answer(images)
            maps = {f"layer {name!r}": values for name, values in recorder.take().items()}
        return maps if made is None else {**maps, "its output": made}

    def answer(images: Tensor) -> Tensor | None:
        if setup.run.is_generator:
            return made_images(setup, network.model(images), range(len(images)))
        if network.output is not None:
            return network.output.read(lambda: network.model(images))
        network.model(images)
        return None

    _check(source, ask, inputs, setup.batches.size, [network.model], ModelError)


def _check_segmenter(setup: Setup, segmenter: NetworkSegmenter) -> None:
    def ask(images: Tensor) -> Mapping[str, Tensor]:
        scores = segmenter.scores(images)
        if scores is not None:
            return {"its logits": scores}
        return {"its labels": segmenter.label(images, ["checked"] * len(images), setup.grid)}

    _check(segmenter.source, ask, _pictures(setup), setup.labelling.size, segmenter.networks, SegmenterError)


def _check(
    source: str,
    ask: Callable[[Tensor], Mapping[str, Tensor]],
    images: Tensor,
    size: int,
    networks: list[nn.Module],
    error: type[DissectError],
) -> None:
    with torch.inference_mode(), ExitStack() as stack:
        for network in networks:
            stack.enter_context(untouched(network))
        try:
            fault = find_fault(ask, images, size, networks)
        except DissectError:
            raise
        except Exception as problem:  # the user's own code: it may raise anything at all
            if not out_of_memory(problem):
                line = " ".join(str(problem).split())
                raise error(
                    f"{source} fails on the first images: {type(problem).__name__}: {line}"
                ) from problem
            fault = find_fault(ask, images, 1, networks)
        if fault is not None:
            count = _accepted(ask, images)
            raise error(fault_line(source, fault, networks, lambda: ask(images[:count].clone())))


def _accepted(ask: Callable[[Tensor], Any], images: Tensor) -> int:
    """Images of a batch to look at: two, where the network takes two."""
    for count in range(2, 0, -1):
        try:
            ask(images[:count].clone())
        except Exception:  # the user's own code, made for one number: it may raise anything at all
            continue
        return count
    return len(images)


def _inputs(setup: Setup) -> Tensor:
    return setup.survey.inputs(0, min(COUNT, len(setup.survey)), setup.run.model, setup.network.device)


def _pictures(setup: Setup) -> Tensor:
    """Images in [0, 1] as the segmenters take them; a generator makes them."""
    count = min(COUNT, len(setup.survey))
    if not setup.run.is_generator:
        return rgb(torch.from_numpy(setup.survey.read(0, count))).to(setup.network.device)
    with torch.inference_mode():
        made = [made_images(setup, setup.network.model(each[None]), range(1)) for each in _inputs(setup)]
    return unit_range(setup, torch.cat(made))
