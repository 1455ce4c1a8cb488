"""HTML as a test sees it: its links, its ids and its words."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

LINKS = {"href", "src"}


@dataclass
class Read(HTMLParser):
    """What a piece of HTML holds.

    Attributes:
        links: values of href and src.
        ids: of elements.
        tags: names of all elements, in order.
        classes: of all elements.
        scripts: contents of script elements.
        words: all visible text.
    """

    links: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    handlers: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    words: str = ""
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("img", "input", "br", "meta", "link", "path", "col"):
            self.open.append(tag)
        if tag == "script":
            self.scripts.append("")
        for name, value in attrs:
            if name in LINKS:
                self.links.append(value or "")
            if name == "id":
                self.ids.append(value or "")
            if name.startswith("on"):
                self.handlers.append(f"{tag} {name}")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
        self.open.pop()
        if tag in ("td", "th", "span"):  # side by side on the page, not one word
            self.words += " "

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data
        else:
            self.words += data


def read(html: str) -> Read:
    """``html`` parsed; an element that is not closed, or closed twice, fails the test."""
    result = Read()
    result.feed(html)
    result.close()
    assert not result.open, f"not closed: {result.open}"
    return result


def words(html: str) -> str:
    """The visible text with single spaces."""
    return " ".join(read(html).words.split())


def spaced(text: str) -> str:
    """``text`` with single plain spaces, as ``words`` gives it."""
    return " ".join(text.split())
