"""From edited images to the records of a layer's edits."""

from __future__ import annotations

import time

import numpy as np

from dissect_report.activations.tail import Tail
from dissect_report.analysis.generation.layer import Measured
from dissect_report.analysis.generation.pictures import (
    changes,
    grid_cells,
    lattice_picture,
    placed_pictures,
    removal_grid,
    shown_grid,
    unit_pictures,
)
from dissect_report.analysis.generation.plans import choose_concepts
from dissect_report.analysis.generation.sweeps import sweep_curves
from dissect_report.analysis.provenance import intervention_key
from dissect_report.analysis.setup import Setup
from dissect_report.config import GenerationConfig
from dissect_report.findings.disk import write_atomically
from dissect_report.findings.generation import (
    AreaChange,
    ConceptEdits,
    Context,
    Generation,
    UnitEdits,
)
from dissect_report.findings.records import SCHEMA_VERSION, ConceptRecord
from dissect_report.findings.store import LoadedRun, number, write_arrays, write_record
from dissect_report.stats.bootstrap import draw_weights
from dissect_report.stats.effects import by_context, mean_interval

#: Concepts listed for a single unit.
LISTED = 6


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
    layer = measured.layer
    folder, paths = run.layers[layer.info.name].summary.folder, run.paths
    weights = draw_weights(layer.latents, setup.run.dissection.seed).astype(np.float64)
    pixels = float(setup.grid**2)
    concepts = tuple(
        _concept(setup, run, measured, place, record, weights) for place, record in enumerate(layer.concepts)
    )
    fewer = weights_of(weights, layer.unit_latents, setup)
    units = tuple(_unit(run, measured, place, fewer, pixels) for place in range(len(layer.measured)))
    for place, record in enumerate(layer.concepts):
        write_atomically(paths.removal_grid(folder, record.id), removal_grid(shown_grid(measured, place)))
        for latent in range(min(layer.grid_latents, layer.insert_latents)):
            tiles = placed_pictures(measured, place, latent)
            write_atomically(paths.lattice(folder, record.id, latent), lattice_picture(tiles, layer.shape))
    for place, unit in enumerate(layer.measured):
        write_atomically(paths.unit_edits(folder, unit), removal_grid(unit_pictures(measured, place)))
    _write_arrays(setup, run, measured, folder)
    stages = [measured.alone, measured.together, measured.placed]
    edits = sum(stage.pixels.shape[0] * stage.pixels.shape[1] for stage in stages)
    ends = [*list(watch.values())[1:], time.perf_counter()]
    generation = Generation(
        schema_version=SCHEMA_VERSION,
        key=intervention_key(run.record.provenance.key, config),
        layer=layer.info.name,
        path=tail.path,
        latents=layer.latents,
        unit_latents=layer.unit_latents,
        insert_latents=layer.insert_latents,
        grid_latents=layer.grid_latents,
        places=layer.shape,
        removed=layer.counts,
        grid_counts=layer.grid_counts,
        insert_quantile=config.insert_quantile,
        unit_effects=config.unit_effects,
        concepts=concepts,
        units=units,
        never_drawn=tuple(c.id for c in choose_concepts(config, run, layer.info.name)[1]),
        edits=edits,
        unchanged=sum(stage.unchanged for stage in stages) / max(1, edits),
        notes=_notes(config, measured),
        command=run.record.provenance.command,
        seconds={name: round(end - start, 3) for (name, start), end in zip(watch.items(), ends, strict=True)},
    )
    write_record(paths.generation(folder), generation)
    return generation


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


def area_changes(
    intact: np.ndarray, edited: np.ndarray, weights: np.ndarray, pixels: float
) -> list[AreaChange]:
    """Every concept that is drawn before or after, the largest change first.

    Args:
        intact: int [latent, concept + 1] grid pixels.
        edited: the same.
        pixels: of an image's grid.
    """
    before, after = intact.mean(0) / pixels, edited.mean(0) / pixels
    shown = [c for c in range(1, len(before)) if before[c] or after[c]]
    rows = []
    for concept in sorted(shown, key=lambda c: (-abs(after[c] - before[c]), c)):
        low, high = mean_interval((edited[:, concept] - intact[:, concept]) / pixels, weights)
        rows.append(AreaChange(concept, float(before[concept]), float(after[concept]), low, high))
    return rows


def _concept(
    setup: Setup, run: LoadedRun, measured: Measured, place: int, record: ConceptRecord, weights: np.ndarray
) -> ConceptEdits:
    layer, pixels = measured.layer, float(setup.grid**2)
    units = run.layers[layer.info.name].units
    detectors = sum(unit.detector and unit.concept == record.id for unit in units)
    drawn = layer.intact[:, record.id]
    side = measured.together.pixels[:, measured.sets.side[place]]
    inserted = measured.together.pixels[:, measured.sets.inserted[place], record.id]
    removed = _removed_set(measured, place, record)
    added = _added(measured, place)[:, :, record.id] / pixels
    of_latent = added.mean(1)
    low, high = mean_interval(of_latent, weights_of(weights, len(of_latent), setup))
    ceiling = np.nanmax(layer.iou[:, record.id], initial=-1.0)
    notes = []
    if not detectors:
        notes.append("no unit of this layer detects it: its best units are changed all the same")
    if not drawn.any():
        notes.append(f"none of the first {layer.latents} images shows it: nothing of it can be removed")
    return ConceptEdits(
        concept=record.id,
        area=float(drawn.mean() / pixels),
        images=int((drawn > 0).sum()),
        detectors=detectors,
        ceiling=None if ceiling < 0 else float(ceiling),
        insert_units=measured.insert[place],
        curves=sweep_curves(measured, place, record.id, weights),
        side_count=layer.side_count,
        side_effects=tuple(area_changes(layer.intact, side, weights, pixels)),
        ace=float((inserted - removed).mean() / pixels),
        added=float(added.mean()),
        added_low=low,
        added_high=high,
        added_by_place=tuple(map(float, added.mean(0))),
        contexts=_contexts(measured, place, record, pixels),
        cells=grid_cells(measured, place, record, pixels),
        lattice_added=tuple(tuple(map(float, row)) for row in added[: layer.grid_latents]),
        notes=tuple(notes),
    )


