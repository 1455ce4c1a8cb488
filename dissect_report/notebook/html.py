"""What a notebook shows: self-contained HTML without a script, in the colours of whoever shows it."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from markupsafe import Markup, escape

from dissect_report.findings.units import UnitRecord
from dissect_report.report.cards import LayerView, label
from dissect_report.report.formatting import number, score

#: Top images of a unit that are shown, and their side in pixels.
SHOWN, SIDE = 8, 96
#: What a grade is called.
GRADES = {"chance": "no better than chance", "none": "no detector"}


def unit_html(view: LayerView, unit: UnitRecord, sentence: str) -> Markup:
    """Top images with everything outside the mask dimmed, name, IoU bar with chance, grade, sentence."""
    name = label(unit, view.concept(unit.concept))
    grade = GRADES.get(unit.grade, unit.grade)
    return Markup(
        '<div style="max-width:64rem;font-family:sans-serif">'
        '<p style="margin:.3em 0"><b>{name}</b> &middot; unit {unit} of {layer} &middot; {grade}</p>'
        "{pictures}{bar}"
        '<p style="margin:.3em 0">{sentence}</p></div>'
    ).format(
        name=name, unit=unit.unit, layer=view.layer.summary.name, grade=grade,
        pictures=_pictures(view, unit), bar=_bar(view, unit), sentence=sentence,
    )  # fmt: skip


def _pictures(view: LayerView, unit: UnitRecord) -> Markup:
    """Its first top images, each behind its mask."""
    paths = [view.run.paths.thumbnail(ranked.image) for ranked in unit.top_images[:SHOWN]]
    if not all(path.is_file() for path in paths):
        return Markup()
    pictures = [base64.b64encode(path.read_bytes()).decode("ascii") for path in paths]
    shown = [
        Markup(
            '<span style="display:inline-block;position:relative;width:{side}px;height:{side}px;margin:1px;'
            'background:url(data:image/webp;base64,{picture}) 0 / {side}px" title="{title}">'
            '<svg viewBox="0 0 500 500" width="{side}" height="{side}" style="position:absolute;inset:0">'
            '<path fill-rule="evenodd" fill-opacity=".6" d="M0 0H500V500H0Z{outline}"/></svg></span>'
        ).format(
            side=SIDE, picture=picture, outline=ranked.outline,
            title=f"{view.run.record.images[ranked.image].name}: maximum {number(ranked.maximum)}",
        )
        for picture, ranked in zip(pictures, unit.top_images, strict=False)
    ]  # fmt: skip
    return Markup('<div style="line-height:0">{}</div>').format(Markup().join(shown))


def _bar(view: LayerView, unit: UnitRecord) -> Markup:
    """The IoU as a bar, chance's 95th percentile as a tick."""
    chance = view.percent(unit.chance_iou)
    tick = Markup(
        '<i style="position:absolute;left:{at}%;top:-2px;bottom:-2px;border-left:2px solid #c60"></i>'
    ).format(at=chance) if chance is not None else Markup()  # fmt: skip
    return Markup(
        '<div style="display:flex;gap:.6em;align-items:center;margin:.4em 0"><span>IoU {iou}</span>'
        '<span style="position:relative;flex:0 0 16rem;height:8px;background:#8884">'
        '<span style="position:absolute;inset:0 auto 0 0;width:{fill}%;background:#37c"></span>{tick}</span>'
        "<span>chance {chance}</span></div>"
    ).format(iou=score(unit.iou), fill=view.percent(unit.iou) or 0, tick=tick, chance=score(unit.chance_iou))


def layers_html(views: Sequence[LayerView]) -> Markup:
    """A table of layers: units, detectors by grade, and by chance alone."""
    head = ("layer", "units", "match a concept", "strong", "weak", "by chance alone")
    rows = []
    for view in views:
        summary = view.layer.summary
        cells = (
            summary.name, summary.units, summary.detectors, summary.grades.get("strong", 0),
            summary.grades.get("weak", 0), number(summary.chance_detectors),
        )  # fmt: skip
        rows.append(
            Markup("<tr>{}</tr>").format(Markup().join(Markup("<td>{}</td>").format(c) for c in cells))
        )
    return Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(
        Markup().join(Markup("<th>{}</th>").format(escape(name)) for name in head), Markup().join(rows)
    )
