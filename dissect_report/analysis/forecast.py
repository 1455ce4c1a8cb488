"""``build --dry-run``: what a run will cost in time and disk, measured on one batch."""

from __future__ import annotations

import dataclasses
import math
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from dissect_report.analysis.catalogue import concept_records
from dissect_report.analysis.direction_fits import fit_directions
from dissect_report.analysis.dissection import label_probe
from dissect_report.analysis.experiments import EXPERIMENTS
from dissect_report.analysis.forecast_words import duration
from dissect_report.analysis.image_alone import check_images_alone
from dissect_report.analysis.layer_numbers import forget_layers, measure_layers
from dissect_report.analysis.measuring import LabelMaps
from dissect_report.analysis.pictures import segmentation_picture, thumbnail
from dissect_report.analysis.progress import Progress, Silent
from dissect_report.analysis.setup import Setup, set_up
from dissect_report.analysis.storage import storage
from dissect_report.config import Config, RunConfig
from dissect_report.sources.probe import Probe, list_probe

#: Bytes of a unit's page and its entry in the search index, and of a site without units.
PAGE_BYTES, SITE_BYTES = 41_000, 9_000_000


@dataclasses.dataclass(frozen=True)
class Forecast:
    """What one run will cost.

    Attributes:
        images: of the probe dataset.
        units: of the chosen layers.
        seconds: per stage.
        cache: bytes of the cache folder.
        site: bytes of the site's share of this run.
        passes: of the network over the probe: one where the disk budget holds all maps, else a few.
        memory: bytes at most, what the network itself needs for a batch excepted.
        for_two: bytes of [compute] cache_gb with which two passes would do; 0 where they do.
        experiments: what each will cost, in words.
    """

    images: int
    units: int
    seconds: dict[str, float]
    cache: int
    site: int
    passes: int
    memory: int
    for_two: int = 0
    experiments: tuple[str, ...] = ()


def forecast(config: Config, progress: Progress, threads: int = 2) -> Iterator[str]:
    """Lines for the reader: a forecast for every run.

    Raises:
        DissectError: something that the configuration names cannot be used.
    """
    for run in config.runs:
        with progress.stage(f"trying one batch of {run.name}", 1, "batch") as stage:
            cost = forecast_run(config, run, threads)
            stage.advance(1)
        total = sum(cost.seconds.values())
        stages = ", ".join(f"{name} {duration(seconds)}" for name, seconds in cost.seconds.items())
        yield f"{run.name}: {cost.images} images, {cost.units} units: about {duration(total)} ({stages})"
        passes = f"{cost.passes} forward pass{'es' * (cost.passes > 1)}"
        if cost.passes == 2:
            passes += " (3 where very many values are as large as a unit's level)"
        elif cost.for_two:
            passes += f" (2 from cache_gb = {math.ceil(cost.for_two / 1e8) / 10:g} on)"
        yield (
            f"{run.name}: cache {cost.cache / 1e9:.2f} GB of [compute] cache_gb = {run.compute.cache_gb:g}, "
            f"{passes}, memory at most "
            f"{cost.memory / 1e9:.1f} GB beside the network; site about {cost.site / 1e6:.0f} MB"
        )
        fewer = "latents" if run.is_generator else "limit"
        yield f"{run.name}: to lower it: [probe] {fewer}, fewer [model] layers, [dissection] top_images"
        yield from (f"{run.name}: {line}" for line in cost.experiments)


def forecast_run(config: Config, run: RunConfig, threads: int) -> Forecast:
    """Runs everything on the first batch, in a temporary folder, and multiplies."""
    few = max(2, run.compute.batch_size)
    first: Probe | None = None
    labels: tuple[str | None, ...] = ()
    if run.is_generator:
        images = run.probe.latents
        tried = dataclasses.replace(run, probe=dataclasses.replace(run.probe, latents=min(few, images)))
    else:
        probe = list_probe(run.probe, config.folder, run.dissection.seed, run.segmenters)
        images, tried = len(probe.items), run
        labels = tuple(item.label for item in probe.items)
        first = dataclasses.replace(probe, items=probe.items[:few])
    with tempfile.TemporaryDirectory() as folder:
        trial = dataclasses.replace(config, path=Path(folder) / config.path.name)
        setup = fit_directions(set_up(trial, tried, Silent(), threads, probe=first, sources=config.folder))
        check_images_alone(setup)
        lines = [line for each in EXPERIMENTS for line in each.cost(config, setup, images, labels)]
        return dataclasses.replace(_measure(setup, images), experiments=tuple(lines))


def _measure(trial: Setup, images: int) -> Forecast:
    setup = trial
    scale = images / len(setup.survey)
    units = sum(info.units for info in setup.network.chosen)
    seconds = {"reading": setup.stopwatch.seconds["read images"] * scale}
    needs = storage(setup, setup.grid**2 * 2, images)
    if not needs.kept:  # nor are they in the trial
        compute = dataclasses.replace(setup.run.compute, cache_gb=0.0)
        setup = dataclasses.replace(setup, run=dataclasses.replace(setup.run, compute=compute))
    labels = label_probe(setup)
    needs = storage(trial, int(np.prod(labels.labels.shape[1:])) * 2, images)
    seconds["segmenting"] = setup.stopwatch.seconds["segment"] * scale
    for layer, _ in measure_layers(setup, labels):  # the first run also compiles the counting kernels
        layer.draw(setup)
    setup.stopwatch.seconds.clear()
    forget_layers(setup)  # so that all is made again
    for layer, _ in measure_layers(setup, labels):
        layer.draw(setup)
    for stage in ("model", "measure", "correlate"):
        seconds[stage] = setup.stopwatch.seconds.get(stage, 0.0) * scale
    if not needs.kept:  # the trial has room for all masks, and runs twice
        seconds["model"] *= needs.passes / 2
    each_image = _picture_costs(setup, labels)
    seconds["pictures"] = each_image[0] * images / setup.threads
    seconds["pictures"] += setup.stopwatch.seconds.get("outlines", 0.0)
    site = SITE_BYTES + units * PAGE_BYTES + images * each_image[1]
    return Forecast(images, units, seconds, needs.cache, int(site), needs.passes, needs.memory, needs.for_two)


def _picture_costs(setup: Setup, labels: LabelMaps) -> tuple[float, float]:
    """Seconds and bytes of what lies on the site for every image."""
    tiles, quantile = setup.survey.tiles, setup.run.dissection.quantile
    colors = ["#000000", *(c.color for c in concept_records(setup.segmenter, labels.counts, quantile))]
    seconds, small = _per_item([lambda tile=tile: thumbnail(tile) for tile in tiles])
    each = [np.asarray(labels.labels[k]) for k in range(len(tiles))]
    _, label_bytes = _per_item([lambda one=one: segmentation_picture(one, colors) for one in each])
    return seconds, small + label_bytes * 1.4


def _per_item(makers: list[Callable[[], bytes]]) -> tuple[float, float]:
    """Mean seconds and mean bytes of what the makers make."""
    start = time.perf_counter()
    sizes = [len(make()) for make in makers]
    return (time.perf_counter() - start) / len(makers), sum(sizes) / len(sizes)
