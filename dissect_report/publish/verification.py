"""Whether a built site is whole and holds nothing but itself: what ``check`` looks for.

The site lists its own files, ``files.json``: whoever gets a copy can check it, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from dissect_report.config import Config
from dissect_report.errors import FindingsError
from dissect_report.findings import folders
from dissect_report.findings.manifest import Digests, faults, read_listing, write_listing
from dissect_report.findings.parts import FileRecord, files_in
from dissect_report.findings.paths import SitePaths
from dissect_report.findings.verification import traces
from dissect_report.publish.inventory import THEME, take_inventory
from dissect_report.publish.links import check_links

#: Every file of a built site with its size and sha256.
LISTING = "files.json"

#: What servers want beside a site.
BESIDE = (folders.MARKER, LISTING, "CNAME", ".nojekyll")

AGAIN = "`dissect-report render` makes the site again"


def write_site_listing(site: Path, previous: Path | None = None) -> None:
    """Writes the list of a built site's files.

    Args:
        previous: an older build elsewhere; of files that both share its list is believed.

    Raises:
        StorageError: the disk refuses.
    """
    digests = Digests()
    for name, record in _listed(previous):
        with suppress(FileNotFoundError):  # gone from the new one, or from the old
            if previous and (site / name).samefile(previous / name):
                digests.believe(site / name, record)
    write_listing(site / LISTING, [name for name in files_in(site) if name not in BESIDE], digests)


def _listed(site: Path | None) -> list[tuple[str, FileRecord]]:
    try:
        listing = read_listing(site / LISTING, bool) if site else None
    except FindingsError:  # of another version, or damaged: everything is read again
        return []
    return list(listing.files.items()) if listing else []


def site_problems(site: Path, config: Config | None = None) -> Iterator[str]:
    """What is wrong with the built site in a folder, a line each.

    Files that its build did not write, or that are no longer what it wrote; links; traces of a machine or a
    camera.

    Args:
        config: of the site, where it is at hand: its findings and what it lets out are compared.
    """
    if folders.is_unfinished(site):
        yield f"{site}: its last build did not finish; {AGAIN}"
    yield from _listing_problems(site)
    for path in site.rglob("*"):
        if path.is_symlink():
            yield f"{path}: is a link, and what it points at would be published; {AGAIN}"
    for broken in check_links(site):
        yield f"{site}: {broken}"
    for name in files_in(site):
        if not name.startswith(f"{THEME}/"):
            yield from traces(site / name)
    if config is not None:
        yield from _other_findings(site, config)


def _listing_problems(site: Path) -> Iterator[str]:
    try:
        listing = read_listing(site / LISTING, bool)
    except FindingsError as error:
        yield str(error)
        return
    if listing is None:
        yield f"{site}: no {LISTING}, as in older sites: nothing tells which files are its own; {AGAIN}"
        return
    for name, fault in faults(site, listing).items():
        yield f"{site / name}: {fault}; {AGAIN}"
    for name in files_in(site):
        if name not in listing.files and name not in BESIDE:
            yield f"{site / name}: is no file of the site, and would be published with it; move it away"


def _other_findings(site: Path, config: Config) -> Iterator[str]:
    """Where a site shows something else than what its folder holds and its configuration lets out."""
    for run in config.runs:
        source, shown = SitePaths(config.folder).run(run.name).run, site / run.name / "run.json"
        if source.is_file() and not (shown.is_file() and shown.read_bytes() == source.read_bytes()):
            yield f"{shown}: is not of the findings in {source.parent}; {AGAIN}"
    if not config.site.images and take_inventory(site).pictures:
        yield f"{site}: holds probe pictures, and [site] images = false leaves them out; {AGAIN}"
