"""Checks that every link of a built site leads somewhere and that no page asks another server.

``python -m dissect_report.publish.links SITE`` prints what is broken and exits with 1 if anything is.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from posixpath import normpath
from urllib.parse import unquote, urlsplit

#: Attributes that make a browser load or offer another address.
ATTRIBUTES = ("href", "src", "srcset", "poster", "data", "action", "xlink:href")
#: Elements whose address is only followed when a reader clicks.
FOLLOWED = ("a", "area")
#: ``rel`` of a <link> that names an address without loading it.
NAMED = ("canonical", "prev", "next", "alternate")
_CSS_ADDRESS = re.compile(r"""url\(\s*['"]?([^'")]+)|@import\s+['"]([^'"]+)""")


@dataclass(frozen=True, order=True)
class BrokenLink:
    """A link that does not lead anywhere.

    Attributes:
        page: file that holds it, below the site.
        target: as it is written there.
        reason: what is wrong with it.
    """

    page: str
    target: str
    reason: str

    def __str__(self) -> str:
        return f"{self.page}: {self.target}: {self.reason}"


@dataclass
class _Links(HTMLParser):
    """Addresses and ids of one page.

    Attributes:
        loaded: addresses that the browser loads by itself.
        followed: addresses behind links.
        ids: what a fragment can point at.
    """

    loaded: list[str] = field(default_factory=list)
    followed: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=False)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value for name, value in attrs if value is not None}
        self.ids.update(values[name] for name in ("id", "name") if name in values)
        named = tag == "link" and any(rel in NAMED for rel in values.get("rel", "").split())
        target = self.followed if tag in FOLLOWED else self.loaded
        for name in ATTRIBUTES:
            if name in values and not named and not (name == "data" and tag != "object"):
                target += _candidates(values[name]) if name == "srcset" else [values[name].strip()]
        if "style" in values:
            self.loaded += _css_addresses(values["style"])


def _candidates(srcset: str) -> list[str]:
    """The addresses of a ``srcset``."""
    return [part.split()[0] for part in srcset.split(",") if part.split()]


def _css_addresses(text: str) -> list[str]:
    return [(one or other).strip() for one, other in _CSS_ADDRESS.findall(text)]


def check_links(site: Path) -> list[BrokenLink]:
    """Every broken link of the pages and style sheets of ``site``, in order.

    Broken are: a file that is not there, a fragment without its id, an address that starts at the
    server's root (it fails below a sub-path and from disk), and anything a browser would load by itself
    from another server.
    """
    return sorted(_Site.read(site).broken())


@dataclass(frozen=True)
class _Site:
    """What links of a site can lead to.

    Attributes:
        files: addresses of all files.
        folders: of all folders with a file somewhere below.
        pages: links and ids of every page.
        sheets: links of every style sheet.
    """

    files: frozenset[str]
    folders: frozenset[str]
    pages: dict[str, _Links]
    sheets: dict[str, list[str]]

    @classmethod
    def read(cls, site: Path) -> _Site:
        """The site in a folder."""
        files = frozenset(path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file())
        folders = frozenset(str(parent) for name in files for parent in PurePosixPath(name).parents)
        named = {name: site / name for name in sorted(files)}
        pages = {name: _read_page(path) for name, path in named.items() if name.endswith(".html")}
        sheets = {
            name: _css_addresses(path.read_text(encoding="utf-8"))
            for name, path in named.items()
            if name.endswith(".css")
        }
        return cls(files, folders, pages, sheets)

    def broken(self) -> Iterator[BrokenLink]:
        """Every broken link."""
        for name, page in self.pages.items():
            yield from self._broken_of(name, page.loaded, loads=True)
            yield from self._broken_of(name, page.followed, loads=False)
        for name, addresses in self.sheets.items():
            yield from self._broken_of(name, addresses, loads=True)

    def _broken_of(self, name: str, addresses: list[str], loads: bool) -> Iterator[BrokenLink]:
        # dict.fromkeys: an address that a page repeats is checked once
        for address in dict.fromkeys(addresses):
            if reason := self._fault(name, address, loads):
                yield BrokenLink(name, address, reason)

    def _fault(self, page: str, address: str, loads: bool) -> str:
        """What is wrong with an address on ``page``; "" if nothing is."""
        try:
            parts = urlsplit(address)
        except ValueError:
            return "not an address"
        if parts.scheme in ("data", "blob", "about", "javascript"):
            return ""
        if parts.scheme or parts.netloc:
            return _outside_fault(parts.scheme, loads)
        if parts.path.startswith("/"):
            return "starts at the server's root: breaks below a sub-path and from disk"
        target = normpath(str(PurePosixPath(page).parent / unquote(parts.path))) if parts.path else page
        return self._inside_fault(target, unquote(parts.fragment))

    def _inside_fault(self, target: str, fragment: str) -> str:
        """What is wrong with a file of the site, or with a place on a page."""
        if target.startswith(".."):
            return "leaves the site"
        if target not in self.files:
            return "a folder: does not open from disk" if target in self.folders else "no such file"
        # "name=value" is a state that a script reads, not a place.
        known = not fragment or "=" in fragment or target not in self.pages
        return "" if known or fragment in self.pages[target].ids else "no such place on that page"


def _outside_fault(scheme: str, loads: bool) -> str:
    """What is wrong with an address of another server."""
    if loads:
        return "loaded from another server"
    return "" if scheme in ("http", "https", "mailto") else "unknown kind of address"


def _read_page(path: Path) -> _Links:
    page = _Links()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    return page


def report(site: Path) -> Iterator[str]:
    """The broken links of ``site``, one line each."""
    yield from map(str, check_links(site))


def main(arguments: list[str]) -> int:
    """Prints the broken links of the sites named; 1 if there are any, 2 if a site is missing."""
    if not arguments or not all(Path(site, "index.html").is_file() for site in arguments):
        print("usage: python -m dissect_report.publish.links SITE ...  (a folder with an index.html)")
        return 2
    lines = [line for site in arguments for line in report(Path(site))]
    print(*lines, f"{len(lines)} broken links", sep="\n")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
