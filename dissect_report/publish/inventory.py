"""What a built site holds, counted before it goes anywhere: bytes, and pictures of the probe."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dissect_report.config import Config
from dissect_report.errors import PublishError
from dissect_report.findings import folders
from dissect_report.findings.paths import SitePaths
from dissect_report.report.addresses import PICTURES
from dissect_report.report.formatting import listing, plural

#: Scripts below a run that hold a network, or a part of one.
WEIGHTS = ("photo/network.js", "paint/graph.js")
#: Folder of the theme's own files, pictures among them.
THEME = "assets"
#: More than this GitHub Pages does not take.
REFUSED_BYTES = 1_000_000_000
#: From here on a site is slow to put anywhere.
WARNED_BYTES = 500_000_000


@dataclass(frozen=True)
class Inventory:
    """What a built site holds.

    Attributes:
        folder: the built site.
        size: bytes of all files.
        thumbnails: probe images that are in it as a picture of their own.
        strips: pictures that show several probe images side by side.
        segmentations: label maps of probe images.
        whole: probe images that are in it as large as they were measured, in scripts, to try a network on.
    """

    folder: Path
    size: int
    thumbnails: int
    strips: int
    segmentations: int
    whole: int = 0

    @property
    def pictures(self) -> int:
        """Files that show probe images."""
        return self.thumbnails + self.strips + self.segmentations + self.whole

    def sentence(self) -> str:
        """Which pictures somebody who gets the site will see."""
        if not self.pictures:
            return "in this site: no probe picture"
        return (
            f"in this site: {plural(self.thumbnails, 'probe picture')}, "
            + (f"{plural(self.strips, 'strip')} of several (grids of edits), " if self.strips else "")
            + f"{plural(self.segmentations, 'segmentation')}"
            + (f", {plural(self.whole, 'whole photo')} of the probe" if self.whole else "")
        )


def finished_site(config: Config) -> Path:
    """The built site of ``config``.

    Raises:
        PublishError: it was not built yet, its last build did not finish, or there is a link in it.
    """
    site = SitePaths(config.folder).site
    if not (site / "index.html").is_file():
        raise PublishError(f"{site}: not built yet; run `dissect-report render {config.folder}` first")
    if folders.is_unfinished(site):
        raise PublishError(
            f"{site}: its last build did not finish; run `dissect-report render {config.folder}`"
        )
    for path in site.rglob("*"):
        if path.is_symlink():  # what it points at would go along
            raise PublishError(f"{path}: is a link; run `dissect-report render {config.folder}` again")
    return site


def files_of(site: Path) -> Iterator[Path]:
    """Every file of a built site but the marker, in the order of its address."""
    paths = (path for path in site.rglob("*") if path.is_file() and path != site / folders.MARKER)
    return iter(sorted(paths, key=lambda path: path.relative_to(site).as_posix()))


def take_inventory(site: Path) -> Inventory:
    """Counts what is in a built site, from its files alone."""
    counts = {"thumbnails": 0, "segmentation": 0}
    size = strips = whole = 0
    for path in files_of(site):
        size += path.stat().st_size
        parts = path.relative_to(site).parts
        kind = parts[1] if len(parts) == 3 else ""
        if kind in counts:
            counts[kind] += 1
        elif kind == "photo" and path.stem.isdigit():
            whole += 1
        elif path.suffix in PICTURES and parts[0] != THEME:
            strips += 1
    return Inventory(site, size, counts["thumbnails"], strips, counts["segmentation"], whole)


def besides(site: Path) -> str:
    """What else of the work somebody who gets the site will read, from its files alone.

    Raises:
        PublishError: a record of it cannot be read.
    """
    told = []
    for path in sorted(site.glob("*/run.json")):
        try:
            run = json.loads(path.read_text(encoding="utf-8"))
            classes, made = len(run["classes"]), run["generator"] is not None
            named = [] if made else [plural(len(run["images"]), "name") + " of probe images"]
            named += [plural(classes, "class name", "class names")] if classes else []
            named += [plural(len(run["concepts"]), "concept name"), "the configuration"]
        except (ValueError, KeyError, TypeError) as error:
            raise PublishError(f"{path}: cannot be read ({error}); render the site again") from None
        named += ["versions and device"]
        if any((path.parent / part).is_file() for part in WEIGHTS):
            named += ["the network's weights, as a graph that browsers run"]
        told.append(f"{run['name']}: {listing(named)}")
    return "beside pictures: all numbers, and of " + "; of ".join(told)


def check_pictures(held: Inventory, config: Config) -> None:
    """Refuses a site with pictures that its configuration leaves out.

    Raises:
        PublishError: naming the remedy.
    """
    if held.pictures and not config.site.images:
        raise PublishError(
            f"{held.folder}: holds probe pictures, and [site] images = false leaves them out; "
            f"run `dissect-report render {config.folder}` first"
        )


def check_size(inventory: Inventory) -> str:
    """A warning about a large site; "" if it is not large.

    Raises:
        PublishError: it is larger than GitHub Pages takes.
    """
    text = f"{inventory.folder}: {inventory.size / 1e6:,.0f} MB"
    remedy = "[site] images = false leaves the pictures out; fewer layers or a [probe] limit make it smaller"
    if inventory.size > REFUSED_BYTES:
        raise PublishError(f"{text}, more than the {REFUSED_BYTES / 1e6:,.0f} MB of GitHub Pages; {remedy}")
    return f"{text}, slow to publish and to clone; {remedy}" if inventory.size >= WARNED_BYTES else ""
