"""What a collaborator gets: the zip, unpacked into a folder with an odd name, opened from disk."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dissect_report.cli.pack import pack
from dissect_report.cli.render import render
from tests.browser.conftest import opened
from tests.browser.test_search import results
from tests.synthetic import write_synthetic_site


@pytest.fixture(scope="module", params=[True, False], ids=["pictures", "pictureless"])
def unpacked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("packed")
    config = write_synthetic_site(folder / "mine", layers=2, units=70, images=12, concepts=20)
    config.write_text(f"{config.read_text()}\n[site]\nimages = {str(request.param).lower()}\n")
    render(config)
    pack(config, folder / "mine.zip")
    shutil.rmtree(folder / "mine")
    target = folder / "Für Ärzte #1"
    with zipfile.ZipFile(folder / "mine.zip") as archive:
        archive.extractall(target)
    return target / "mine"


@pytest.fixture
def packed(chromium: Any, unpacked: Path) -> Iterator[Any]:
    """The home page; whatever it or a page after it complains about fails the test."""
    for page in opened(chromium, f"{unpacked.as_uri()}/"):
        page.goto(f"{unpacked.as_uri()}/index.html")
        yield page


def test_search_finds_a_unit_and_opens_it(packed: Any):
    found = results(packed, "conv1_1 unit 57")
    assert any("57" in text for text in found[:3])
    packed.locator(".md-search-result__item a", has_text="57").first.click()
    packed.wait_for_url("**/features.conv1_1/57.html*")


def test_the_cards_of_a_layer_are_drawn_and_lead_to_units(packed: Any, unpacked: Path):
    packed.goto(f"{unpacked.as_uri()}/vgg16/features.conv1_2/index.html")
    packed.wait_for_selector(".card")
    pictured = (unpacked / "vgg16" / "thumbnails").is_dir()
    assert (packed.locator(".card img").count() > 0) == pictured
    assert (packed.get_by_text("Probe pictures are left out of this site.").count() == 0) == pictured
    packed.locator(".card").first.click()
    packed.wait_for_selector(".unit-page")


@pytest.mark.parametrize(
    "address", ["vgg16/features.conv1_2/2.html", "vgg16/classes/index.html", "concepts/index.html"]
)
def test_pages_open_without_a_complaint(packed: Any, unpacked: Path, address: str):
    packed.goto(f"{unpacked.as_uri()}/{address}")
    packed.wait_for_load_state("networkidle")
    assert packed.locator("h1").count() == 1
