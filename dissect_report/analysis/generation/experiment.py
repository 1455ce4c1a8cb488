"""Generator interventions, read top to bottom: what do units draw, and where can they?"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from dissect_report.activations.directions_tail import open_tail
from dissect_report.activations.layers import LayerInfo
from dissect_report.analysis.generating import generate
from dissect_report.analysis.generation.choosing import choose_sets
from dissect_report.analysis.generation.edits import Edit, Editor
from dissect_report.analysis.generation.forecast import (
    count_edits,
    likely_layer,
    measure_edit,
    stage_lines,
)
from dissect_report.analysis.generation.gradient_check import check_choice, learning_latents, with_gradient
from dissect_report.analysis.generation.layer import (
    UNIT_BLOCK,
    LayerEdits,
    Measured,
    insertion,
    set_stage,
    unit_stage,
)
from dissect_report.analysis.generation.passes import EditPass, Outcome
from dissect_report.analysis.generation.plans import (
    best_units,
    check_layers,
    choose_concepts,
    choose_layers,
    counts_below,
    lattice,
    match_names,
)
from dissect_report.analysis.generation.records import generation_key, write_generation
from dissect_report.analysis.generation.unit_sets import ConceptSets, UnitSet
from dissect_report.analysis.held_maps import hold_maps
from dissect_report.analysis.layer_numbers import levels_of
from dissect_report.analysis.setup import Setup
from dissect_report.config import GenerationConfig
from dissect_report.errors import FindingsError
from dissect_report.findings.generation import Generation
from dissect_report.findings.paths import RunPaths, layer_records
from dissect_report.findings.store import LoadedRun
from dissect_report.stats.effects import rank_by
from dissect_report.stats.topk import image_means, rank_images

#: Latents on which a tail is proved.
PROOF = 3

#: Edited maps and what lies behind them held at a time on a CPU: more does not make it faster.
CPU_BYTES = 64 << 20


def run_generation(
    setup: Setup, run: LoadedRun, maps: Mapping[str, np.ndarray], done: Collection[str] = ()
) -> tuple[Generation, ...]:
    """Removes and inserts units of the configured layers and writes what the images show then.

    Args:
        setup: the run's, as it was dissected.
        run: the dissection's findings.
        maps: by layer name the raw maps of the probe, float32 [image, unit, y, x], where they are at hand.
        done: names of layers whose findings are there.

    Returns:
        The findings of each other layer; none where the run has no ``[generation]``.

    Raises:
        DissectError: one line saying what is wrong and what to do.
    """
    config = setup.run.generation
    if config is None:
        return ()
    layers = choose_layers(config, run, setup.network.chosen)
    return tuple(_edit_layer(setup, config, run, info, maps) for info in layers if info.name not in done)


def check(setup: Setup) -> None:
    """Refuses names that the network or the catalogue does not have, before anything is measured.

    Raises:
        ConfigError, LayerError: the first of them.
    """
    config = setup.run.generation
    if config is not None:
        check_layers(config, setup.network.chosen)
        names = [concept.name for concept in setup.segmenter.catalogue]
        for pattern in config.concepts:
            match_names(pattern, names)
        check_choice(setup, config, likely_layer(config, setup.network.chosen), len(setup.survey))


def is_current(setup: Setup, run: LoadedRun) -> bool:
    """Whether everything that ``run_generation`` would write is there, of this configuration, and no more."""
    return _found(run) == wanted_keys(setup, run)


def current(setup: Setup, run: LoadedRun) -> frozenset[str]:
    """Names of the layers whose findings hold, whatever else is there."""
    wanted, found = wanted_keys(setup, run), _found(run) or {}
    return frozenset(name for name, key in found.items() if wanted.get(name) == key)


def wanted_keys(setup: Setup, run: LoadedRun) -> dict[str, str]:
    """Keys of what ``run_generation`` writes, by layer name."""
    config = setup.run.generation
    layers = choose_layers(config, run, setup.network.chosen) if config else ()
    return {info.name: generation_key(setup, run, info) for info in layers}


def _found(run: LoadedRun) -> dict[str, str] | None:
    """Keys of what is there; None where it cannot be read."""
    try:
        return {name: layer.generation.key for name, layer in run.layers.items() if layer.generation}
    except FindingsError:
        return None


def forget(paths: RunPaths, but: Collection[str] = ()) -> None:
    """Drops the records and pictures of an earlier configuration, until new ones are written.

    Args:
        but: folders of layers whose records stay.
    """
    for record in layer_records(paths, "generation.json", but):
        for path in (record, paths.generation_arrays(record.parent.name)):
            path.unlink(missing_ok=True)
        for picture in (record.parent / "edits").glob("*.webp"):
            picture.unlink()


def open_pass(
    setup: Setup, info: LayerInfo, latents: int, maps: Mapping[str, np.ndarray], memory: int
) -> EditPass:
    """The generator cut behind a layer, ready to make edited images of the first ``latents`` latents."""
    proof = setup.survey.inputs(0, min(PROOF, len(setup.survey)), setup.run.model, setup.network.device)
    assert setup.network.images is not None, "the network is a generator"
    tail = open_tail(setup.network.model, info, proof, read=setup.network.images.read)
    assert setup.survey.latents is not None, "the survey is of latents"
    few = replace(
        setup.survey,
        names=setup.survey.names[:latents],
        digests=setup.survey.digests[:latents],
        latents=setup.survey.latents[:latents],
    )
    held = hold_maps(setup, tail, few, setup.cache, maps.get(info.name))
    if setup.network.device.type == "cpu":
        memory = min(memory, CPU_BYTES)
    key = setup.stages.edits(info, tail.path, setup.batches.size, setup.labelling.size)
    return EditPass(Editor(setup, tail, memory), held, key)


def _edit_layer(
    setup: Setup, config: GenerationConfig, run: LoadedRun, info: LayerInfo, maps: Mapping[str, np.ndarray]
) -> Generation:
    watch = {"split": time.perf_counter()}
    latents = min(config.latents, len(setup.survey))
    held = learning_latents(config, len(setup.survey)).stop
    work = open_pass(setup, info, held, maps, int(config.memory_gb * 1e9))
    layer, fired = _look(setup, config, run, info, work, latents)
    counts = count_edits(config, info, latents, len(layer.concepts), len(layer.measured), setup.grid)
    setup.progress.note(stage_lines(info.name, counts, measure_edit(work)))
    watch["units"] = time.perf_counter()
    units = unit_stage(layer, fired)
    title = f"changing single units of {info.name}"
    alone = work.run("units", title, layer.unit_latents, units.edits, units.slots)
    units_placed = _place_units(work, layer)
    watch["choose"] = time.perf_counter()
    chosen = choose_sets(setup, config, layer, work)
    watch["sets"] = time.perf_counter()
    sets = set_stage(layer, *_orders(setup, config, layer, alone.pixels, chosen), chosen)
    together = work.run("sets", "removing sets of units", latents, sets.edits, sets.slots)
    watch["places"] = time.perf_counter()
    placed, slots = _place_sets(work, layer, chosen)
    watch["write"] = time.perf_counter()
    measured = Measured(layer, units, alone, sets, together, chosen, placed, slots, units_placed)
    return write_generation(setup, config, run, work.editor.tail, measured, watch)


def _place_units(work: EditPass, layer: LayerEdits) -> tuple[Outcome, ...]:
    """Every measured unit at every place of the first latent's image, a block of units at a time."""
    title, found = f"inserting single units of {layer.info.name}", []
    for first in range(0, len(layer.measured), UNIT_BLOCK):
        units = layer.measured[first : first + UNIT_BLOCK]
        alone = [UnitSet((unit,)) for unit in units]
        edits = [insertion(layer, unit, place.block) for unit in alone for place in layer.unit_places]
        slots = {(0, edit): edit for edit in range(len(edits))}
        found.append(work.run(f"unit_places.{first}", title, 1, edits, slots))
    return tuple(found)


