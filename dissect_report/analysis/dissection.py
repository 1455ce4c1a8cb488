"""Network dissection, read top to bottom: which concept does each unit of each layer match?"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Collection
from functools import partial
from pathlib import Path

import numpy as np

from dissect_report.activations.class_output import ClassOutput
from dissect_report.analysis.beforehand import check_beforehand
from dissect_report.analysis.cache import Cache
from dissect_report.analysis.catalogue import concept_records, segmenter_records
from dissect_report.analysis.direction_fits import fit_directions
from dissect_report.analysis.experiments import check_experiments, run_experiments, stale_experiments
from dissect_report.analysis.forward import label_images
from dissect_report.analysis.generating import generate, generator_record
from dissect_report.analysis.image_alone import check_images_alone
from dissect_report.analysis.keeping import restore, taken_apart
from dissect_report.analysis.layer_numbers import CountedLayer, measure_layers, needs_model
from dissect_report.analysis.measuring import LabelMaps
from dissect_report.analysis.passes.ahead import Behind
from dissect_report.analysis.privacy import unplaced
from dissect_report.analysis.progress import Progress, Silent
from dissect_report.analysis.provenance import provenance
from dissect_report.analysis.setup import Setup, set_up
from dissect_report.analysis.shared_labels import borrow_labels, lend_labels
from dissect_report.analysis.writing import redraw, remove_stale, write_layer, write_pictures
from dissect_report.config import Config, RunConfig, load_config
from dissect_report.findings.answers import unpack
from dissect_report.findings.draft import Draft, Kept, alone_among, clear_leftovers, read_kept
from dissect_report.findings.parts import LAYERS, PICTURES, RUN, part_of
from dissect_report.findings.paths import RunPaths, SitePaths
from dissect_report.findings.records import (
    SCHEMA_VERSION,
    ConceptRecord,
    ImageRecord,
    LayerSummary,
    Run,
    ScoresRecord,
)
from dissect_report.findings.store import LoadedRun, load_run, write_record
from dissect_report.stats.block_counts import block_areas
from dissect_report.stats.overlap import ConceptCounts, count_concepts
from dissect_report.stats.permutations import permute_groups
from dissect_report.stats.significance import FIRST


def dissect(
    config: Config | str | Path,
    progress: Progress | None = None,
    force: bool = False,
    threads: int | None = None,
) -> tuple[LoadedRun, ...]:
    """Measures every unit of every run of a configuration and writes the findings.

    Findings that are up to date (same configuration, model, images, segmenters and versions) are
    left as they are; an interrupted run goes on where it was.

    Args:
        config: a configuration, or the path of a ``dissect.toml``.
        progress: told how far the work is.
        force: measure again even where the findings are up to date.
        threads: that count at the same time; by default one a core. No number depends on it.

    Returns:
        The findings of each run, as ``load_run`` gives them.

    Raises:
        DissectError: one line saying what is wrong and what to do.
    """
    if not isinstance(config, Config):
        config = load_config(config)
    progress, threads = progress or Silent(), threads or os.cpu_count() or 1
    with alone_among(SitePaths(config.folder).runs):
        clear_leftovers(SitePaths(config.folder).runs, [run.name for run in config.runs])
        return tuple(_dissect_run(config, run, progress, force, threads) for run in config.runs)


def _dissect_run(config: Config, run: RunConfig, progress: Progress, force: bool, threads: int) -> LoadedRun:
    draft = Draft(SitePaths(config.folder).run(run.name))
    draft.settle()
    if force:
        Cache(SitePaths(config.folder).cache(run.name)).clear()
    setup = fit_directions(set_up(config, run, progress, threads))
    key = setup.stages.findings()
    check_experiments(setup)
    check_beforehand(setup)
    begun = None if force else read_kept(draft.paths)
    standing = None if force else read_kept(draft.standing)
    kept = next((one for one in (begun, standing) if one and one.key == key), None)
    if kept is not None and kept is standing and _is_current(setup, kept):
        draft.clear()
        progress.note(f"{run.name}: the findings are up to date; --force measures again")
        return kept.run
    if kept is None and (needs_labels(setup) or needs_model(setup)):
        check_images_alone(setup)
    try:
        if begun is not None and kept is begun:
            draft.resume(begun)
        else:
            draft.begin(standing)
        _write_findings(setup, key, draft, kept or standing)
        draft.put()
    except BaseException:
        draft.abandon()
        raise
    for note in setup.batches.notes:
        progress.note(note)
    return load_run(draft.standing.root)


def _is_current(setup: Setup, kept: Kept) -> bool:
    """Whether findings are what the configuration asks for, and whole."""
    told = kept.run.record.title == setup.config.title
    return told and not kept.faults and not stale_experiments(setup, kept.run)


def _write_findings(setup: Setup, key: str, draft: Draft, there: Kept | None) -> None:
    """Writes what is not in the draft yet, and drops what is no more.

    Args:
        there: findings, perhaps of another key, whose files that hold are in it.
    """
    broken = {part_of(name) for name in there.faults} if there else set()
    if there is None or there.key != key or RUN in broken:
        _measure(setup, key, draft.paths, there.run if there else None)
    else:
        known = load_run(draft.paths.root)
        if known.record.title != setup.config.title:
            write_record(draft.paths.run, dataclasses.replace(known.record, title=setup.config.title))
        if LAYERS in broken:
            known = _measure_again(setup, known, there.faults)
        if PICTURES in broken:
            redraw(known, setup, label_probe(setup), there.faults)
    draft.seal()
    run_experiments(setup, load_run(draft.paths.root), broken, done=draft.seal)


def _measure(setup: Setup, key: str, paths: RunPaths, standing: LoadedRun | None) -> None:
    """The dissection itself, written to ``paths``, where pictures of what stands are already."""
    probe = label_probe(setup)
    lend_labels(setup)
    concepts = concept_records(setup.segmenter, probe.counts, setup.run.dissection.quantile)
    beside = dataclasses.replace(setup, progress=Silent())  # a terminal draws one bar at a time

    def finish(layer: CountedLayer) -> LayerSummary:
        numbers = layer.draw(beside)
        with setup.stopwatch.time("write"):
            return write_layer(paths, beside, numbers, probe, concepts)

    begun, predicted = [], np.empty(0, np.int32)
    with Behind(setup.threads) as behind:
        for layer, classes in measure_layers(setup, probe):
            begun.append(behind.begin(partial(finish, layer)))
            predicted = classes
        with setup.stopwatch.time("write"):
            pictures = write_pictures(paths, setup, probe, concepts, standing)
    layers = [each.result() for each in begun]
    remove_stale(paths, layers, len(setup.survey))
    record = _run_record(setup, key, concepts, layers, predicted, probe, pictures)
    write_record(paths.run, unplaced(record, setup.config, setup.run))


def _measure_again(setup: Setup, known: LoadedRun, faults: Collection[str]) -> LoadedRun:
    """Writes the layers of which files do not hold; the others stay as they are.

    Args:
        known: the findings, of the run that is set up.
        faults: names of the files.
    """
    broken = {name.partition("/")[0] for name in faults if part_of(name) == LAYERS}
    only = [summary.name for summary in known.record.layers if summary.folder in broken]
    probe, again = label_probe(setup), {}
    for layer, _ in measure_layers(setup, probe, only):
        numbers = layer.draw(setup)
        with setup.stopwatch.time("write"):
            made = write_layer(known.paths, setup, numbers, probe, known.record.concepts)
            again[made.name] = made
    layers = tuple(again.get(summary.name, summary) for summary in known.record.layers)
    if layers != known.record.layers:  # another processor may round otherwise
        write_record(known.paths.run, dataclasses.replace(known.record, layers=layers))
    return load_run(known.paths.root)


def needs_labels(setup: Setup) -> bool:
    """Whether an image has to be segmented, or a latent's made."""
    borrow_labels(setup)
    shape = (len(setup.survey), -1, setup.grid, setup.grid)
    kept = setup.cache.find("labels.u16", setup.stages.labels(), shape, np.uint16)
    made = setup.survey.drawn is None or setup.survey.drawn.complete
    return kept is None or not made


