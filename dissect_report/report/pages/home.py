"""The home page: what was found, in four numbers, one figure and six units for each run."""

from __future__ import annotations

from typing import Any

from dissect_report.findings.grades import ENOUGH_GROUPS
from dissect_report.findings.store import LoadedRun
from dissect_report.findings.units import UnitRecord
from dissect_report.report.addresses import COMPARE, CONCEPTS, HOME, RunAddresses, link
from dissect_report.report.cards import LayerView, setting, tooltips
from dissect_report.report.comparison import Comparison, is_compared
from dissect_report.report.comparison_words import shared_sentence
from dissect_report.report.experiments import EXPERIMENTS
from dissect_report.report.figures import concepts_figure, layers_figure
from dissect_report.report.formatting import count, listing, number, plural
from dissect_report.report.glossary import LETTERS
from dissect_report.report.network_words import network_words
from dissect_report.report.page import Page
from dissect_report.report.pages.layer import concept_bars
from dissect_report.report.site import SiteFindings, layers_of
from dissect_report.report.strip import layer_strip


def home_page(site: SiteFindings) -> Page:
    """The first page of the site."""
    runs = [run_section(site, run) for run in site.runs]
    context = {
        "title": site.config.title,
        "runs": runs,
        "compare": comparison_headline(site) if is_compared(site) else None,
        "concepts_href": link(HOME, CONCEPTS / "index.html"),
        "letters": LETTERS,
        "count": count,
        "number": number,
        "plural": plural,
    }
    names = ", ".join(run.record.name for run in site.runs)
    return Page(
        path=HOME,
        title=site.config.title,
        description=f"What the units of {names} look for.",
        body=site.templates.get_template("pages/home.html").render(context),
        search=f"{site.config.title} · {names}",
        nav=("Home",),
    )


def comparison_headline(site: SiteFindings) -> dict[str, str]:
    """What the runs share, in one sentence with a link."""
    comparison = Comparison(site)
    names = listing([side.name for side in comparison.sides])
    return {"names": names, "verdict": shared_sentence(comparison), "href": link(HOME, COMPARE)}


def run_section(site: SiteFindings, run: LoadedRun) -> dict[str, Any]:
    """What the home page says about one run."""
    summaries = run.record.layers
    named = {u.concept for layer in layers_of(run) for u in layer.units if u.detector}
    chance = [sum(layer.record.chance_concepts.values()) for layer in layers_of(run)]
    best = best_layer(site, run)
    addresses = RunAddresses(run.record.name)
    return {
        "name": run.record.name,
        "words": network_words(run),
        "source": setting(run, "model", "source"),
        "units": sum(layer.units for layer in summaries),
        "layers": len(summaries),
        "detectors": sum(layer.detectors for layer in summaries),
        "strong": sum(layer.grades.get("strong", 0) for layer in summaries),
        "chance": sum(layer.chance_detectors for layer in summaries),
        "concepts": len(named),
        "catalogue": len(run.record.concepts),
        "images": len(run.record.images),
        "tips": tooltips(run),
        "iou_threshold": best.iou_threshold,
        "quantile": setting(run, "dissection", "quantile"),
        "strip": layer_strip(run, HOME),
        "figure": layers_figure([s.name for s in summaries], [s.concepts for s in summaries], chance),
        "chance_concepts": [f"{s.name} {value:.1f}" for s, value in zip(summaries, chance, strict=True)],
        "best": best.layer.summary.name,
        "best_href": link(HOME, best.addresses.page),
        "bars": (bars := concept_bars(best)),
        "bars_figure": concepts_figure(bars) if bars else None,
        "tiers": tiers(best),
        "experiments": [part for each in EXPERIMENTS if (part := each.home(site, run))],
        "random": [[f"{run.record.name}/{s.folder}", s.units] for s in summaries],
        "random_href": link(HOME, best.addresses.unit(0)),
        "methods": link(HOME, addresses.methods),
        "data": link(HOME, addresses.data),
    }


def best_layer(site: SiteFindings, run: LoadedRun) -> LayerView:
    """The layer with most concepts; of equals the deepest."""
    layers = layers_of(run)
    place = max(range(len(layers)), key=lambda i: (sum(layers[i].summary.concepts.values()), i))
    return LayerView(site, run, layers[place])


def tiers(view: LayerView) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """Six units of a layer in three honest tiers, two each: title, explanation, cards; no empty tier.

    Clear: strong units with the highest IoU, of two concepts. Doubtful: weak ones and those no better than
    chance, the highest IoU first. Unlabelled: what fires often without matching any concept.
    """
    units = [u for u in view.layer.units if not u.dead and u.finite and u.duplicate_of is None]
    by_iou = sorted(units, key=lambda u: (-(u.iou or 0), u.unit))
    clear = _distinct([u for u in by_iou if u.grade == "strong"])
    doubtful = _distinct([u for u in by_iou if u.detector and u.grade != "strong"])
    silent = sorted((u for u in units if not u.detector), key=lambda u: (u.iou or 0, u.unit))
    named = [
        ("Clear", "strong: rarely matched by chance, and the same on other halves of the images", clear),
        ("Doubtful", _why_doubtful(view), doubtful),
        ("Unlabelled", "matches no concept of the catalogue well", silent[:2]),
    ]
    return [(title, why, [view.card(u, HOME) for u in members]) for title, why, members in named if members]


def _why_doubtful(view: LayerView) -> str:
    if view.run.record.groups < ENOUGH_GROUPS:
        return "above the iou_threshold; too few images to test them"
    return "above the iou_threshold, but weak or no better than chance"


def _distinct(units: list[UnitRecord], wanted: int = 2) -> list[UnitRecord]:
    """The first ``wanted`` units that name different concepts."""
    chosen: dict[int | None, UnitRecord] = {}
    for unit in units:
        chosen.setdefault(unit.concept, unit)
    return list(chosen.values())[:wanted]
