"""The rounds over the probe that settle levels without keeping a map; see ``streaming``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from dissect_report.activations.class_output import ClassOutput
from dissect_report.activations.decisions import decider_of
from dissect_report.activations.layers import LayerInfo
from dissect_report.activations.readings import SomeUnits
from dissect_report.activations.recording import record
from dissect_report.analysis.cache import CachedArray, digest
from dissect_report.analysis.forward import Reduced, open_answers, open_peaks, reduce_maps, run_model
from dissect_report.analysis.keeping import restore, taken_apart
from dissect_report.analysis.map_plans import MapPlan
from dissect_report.analysis.passes.filling import Fillable, fill
from dissect_report.analysis.passes.reductions import Reduction
from dissect_report.analysis.setup import Setup
from dissect_report.errors import ModelError
from dissect_report.stats.correlation import CorrelationSums
from dissect_report.stats.levels import FINE_BINS, ActivationStats
from dissect_report.stats.rounds import CODES, Codes, finish, no_codes, no_fine, seek

#: In the cache.
FIRST_FILE, SECOND_FILE = "round1.npz", "round2.npz"

#: Bytes of a unit's counts in the first round, and in the second.
FIRST_BYTES, SECOND_BYTES = CODES * 4, CODES * 4 + FINE_BINS * 8


@dataclass(frozen=True, eq=False)
class FirstRound:
    """What the first round leaves behind: see ``forward.Recording``.

    Attributes:
        infos: the layers.
        plans: how their maps travel to the grid.
        threads: that count at the same time.
        codes: by layer.
        correlations: by layer.
        maxima: by layer, float32 [image, unit] of the raw maps.
        means: by layer, float32 [image, unit] of the raw maps.
        output: where the model gives its classes; None if it gives none.
        predicted: answers [image, ...].
        sums: ``codes`` and ``correlations`` on disk.
    """

    infos: tuple[LayerInfo, ...]
    plans: Mapping[str, MapPlan]
    threads: int
    codes: tuple[Codes, ...]
    correlations: tuple[CorrelationSums, ...]
    maxima: tuple[CachedArray, ...]
    means: tuple[CachedArray, ...]
    output: ClassOutput | None
    predicted: CachedArray
    sums: Reduction

    @property
    def arrays(self) -> tuple[Fillable, ...]:
        """All of them; the sums last."""
        return (*self.maxima, *self.means, self.predicted, self.sums)

    @property
    def layers(self) -> list[LayerInfo]:
        """Each once."""
        return list(self.infos)

    def reduce(self, layer: LayerInfo, maps: Tensor) -> Reduced:
        """Of a batch's maps of one layer what is kept; seen before the network goes on."""
        return reduce_maps(maps, self.plans[layer.name].shrink, self.threads)

    def fill(self, start: int, stop: int, recorded: Mapping[str, Reduced], scores: Tensor | None) -> None:
        """Takes what a batch left in the recorder, and the class scores, if the model gives them."""
        each = zip(self.infos, self.codes, self.correlations, self.maxima, self.means, strict=True)
        for info, codes, correlation, maxima, means in each:
            maxima.values[start:stop], means.values[start:stop], maps = recorded[info.name]
            # An earlier run may have added images that something else of this pass still lacks.
            maps = maps[max(0, correlation.images - start) :]
            if len(maps):
                with added_once():
                    codes.add(maps, self.plans[info.name].to_grid, self.threads)
                    correlation.add(maps)
        if self.output is not None and scores is not None:
            self.predicted.values[start:stop] = decider_of(self.output).answer(scores)


def open_first_round(setup: Setup, plans: Mapping[str, MapPlan], infos: Sequence[LayerInfo]) -> FirstRound:
    """The first round over some layers, as far as an earlier run came."""
    count, pixels = len(setup.survey), len(setup.survey) * setup.grid**2
    maxima, means = (open_peaks(setup.cache, setup.stages, infos, count, name) for name in ("max", "mean"))
    predicted = open_answers(setup.cache, setup.stages, count)
    parts = [info.file for info in infos if isinstance(info.reading, SomeUnits)]
    key = digest("first round", [setup.stages.maps(info) for info in infos], *parts)
    codes = [no_codes(info.units, pixels) for info in infos]
    sums = [CorrelationSums.of(0 if parts else i.units, *plans[i.name].map_size) for i in infos]

    def collect() -> dict[str, np.ndarray]:
        return _numbered(codes, "codes") | _numbered(sums, "sums")

    reduction = Reduction(setup.cache.folder / FIRST_FILE, key, collect)
    kept = reduction.load((*maxima, *means, predicted), count)
    if kept is not None:
        codes[:] = [restore(Codes, kept, f"codes{k}.") for k in range(len(infos))]
        sums[:] = [restore(CorrelationSums, kept, f"sums{k}.") for k in range(len(infos))]
    return FirstRound(
        tuple(infos), plans, setup.threads, tuple(codes), tuple(sums), maxima, means, setup.stages.output,
        predicted, reduction,
    )  # fmt: skip


