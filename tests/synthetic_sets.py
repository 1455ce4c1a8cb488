"""A made-up generator's sets side by side: chosen by effect, by IoU, and by lot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dissect_report.findings.generation import GridCell
from dissect_report.findings.inserted_sets import InsertedSet
from tests.synthetic_edits import PLACES, EditedScenes, outline

#: Strengths of a set by effect, repeated.
STRENGTHS = (1.0, 0.75, 0.5, 0.25)


@dataclass
class SetsSideBySide(EditedScenes):
    """By effect a concept goes to every place, by IoU where it takes, by lot to none."""

    by_effect: bool

    @property
    def names(self) -> tuple[str, ...]:
        return ("effect", "iou", "random") if self.by_effect else ("iou", "random")

    def put(self, name: str, latent: int, concept: int, place: int | None) -> np.ndarray:
        """Labels with one of the sets at a place, or everywhere."""
        if name == "random":
            return self.labels[latent]
        if name == "iou":
            return self.inserted(latent, concept, place)
        labels = self.labels[latent].copy()
        for at in range(PLACES**2) if place is None else (place,):
            (top, bottom), (left, right) = self.span(at // PLACES, PLACES), self.span(at % PLACES, PLACES)
            labels[0, top:bottom, left:right] = concept
        return labels

    def set_arrays(self, edited: tuple[int, ...]) -> dict[str, np.ndarray]:
        """``set_added``, ``painted`` and ``painted_before``."""
        shape = (len(edited), len(self.names), self.insert_latents, PLACES**2)
        added, painted = np.zeros(shape, np.int64), np.zeros(shape)
        before = np.zeros((shape[0], *shape[2:]))
        for row, concept in enumerate(edited):
            for latent in range(self.insert_latents):
                for place in range(PLACES**2):
                    before[row, latent, place] = self._inside(self.labels[latent], concept, place)
                    for at, name in enumerate(self.names):
                        labels = self.put(name, latent, concept, place)
                        more = self.areas(labels)[concept] - self.intact[latent, concept]
                        added[row, at, latent, place] = more
                        painted[row, at, latent, place] = self._inside(labels, concept, place)
        return {"set_added": added, "painted": painted, "painted_before": before}

    def _inside(self, labels: np.ndarray, concept: int, place: int) -> float:
        rows, columns = (slice(*self.span(part, PLACES)) for part in divmod(place, PLACES))
        return float((labels[:, rows, columns] == concept).any(0).mean())

    def sets(
        self, concept: int, row: int, units: tuple[int, ...], gone: np.ndarray, arrays: dict[str, np.ndarray]
    ) -> tuple[InsertedSet, ...]:
        """Their records.

        Args:
            concept: its id.
            row: of it among the edited ones.
            units: inserted ones.
            gone: [latent] pixels of it without them.
            arrays: of ``set_arrays``.
        """
        found, pixels = [], self.grid**2
        intact = self.intact[:, concept].astype(float)
        for at, name in enumerate(self.names):
            added, painted = arrays["set_added"][row, at] / pixels, arrays["painted"][row, at]
            gained = painted - arrays["painted_before"][row]
            left = intact if name == "random" else gone
            whole = np.array(
                [self.areas(self.put(name, k, concept, None))[concept] for k in range(self.latents)]
            )
            ace = (whole - left) / pixels
            removed = float((intact - left).sum() / intact.sum()) if intact.sum() else None
            strengths = tuple(STRENGTHS[k % 4] for k in range(len(units)))
            found.append(InsertedSet(
                name, units, (1.0,) * len(units) if name == "iou" else strengths,
                float(added.mean()), *self._ends(added.mean(1)), float(painted.mean()),
                float(gained.mean()), *self._ends(gained.mean(1)), float(ace.mean()), *self._ends(ace),
                removed, *((None, None) if removed is None else (removed - 0.05, removed + 0.05)),
            ))  # fmt: skip
        return tuple(found)

    def _ends(self, values: np.ndarray) -> tuple[float | None, float | None]:
        reach = 2.6 * values.std() / np.sqrt(max(1, len(values)))
        enough = np.count_nonzero(values) >= 12
        return (float(values.mean() - reach), float(values.mean() + reach)) if enough else (None, None)

    def lots(self, concept: int, shown: int) -> tuple[int, ...]:
        return tuple((concept * 7 + latent * 13) % PLACES**2 for latent in range(shown))

    def set_cells(self, concept: int, shown: int) -> tuple[tuple[GridCell, ...], ...]:
        rows = []
        for latent, place in enumerate(self.lots(concept, shown)):
            cells = [GridCell("", 0.0, float(self.intact[latent, concept] / self.grid**2))]
            for name in self.names:
                labels = self.put(name, latent, concept, place)
                changed = (labels != self.labels[latent]).any(0)
                area = float(self.areas(labels)[concept] / self.grid**2)
                cells.append(GridCell(outline(changed), float(changed.mean()), area))
            rows.append(tuple(cells))
        return tuple(rows)

    def write_sets(self, concept: int, shown: int) -> None:
        path = self.layer.paths.set_grid(self.layer.summary.folder, concept)
        self.write_sheet(path, [
            [self.picture(k, labels) for labels in (self.labels[k], *self._put_all(k, concept, place))]
            for k, place in enumerate(self.lots(concept, shown))
        ])  # fmt: skip

    def _put_all(self, latent: int, concept: int, place: int) -> list[np.ndarray]:
        return [self.put(name, latent, concept, place) for name in self.names]