def label_probe(setup: Setup) -> LabelMaps:
    """The one pass of the segmenters, and the counts that depend on nothing else.

    Of a generator it is the one pass of the model, too.
    """
    survey, run, key = setup.survey, setup.run, setup.stages.labels()
    with setup.stopwatch.time("segment"):
        if run.is_generator:
            labels = generate(setup)
        else:
            borrow_labels(setup)
            labels = label_images(
                setup.segmenter, survey, setup.grid, setup.labelling, setup.cache, key, setup.progress
            )
    grouping = survey.grouping
    with setup.stopwatch.time("count concepts"):
        counts, areas = _count_concepts(setup, labels)
    return LabelMaps(
        labels=labels,
        grouping=grouping,
        counts=counts,
        areas=areas,
        permutations=permute_groups(grouping.group, range(FIRST), run.dissection.seed),
    )


def _count_concepts(setup: Setup, labels: np.ndarray) -> tuple[ConceptCounts, np.ndarray]:
    """What the label maps hold, whatever the units do; counted once."""
    grouping, name, key = setup.survey.grouping, "concepts.npz", setup.stages.concepts()
    kept = setup.cache.kept(name, key)
    if kept is not None:
        return restore(ConceptCounts, kept), kept["blocks"]
    counts = count_concepts(labels, grouping.half, len(setup.segmenter.catalogue))
    areas = block_areas(counts.area, grouping.block)
    setup.cache.keep(name, key, {**taken_apart(counts), "blocks": areas})
    return counts, areas


