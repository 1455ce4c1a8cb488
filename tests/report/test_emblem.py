from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from collections import Counter

from PIL import Image

from dissect_report.report import emblem


def test_the_icon_has_nine_dots_in_the_proportions_of_the_concepts_found(site):
    dots = [dot.get("fill") for dot in ET.fromstring(emblem.icon(site))]
    assert len(dots) == 9
    found = emblem.found_concepts(site)
    total, names = sum(found.values()), {color: name for name, color in emblem.colors().items()}
    for color, drawn in Counter(dots).items():
        assert abs(drawn - 9 * found[names[color]] / total) < 1


def test_a_concept_of_two_layers_is_found_once(site):
    (run,) = site.runs
    found = {u.concept for layer in run.layers.values() for u in layer.units if u.detector}
    assert sum(emblem.found_concepts(site).values()) == len(found)


def test_the_card_shows_every_category_that_a_layer_found(site):
    with Image.open(io.BytesIO(emblem.card(site))) as picture:
        assert picture.size == (1200, 630)
        pixels = picture.convert("RGB").getcolors(1 << 24)
        drawn = {f"#{red:02x}{green:02x}{blue:02x}" for _, (red, green, blue) in pixels}
    summaries = site.runs[0].record.layers
    for category in {name for layer in summaries for name, units in layer.concepts.items() if units}:
        assert emblem.colors()[category] in drawn


def test_a_long_title_stays_on_the_card(hostile_site):
    with Image.open(io.BytesIO(emblem.card(hostile_site))) as picture:
        right = picture.convert("L").crop((1160, 0, 1200, 330))
        assert right.getextrema() == (255, 255)
