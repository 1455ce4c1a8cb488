"""What the files of a configuration are, and all of them at once: sizes first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dissect_report.config import RunConfig
from dissect_report.errors import ModelError, SegmenterError, SourceError, WeightsError
from dissect_report.sources.fetching.digests import Published
from dissect_report.sources.fetching.fetch import Wanted, fetched, look
from dissect_report.sources.paper.files import sources_of
from dissect_report.sources.paper.photos import known_folder, photo_folder
from dissect_report.sources.torchvision_models import SCHEME, published_file


def files_of(run: RunConfig) -> list[Published]:
    """Every published file that a run is made of; photos that are unpacked already need no archive.

    Files that a library fetches itself (``hf:``, ``timm:``, a user's own code) are not among them.

    Raises:
        SourceError: torchvision has no such weights.
    """
    found: list[Published] = []
    for source in sources_of(run):
        if source.kind != "photos" or known_folder(source.source) is None:
            found += source.files
    named: list[tuple[str, type[SourceError]]] = [(run.model.source, ModelError)]
    named += [(part.source, SegmenterError) for part in run.segmenters]
    for name, error in named:
        if name.startswith(SCHEME) and (file := published_file(name, error)):
            found.append(file)
    return list(dict.fromkeys(found))


def look_at(runs: Iterable[RunConfig]) -> list[Wanted]:
    """What is there and how large the rest is, each file once. Raises as ``files_of``."""
    return [look(file) for file in dict.fromkeys(file for run in runs for file in files_of(run))]


def fetch_all(wanted: Sequence[Wanted]) -> Iterator[str]:
    """Fetches what is not there; yields what went wrong with the others and goes on with the next."""
    for each in wanted:
        if not each.there:
            try:
                fetched(each.published)
            except WeightsError as error:
                yield str(error)


def unpack_all(runs: Iterable[RunConfig]) -> None:
    """Unpacks archives of photos. Raises as ``photo_folder``."""
    for source in dict.fromkeys(source for run in runs for source in sources_of(run)):
        if source.kind == "photos":
            photo_folder(source.source)


def lines_of(wanted: Sequence[Wanted]) -> Iterator[str]:
    """Of every file its size, and where it is or from where it comes; then the sum of what is missing."""
    for each in wanted:
        where = f"in the cache: {each.path}" if each.there else each.published.url
        yield f"{size_words(each.size):>10}  {where}"
    missing = [each for each in wanted if not each.there]
    if missing:
        known = sum(each.size or 0 for each in missing)
        more = " and what nobody says the size of" if any(each.size is None for each in missing) else ""
        yield f"to download: {size_words(known)}{more}, {len(missing)} of {len(wanted)} files"


def size_words(size: int | None) -> str:
    """In megabytes; "?" where nobody says."""
    return "?" if size is None else f"{size / 1e6:,.1f} MB"
