"""The category colours can be seen, and told apart by every reader."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from dissect_report.findings.records import CATEGORIES
from dissect_report.report.glossary import LETTERS

#: Machado, Oliveira, Fernandes 2009: full deficiency, linear RGB.
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
SCHEMES = ("default", "slate")
#: CIE76 difference; about 2.3 is the least that an eye notices side by side.
APART = 18


def colors(templates: Path, scheme: str) -> dict[str, str]:
    """The custom properties of one scheme, read from the style sheet."""
    css = (templates / "assets/css/dissect.css").read_text(encoding="utf-8")
    block = re.search(rf'\[data-md-color-scheme="{scheme}"\] \{{(.*?)\n\}}', css, re.DOTALL)
    assert block
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block[1]))


def linear(color: str) -> np.ndarray:
    channels = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    weights = np.array([0.2126, 0.7152, 0.0722])
    dark, light = sorted((linear(one) @ weights, linear(other) @ weights))
    return float((light + 0.05) / (dark + 0.05))


def lab(rgb: np.ndarray) -> np.ndarray:
    to_xyz = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    xyz = to_xyz @ np.clip(rgb, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("category", CATEGORIES)
def test_a_category_stands_out_from_the_page(templates, scheme, category):
    palette = colors(templates, scheme)
    assert contrast(palette[category], palette["page"]) >= 3


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("vision", VISION)
def test_no_two_categories_look_alike(templates, scheme, vision):
    palette = colors(templates, scheme)
    for one, other in combinations(CATEGORIES, 2):
        seen = [lab(VISION[vision] @ linear(palette[name])) for name in (one, other)]
        assert np.linalg.norm(seen[0] - seen[1]) >= APART, (one, other)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", ["ink", "quiet", "link", "warn"])
def test_text_can_be_read_on_the_page_and_on_washes(templates, scheme, name):
    palette = colors(templates, scheme)
    assert contrast(palette[name], palette["page"]) >= 4.5
    assert contrast(palette[name], palette["wash"]) >= 4.5


def test_every_category_has_a_letter_of_its_own():
    assert list(LETTERS) == list(CATEGORIES)
    assert len(set(LETTERS.values())) == len(CATEGORIES)
