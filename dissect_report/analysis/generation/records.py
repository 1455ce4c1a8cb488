"""From edited images to what is written of a layer's edits."""

from __future__ import annotations

import time

import numpy as np

from dissect_report.activations.layers import LayerInfo
from dissect_report.activations.tail import Tail
from dissect_report.analysis.generation.concept_edits import concept_edits, place_labels
from dissect_report.analysis.generation.gradient_check import learning_latents
from dissect_report.analysis.generation.inserted_sets import added_at, painted, painted_before
from dissect_report.analysis.generation.layer import Measured
from dissect_report.analysis.generation.pictures import (
    lattice_picture,
    placed_pictures,
    removal_grid,
    set_pictures,
    shown_grid,
    unit_pictures,
    unit_placed_pictures,
)
from dissect_report.analysis.generation.plans import choose_concepts, judged
from dissect_report.analysis.generation.unit_edits import unit_edits
from dissect_report.analysis.privacy import unplaced
from dissect_report.analysis.setup import Setup
from dissect_report.config import GenerationConfig
from dissect_report.findings.disk import write_atomically
from dissect_report.findings.generation import Generation
from dissect_report.findings.paths import RunPaths
from dissect_report.findings.records import SCHEMA_VERSION
from dissect_report.findings.store import LoadedRun, write_arrays, write_record


def write_generation(
    setup: Setup,
    config: GenerationConfig,
    run: LoadedRun,
    tail: Tail,
    measured: Measured,
    watch: dict[str, float],
) -> Generation:
    """Writes everything of one layer's edits.

    Args:
        watch: when each stage began.

    Raises:
        StorageError: no space or no permission.
    """
    folder = run.layers[measured.layer.info.name].summary.folder
    _write_pictures(measured, run.paths, folder)
    write_arrays(run.paths.generation_arrays(folder), _arrays(measured))
    generation = _record(setup, config, run, tail, measured, watch)
    write_record(run.paths.generation(folder), unplaced(generation, setup.config, setup.run))
    return generation


def _write_pictures(measured: Measured, paths: RunPaths, folder: str) -> None:
    layer = measured.layer
    for place, record in enumerate(layer.concepts):
        write_atomically(paths.removal_grid(folder, record.id), removal_grid(shown_grid(measured, place)))
        write_atomically(paths.set_grid(folder, record.id), removal_grid(set_pictures(measured, place)))
        for latent in range(layer.shown):
            tiles = placed_pictures(measured, place, latent)
            write_atomically(paths.lattice(folder, record.id, latent), lattice_picture(tiles, layer.shape))
    for place, unit in enumerate(layer.measured):
        write_atomically(paths.unit_edits(folder, unit), removal_grid(unit_pictures(measured, place)))
        if layer.unit_places and np.isfinite(layer.level[unit]):
            tiles = unit_placed_pictures(measured, place)
            write_atomically(paths.unit_lattice(folder, unit), lattice_picture(tiles, layer.unit_shape))


def generation_key(setup: Setup, run: LoadedRun, info: LayerInfo) -> str:
    """Of a layer's edits: of the dissection's judgements only what decides what is tried is in it."""
    config = setup.run.generation
    choice = judged(config, run.layers[info.name].units) if config else None
    return setup.stages.generation(info, choice)


