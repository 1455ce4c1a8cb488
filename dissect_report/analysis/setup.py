"""A run laid out for measuring: everything that the configuration names is open, nothing is measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from pathlib import Path

import torch

from dissect_report.analysis.cache import Cache, digest
from dissect_report.analysis.labelling import images_at_once, largest_map
from dissect_report.analysis.networks import Network, open_network
from dissect_report.analysis.passes.batches import Batches
from dissect_report.analysis.passes.stages import Stages, drawn_key
from dissect_report.analysis.progress import Progress
from dissect_report.analysis.provenance import Stopwatch
from dissect_report.analysis.recognition import Recognition, noise_of, sample
from dissect_report.analysis.survey import Survey, survey_latents, survey_probe
from dissect_report.config import Config, RunConfig
from dissect_report.errors import SegmenterError
from dissect_report.findings.paths import RunPaths, SitePaths
from dissect_report.findings.records import OutputSample
from dissect_report.sources.dependencies import check_dependencies
from dissect_report.sources.probe import Probe, list_probe, rgb
from dissect_report.sources.segmenters.merge import MergedSegmenter, open_segmenters
from dissect_report.sources.segmenters.network import NetworkSegmenter

#: Share of the cache that decoded images may take; activations have the rest.
PIXEL_SHARE = 0.25

#: Bytes of a layer's directions at most, of the images of a batch.
DIRECTION_BYTES = 256 << 20


@dataclass(frozen=True)
class Setup:
    """What every step of an analysis works with.

    Attributes:
        config: the site's configuration.
        run: the run's.
        network: the model and its layers.
        segmenter: all segmenters, merged.
        survey: the readable images of the probe dataset.
        cache: activations and labels on disk.
        grid: side of the segmentation grid.
        threads: that count at the same time; no number depends on it.
        progress: told how far the work is.
        stopwatch: seconds per stage.
        batches: walks over the probe with the model; remembers halved batches.
        labelling: walks over the probe with the segmenters.
        labelled: images that are labelled at a time, where memory allows it.
        outputs: of the networks among them all on a fixed input: they are known again by them.
    """

    config: Config
    run: RunConfig
    network: Network
    segmenter: MergedSegmenter
    survey: Survey
    cache: Cache
    grid: int
    threads: int
    progress: Progress
    stopwatch: Stopwatch
    batches: Batches
    labelling: Batches
    labelled: int
    outputs: dict[str, tuple[OutputSample, ...]]

    @property
    def paths(self) -> RunPaths:
        """Where the findings go."""
        return SitePaths(self.config.folder).run(self.run.name)

    @cached_property
    def stages(self) -> Stages:
        """What every stage depends on."""
        survey, network = self.survey, self.network
        return Stages(
            run=self.run,
            network=network.digest,
            weights=network.weights,
            device=network.device.type,
            output=network.output,
            classes=network.classes,
            segmenters=self.segmenter.digest,
            labelled=self.labelled,
            grid=self.grid,
            images=survey.digest,
            names=survey.names,
            facts=digest(survey.names, survey.labels, survey.skipped, survey.groups),
            groups=digest(survey.groups),
            directions=tuple(info.recorded_as for info in network.chosen if info.base),
        )


def set_up(
    config: Config,
    run: RunConfig,
    progress: Progress,
    threads: int,
    probe: Probe | None = None,
    sources: Path | None = None,
) -> Setup:
    """Opens the model and the segmenters and looks through the probe dataset.

    Args:
        probe: instead of the configured images, for a trial.
        sources: folder that relative sources are relative to, where it is not the site's.

    Raises:
        DissectError: something that the configuration names cannot be used.
    """
    stopwatch = Stopwatch()
    with stopwatch.time("open"):
        folder = sources or config.folder
        for part in run.segmenters:  # before anything takes long
            check_dependencies(part.depends, folder, "[[segmenter]] depends", SegmenterError)
        network = open_network(run, folder)
        run = network.run
        segmenter = open_segmenters(run.segmenters, run.probe, folder).to(network.device)
    cache = Cache(SitePaths(config.folder).cache(run.name))
    cache.prepare()
    known = Recognition(SitePaths(config.folder).run(run.name).run, cache.folder / "outputs.json")
    token = known.recognise("network", network.outputs, noise_of(network.model))
    network = replace(network, digest=digest(network.digest, token))
    with stopwatch.time("read images"):
        survey = _survey(run, network, segmenter, folder, probe, cache, threads, progress)
        segmenter.check(survey.names)
    batches = Batches(_images_at_once(run, network), network.device, list(network.notes))
    labelling = Batches(1, network.device, batches.notes)
    with stopwatch.time("open"):
        largest = _recognise_segmenters(
            segmenter, labelling, known, lambda: _first_image(run, network, survey)
        )
        labelling.size = images_at_once(largest, run.compute.batch_size, network.device)
        _try_several(segmenter, labelling, lambda: _first_image(run, network, survey))
    return Setup(
        config=config,
        run=run,
        network=network,
        segmenter=segmenter,
        survey=survey,
        cache=cache,
        grid=run.dissection.grid or max(32, network.side // 4),
        threads=threads,
        progress=progress,
        stopwatch=stopwatch,
        batches=batches,
        labelling=labelling,
        labelled=labelling.size,
        outputs=known.outputs,
    )


def _images_at_once(run: RunConfig, network: Network) -> int:
    """Images a batch: fewer than asked for where the maps of directions alone would fill the memory."""
    sizes = [info.units * prod(info.map_size) * 4 for info in network.chosen if info.base]
    return max(1, min(run.compute.batch_size, DIRECTION_BYTES // max([*sizes, 1])))


def _recognise_segmenters(
    segmenter: MergedSegmenter,
    labelling: Batches,
    known: Recognition,
    first_image: Callable[[], torch.Tensor],
) -> int:
    """Runs every segmenter that is a network on the first image, and remembers what it gives.

    Returns:
        Bytes of the largest map that any of them makes of it; 0 where none is a network.

    Raises:
        SegmenterError: it fails, as it would on all of them.
    """
    largest = [0]
    for number, part in enumerate(segmenter.segmenters, 1):
        if isinstance(part, NetworkSegmenter):
            with largest_map(part.networks) as sizes:
                found = _answer(part, labelling, first_image)
            largest += sizes
            segmenter.known.append(known.recognise(f"segmenter {number}", found, noise_of(part.network)))
            if part.note:
                labelling.notes.append(part.note)
    return max(largest)


def _try_several(
    segmenter: MergedSegmenter, labelling: Batches, first_image: Callable[[], torch.Tensor]
) -> None:
    """Labels one image at a time on a CPU where a segmenter takes no more, and says so."""
    parts = [part for part in segmenter.segmenters if isinstance(part, NetworkSegmenter)]
    if labelling.device.type != "cpu" or labelling.size == 1 or not parts:
        return
    several = first_image().expand(labelling.size, -1, -1, -1)
    for part in parts:
        try:
            part.answer(several)
        except SegmenterError:
            labelling.size = 1
            labelling.notes.append(f"{part.source} takes one image at a time")
            return


def _answer(
    part: NetworkSegmenter, labelling: Batches, first_image: Callable[[], torch.Tensor]
) -> tuple[OutputSample, ...]:
    found: list[tuple[OutputSample, ...]] = []
    for _ in labelling.each(
        0, 1, lambda _first, _last: found.append(sample(part.answer(first_image()))), "segmenter"
    ):
        pass
    return found[0]


def _first_image(run: RunConfig, network: Network, survey: Survey) -> torch.Tensor:
    """RGB in [0, 1], [1, 3, y, x], as segmenters take it: a photo, or what is made of a latent."""
    if network.images is None:
        return rgb(torch.from_numpy(survey.read(0, 1)))
    made = network.images.read(lambda: network.model(survey.inputs(0, 1, run.model, network.device)))
    low, high = run.model.output_range
    scaled: torch.Tensor = (made.nan_to_num().clamp(low, high) - low) / (high - low)
    return scaled


def _survey(
    run: RunConfig,
    network: Network,
    segmenter: MergedSegmenter,
    folder: Path,
    probe: Probe | None,
    cache: Cache,
    threads: int,
    progress: Progress,
) -> Survey:
    if run.is_generator:
        key = drawn_key(run, network.digest, network.device.type)
        return survey_latents(run.probe, run.model.latent_shape, network.conditions, cache, key)
    budget = int(run.compute.cache_gb * PIXEL_SHARE * 1e9)
    found = (
        replace(probe, config=run.probe)
        if probe
        else list_probe(run.probe, folder, run.dissection.seed, run.segmenters)
    )
    segmenter.check_files([item.name for item in found.items])  # before thousands of images are decoded
    return survey_probe(found, run.probe, cache, budget, threads, progress)
