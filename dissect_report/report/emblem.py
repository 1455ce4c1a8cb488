"""What stands for a site elsewhere: the icon in a browser's tab, and the card where a link to it is shared.

Both are drawn from the concepts found, in the colours of ``dissect.css``; neither shows a probe image.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from functools import cache
from pathlib import PurePosixPath

from PIL import Image, ImageDraw, ImageFont

from dissect_report.findings.records import CATEGORIES, LayerSummary
from dissect_report.findings.store import LoadedRun
from dissect_report.report.formatting import plural
from dissect_report.report.site import SiteFindings, layers_of
from dissect_report.report.templating import templates_folder

ICON = PurePosixPath("assets/images/icon.svg")
CARD = PurePosixPath("assets/images/card.png")
#: Of a card, in pixels: what those who show links ask for.
SIZE = (1200, 630)
#: Dots of the icon, in rows of three.
DOTS = 9
_MARGIN, _LINES = 72, 3
_BARS = (380, 190)  # top and height of the layers


@cache
def colors() -> dict[str, str]:
    """The light scheme of ``dissect.css`` by name: categories, ``page``, ``ink``, ``quiet``, ``faint``."""
    text = (templates_folder() / "assets" / "css" / "dissect.css").read_text(encoding="utf-8")
    light = text.partition('[data-md-color-scheme="slate"]')[0]
    return dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", light))


def found_concepts(site: SiteFindings) -> dict[str, int]:
    """Distinct concepts by category that detectors of any run name."""
    named = {
        (concept.name, concept.category)
        for run in site.runs
        for concept in run.record.concepts
        if any(u.detector and u.concept == concept.id for layer in layers_of(run) for u in layer.units)
    }
    counts = Counter(category for _, category in named)
    return {category: counts[category] for category in CATEGORIES if counts[category]}


def icon(site: SiteFindings) -> str:
    """Nine dots as SVG, coloured by category in the proportions of the concepts found."""
    names = _dots(found_concepts(site))
    dots = "".join(
        f'<circle cx="{6 + 10 * (place % 3)}" cy="{6 + 10 * (place // 3)}" r="4.2" fill="{colors()[name]}"/>'
        for place, name in enumerate(names)
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">{dots}</svg>\n'


def _dots(found: dict[str, int]) -> list[str]:
    """Colours of the dots: the largest remainders get what is left; grey where nothing was found."""
    total = sum(found.values())
    if not total:
        return ["faint"] * DOTS
    whole = {name: DOTS * units // total for name, units in found.items()}
    by_rest = sorted(found, key=lambda name: -(DOTS * found[name] % total))
    for name in by_rest[: DOTS - sum(whole.values())]:
        whole[name] += 1
    return [name for name in found for _ in range(whole[name])]


def card(site: SiteFindings) -> bytes:
    """A PNG with the title, what was taken apart, and the concepts of every layer."""
    picture = Image.new("RGB", SIZE, colors()["page"])
    draw = ImageDraw.Draw(picture)
    room = SIZE[0] - 2 * _MARGIN
    _text(draw, site.config.title, _MARGIN, 64, room, "ink")
    top = 176
    for run in site.runs[:_LINES]:
        _text(draw, _run_words(run), top, 36, room, "quiet")
        top += 54
    left, width = float(_MARGIN), room / sum(len(run.record.layers) + 1 for run in site.runs)
    highest = max([sum(layer.concepts.values()) for run in site.runs for layer in run.record.layers] + [1])
    for run in site.runs:
        for layer in run.record.layers:
            _bar(draw, layer, left, min(width, 90.0), highest)
            left += min(width, 90.0)
        left += min(width, 90.0)
    base = _BARS[0] + _BARS[1]
    draw.line((_MARGIN, base, SIZE[0] - _MARGIN, base), fill=colors()["faint"], width=2)
    return _png(picture)


def picture_card(title: str, line: str, shown: Image.Image) -> bytes:
    """A PNG with a title, a line and a wide picture, as large as there is room."""
    picture = Image.new("RGB", SIZE, colors()["page"])
    draw = ImageDraw.Draw(picture)
    room = SIZE[0] - 2 * _MARGIN
    _text(draw, title, 44, 52, room, "ink")
    _text(draw, line, 116, 30, room, "quiet")
    height = SIZE[1] - 180 - 40
    width = min(room, shown.width * height // shown.height)
    large = shown.resize((width, shown.height * width // shown.width), Image.Resampling.BICUBIC)
    picture.paste(large, (_MARGIN, 180), large if large.mode == "RGBA" else None)
    return _png(picture)


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def _run_words(run: LoadedRun) -> str:
    units = sum(layer.units for layer in run.record.layers)
    named = {u.concept for layer in layers_of(run) for u in layer.units if u.detector}
    return f"{run.record.name}: {plural(units, 'unit')}, {plural(len(named), 'concept')} found"


def _bar(draw: ImageDraw.ImageDraw, layer: LayerSummary, left: float, width: float, highest: int) -> None:
    """Concepts of a layer, stacked by category."""
    foot: float = _BARS[0] + _BARS[1]
    for category in CATEGORIES:
        if height := _BARS[1] * layer.concepts.get(category, 0) / highest:
            box = (left + 0.12 * width, foot - height, left + 0.88 * width, foot)
            draw.rectangle(box, fill=colors()[category])
            foot -= height


def _text(draw: ImageDraw.ImageDraw, text: str, top: int, size: int, room: int, color: str) -> None:
    """A line, cut with an ellipsis where it does not fit."""
    font = ImageFont.load_default(size)
    shown = " ".join(text.split())
    while font.getlength(shown) > room:
        shown = f"{shown.removesuffix('…')[:-1]}…"
    draw.text((_MARGIN, top), shown, fill=colors()[color], font=font)