def _place_sets(
    work: EditPass, layer: LayerEdits, chosen: list[ConceptSets]
) -> tuple[Outcome, dict[tuple[int, int], int]]:
    """Every concept's sets at every place, and where the picture of (latent, edit) is."""
    edits: list[Edit] = []
    shown: list[tuple[int, int]] = []
    for sets in chosen:
        for name in sets.names:
            for at, place in enumerate(layer.places):
                first = name == sets.names[0]
                shown += [(k, len(edits)) for k, lot in enumerate(sets.lots) if first or lot == at]
                edits.append(insertion(layer, sets.at(name, at), place.block))
    slots = {pair: slot for slot, pair in enumerate(shown)}
    return work.run("places", "inserting at every place", layer.insert_latents, edits, slots), slots


def _look(
    setup: Setup, config: GenerationConfig, run: LoadedRun, info: LayerInfo, work: EditPass, latents: int
) -> tuple[LayerEdits, np.ndarray]:
    """The intact images and what is tried with them; with it [unit, latent], where each fires most first."""
    able = with_gradient(setup) if config.choose_by == "effect" else None
    concepts, _ = choose_concepts(config, run, info.name, able)
    units = run.layers[info.name].units
    measured = tuple(u.unit for u in units if u.finite and (u.detector or config.unit_effects == "all"))
    shape, places = lattice(info.map_size, setup.grid, config.places)
    unit_shape, unit_places = lattice(info.map_size, setup.grid, config.unit_places)
    intact = work.run("intact", "the intact images", latents, [Edit(())], {(k, 0): k for k in range(latents)})
    shown = range(min(config.unit_latents, latents))
    maps = (work.maps.block(np.array([latent])).recorded.cpu().numpy() for latent in shown)
    raw = [(one.max((2, 3))[0], image_means(one)[0]) for one in maps]
    fired = rank_images(*(np.stack(values) for values in zip(*raw, strict=True))).T
    layer = LayerEdits(
        info=info,
        concepts=concepts,
        level=levels_of(setup, info, config.insert_quantile),
        iou=run.layers[info.name].arrays["iou"],
        alive=np.array([u.unit for u in units if not u.dead and u.finite], np.int64),
        measured=measured,
        counts=counts_below(config.removed, info.units),
        grid_latents=min(config.grid_latents, latents),
        shape=shape,
        places=places,
        unit_shape=unit_shape,
        unit_places=unit_places,
        intact=intact.pixels[:, 0],
        labels=_intact_labels(setup, latents),
        intact_pictures=intact.pictures,
        insert_latents=min(config.insert_latents, latents),
        unit_latents=min(config.unit_latents, latents),
        grid=setup.grid,
    )
    return layer, fired


