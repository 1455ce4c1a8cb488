"""Classes that a concept's detectors serve. They need those units, which is not yet to need the concept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
from markupsafe import Markup

from dissect_report.report.ablation.view import AblationView
from dissect_report.report.addresses import link
from dissect_report.report.experiment import NOTHING, render_part


@dataclass(frozen=True)
class RelyingClasses:
    """Of the concepts of one run.

    Attributes:
        found: the layers whose units were removed, at least one.
    """

    found: Sequence[AblationView]

    def above(self, concept: int, page: PurePosixPath) -> Markup:
        """Nothing."""
        return NOTHING

    def below(self, concept: int, page: PurePosixPath) -> Markup:
        """The classes with the units that they need."""
        relying = self.relying(concept, page)
        if not relying:
            return NOTHING
        view = self.found[0].view
        name = view.run.record.concepts[concept - 1].name
        head = "h3" if len(view.site.runs) > 1 else "h2"
        return render_part(view.site, "ablation/concept", {"relying": relying, "name": name, "head": head})

    def relying(self, concept: int, page: PurePosixPath) -> list[tuple[str, str, list[tuple[str, str]]]]:
        """Classes served by a detector that chance does not match as well: name, page, units."""
        rows: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for ablation in self.found:
            view = ablation.view
            for unit in view.layer.units:
                if unit.detector and unit.grade != "chance" and unit.concept == concept:
                    name = f"{view.layer.summary.name} {unit.unit}"
                    shown = (name, link(page, view.addresses.unit(unit.unit)))
                    for target in np.flatnonzero(ablation.needs[:, unit.unit]):
                        of = (ablation.record.targets[target].name, ablation.href(page, int(target)))
                        rows.setdefault(of, []).append(shown)
        return [(name, href, units) for (name, href), units in rows.items()]
