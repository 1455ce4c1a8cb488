"""Painting, read top to bottom: the tail as a graph, scenes to paint in, units to paint with."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch

from dissect_report.activations.layers import LayerInfo
from dissect_report.activations.tail import Held
from dissect_report.analysis.generation.experiment import open_pass, wanted_keys
from dissect_report.analysis.generation.passes import EditPass
from dissect_report.analysis.generation.plans import choose_layers
from dissect_report.analysis.painting.labels import graph_of_labels
from dissect_report.analysis.painting.parity import runner
from dissect_report.analysis.painting.preview import best_scene, painted_picture
from dissect_report.analysis.painting.scenes import MOST_DIFFERENCE, Scenes, keep_scenes
from dissect_report.analysis.setup import Setup
from dissect_report.config import Config, GenerationConfig
from dissect_report.errors import ExportError, FindingsError
from dissect_report.exporting.cost import multiplications
from dissect_report.exporting.tails import ExportedTail, export_tail, named_inputs
from dissect_report.findings.disk import write_atomically
from dissect_report.findings.generation import ConceptEdits, Generation
from dissect_report.findings.painting import LabelGraph, Painting, PaintSet
from dissect_report.findings.paths import RunPaths, layer_records
from dissect_report.findings.records import SCHEMA_VERSION
from dissect_report.findings.store import LoadedRun, write_arrays, write_record

#: Units removed where a concept is removed, at most: the paper's number.
REMOVED = 20

#: A browser does some 3 to 5 thousand million multiplications a second: a stroke must end while its reader
#: is still there.
MOST_MULTIPLICATIONS = 30_000_000_000


def check(setup: Setup) -> None:
    """Nothing: what stands in the way of painting is said, and does not stop a run."""


def is_current(setup: Setup, run: LoadedRun) -> bool:
    """Whether what ``run_painting`` would write is there, of this configuration, and no more."""
    config = setup.run.generation
    try:
        found = [layer.painting.key for layer in run.layers.values() if layer.painting]
    except FindingsError:
        return False
    return found == ([painting_key(setup, run)] if config and config.paint else [])


def current(setup: Setup, run: LoadedRun) -> frozenset[str]:
    """Names of the layers whose findings hold: of the one that is exported, or of none."""
    if not is_current(setup, run):
        return frozenset()
    return frozenset(name for name, layer in run.layers.items() if layer.painting)


def painting_key(setup: Setup, run: LoadedRun) -> str:
    """Of what is exported, whichever layer it is of."""
    return setup.stages.painting(tuple(wanted_keys(setup, run).values()))


def forget(paths: RunPaths, but: Collection[str] = ()) -> None:
    """Drops what an earlier configuration left.

    Args:
        but: folders of layers whose files stay.
    """
    for record in layer_records(paths, "painting.json", but):
        for path in paths.painting_files(record.parent.name):
            path.unlink(missing_ok=True)


def cost(config: Config, setup: Setup, images: int, labels: object) -> tuple[str, ...]:
    """No line: an export takes seconds."""
    return ()


def run_painting(
    setup: Setup, run: LoadedRun, maps: Mapping[str, np.ndarray], done: Collection[str] = ()
) -> Painting | None:
    """Exports the tail behind an edited layer, with scenes and sets of units, and writes them.

    Of several edited layers the one whose units add most; the next one if that cannot be exported.

    Raises:
        DissectError: no space or no permission. A tail that cannot be exported is noted, and no error.
    """
    config = setup.run.generation
    if config is None or not config.paint:
        return None
    infos = sorted(
        choose_layers(config, run, setup.network.chosen), key=lambda info: -_gain(_record(run, info))
    )
    refused: Painting | None = None
    for info in infos:
        begun = time.perf_counter()
        scenes = min(config.paint_scenes, len(setup.survey))
        work = open_pass(setup, info, scenes, maps, int(config.memory_gb * 1e9))
        try:
            made = _Export(setup, config, run, info, work, scenes).write(begun)
        except ExportError as error:
            setup.progress.note(f"{setup.run.name}: {info.name} cannot be painted with: {error}")
            refused = refused or _refusal(setup, config, run, info, str(error))
            continue
        for note in made.notes:
            setup.progress.note(f"{setup.run.name}: painting with {info.name}: {note}")
        return made
    if refused is not None:
        write_record(run.paths.painting(run.layers[refused.layer].summary.folder), refused)
    return refused


def _record(run: LoadedRun, info: LayerInfo) -> Generation:
    record = run.layers[info.name].generation
    assert record is not None, "edits are made before painting"
    return record


def _gain(record: Generation) -> float:
    return sum(edits.added or 0.0 for edits in record.concepts)


def _refusal(
    setup: Setup, config: GenerationConfig, run: LoadedRun, info: LayerInfo, obstacle: str
) -> Painting:
    return Painting(
        schema_version=SCHEMA_VERSION, key=painting_key(setup, run), layer=info.name,
        obstacle=obstacle, map_size=(0, 0), kept=(), side=0, output_range=_range(setup), scenes=(), sets=(),
        levels=(), insert_quantile=config.insert_quantile, precision="", difference=0.0, checked_with="",
        multiplications=0, bytes=0, labels=None, painted=None, notes=(), seconds=0.0,
    )  # fmt: skip


def _range(setup: Setup) -> tuple[float, float]:
    low, high = setup.run.model.output_range
    return low, high


def paint_set(edits: ConceptEdits) -> PaintSet:
    """The units that paint a concept: those that were inserted, as far, and those that were removed first."""
    removes: tuple[int, ...] = ()
    for curve in edits.curves[:1]:  # by how the units were chosen
        counts = [point.count for point in curve.points if point.count <= REMOVED]
        removes = curve.units[: max(counts, default=0)]
    return PaintSet(edits.concept, edits.insert_units, edits.insert_strengths, removes)


@dataclass(frozen=True, eq=False)
class _Export:
    """The export of one layer's tail."""

    setup: Setup
    config: GenerationConfig
    run: LoadedRun
    info: LayerInfo
    work: EditPass
    scenes: int

    def write(self, begun: float) -> Painting:
        """Everything of the layer.

        Args:
            begun: when the work on it began.

        Raises:
            ExportError: what stands in the way.
        """
        paths, folder = self.run.paths, self.run.layers[self.info.name].summary.folder
        record = _record(self.run, self.info)
        sets = tuple(paint_set(edits) for edits in record.concepts)
        levels = self.run.layers[self.info.name].generation_arrays["insert_level"]
        held = [self.work.maps.block(np.array([latent])) for latent in range(self.scenes)]
        tail = self.work.editor.tail
        with torch.no_grad():
            exported = export_tail(tail, held[0])
        steps = self._check_cost(exported, held[0])
        checked_with, run = runner(exported.graph, exported.module)
        kept = keep_scenes(tail, run, held, _edited(held[0], sets, levels), _range(self.setup))
        self._check_kept(exported, kept)
        with torch.inference_mode():
            image = tail.run(held[0].recorded, held[0].kept).float()
        labels, graph, notes = graph_of_labels(self.setup, image, [own.concept for own in sets])
        best = best_scene(record, self.scenes)
        if best is not None:
            edits, latent = best
            own = next(each for each in sets if each.concept == edits.concept)
            picture = painted_picture(
                tail, held[latent], own, levels, edits, latent, record.places, _range(self.setup)
            )
            write_atomically(paths.painted(folder), picture)
        write_atomically(paths.tail(folder), exported.graph)
        if graph:
            write_atomically(paths.label_graph(folder), graph)
        write_arrays(paths.painting_arrays(folder), kept.arrays)
        made = self._painting(exported, kept, sets, levels, labels, int(image.shape[2]))
        made = replace(
            made, checked_with=checked_with, multiplications=steps, notes=notes,
            painted=best[0].concept if best else None, seconds=round(time.perf_counter() - begun, 3),
        )  # fmt: skip
        write_record(paths.painting(folder), made)
        return made

    def _check_cost(self, exported: ExportedTail, held: Held) -> int:
        steps = multiplications(exported.module, list(named_inputs(held).values()))
        if steps > MOST_MULTIPLICATIONS:
            raise ExportError(
                f"an image takes {steps / 1e9:,.0f} thousand million multiplications behind it, more than "
                f"the {MOST_MULTIPLICATIONS / 1e9:.0f} that a browser does in time: a later layer takes fewer"
            )
        return steps

    def _check_kept(self, exported: ExportedTail, kept: Scenes) -> None:
        if kept.difference > MOST_DIFFERENCE:
            raise ExportError(
                f"the exported network's images differ from its own by {kept.difference:.3g}/255 of the "
                f"output range, more than {MOST_DIFFERENCE:g}/255"
            )
        size = (len(exported.graph) + sum(array.nbytes for array in kept.arrays.values())) / 1e6
        if size > self.config.paint_max_mb:
            raise ExportError(
                f"its graph and {self.scenes} scenes take {size:,.0f} MB, more than [generation] "
                f"paint_max_mb = {self.config.paint_max_mb:g}: raise it, or lower paint_scenes"
            )

    def _painting(
        self, exported: ExportedTail, kept: Scenes, sets: tuple[PaintSet, ...], levels: np.ndarray,
        labels: LabelGraph | None, side: int,
    ) -> Painting:  # fmt: skip
        blank = _refusal(self.setup, self.config, self.run, self.info, "")
        return replace(
            blank, map_size=self.info.map_size, kept=kept.shapes, side=side,
            scenes=tuple(range(self.scenes)), sets=sets,
            levels=tuple(float(value) if np.isfinite(value) else None for value in levels),
            precision=kept.precision, difference=kept.difference, bytes=len(exported.graph), labels=labels,
        )  # fmt: skip


def _edited(held: Held, sets: tuple[PaintSet, ...], levels: np.ndarray) -> list[torch.Tensor]:
    """Maps of a scene with each set inserted everywhere, and removed."""
    edits = []
    for own in sets:
        added, removed = held.recorded.clone(), held.recorded.clone()
        for unit in own.adds:
            if np.isfinite(levels[unit]):
                added[:, unit] = float(levels[unit])
        removed[:, list(own.removes)] = 0
        edits += [added, removed]
    return edits
