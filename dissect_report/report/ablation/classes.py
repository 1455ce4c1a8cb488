"""The class pages: which units does a class need, and what happens without them?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from markupsafe import Markup

from dissect_report.findings.ablation import SERVING, Flip, SetRow, Target, UnitLoss
from dissect_report.findings.answers import NONE
from dissect_report.findings.store import LoadedRun
from dissect_report.report.ablation.figures import curves_figure
from dissect_report.report.ablation.live import TICKED, live_config, live_images
from dissect_report.report.ablation.view import AblationView, ablation_views
from dissect_report.report.addresses import HOME, RunAddresses, link
from dissect_report.report.cards import label
from dissect_report.report.experiment import Experiment
from dissect_report.report.formatting import (
    count,
    listing,
    lost,
    number,
    ordinal,
    percent,
    plural,
    points,
    span,
)
from dissect_report.report.intervals import interval_of
from dissect_report.report.page import Page
from dissect_report.report.site import SiteFindings

#: Sizes of the small table at the top of a class page: the paper's.
SHOWN = (4, 20)


@dataclass(frozen=True)
class ClassPages:
    """The class index of a run and a page for every class or group; nothing for a run without removals.

    Attributes:
        site: everything.
        run: the run.
        others: experiments that have a line on the page of a class.
    """

    site: SiteFindings
    run: LoadedRun
    others: tuple[Experiment, ...] = ()

    @cached_property
    def removals(self) -> list[AblationView]:
        """Of every layer that has some."""
        return ablation_views(self.site, self.run)

    @cached_property
    def addresses(self) -> RunAddresses:
        """Of the run's pages."""
        return RunAddresses(self.run.record.name)

    @cached_property
    def targets(self) -> dict[tuple[str, str], list[tuple[AblationView, int]]]:
        """By kind and name, the layers in which a target was measured and its place there."""
        result: dict[tuple[str, str], list[tuple[AblationView, int]]] = {}
        for removals in self.removals:
            for place, target in enumerate(removals.record.targets):
                result.setdefault((target.kind, target.name), []).append((removals, place))
        return result

    def pages(self) -> Iterator[Page]:
        """The index, then every class and group."""
        if self.targets:
            yield self.index()
            for kind, name in self.targets:
                yield self.page(kind, name)

    def index(self) -> Page:
        """Every class in one sortable table."""
        path, name = self.addresses.classes, self.run.record.name
        removals = self.removals[-1]
        context = {
            "run": name,
            "home": link(path, HOME),
            "layer": removals.view.layer.summary.name,
            "layer_href": link(path, removals.view.addresses.page),
            "words": removals.words,
            "tips": removals.tips,
            "rows": [self._row(removals, target) for target in range(len(removals.record.targets))],
            "images": removals.record.evaluation_images,
            "accuracy": removals.record.accuracy,
            "experiments": self.experiments(path),
            "size": largest_shown(removals),
            "count": count, "percent": percent, "points": points, "plural": plural,
        }  # fmt: skip
        body = self.site.templates.get_template("pages/classes.html").render(context)
        description = f"Which units of {name} its {plural(len(self.targets), 'class', 'classes')} need."
        return Page(path, f"Classes of {name}", description, body, f"classes {name}", (name, "Classes"))

    def experiments(self, path: PurePosixPath) -> dict[str, str]:
        """Addresses of the run's experiments."""
        return {
            "keeping": link(path, self.addresses.keeping),
            "interpretable": link(path, self.addresses.interpretable),
            "classes": link(path, self.addresses.classes),
        }

    def _row(self, removals: AblationView, target: int) -> dict[str, Any]:
        own, size = removals.record.targets[target], largest_shown(removals)
        removed = removals.rows.get((target, "removed", size))
        kept = removals.rows.get((target, "kept", size))
        return {
            "name": own.name,
            "kind": own.kind,
            "href": removals.href(self.addresses.classes, target),
            "images": own.evaluation_images,
            "recall": own.recall,
            "balanced": own.balanced_accuracy,
            "removed": removed and removed.balanced_accuracy,
            "kept": kept and kept.balanced_accuracy,
            "best": [
                (link(self.addresses.classes, removals.view.addresses.unit(loss.unit)), named(removals, loss))
                for loss in serving(own)
            ],
        }

    def page(self, kind: str, name: str) -> Page:
        """The page of one class or group."""
        measured = self.targets[kind, name]
        removals, place = measured[-1]
        path = removals.file(removals.record.targets[place])
        sections = [ClassSection(r, t, path).context() for r, t in measured]
        best = list(dict.fromkeys(entry["name"] for entry in sections[-1]["cards"]))
        description = f"What {name} needs: units for {listing(best)}." if best else f"What {name} needs."
        context = {
            "root": link(path, HOME).removesuffix("index.html"),
            "home": link(path, HOME),
            "run": self.run.record.name,
            "name": name,
            "kind": kind,
            "members": [removals.class_name(index) for index in removals.record.targets[place].classes],
            "sections": sections,
            "experiments": self.experiments(path),
            "lines": self._lines(kind, removals.record.targets[place], path),
            "methods": link(path, self.addresses.methods),
            "data": link(path, self.addresses.data),
            "count": count, "percent": percent, "lost": lost, "number": number, "span": span,
            "plural": plural,
        }  # fmt: skip
        body = self.site.templates.get_template("pages/class.html").render(context)
        words = f"{kind} {name} · {self.run.record.name} · {', '.join(best)}"
        return Page(path, f"{name} ({kind})", description, body, words, None)

    def _lines(self, kind: str, target: Target, path: PurePosixPath) -> list[Markup]:
        """What other experiments say on the page of a class."""
        if kind != "class":
            return []
        index = target.classes[0]
        return [part for each in self.others if (part := each.on_class(self.site, self.run, index, path))]