@contextmanager
def added_once() -> Iterator[None]:
    """Inside, nothing can be tried again in smaller batches: part of it may be added already.

    Raises:
        ModelError: memory runs out.
    """
    try:
        yield
    except MemoryError:
        raise ModelError(
            "out of memory while counting; lower [compute] batch_size, choose fewer [model] layers, or raise "
            "[compute] cache_gb so that their maps can be kept"
        ) from None


def _numbered(records: Sequence[object], name: str) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    for number, each in enumerate(records):
        arrays |= taken_apart(each, f"{name}{number}.")
    return arrays


def discard_rounds(setup: Setup, keep_first: bool) -> None:
    """Removes what is needed no more; the first round would serve any quantile."""
    (setup.cache.folder / SECOND_FILE).unlink(missing_ok=True)
    if not keep_first:
        (setup.cache.folder / FIRST_FILE).unlink(missing_ok=True)


def stream_levels(setup: Setup, plan: MapPlan, info: LayerInfo, quantile: float) -> ActivationStats:
    """The levels of one layer at another quantile, in two rounds."""
    first = open_first_round(setup, {info.name: plan}, [info])
    run_first(setup, first)
    found = settle_levels(setup, first, quantile)[info.name]
    discard_rounds(setup, keep_first=False)
    return found


def run_first(setup: Setup, first: FirstRound) -> None:
    """The first round."""
    with setup.stopwatch.time("model"):
        run_model(
            setup.network.model, setup.run.model, first, setup.survey, setup.batches, setup.progress,
            "running the model (levels)",
        )  # fmt: skip


def settle_levels(setup: Setup, first: FirstRound, quantile: float) -> dict[str, ActivationStats]:
    """The second of three rounds: levels alone."""
    pixels = len(setup.survey) * setup.grid**2
    sought = [
        seek(codes, first.plans[info.name].to_grid, pixels, quantile)
        for info, codes in zip(first.infos, first.codes, strict=True)
    ]
    fine = [no_fine(info.units, pixels) for info in first.infos]
    places = {info.name: place for place, info in enumerate(first.infos)}

    def take(info: LayerInfo, maps: np.ndarray, _: int) -> None:
        place = places[info.name]
        fine[place].add(maps, first.plans[info.name].to_grid, sought[place], setup.threads)

    key = digest("second round", first.sums.key, quantile)
    reduction = Reduction(setup.cache.folder / SECOND_FILE, key, lambda: _numbered(fine, "fine"))
    kept = reduction.load((), len(setup.survey))
    if kept is not None:
        fine[:] = [restore(type(one), kept, f"fine{place}.") for place, one in enumerate(fine)]
    repeat(setup, first.plans, first.infos, take, reduction, "settling levels")
    each = zip(first.infos, first.codes, sought, fine, strict=True)
    return {
        info.name: finish(codes, where, counted, pixels, quantile) for info, codes, where, counted in each
    }


def repeat(
    setup: Setup,
    plans: Mapping[str, MapPlan],
    infos: Sequence[LayerInfo],
    take: Callable[[LayerInfo, np.ndarray, int], None],
    reduction: Reduction,
    title: str,
) -> None:
    """A pass up to the last of some layers; ``take`` is given each one's kept maps and their first image."""
    model, config, count = setup.network.model, setup.run.model, len(setup.survey)

    def keep(info: LayerInfo, maps: Tensor) -> np.ndarray:
        return reduce_maps(maps, plans[info.name].shrink, setup.threads)[2]

    def work(start: int, stop: int) -> None:
        with record(model, infos, make=keep) as recorder:
            inputs = setup.survey.inputs(start, stop, config, setup.batches.device)
            with recorder.stopping():
                model(inputs)
            recorded = recorder.take()
        for info in infos:
            with added_once():
                take(info, recorded[info.name], start)

    with setup.stopwatch.time("model"), setup.progress.stage(title, count, "images") as stage:
        fill([reduction], count, setup.batches.walk(work, "model"), stage)
