"""The navigation, from the places that pages ask for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from dissect_report.publish.sources import source_path
from dissect_report.report.page import Page


@dataclass
class _Place:
    """A name in the navigation: a page, a section, or a section that opens with a page."""

    source: str | None = None
    below: dict[str, _Place] = field(default_factory=dict)

    def entries(self) -> list[dict[str, Any]]:
        """As mkdocs writes it: names with a source or a list."""
        return [{name: place.value(name)} for name, place in self.below.items()]

    def value(self, name: str) -> str | list[dict[str, Any]]:
        """What stands behind ``name``."""
        if not self.below:
            return self.source or []
        opening = [{name: self.source}] if self.source else []
        return [*opening, *self.entries()]


def navigation(pages: Iterable[Page]) -> list[dict[str, Any]]:
    """The ``nav`` of mkdocs.yml of the pages that ask for a place, in the order in which they come."""
    root = _Place()
    for page in pages:
        if page.nav is None:
            continue
        place = root
        for name in page.nav or (page.title,):
            place = place.below.setdefault(name, _Place())
        place.source = str(source_path(page))
    return root.entries()