def largest_shown(removals: AblationView) -> int:
    """The size that stands for "removed" and "kept": 20, or the largest below; 0 if none was tried."""
    return max([size for size in removals.record.set_sizes if size <= SHOWN[-1]], default=0)


def named(removals: AblationView, loss: UnitLoss) -> str:
    """A unit's number and what it is called."""
    unit = removals.view.layer.units[loss.unit]
    return f"{loss.unit} {label(unit, removals.view.concept(unit.concept))}"


def serving(target: Target) -> list[UnitLoss]:
    """The units whose loss is confirmed, most lost first."""
    return sorted(
        (loss for loss in target.units if loss.confirmed_loss is not None),
        key=lambda loss: (-(loss.confirmed_loss or 0), loss.unit),
    )


def _effective(row: SetRow) -> str:
    """How many of a set's units have an effect."""
    if row.effective is None or row.kind == "random":
        return ""
    amount = "none" if not row.effective else "all" if row.effective == row.size else count(row.effective)
    return f" ({amount} of them with an effect)" if row.size > 1 else ""


@dataclass(frozen=True)
class ClassSection:
    """One target as one layer's units serve it."""

    removals: AblationView
    target: int
    path: PurePosixPath

    def context(self) -> dict[str, Any]:
        """What the section says."""
        removals, record = self.removals, self.removals.record
        own = record.targets[self.target]
        rows = [row for row in record.rows if row.target == self.target and not row.name]
        words = removals.words
        return {
            "layer": removals.view.layer.summary.name,
            "layer_href": link(self.path, removals.view.addresses.page),
            "own": own,
            "words": words,
            "tips": removals.tips,
            "recall": interval_of(own.recall_interval),
            "balanced": interval_of(own.balanced_interval),
            "accuracy": record.accuracy,
            "images": record.evaluation_images,
            "cards": [self._card(loss) for loss in serving(own)],
            "table": self._table(),
            "curve": curves_figure(rows, own.balanced_accuracy) if rows else None,
            "overall_curve": curves_figure(rows, record.accuracy, True) if rows else None,
            "confusions": self._confusions(),
            "flips": [self.flip(flip) for flip in own.flips],
            "flip_sizes": record.flip_sizes,
            "live": live_config(removals, self.target),
            "live_images": live_images(removals),
            "ticks": self._ticks(),
            "buttons": [size for size in (1, *SHOWN) if size in record.set_sizes],
            "difference": record.live_difference,
            "notes": record.notes,
            "command": record.command,
            "replacement": record.replacement,
            "extra_tokens": removals.view.layer.summary.extra_tokens,
        }

    def _card(self, loss: UnitLoss) -> dict[str, Any]:
        view = self.removals.view
        card = view.card(view.layer.units[loss.unit], self.path)
        card["loss"] = loss
        said = self.removals.alarms(self.removals.record.targets[self.target], loss)
        card["alarms"] = f"without it, {said}" if said else ""
        return card

    def _table(self) -> list[tuple[str, SetRow]]:
        names = {"removed": "{} most important removed", "kept": "only these {} kept",
                 "random": "{} random units removed"}  # fmt: skip
        sizes = [size for size in SHOWN if size in self.removals.record.set_sizes]
        asked = [(names[kind].format(size), (self.target, kind, size)) for size in sizes for kind in names]
        own = [
            (text + _effective(self.removals.rows[key]), self.removals.rows[key])
            for text, key in asked
            if key in self.removals.rows
        ]
        named_sets = [row for row in self.removals.record.rows if row.target == self.target and row.name]
        texts = {"removed": "set “{}” removed", "kept": "only “{}” kept"}
        return own + [(texts[row.kind].format(row.name), row) for row in named_sets]

    def _confusions(self) -> list[tuple[str, int, float]]:
        own = self.removals.record.targets[self.target]
        return [
            (self.removals.class_name(c.predicted), c.images, c.images / max(1, own.evaluation_images))
            for c in own.confusions
        ]

    def flip(self, flip: Flip) -> dict[str, Any]:
        """An image before and after: what the network says, and whether it still is the target."""
        own = self.removals.record.targets[self.target]
        image = self.removals.view.run.record.images[flip.image]
        answers = [
            (f"not {own.name}" if c == NONE else self.removals.class_name(c), c in own.classes)
            for c in (flip.before, *flip.after)
        ]
        return {
            "name": image.name,
            "said": answers,
            "picture": link(self.path, self.removals.view.run_addresses.thumbnail(flip.image)),
            "href": "",
            "title": "",
        }

    def _ticks(self) -> list[tuple[int, str, str, str]]:
        """Unit, its place in words, what it is called, its page."""
        live = self.removals.record.live and live_images(self.removals) > 0
        order = self.removals.arrays["order"][self.target][: TICKED if live else SERVING]
        view = self.removals.view
        return [
            (int(u), ordinal(place), label(view.layer.units[u], view.concept(view.layer.units[u].concept)),
             link(self.path, view.addresses.unit(int(u))))
            for place, u in enumerate(order, 1)
        ]  # fmt: skip
