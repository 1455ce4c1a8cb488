"""Several runs side by side: what each finds layer by layer, and which concepts they share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from dissect_report.findings.records import ConceptRecord, LayerSummary
from dissect_report.findings.store import LoadedRun
from dissect_report.findings.units import UnitRecord
from dissect_report.report.cards import LayerView, setting
from dissect_report.report.concept_units import Named, remark, units_by_concept, views_by_run
from dissect_report.report.formatting import score
from dissect_report.report.network_words import NetworkWords, network_words
from dissect_report.report.site import SiteFindings
from dissect_report.report.strip import shared_prefix


@dataclass(frozen=True)
class Found:
    """What one run found of one concept.

    Attributes:
        side: the run.
        record: the concept in its catalogue; None if its segmenters do not know it.
        named: the units whose best concept it is, detectors first, best IoU first.
    """

    side: Side
    record: ConceptRecord | None
    named: Named

    @cached_property
    def units(self) -> int:
        """Detectors of it."""
        return sum(unit.detector for _, unit in self.named)

    @cached_property
    def strong(self) -> int:
        """Strong units of it."""
        return sum(unit.grade == "strong" for _, unit in self.named)

    @property
    def best(self) -> tuple[LayerView, UnitRecord] | None:
        """The detector with the highest IoU."""
        return self.named[0] if self.units else None

    @property
    def reason(self) -> str:
        """Why the run has no detector of it; "" if it has one."""
        if self.units:
            return ""
        if self.record is None:
            return "not looked for"
        why = remark(self.record, self.side.iou_threshold, f"the {self.side.words.images}")
        if why or not self.named:
            return why or "no unit's best concept"
        return f"no detector: the nearest unit reaches an IoU of {score(self.named[0][1].iou)}"


@dataclass(frozen=True)
class Side:
    """One of the runs, or one of the bases of a run.

    Attributes:
        run: its findings.
        views: its layers in execution order.
        basis: what the units of these layers are, where one run's bases are compared; else "".
    """

    run: LoadedRun
    views: list[LayerView]
    basis: str = ""

    @property
    def name(self) -> str:
        """The run's, or of its basis."""
        return self.basis or self.run.record.name

    @property
    def layers(self) -> list[LayerSummary]:
        """Its layers in execution order."""
        return [view.layer.summary for view in self.views]

    @property
    def words(self) -> NetworkWords:
        """Whether it is a classifier or a generator."""
        return network_words(self.run)

    @property
    def iou_threshold(self) -> float:
        """As configured."""
        return float(setting(self.run, "dissection", "iou_threshold"))

    def short(self, view: LayerView) -> str:
        """A layer's name without what all layers of the run begin with."""
        return view.layer.summary.name[len(shared_prefix([layer.name for layer in self.layers])) :]

    @property
    def units(self) -> int:
        """Of all layers."""
        return sum(layer.units for layer in self.layers)

    @property
    def detectors(self) -> int:
        """Of all layers."""
        return sum(layer.detectors for layer in self.layers)

    @property
    def strong(self) -> int:
        """Strong units of all layers."""
        return sum(layer.grades.get("strong", 0) for layer in self.layers)

    @property
    def chance(self) -> float:
        """Detectors of all layers with label maps shuffled."""
        return sum(layer.chance_detectors for layer in self.layers)

    @property
    def best_place(self) -> int:
        """Place of the layer with most concepts; of equals the deepest."""
        totals = [sum(layer.concepts.values()) for layer in self.layers]
        return max(range(len(totals)), key=lambda place: (totals[place], place))


@dataclass(frozen=True)
class Matched:
    """A concept that at least one run matches: what each run found of it, in the order of the runs."""

    name: str
    category: str
    found: tuple[Found, ...]

    @property
    def by(self) -> tuple[bool, ...]:
        """Which runs have a detector of it."""
        return tuple(found.units > 0 for found in self.found)

    @property
    def units(self) -> int:
        """Detectors of all runs."""
        return sum(found.units for found in self.found)

    @property
    def weakest(self) -> float:
        """The lowest of the runs' best IoUs, of the runs that match it."""
        return min((found.best[1].iou or 0 for found in self.found if found.best), default=0)

    def change(self, place: int) -> int | None:
        """Detectors of a run more than of the first; None unless both look for the concept."""
        first, other = self.found[0], self.found[place]
        return None if first.record is None or other.record is None else other.units - first.units


def is_compared(site: SiteFindings) -> bool:
    """Whether there is anything to compare: several runs, or directions beside channels."""
    return len(site.runs) > 1 or any(layer.base for run in site.runs for layer in run.record.layers)


@dataclass(frozen=True)
class Comparison:
    """All runs of a site beside each other, or a single run's directions beside its channels.

    Concepts are the same if their names are.
    """

    site: SiteFindings

    @cached_property
    def views(self) -> dict[str, list[LayerView]]:
        """Layers by run name."""
        return views_by_run(self.site)

    @cached_property
    def sides(self) -> list[Side]:
        """The runs in the configuration's order; of a single one its bases, channels first."""
        if len(self.site.runs) > 1:
            return [Side(run, self.views[run.record.name]) for run in self.site.runs]
        (run,) = self.site.runs
        return [Side(run, views, basis) for basis, views in self._bases(run).items()]

    @property
    def of_bases(self) -> bool:
        """Whether the bases of a single run are compared."""
        return len(self.site.runs) == 1

    @property
    def things(self) -> str:
        """What is compared."""
        return "bases" if self.of_bases else "runs"

    def _bases(self, run: LoadedRun) -> dict[str, list[LayerView]]:
        """By basis the layers that have it; of channels those that there are directions of."""
        views = self.views[run.record.name]
        compared = {view.layer.summary.base for view in views}
        bases: dict[str, list[LayerView]] = {}
        for view in views:
            if view.layer.summary.base or view.layer.summary.name in compared:
                bases.setdefault(view.layer.summary.basis, []).append(view)
        return bases

    @cached_property
    def matched(self) -> list[Matched]:
        """Every concept that a run matches, most units first."""
        units = units_by_concept({side.name: side.views for side in self.sides})
        rows = []
        for name, records in self.site.concepts.items():
            found = []
            for side in self.sides:
                record = records.get(side.run.record.name)
                named = units.get((side.name, record.id), []) if record else []
                found.append(Found(side, record, named))
            rows.append(Matched(name, next(iter(records.values())).category, tuple(found)))
        return sorted((row for row in rows if any(row.by)), key=lambda row: (-row.units, row.name))

    @cached_property
    def by_all(self) -> list[Matched]:
        """Matched by every run, the surest first."""
        return self._sorted([row for row in self.matched if all(row.by)])

    @cached_property
    def by_some(self) -> list[Matched]:
        """Matched by several runs, but not by all."""
        return self._sorted([row for row in self.matched if 1 < sum(row.by) < len(row.by)])

    def only_by(self, place: int) -> list[Matched]:
        """Matched by this run alone."""
        return self._sorted([row for row in self.matched if sum(row.by) == 1 and row.by[place]])

    def by(self, place: int) -> list[Matched]:
        """Matched by this run."""
        return [row for row in self.matched if row.by[place]]

    @cached_property
    def looked_for(self) -> int:
        """Concepts that every run's segmenters know."""
        return sum(len(records) == len(self.site.runs) for records in self.site.concepts.values())

    @staticmethod
    def _sorted(rows: list[Matched]) -> list[Matched]:
        return sorted(rows, key=lambda row: (-row.weakest, row.name))
