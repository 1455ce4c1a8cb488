"""The layer whose units a run shows on a reader's photo, with what its page needs again and again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from dissect_report.findings.photo import Photo
from dissect_report.findings.store import LoadedRun
from dissect_report.report.ablation.view import AblationView, ablation_view, ablation_views
from dissect_report.report.addresses import link
from dissect_report.report.cards import LayerView
from dissect_report.report.site import SiteFindings, layers_of

#: Units of a class that a page can remove at once, the most important first: the paper's numbers.
SETS = (4, 20)


@dataclass(frozen=True)
class PhotoView:
    """A classifier that can run in a browser.

    Attributes:
        view: the layer.
        record: ``photo.json``.
    """

    view: LayerView
    record: Photo

    @property
    def page(self) -> PurePosixPath:
        """Where readers drop a photo."""
        return self.view.run_addresses.photo

    @cached_property
    def ablation(self) -> AblationView | None:
        """What removing units of this very layer does; None where none were removed."""
        return ablation_view(self.view)

    @cached_property
    def class_pages(self) -> dict[int, str]:
        """By class index the address of its page, where it has one, seen from the page."""
        return {
            target.classes[0]: link(self.page, ablation.file(target))
            for ablation in ablation_views(self.view.site, self.view.run)
            for target in ablation.record.targets
            if target.kind == "class"
        }

    @cached_property
    def needs(self) -> dict[int, list[int]]:
        """By class index the units that the class needs most, in order, as its page ranks them."""
        if self.ablation is None:
            return {}
        order = self.ablation.arrays["order"]
        return {
            self.ablation.record.targets[place].classes[0]: [int(unit) for unit in order[place, : SETS[-1]]]
            for place in self.ablation.class_targets
        }

    @property
    def photos(self) -> tuple[int, ...]:
        """Probe images that readers can pick: none where the site shows no pictures."""
        return self.record.photos if self.view.site.config.site.images else ()


def photo_view(site: SiteFindings, run: LoadedRun) -> PhotoView | None:
    """The run's; None where it has no table, or where something stands in the way."""
    for layer in layers_of(run):
        if layer.photo is not None and not layer.photo.obstacle:
            return PhotoView(LayerView(site, run, layer), layer.photo)
    return None
