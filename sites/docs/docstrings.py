"""Google-style docstrings as Markdown."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field

_SECTION = re.compile(r"^(Args|Attributes|Returns|Raises):$")


@dataclass
class Docstring:
    """A docstring taken apart.

    Attributes:
        text: what comes before the sections, as Markdown.
        entries: names and their meanings by section; what a section says without a name is under "".
    """

    text: str = ""
    entries: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, thing: object) -> Docstring:
        """The docstring of a class, function or property; empty if it has none."""
        return cls.parse(inspect.getdoc(thing) or "")

    @classmethod
    def parse(cls, text: str) -> Docstring:
        """Takes the sections off; doctest lines become a fenced block."""
        head: list[str] = []
        sections: dict[str, list[str]] = {}
        lines = head
        for line in text.splitlines():
            if found := _SECTION.match(line):
                lines = sections.setdefault(found[1], [])
            else:
                lines.append(line)
        entries = {name: _entries(inspect.cleandoc("\n".join(said))) for name, said in sections.items()}
        return cls(_fenced(_markdown("\n".join(head).strip())), entries)


def _entries(text: str) -> dict[str, str]:
    """``name: meaning`` a line; deeper lines go on with the one before."""
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        start = re.match(r"^([\w*]+):\s+(.*)$", line)
        if start:
            name, said = start[1], start[2]
        else:
            said = line.strip()
        found[name] = f"{found.get(name, '')} {_markdown(said)}".strip()
    return found


def _markdown(text: str) -> str:
    return text.replace("``", "`")


def _fenced(text: str) -> str:
    """Examples, from ``>>>`` to the next empty line, as blocks of their own."""
    blocks = text.split("\n\n")
    return "\n\n".join(f"```pycon\n{block}\n```" if block.startswith(">>>") else block for block in blocks)


def cell(text: object) -> str:
    """``text`` for a cell of a Markdown table."""
    return " ".join(str(text).split()).replace("|", "\\|")


def code(text: object) -> str:
    """``text`` as code, for a cell; HTML because a Markdown code span cannot hold every character."""
    plain = " ".join(str(text).split())
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "&#124;"), ("*", "&#42;")):
        plain = plain.replace(character, entity)
    return f"<code>{plain.replace('_', '&#95;').replace('[', '&#91;').replace('`', '&#96;')}</code>"


def table(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table; cells are Markdown already."""
    lines = [headings, tuple("---" for _ in headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