def _intact_labels(setup: Setup, latents: int) -> np.ndarray:
    """The label maps that the dissection left in the cache, else made again."""
    shape = (len(setup.survey), -1, setup.grid, setup.grid)
    labels = setup.cache.find("labels.u16", setup.stages.labels(), shape, np.uint16)
    return np.asarray((generate(setup) if labels is None else labels)[:latents])


def _orders(
    setup: Setup, config: GenerationConfig, layer: LayerEdits, alone: np.ndarray, chosen: list[ConceptSets]
) -> tuple[tuple[str, ...], list[tuple[tuple[int, ...], ...]]]:
    """Names of the orders; per concept the units by effect, by IoU, by their own ACE, and by lot."""
    generator = np.random.default_rng([setup.run.dissection.seed, 7])
    random = [tuple(map(int, generator.permutation(layer.alive))) for _ in range(config.random_draws)]
    orders = []
    for concept, sets in zip(layer.concepts, chosen, strict=True):
        ace = np.full(layer.info.units, np.nan)
        areas = alone[:, :, concept.id].astype(np.float64).mean(0)
        ace[list(layer.measured)] = areas[1::2] - areas[0::2]
        effect = [sets.first.units] if config.choose_by == "effect" else []
        orders.append((*effect, best_units(layer.iou, concept.id), rank_by(ace, layer.measured), *random))
    by_effect = ("effect",) if config.choose_by == "effect" else ()
    return (*by_effect, "iou", "ace", *("random",) * len(random)), orders