def weights_of(weights: np.ndarray, latents: int, setup: Setup) -> np.ndarray:
    """Bootstrap weights for fewer latents than the removals have."""
    if weights.shape[1] == latents:
        return weights
    return draw_weights(latents, setup.run.dissection.seed).astype(np.float64)


def _removed_set(measured: Measured, place: int, record: ConceptRecord) -> np.ndarray:
    """Grid pixels per latent with the inserted units removed: the other side of the concept's ACE."""
    return np.asarray(measured.together.pixels[:, measured.sets.ablated[place], record.id])


def _added(measured: Measured, place: int) -> np.ndarray:
    """int64 [latent, place, concept + 1] change in grid pixels of one concept's insertions."""
    layer = measured.layer
    many = len(layer.places)
    put = measured.placed.pixels[:, place * many : (place + 1) * many].astype(np.int64)
    added: np.ndarray = put - layer.intact[: layer.insert_latents, None]
    return added


def place_labels(measured: Measured) -> np.ndarray:
    """int64 [latent, place, depth]: intact labels at the middle of every place."""
    layer = measured.layer
    middles = [place.middle for place in layer.places]
    rows, columns = ([m[axis] for m in middles] for axis in (0, 1))
    labels = layer.labels[: layer.insert_latents][:, :, rows, columns]
    return labels.transpose(0, 2, 1).astype(np.int64)


def _contexts(measured: Measured, place: int, record: ConceptRecord, pixels: float) -> tuple[Context, ...]:
    added = _added(measured, place)[:, :, record.id] / pixels
    labels = place_labels(measured)
    table = by_context(added.reshape(-1, 1), labels.reshape(-1, labels.shape[-1]))
    rows = [
        Context(int(concept), int(places), float(mean[0]), number(float(np.sqrt(variance[0]))))
        for concept, places, mean, variance in zip(
            table.concepts, table.places, table.mean, table.variance, strict=True
        )
    ]
    return tuple(sorted(rows, key=lambda row: (-row.added, row.concept)))


def _unit(run: LoadedRun, measured: Measured, place: int, weights: np.ndarray, pixels: float) -> UnitEdits:
    layer = measured.layer
    unit, intact_pixels = layer.measured[place], layer.intact[: layer.unit_latents]
    removed, inserted = (measured.alone.pixels[:, 2 * place + side] for side in range(2))
    able = bool(np.isfinite(layer.level[unit]))
    concept = run.layers[layer.info.name].units[unit].concept
    ace = None
    if concept and able:
        ace = float((inserted[:, concept].astype(np.int64) - removed[:, concept]).mean() / pixels)
    outlines = [
        (changes(intact, without)[0], changes(intact, put)[0])
        for intact, without, put in unit_pictures(measured, place)
    ]
    return UnitEdits(
        unit=unit,
        removed=tuple(area_changes(intact_pixels, removed, weights, pixels)[:LISTED]),
        inserted=tuple(area_changes(intact_pixels, inserted, weights, pixels)[:LISTED]) if able else (),
        ace=ace,
        latents=tuple(measured.units.shown[place].tolist()),
        outlines=tuple(outlines),
    )


def _write_arrays(setup: Setup, run: LoadedRun, measured: Measured, folder: str) -> None:
    """``generation.npz``: see ``GENERATION_ARRAYS``."""
    layer, pixels = measured.layer, float(setup.grid**2)
    intact = layer.intact.mean(0) / pixels
    before = layer.intact[: layer.unit_latents].mean(0) / pixels
    alone = measured.alone.pixels.mean(0) / pixels - before if layer.measured else np.empty((0, len(intact)))
    many = len(layer.places)
    shape = (layer.insert_latents, len(layer.concepts), many, len(intact))
    arrays = {
        "units": np.array(layer.measured, np.int64),
        "intact": layer.intact.astype(np.int64),
        "removed": alone[0::2],
        "inserted": alone[1::2],
        "insert_level": layer.level,
        "sweep": measured.together.pixels[:, measured.sets.sweep].transpose(1, 2, 3, 0, 4),
        "set_inserted": measured.together.pixels[:, measured.sets.inserted].mean(0) / pixels - intact,
        "placed": measured.placed.pixels.reshape(shape).transpose(1, 0, 2, 3),
        "place_labels": place_labels(measured),
    }
    write_arrays(run.paths.generation_arrays(folder), arrays)
