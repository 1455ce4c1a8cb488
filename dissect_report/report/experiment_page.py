"""The page of one question: what every experiment's pages have in common."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from dissect_report.report.addresses import HOME, link
from dissect_report.report.cards import LayerView
from dissect_report.report.formatting import count, number, percent, plural, points, score, share, span
from dissect_report.report.page import Page


def experiment_page(
    view: LayerView, path: PurePosixPath, kind: str, title: str, description: str, context: Mapping[str, Any]
) -> Page:
    """A page of one question about a run.

    Args:
        view: any layer of the run.
        path: of the page.
        kind: the name of its template.
        title: the question.
        description: the answer, one sentence.
        context: what this page says beside what all of them say.
    """
    name, addresses = view.run.record.name, view.run_addresses
    shared = {
        "title": title,
        "run": name,
        "home": link(path, HOME),
        "methods": link(path, addresses.methods),
        "data": link(path, addresses.data),
        "count": count, "number": number, "percent": percent, "plural": plural, "points": points,
        "score": score, "share": share, "span": span,
    }  # fmt: skip
    body = view.site.templates.get_template(f"pages/{kind}.html").render(shared | dict(context))
    words = f"experiment {title} {name}"
    return Page(path, f"{title} · {name}", description, body, words, (name, "Experiments", title))


def first_verdict(sections: list[dict[str, Any]], otherwise: str) -> str:
    """What the last section that found something says; ``otherwise`` where none did."""
    return next((section["verdict"] for section in sections[::-1] if section["verdict"]), otherwise)