def _record(
    setup: Setup,
    config: GenerationConfig,
    run: LoadedRun,
    tail: Tail,
    measured: Measured,
    watch: dict[str, float],
) -> Generation:
    layer, seed = measured.layer, setup.run.dissection.seed
    learned = learning_latents(config, len(setup.survey))
    units = run.layers[layer.info.name].units
    edits = sum(stage.pixels.shape[0] * stage.pixels.shape[1] for stage in measured.stages)
    ends = [*list(watch.values())[1:], time.perf_counter()]
    return Generation(
        schema_version=SCHEMA_VERSION,
        key=generation_key(setup, run, layer.info),
        layer=layer.info.name,
        choose_by=config.choose_by,
        learned_on=(learned.start, learned.stop) if learned else None,
        learned_in=config.choose_steps if learned else None,
        path=tail.path,
        latents=layer.latents,
        unit_latents=layer.unit_latents,
        insert_latents=layer.insert_latents,
        grid_latents=layer.grid_latents,
        places=layer.shape,
        unit_places=layer.unit_shape,
        removed=layer.counts,
        grid_counts=layer.grid_counts,
        insert_quantile=config.insert_quantile,
        unit_effects=config.unit_effects,
        concepts=tuple(concept_edits(measured, k, c, units, seed) for k, c in enumerate(layer.concepts)),
        units=tuple(unit_edits(measured, k, units[u].concept) for k, u in enumerate(layer.measured)),
        never_drawn=tuple(c.id for c in choose_concepts(config, run, layer.info.name)[1]),
        edits=edits,
        unchanged=sum(stage.unchanged for stage in measured.stages) / max(1, edits),
        notes=_notes(config, measured),
        command=run.record.provenance.command,
        seconds={name: round(end - start, 3) for (name, start), end in zip(watch.items(), ends, strict=True)},
    )


def _notes(config: GenerationConfig, measured: Measured) -> tuple[str, ...]:
    layer, notes = measured.layer, []
    units = layer.info.units
    if dropped := [count for count in sorted(set(config.removed)) if count > units]:
        notes.append(f"removed: {', '.join(map(str, dropped))} left out, the layer has {units} units")
    if config.insert_units > units:
        notes.append(f"insert_units: {units} instead of {config.insert_units}, the layer has no more")
    if config.latents > layer.latents:
        notes.append(f"latents: {layer.latents} instead of {config.latents}, the probe dataset has no more")
    if not layer.concepts:
        notes.append(
            "no unit of this layer matches a concept above chance: name some in [generation] concepts"
        )
    return tuple(notes)


def _arrays(measured: Measured) -> dict[str, np.ndarray]:
    """``generation.npz``: see ``GENERATION_ARRAYS``."""
    layer, sets = measured.layer, measured.sets
    intact = layer.intact.mean(0) / layer.pixels
    before = layer.intact[: layer.unit_latents].mean(0) / layer.pixels
    alone = measured.alone.pixels.mean(0) / layer.pixels - before if layer.measured else intact[None][:0]
    named = [(row, name) for row, sets in enumerate(measured.chosen) for name in sets.names]
    by_set = (len(layer.concepts), -1, layer.insert_latents, len(layer.places))
    before = np.array([painted_before(layer, row) for row in range(len(layer.concepts))], np.float64)
    return {
        "units": np.array(layer.measured, np.int64),
        "intact": layer.intact.astype(np.int64),
        "removed": alone[0::2],
        "inserted": alone[1::2],
        "insert_level": layer.level,
        "sweep": measured.together.pixels[:, sets.sweep].transpose(1, 2, 3, 0, 4),
        "set_inserted": measured.together.pixels[:, sets.inserted[:, 0]].mean(0) / layer.pixels - intact,
        "placed": _placed(measured),
        "set_added": _stacked([added_at(measured, *one) for one in named], by_set),
        "painted": _stacked([painted(measured, *one) for one in named], by_set),
        "painted_before": before.reshape(-1, *by_set[2:]),
        "place_labels": place_labels(measured),
        "unit_placed": measured.unit_placed,
        "unit_place_labels": layer.labels_at(layer.unit_places)[0],
    }


def _placed(measured: Measured) -> np.ndarray:
    """int32 [concept, latent, place, concept + 1] of the set that was asked for."""
    layer, rows = measured.layer, []
    for row, sets in enumerate(measured.chosen):
        first = measured.placed_edit(row, sets.names[0], 0)
        rows.append(measured.placed.pixels[:, first : first + len(layer.places)])
    shape = (len(rows), layer.insert_latents, len(layer.places), measured.placed.pixels.shape[2])
    return np.array(rows, np.int32).reshape(shape)


def _stacked(parts: list[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """[concept, set, latent, place]; no concept leaves no set."""
    return np.stack(parts).reshape(shape) if parts else np.empty((0, 0, *shape[2:]))
