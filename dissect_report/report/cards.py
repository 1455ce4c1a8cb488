"""A unit in small: the card and the IoU bar that several page kinds share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Any

from markupsafe import escape

from dissect_report.findings.records import ConceptRecord
from dissect_report.findings.store import LoadedLayer, LoadedRun
from dissect_report.findings.units import UnitRecord
from dissect_report.report.addresses import LayerAddresses, RunAddresses, concept_page, link
from dissect_report.report.formatting import count, score
from dissect_report.report.glossary import LETTERS, Term, glossary
from dissect_report.report.site import SiteFindings

#: What a card says of a grade; of a strong unit nothing.
GRADE_FLAGS = {"weak": "weak", "chance": "no better than chance", "untested": "untested"}

#: Top images on a card.
CARD_TILES = 4


@dataclass(frozen=True)
class LayerView:
    """One layer with what its pages need again and again.

    Attributes:
        site: everything.
        run: the layer's run.
        layer: its findings.
    """

    site: SiteFindings
    run: LoadedRun
    layer: LoadedLayer

    @cached_property
    def addresses(self) -> LayerAddresses:
        """Of the layer's pages and files."""
        return self.run_addresses.layer(self.layer.summary.folder)

    @cached_property
    def run_addresses(self) -> RunAddresses:
        """Of the run's pages and files."""
        return RunAddresses(self.run.record.name)

    @cached_property
    def terms(self) -> dict[str, Term]:
        """Definitions with this run's parameters."""
        return run_glossary(self.run)

    @cached_property
    def tips(self) -> SimpleNamespace:
        """Definitions as tooltips, escaped once: a unit page shows dozens of them."""
        return tooltips(self.run)

    @cached_property
    def iou_threshold(self) -> float:
        """As configured."""
        return self.layer.record.iou_threshold

    @cached_property
    def scale(self) -> float:
        """The IoU at the right end of every IoU bar of this layer: one scale, so that bars compare."""
        values = [u.iou for u in self.layer.units if u.iou is not None]
        chance = [u.chance_iou for u in self.layer.units if u.chance_iou is not None]
        return 1.05 * max([*values, *chance, self.iou_threshold * 1.5, 1e-6])

    @cached_property
    def sampled(self) -> bool:
        """Whether maps are larger than the grid: those are sampled to it before they are correlated."""
        return max(self.layer.summary.map_size) > self.run.record.grid

    def concept(self, concept: int | None) -> ConceptRecord | None:
        """The record of a concept id."""
        return None if concept is None else self.run.record.concepts[concept - 1]

    @cached_property
    def concept_links(self) -> list[str]:
        """By concept id, its page seen from this layer's folder; id 0 has none."""
        pages = [concept_page(self.site.concept_files[c.name]) for c in self.run.record.concepts]
        return ["", *(link(self.addresses.page, page) for page in pages)]

    def percent(self, iou: float | None, scale: float | None = None) -> float | None:
        """An IoU as a position on the layer's bars; None if undefined or beyond the right end.

        ``scale`` is another right end, of bars that units of several layers share.
        """
        end = scale or self.scale
        return None if iou is None or iou > end else round(100 * iou / end, 2)

    def bar(self, unit: UnitRecord) -> dict[str, Any]:
        """The IoU bar: the length of its fill, the places of its ticks, and all of it in words."""
        values = {
            "chance": unit.chance_iou,
            "heldout": unit.heldout_iou,
            "attainable": unit.attainable_iou,
            "iou_threshold": self.iou_threshold,
        }
        names = [f"{self.terms[key].name} {score(value)}" for key, value in values.items()]
        return {
            "fill": self.percent(unit.iou) or 0,
            "interval": self._interval(unit),
            "ticks": {key: self.percent(value) for key, value in values.items()},
            "texts": {key: score(value) for key, value in values.items()},
            "words": f"IoU {interval_words(unit)}; " + ", ".join(names),
        }

    def _interval(self, unit: UnitRecord) -> tuple[float, float] | None:
        """Left end and width of the interval of the IoU on the bar."""
        if unit.iou_low is None or unit.iou_high is None:
            return None
        left = self.percent(unit.iou_low) or 0
        return left, round((self.percent(min(unit.iou_high, self.scale)) or 0) - left, 2)

    def card(
        self,
        unit: UnitRecord,
        page: PurePosixPath,
        where: str = "",
        scale: float | None = None,
        outlined: bool = True,
    ) -> dict[str, Any]:
        """A unit as a card on ``page``.

        Args:
            where: stands before the unit's number.
            scale: as above.
            outlined: whether masks are drawn; a unit page has ten cards, and there are thousands of those.
        """
        concept = self.concept(unit.concept)
        return {
            "href": link(page, self.addresses.unit(unit.unit)),
            "pictures": [link(page, self.run_addresses.thumbnail(k)) for k in first_images(unit)],
            "outlines": card_outlines(unit) if outlined else [],
            "unit": unit.unit,
            "where": where,
            "name": label(unit, concept),
            "category": concept.category if concept and unit.detector else "none",
            "letter": LETTERS[concept.category] if concept and unit.detector else "",
            "iou": score(unit.iou),
            "fill": self.percent(unit.iou, scale) or 0,
            "chance": self.percent(unit.chance_iou, scale),
            "flag": flag(unit),
            "saturates": count(unit.saturation) if unit.saturates else "",
            "alt": f"Top images of unit {unit.unit}: {label(unit, concept)}, IoU {score(unit.iou)}",
        }


def interval_words(unit: UnitRecord) -> str:
    """The IoU with its interval."""
    if unit.iou_low is None or unit.iou_high is None:
        return score(unit.iou)
    return f"{score(unit.iou)} ({score(unit.iou_low)} to {score(unit.iou_high)})"


def layer_key(run: LoadedRun, layer: LoadedLayer) -> str:
    """What a layer's numbers are known again by; of older findings the run's."""
    return layer.summary.key or run.record.provenance.key


def first_images(unit: UnitRecord) -> list[int]:
    """The images that a card shows."""
    return [ranked.image for ranked in unit.top_images[:CARD_TILES]]


def card_outlines(unit: UnitRecord) -> list[str]:
    """Outlines of the mask on the images that a card shows."""
    return [ranked.outline for ranked in unit.top_images[:CARD_TILES]]


def run_glossary(run: LoadedRun) -> dict[str, Term]:
    """Definitions with the parameters of ``run``."""
    quantile = setting(run, "dissection", "quantile")
    iou_threshold = setting(run, "dissection", "iou_threshold")
    return glossary(float(quantile), float(iou_threshold), run.record.grid, run.record.groups)


def tooltips(run: LoadedRun) -> SimpleNamespace:
    """Definitions as tooltips, by key."""
    return SimpleNamespace(**{key: escape(term.text) for key, term in run_glossary(run).items()})


def setting(run: LoadedRun, section: str, key: str) -> Any:
    """A value of the configuration that the run was made with."""
    values = run.record.config[section]
    return values[key] if isinstance(values, dict) else None


def label(unit: UnitRecord, concept: ConceptRecord | None) -> str:
    """What a unit is called: its concept, or why it has none."""
    if concept is not None:
        return concept.name
    return "dead" if unit.dead else "not finite" if not unit.finite else "no concept"


def flag(unit: UnitRecord) -> str:
    """The one remark that a small card has room for."""
    if not unit.finite:
        return "not finite"
    if unit.dead:
        return "dead"
    if unit.duplicate_of is not None:
        return f"repeats {unit.duplicate_of}"
    return GRADE_FLAGS.get(unit.grade, "")
