"""axe-core over every kind of page: nothing serious in either scheme, on a screen and on a phone.

axe-core is not part of this project. ``nox -s axe`` fetches it; elsewhere ``AXE_CORE`` names its script.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from dissect_report.config import load_config
from dissect_report.publish.builder import build_site
from tests.browser.conftest import opened
from tests.browser.test_pages import KINDS, scroll_through
from tests.photo_site import dissected
from tests.synthetic_generation import write_synthetic_generator
from tests.synthetic_painting import write_synthetic_painting

SCRIPT = os.environ.get("AXE_CORE", "")
#: Pages of a generator, below its run; the rest is like a classifier's.
EDITED = {
    "removing from images": "experiments/removing.html",
    "inserting": "experiments/inserting.html",
    "side effects": "experiments/side-effects.html",
    "painting": "paint/index.html",
    "edited layer": "{layer}/index.html",
    "edited unit": "{layer}/0.html",
    "generator's methods": "methods.html",
    "generator's data": "data.html",
}
#: Below a layer page's address: what its controls can open.
OPENED = {
    "other threshold": "#t=0.1",
    "units side by side": "#compare=0,1,2&beside=1",
    "tray": "#compare=0,1,2",
}
#: Every rule of these impacts is obeyed.
GRAVE = ("serious", "critical")

pytestmark = pytest.mark.skipif(
    not SCRIPT, reason="needs axe-core: `nox -s axe`, or AXE_CORE=.../axe-core/axe.min.js"
)


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a generator's run in its built site."""
    config = write_synthetic_generator(tmp_path_factory.mktemp("axe"), concepts=14, every_layer=True)
    write_synthetic_painting(config)
    site = build_site(load_config(config), Console(quiet=True)).parent
    return next(site.glob("*/experiments")).parent


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a small classifier to try on a photo, its network whole."""
    config = dissected(tmp_path_factory.mktemp("tried"))
    return build_site(load_config(config), Console(quiet=True)).parent / "network" / "photo" / "index.html"


@pytest.fixture(params=[1280, 390])
def width(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(params=["light", "dark"])
def reader(request: pytest.FixtureRequest, chromium: Any, width: int) -> Iterator[Any]:
    size = {"width": width, "height": 900}
    yield from opened(chromium, "file:", viewport=size, color_scheme=request.param)


def faults(page: Any, address: str, ready: str = "true") -> list[str]:
    """What axe-core finds grave on a page whose every figure is drawn.

    Args:
        ready: in the page's own words, when it is.
    """
    page.goto(address)
    page.wait_for_function(ready, timeout=60_000)
    scroll_through(page)
    page.wait_for_function(
        "[...document.querySelectorAll('.figure')]"
        ".every(f => !f.checkVisibility() || f.querySelector('.plot :is(svg, .bar)'))"
    )
    page.evaluate("document.querySelectorAll('.dissect details').forEach(d => { d.open = true; })")
    page.add_script_tag(path=SCRIPT)
    # preload would ask for the style sheets again, which a page opened from disk may not
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'], preload: false })")["violations"]
    return [
        f"{rule['id']}: {node['target']}: {node['html'][:160]}: {node['failureSummary'][:200]}"
        for rule in found
        if rule["impact"] in GRAVE
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing_serious(reader: Any, site: Path, kind: str):
    assert faults(reader, (site / KINDS[kind]).as_uri()) == []


@pytest.mark.parametrize("kind", OPENED)
def test_axe_finds_nothing_serious_about_what_controls_open(reader: Any, site: Path, kind: str):
    assert faults(reader, (site / KINDS["layer"]).as_uri() + OPENED[kind]) == []


@pytest.mark.parametrize("kind", EDITED)
def test_axe_finds_nothing_serious_about_a_generator(reader: Any, generator: Path, kind: str):
    layer = next(generator.glob("*/units.js")).parent.name
    assert faults(reader, (generator / EDITED[kind].format(layer=layer)).as_uri()) == []


@pytest.mark.parametrize("state", ["", "#photo=1&without=0,3&class=2"])
def test_axe_finds_nothing_serious_about_trying_a_photo(reader: Any, tried: Path, state: str):
    answered = "/ s on this device/.test(document.querySelector('[data-state]').textContent)"
    assert faults(reader, tried.as_uri() + state, answered if state else "true") == []