def _run_record(
    setup: Setup,
    key: str,
    concepts: tuple[ConceptRecord, ...],
    layers: list[LayerSummary],
    predicted: np.ndarray,
    probe: LabelMaps,
    pictures: str,
) -> Run:
    run, survey, classes = setup.run, setup.survey, setup.network.classes
    parts = probe.grouping
    places = zip(parts.half.tolist(), parts.group.tolist(), parts.block.tolist(), strict=True)
    images = zip(survey.names, survey.labels, places, predicted, strict=True)
    return Run(
        schema_version=SCHEMA_VERSION,
        name=run.name,
        title=setup.config.title,
        config=dataclasses.asdict(run),
        provenance=provenance(
            setup.config,
            run,
            key,
            setup.stages.inputs(),
            setup.network.device,
            setup.batches.size,
            [*survey.notes, *setup.batches.notes],
            setup.stopwatch,
            setup.outputs,
        ),
        classes=classes,
        segmenters=segmenter_records(setup.segmenter),
        concepts=concepts,
        images=tuple(
            ImageRecord(name, label, *place, _names_of(answer, classes))
            for name, label, place, answer in images
        ),
        skipped_images=survey.skipped,
        layers=tuple(layers),
        grid=setup.grid,
        crop=setup.network.side,
        depth=probe.labels.shape[1],
        groups=probe.grouping.groups,
        generator=generator_record(setup),
        scores=_scores_record(setup.network.output),
        pictures=pictures,
    )


def _names_of(answer: np.ndarray, classes: tuple[str, ...]) -> str | None:
    """What the model says of an image: its class, or several; None for nothing."""
    if not classes:
        return None
    if answer.ndim == 0:
        return classes[int(answer)]
    decided = unpack(answer, len(classes))
    return ", ".join(name for name, said in zip(classes, decided, strict=True) if said) or None


def _scores_record(output: ClassOutput | None) -> ScoresRecord | None:
    if output is None:
        return None
    return ScoresRecord(output.name, output.width, output.decision, output.undone)
