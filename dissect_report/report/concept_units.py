"""Which units name a concept, in every layer of every run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dissect_report.findings.records import ConceptRecord
from dissect_report.findings.units import UnitRecord
from dissect_report.report.cards import LayerView
from dissect_report.report.site import SiteFindings, layers_of

Named = list[tuple[LayerView, UnitRecord]]


def views_by_run(site: SiteFindings) -> dict[str, list[LayerView]]:
    """Every run's layers in execution order, by run name."""
    return {run.record.name: [LayerView(site, run, layer) for layer in layers_of(run)] for run in site.runs}


def units_by_concept(views: Mapping[str, Sequence[LayerView]]) -> dict[tuple[str, int], Named]:
    """By run name and concept id, every unit whose best concept it is: detectors first, best IoU first."""
    result: dict[tuple[str, int], Named] = {}
    for run, layers in views.items():
        for view in layers:
            for unit in view.layer.units:
                if unit.concept is not None:
                    result.setdefault((run, unit.concept), []).append((view, unit))
    for named in result.values():
        named.sort(key=lambda pair: (not pair[1].detector, -(pair[1].iou or 0)))
    return result


def remark(concept: ConceptRecord, least: float, images: str = "the probe images") -> str:
    """Why no unit can match a concept; "" if one can.

    Args:
        concept: as its run knows it.
        least: the iou_threshold.
        images: what the run was measured on.
    """
    if concept.pixels == 0 or concept.attainable_iou is None:
        return f"never seen in {images}"
    return "undetectable at this quantile" if concept.attainable_iou <= least else ""


def common_scale(views: Sequence[LayerView]) -> float:
    """The IoU at the right end of the bars where units of several layers stand side by side."""
    return max((view.scale for view in views), default=1.0)
