"""Single units of a made-up generator, removed and inserted: their records and pictures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from dissect_report.findings import generation as records
from dissect_report.findings.units import UnitRecord
from tests.synthetic_edits import EditedScenes, outline

#: Rows and columns of places where a single unit is inserted.
UNIT_PLACES = 4


@dataclass
class EditedUnits(EditedScenes, ABC):
    """Units changed one by one; those without a concept draw the first that is edited."""

    @property
    @abstractmethod
    def edited(self) -> tuple[int, ...]:
        """Concepts whose units are changed in sets."""

    @property
    @abstractmethod
    def measured(self) -> tuple[int, ...]:
        """Units that are changed one by one."""

    def interval(
        self, change: np.ndarray, over: np.ndarray | None = None
    ) -> tuple[float, float] | tuple[None, None]:
        """Of a mean, or of a ratio of sums, over latents."""
        if len(change) < 2:
            return None, None
        chosen = np.random.default_rng(0).integers(0, len(change), (400, len(change)))
        below = np.full(400, len(change)) if over is None else over[chosen].sum(1)
        some = below > 0
        low, high = np.percentile(change[chosen].sum(1)[some] / below[some], (0.5, 99.5))
        return float(low), float(high)

    def changes(self, before: np.ndarray, after: np.ndarray) -> list[records.AreaChange]:
        """Of all concepts that are drawn, the largest first; arrays [latent, concept + 1] of grid pixels."""
        pixels, found = self.grid**2, []
        for concept in range(1, before.shape[1]):
            if before[:, concept].any() or after[:, concept].any():
                b, a = before[:, concept] / pixels, after[:, concept] / pixels
                found.append(
                    records.AreaChange(concept, float(b.mean()), float(a.mean()), *self.interval(a - b))
                )
        return sorted(found, key=lambda c: (-abs(c.after - c.before), c.concept))

    def _unit_labels(self, unit: UnitRecord, latent: int) -> tuple[np.ndarray, np.ndarray]:
        concept = unit.concept or self.edited[0]
        removed = self.removed(latent, concept, 0.3 if unit.unit % 3 else 0.0)
        return removed, self.inserted(latent, concept, None)

    def unit_edits(self, number: int) -> records.UnitEdits:
        unit = self.layer.units[number]
        pairs = [self._unit_labels(unit, latent) for latent in range(self.latents)]
        areas = [np.stack([self.areas(pair[way]) for pair in pairs]) for way in (0, 1)]
        chosen = tuple(int(k) for k in np.argsort(-self.layer.arrays["maximum"][number][: self.latents])[:5])
        self.write_sheet(self.layer.paths.unit_edits(self.layer.summary.folder, number), [
            [self.picture(k, labels) for labels in (self.labels[k], *pairs[k])] for k in chosen
        ])  # fmt: skip
        ace = None
        if unit.concept:
            ace = float((areas[1] - areas[0])[:, unit.concept].mean() / self.grid**2)
        self._write_unit_lattice(unit)
        outlines = [tuple(outline((labels != self.labels[k]).any(0)) for labels in pairs[k]) for k in chosen]
        return records.UnitEdits(
            number, tuple(self.changes(self.intact, areas[0])[:6]),
            tuple(self.changes(self.intact, areas[1])[:6]), ace, chosen, tuple((a, b) for a, b in outlines),
            self._placed_added(unit), tuple(outline(labels) for labels in self._unit_changed(unit)),
        )  # fmt: skip

    def _unit_places(self, unit: UnitRecord) -> list[np.ndarray]:
        """Labels of latent 0 with the unit inserted at each place."""
        concept = unit.concept or self.edited[0]
        return [self.inserted(0, concept, place, UNIT_PLACES) for place in range(UNIT_PLACES**2)]

    def _unit_changed(self, unit: UnitRecord) -> list[np.ndarray]:
        return [(labels != self.labels[0]).any(0) for labels in self._unit_places(unit)]

    def _placed_added(self, unit: UnitRecord) -> tuple[float, ...]:
        if not unit.concept:
            return ()
        areas = [self.areas(labels)[unit.concept] for labels in self._unit_places(unit)]
        return tuple(float(area - self.intact[0, unit.concept]) / self.grid**2 for area in areas)

    def _write_unit_lattice(self, unit: UnitRecord) -> None:
        tiles = [self.picture(0, labels) for labels in self._unit_places(unit)]
        rows = [tiles[at : at + UNIT_PLACES] for at in range(0, len(tiles), UNIT_PLACES)]
        self.write_sheet(self.layer.paths.unit_lattice(self.layer.summary.folder, unit.unit), rows)

    def unit_placed(self) -> np.ndarray:
        """[measured, place, concept + 1]."""
        units = [self.layer.units[number] for number in self.measured]
        areas = [[self.areas(labels) for labels in self._unit_places(unit)] for unit in units]
        return np.array(areas, np.int32).reshape(len(units), UNIT_PLACES**2, self.width)
