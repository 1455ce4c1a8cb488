"""A made-up generator whose units were changed: findings, arrays and pictures, complete on disk.

The edits are really made, on the label maps and small pictures of the made-up run, so every area, interval
and outline that a page shows agrees with the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from dissect_report.config import GenerationConfig, load_config
from dissect_report.findings import generation as records
from dissect_report.findings.paths import SitePaths
from dissect_report.findings.records import SCHEMA_VERSION
from dissect_report.findings.store import load_run, write_arrays, write_record
from tests.synthetic import write_synthetic_site
from tests.synthetic_edits import PLACES, outline
from tests.synthetic_sets import STRENGTHS, SetsSideBySide
from tests.synthetic_unit_edits import UNIT_PLACES, EditedUnits

COUNTS = (0, 1, 2, 4, 8, 12, 16, 20, 25, 30)
DRAWN = ("iou", "ace", "one", "two")
#: Part of a concept's pixels that 20 of its best units take away: by its place among the edited ones.
STRENGTH = (0.9, 0.45, 0.0, -0.3)


def write_synthetic_generator(
    folder: Path,
    edited: int = 4,
    latents: int = 12,
    grid_latents: int = 6,
    insert_latents: int = 4,
    every_layer: bool = False,
    one_by_one: bool = True,
    by_effect: bool = False,
    **site: object,
) -> Path:
    """A site of one generator, and what changing the units of its last layer does.

    Args:
        folder: of the site.
        edited: concepts; the third is drawn by other units, the fourth grows when its units go.
        latents: for removing.
        grid_latents: shown.
        insert_latents: for inserting at places.
        every_layer: all layers were edited, not only the last.
        one_by_one: units were changed one by one, too.
        by_effect: units were chosen by effect.
        **site: of ``write_synthetic_site``.
    """
    config = write_synthetic_site(folder, **{"kinds": ("generator",), **site})  # type: ignore[arg-type]
    for run in load_config(config).runs:
        if run.is_generator:
            loaded = load_run(SitePaths(folder).run(run.name).root)
            settings = asdict(GenerationConfig())
            write_record(
                loaded.paths.run,
                replace(loaded.record, config=loaded.record.config | {"generation": settings}),
            )
            layers = list(loaded.layers.values())
            for layer in layers if every_layer else layers[-1:]:
                MadeUpEdits(
                    loaded.record, layer, latents, insert_latents, by_effect, edited, grid_latents, one_by_one
                ).write()
    return config


@dataclass
class MadeUpEdits(SetsSideBySide, EditedUnits):
    """What changing the units of one layer does."""

    wanted: int
    grid_latents: int
    one_by_one: bool

    def __post_init__(self) -> None:
        self.latents = min(self.latents, len(self.run.images))
        self.grid_latents = min(self.grid_latents, self.latents)
        self.insert_latents = min(self.insert_latents, self.latents)

    def write(self) -> None:
        paths, folder = self.layer.paths, self.layer.summary.folder
        concepts = tuple(self._concept(place) for place in range(len(self.edited)))
        units = tuple(self.unit_edits(unit) for unit in self.measured)
        record = records.Generation(
            schema_version=SCHEMA_VERSION, key="made up", layer=self.layer.summary.name,
            choose_by="effect" if self.by_effect else "iou",
            learned_on=(self.latents, self.latents + 64) if self.by_effect else None,
            learned_in=25 if self.by_effect else None, path="fx",
            latents=self.latents, unit_latents=self.latents, insert_latents=self.insert_latents,
            grid_latents=self.grid_latents,
            places=(PLACES, PLACES), unit_places=(UNIT_PLACES, UNIT_PLACES), removed=COUNTS,
            grid_counts=records.GRID_COUNTS, insert_quantile=0.005,
            unit_effects="detectors", concepts=concepts, units=units,
            never_drawn=(self.run.concepts[-1].id,), edits=1234, unchanged=0.125,
            notes=("the map is 16 x 16, a place is a block of 2 x 2 cells",),
            command="dissect-report analyze dissect.toml", seconds={"removing": 2.5, "inserting": 1.5},
        )  # fmt: skip
        write_record(paths.generation(folder), record)
        write_arrays(paths.generation_arrays(folder), self._arrays(units))

    @cached_property
    def edited(self) -> tuple[int, ...]:
        """The largest concepts that a unit detects, then the largest that none detects."""
        order = [int(c) for c in np.argsort(-self.intact.sum(0), kind="stable") if self.intact[:, c].any()]
        detected = {unit.concept for unit in self.layer.units if unit.detector}
        found = [c for c in order if c in detected][: max(0, self.wanted - 1)]
        return tuple([*found, *(c for c in order if c not in detected)][: self.wanted])

    @cached_property
    def measured(self) -> tuple[int, ...]:
        return tuple(u.unit for u in self.layer.units if u.detector) if self.one_by_one else ()

    def _order(self, concept: int) -> list[int]:
        """Units by IoU with the concept."""
        iou = np.nan_to_num(self.layer.arrays["iou"][:, concept], nan=-1)
        return [int(unit) for unit in np.argsort(-iou, kind="stable")]

    def _portion(self, place: int, ranking: str, count: int, latent: int) -> float:
        full = STRENGTH[place % len(STRENGTH)] * (1 - np.exp(-count / 7)) / (1 - np.exp(-20 / 7))
        weight = {"iou": 1.0, "ace": 0.9}.get(ranking, 0.08)
        wobble = 0.02 * ((latent * 7 + count) % 5 - 2) if count and weight == 1 else 0
        return float(np.clip(full * weight + wobble, -1, 1))

    @cached_property
    def counts(self) -> tuple[int, ...]:
        return tuple(count for count in COUNTS if count <= len(self.layer.units))

    @cached_property
    def sweep(self) -> np.ndarray:
        """[edited, ranking, count, latent, concept + 1]: by IoU, by ACE, two draws."""
        return np.array([
            [[[self.areas(self.removed(k, c, self._portion(place, ranking, n, k)))
               for k in range(self.latents)] for n in self.counts] for ranking in DRAWN]
            for place, c in enumerate(self.edited)
        ], dtype=np.int32).reshape(-1, len(DRAWN), len(self.counts), self.latents, self.width)  # fmt: skip

    @cached_property
    def placed(self) -> np.ndarray:
        """[edited, latent, place, concept + 1]."""
        return np.array([
            [[self.areas(self.inserted(k, c, place)) for place in range(PLACES**2)]
             for k in range(self.insert_latents)] for c in self.edited
        ], dtype=np.int32).reshape(len(self.edited), self.insert_latents, PLACES**2, self.width)  # fmt: skip

    @cached_property
    def arrays_of_sets(self) -> dict[str, np.ndarray]:
        return self.set_arrays(self.edited)

    @cached_property
    def inserted_everywhere(self) -> np.ndarray:
        """[edited, latent, concept + 1] grid pixels."""
        return np.array([
            [self.areas(self.inserted(k, c, None)) for k in range(self.latents)] for c in self.edited
        ]).reshape(len(self.edited), self.latents, self.width)  # fmt: skip

    def _curve(self, place: int, ranking: str) -> records.SweepCurve:
        concept = self.edited[place]
        rows = {"iou": [0], "effect": [0], "ace": [1]}.get(ranking, [2, 3])
        before = self.intact[:, concept].astype(float)
        points = []
        for at, count in enumerate(self.counts):
            if ranking == "ace" and count > len(self.measured):
                continue
            if ranking == "effect" and count > 17:
                if points[-1].count == 17:
                    continue
                count = 17
            gone = (before - self.sweep[place, rows, at, :, concept]).mean(0)
            portion = float(gone.sum() / before.sum()) if before.sum() else None
            ends = (None, None) if portion is None else self.interval(gone, before)
            points.append(records.SweepPoint(count, portion, *ends))
        order = self._order(concept)
        units = {"iou": order, "effect": order[:17], "ace": list(self.measured)}.get(ranking, [])
        return records.SweepCurve(ranking, tuple(units[: max(self.counts, default=0)]), tuple(points))

    def _concept(self, place: int) -> records.ConceptEdits:
        concept, pixels = self.edited[place], self.grid**2
        iou = self.layer.arrays["iou"][:, concept]
        detectors = sum(u.detector and u.concept == concept for u in self.layer.units)
        twenty = max(at for at, count in enumerate(self.counts) if count <= 20)
        removed = self.sweep[place, 0, twenty]
        added = (
            self.placed[place, :, :, concept] - self.intact[: self.insert_latents, concept, None]
        ) / pixels
        ends = self.interval(added.mean(1)) if added.size else (None, None)
        everywhere = self.inserted_everywhere[place, :, concept]
        self._write_grid(place)
        shown = min(self.grid_latents, self.insert_latents)
        for latent in range(shown):
            self._write_lattice(place, latent)
        units = tuple(self._order(concept)[: 17 if self.by_effect else 20])
        gone = removed[:, concept]
        sets = self.sets(concept, place, units, gone, self.arrays_of_sets) if self.insert_latents else ()
        rankings = records.RANKINGS if self.by_effect else records.RANKINGS[1:]
        if shown:
            self.write_sets(concept, shown)
        notes = () if detectors else ("no unit of the layer detects it: its best units by IoU stand in",)
        return records.ConceptEdits(
            concept=concept, area=float(self.intact[:, concept].mean() / pixels),
            images=int((self.intact[:, concept] > 0).sum()), detectors=detectors,
            ceiling=float(np.nanmax(iou)) if np.isfinite(iou).any() else None,
            insert_units=units,
            insert_strengths=tuple(STRENGTHS[k % 4] if self.by_effect else 1.0 for k in range(len(units))),
            sets=sets, shown_places=self.lots(concept, shown), set_cells=self.set_cells(concept, shown),
            curves=tuple(self._curve(place, ranking) for ranking in rankings),
            side_count=self.counts[twenty], side_effects=tuple(self.changes(self.intact, removed)),
            ace=float((everywhere - removed[:, concept]).mean() / pixels),
            added=float(added.mean()) if added.size else None, added_low=ends[0], added_high=ends[1],
            added_by_place=tuple(float(v) for v in added.mean(0)), contexts=self._contexts(added),
            cells=self._cells(place), notes=notes,
            lattice_added=tuple(tuple(float(v) for v in row) for row in added[:shown]),
        )  # fmt: skip

    def _contexts(self, added: np.ndarray) -> tuple[records.Context, ...]:
        found = []
        for label in np.unique(self.place_labels):
            here = (self.place_labels == label).any(2)
            if label and here.any():
                values = added[here]
                deviation = float(values.std(ddof=1)) if len(values) > 1 else None
                found.append(records.Context(int(label), len(values), float(values.mean()), deviation))
        return tuple(sorted(found, key=lambda c: (-c.added, c.concept)))

    def _removal(self, place: int, latent: int, count: int) -> np.ndarray:
        return self.removed(latent, self.edited[place], self._portion(place, "iou", count, latent))

    def _cells(self, place: int) -> tuple[tuple[records.GridCell, ...], ...]:
        concept, pixels = self.edited[place], self.grid**2
        rows = []
        for latent in range(self.grid_latents):
            cells = []
            for count in records.GRID_COUNTS:
                labels = self._removal(place, latent, count)
                changed = (labels != self.labels[latent]).any(0)
                area = float(self.areas(labels)[concept] / pixels)
                cells.append(records.GridCell(outline(changed), float(changed.mean()), area))
            rows.append(tuple(cells))
        return tuple(rows)

    def _write_grid(self, place: int) -> None:
        path = self.layer.paths.removal_grid(self.layer.summary.folder, self.edited[place])
        self.write_sheet(path, [
            [self.picture(k, self._removal(place, k, count)) for count in records.GRID_COUNTS]
            for k in range(self.grid_latents)
        ])  # fmt: skip

    def _write_lattice(self, place: int, latent: int) -> None:
        concept = self.edited[place]
        path = self.layer.paths.lattice(self.layer.summary.folder, concept, latent)
        self.write_sheet(path, [
            [self.picture(latent, self.inserted(latent, concept, row * PLACES + column))
             for column in range(PLACES)] for row in range(PLACES)
        ])  # fmt: skip

    def _arrays(self, units: Sequence[records.UnitEdits]) -> dict[str, np.ndarray]:
        pixels, width = self.grid**2, self.width
        change = np.zeros((2, len(units), width))
        for row, unit in enumerate(units):
            for way, changes in enumerate((unit.removed, unit.inserted)):
                for one in changes:
                    change[way, row, one.concept] = one.after - one.before
        everywhere = (
            self.inserted_everywhere.mean(1) - self.intact.mean(0) if self.edited else np.zeros((0, width))
        )
        return {
            "units": np.array(self.measured, dtype=np.int64), "intact": self.intact, "removed": change[0],
            "inserted": change[1], "insert_level": self.layer.arrays["level"] * 1.2, "sweep": self.sweep,
            "set_inserted": everywhere / pixels, "placed": self.placed, "place_labels": self.place_labels,
            **self.arrays_of_sets,
            "unit_placed": self.unit_placed(), "unit_place_labels": self.labels_at(UNIT_PLACES)[0],
        }  # fmt: skip
