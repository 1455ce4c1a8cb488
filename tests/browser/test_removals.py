from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from dissect_report.config import load_config
from dissect_report.publish.builder import build_site
from dissect_report.report.ablation.live import MOST, live_file
from dissect_report.report.ablation.view import AblationView, ablation_views
from dissect_report.report.site import load_site
from tests.browser.conftest import DEMO, href, opened
from tests.synthetic import write_synthetic_site

CLASS = "vgg16/classes/ski-resort.html"
STORED = "net2/classes/harbor.html"
LAYER = "vgg16/features.conv1_2/index.html"
#: A removal of 20 units answers within this, for 2,000 images and 512 units.
MILLISECONDS = 150
#: Percentages are shown with one decimal.
TENTH = 0.00051
KEY = ("target", "kind", "size", "name")


class Network:
    """The linear tail of a made-up run, in numpy."""

    def __init__(self, site: Path) -> None:
        folder = next(site.parent.glob("run/vgg16/*/ablation.json")).parent
        self.record = json.loads((folder / "ablation.json").read_text())
        with np.load(folder / "ablation.npz") as arrays:
            self.use(dict(arrays))

    def use(self, arrays: dict[str, np.ndarray]) -> None:
        self.arrays = arrays
        coded = self.arrays["pooled"].astype(np.float32)
        self.parts = self.arrays["offset"] + self.arrays["scale"] * coded - self.arrays["removed_value"]

    def removal(self, target: int, removed: list[int]) -> tuple[float, float]:
        """Balanced accuracy of a target and accuracy over all classes."""
        kept = self.parts.copy()
        kept[:, removed] = 0
        said = (self.arrays["bare"] + kept @ self.arrays["weight"].T).argmax(1)
        label = self.arrays["label"]
        members = self.record["targets"][target]["classes"]
        own, called = np.isin(label, members), np.isin(said, members)
        balanced = (called[own].mean() + (~called[~own]).mean()) / 2
        return float(balanced), float((said == label).mean())


def shown(page: Any, selector: str) -> float:
    """A percentage on the page as a share."""
    return float(page.inner_text(selector).removesuffix("%")) / 100


def answer(page: Any, removed: int) -> tuple[float, float, list[int], float]:
    """What the form says once so many units are removed: both measures, the units, milliseconds."""
    page.wait_for_function(
        "wanted => (document.querySelector('[data-live]').dataset.removed || '').split(',')"
        ".filter(Boolean).length === wanted",
        arg=removed,
    )
    found = page.evaluate("({...document.querySelector('[data-live]').dataset})")
    units = [int(unit) for unit in found["removed"].split(",")]
    return float(found["balanced"]), float(found["overall"]), units, float(found["spent"])


def test_ticking_units_off_gives_what_numpy_gives(page: Any, root: str, site: Path):
    network = Network(site)
    page.goto(root + CLASS)
    page.locator("[name=unit]").nth(0).check()
    page.locator("[name=unit]").nth(2).check()
    balanced, overall, units, _ = answer(page, 2)
    assert units == [int(unit) for unit in network.arrays["order"][2, [0, 2]]]
    assert (balanced, overall) == pytest.approx(network.removal(2, units))
    assert shown(page, "[data-out=balanced]") == pytest.approx(balanced, abs=TENTH)


def test_the_stored_number_stands_beside_what_the_page_computes(page: Any, root: str, site: Path):
    rows = Network(site).record["rows"]
    page.goto(root + CLASS)
    for size in (1, 4, 20):
        page.click(f"[data-best='{size}']")
        balanced, overall, _, _ = answer(page, size)
        row = next(r for r in rows if tuple(map(r.get, KEY)) == (2, "removed", size, ""))
        assert (balanced, overall) == pytest.approx((row["balanced_accuracy"], row["accuracy"]))
        assert shown(page, "[data-stored=balanced]") == pytest.approx(row["balanced_accuracy"], abs=TENTH)
        assert shown(page, "[data-stored=overall]") == pytest.approx(row["accuracy"], abs=TENTH)


def test_a_random_set_has_the_size_of_the_set_before_it(page: Any, root: str, site: Path):
    network = Network(site)
    page.goto(root + CLASS)
    page.click("[data-best='20']")
    answer(page, 20)
    page.click("[data-random-set]")
    page.wait_for_function("document.querySelector('[data-live]').dataset.removed.split(',').length === 20")
    balanced, overall, units, _ = answer(page, 20)
    assert units == network.arrays["random_order"][0, :20].tolist()
    assert (balanced, overall) == pytest.approx(network.removal(2, units))
    assert shown(page, "[data-stored=balanced]") == pytest.approx(balanced, abs=TENTH)


def test_units_can_be_typed_and_all_put_back(page: Any, root: str, site: Path):
    network = Network(site)
    page.goto(root + CLASS)
    page.fill("[name=units]", "3, 17 40 9999")
    balanced, overall, units, _ = answer(page, 3)
    assert units == [3, 17, 40]
    assert (balanced, overall) == pytest.approx(network.removal(2, units))
    page.click("[data-live] [type=reset]")
    page.wait_for_function("document.querySelector('[data-live]').dataset.removed === ''")
    assert page.inner_text("[data-size]") == "0 units"
    assert page.inner_text("[data-out=overall]") == page.locator("[data-before]").nth(1).inner_text()


def test_removing_most_units_adds_up_the_few_that_stay(page: Any, root: str, site: Path):
    network = Network(site)
    page.goto(root + CLASS)
    chosen = list(range(5, 130))
    page.fill("[name=units]", ", ".join(map(str, chosen)))
    balanced, overall, units, _ = answer(page, len(chosen))
    assert (balanced, overall) == pytest.approx(network.removal(2, units))


def test_the_data_is_loaded_when_a_box_is_ticked_and_not_before(page: Any, root: str):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(root + CLASS)
    page.wait_for_load_state("load")
    assert not [url for url in asked if url.endswith("live.js")]
    page.locator("[name=unit]").first.check()
    answer(page, 1)
    assert len([url for url in asked if url.endswith("live.js")]) == 1


def test_another_tail_answers_every_combination_of_the_four_best_units(page: Any, root: str, site: Path):
    folder = next(site.parent.glob("run/net2/*/ablation.json"))
    target = json.loads(folder.read_text())["targets"][1]
    page.goto(root + STORED)
    assert page.locator("[name=unit]").count() == 4
    assert len(target["combinations"]) == 16
    for combination in target["combinations"][1:]:
        for box in page.locator("[name=unit]").all():
            box.set_checked(int(box.get_attribute("value")) in combination["units"])
        expected = [combination["balanced_accuracy"], combination["accuracy"]]
        found = [shown(page, f"[data-stored={name}]") for name in ("balanced", "overall")]
        assert found == pytest.approx(expected, abs=TENTH)


def test_a_box_in_the_scatter_chooses_cards_and_stays_in_the_address(page: Any, root: str):
    page.goto(root + LAYER)
    page.wait_for_selector("[data-cards] .card")
    page.click("details.more summary")
    figure = page.locator("[data-figure=serving]")
    figure.scroll_into_view_if_needed()
    figure.locator(".plot svg").first.wait_for()
    page.wait_for_timeout(400)
    frame = figure.locator(".nsewdrag").bounding_box()
    page.mouse.move(frame["x"] + 3, frame["y"] + 3)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] * 0.9, frame["y"] + frame["height"] * 0.6, steps=6)
    page.mouse.up()
    page.wait_for_function("location.hash.includes('smin=')")
    low = float(page.input_value("[name=min]"))
    assert low > 0
    count = page.inner_text("[data-count]")
    assert " of 130 units" in count
    page.reload()
    page.wait_for_selector("[data-cards] .card, [data-cards] .empty")
    assert page.inner_text("[data-count]") == count
    assert float(page.input_value("[name=min]")) == low


def test_units_that_a_class_needs_can_be_chosen_and_sorted(page: Any, root: str, site: Path):
    network = Network(site)
    page.goto(root + LAYER)
    page.wait_for_selector("[data-cards] .card")
    page.select_option("[name=class]", "ski resort")
    page.select_option("[name=sort]", "importance")
    confirmed = network.arrays["confirmed_loss"][2]
    order = sorted(np.flatnonzero(np.isfinite(confirmed)), key=lambda unit: (-confirmed[unit], unit))
    expected = [f"{unit}.html" for unit in order]
    assert 0 < len(expected) < 12
    page.locator("[data-cards]").scroll_into_view_if_needed()
    page.wait_for_function(f"document.querySelectorAll('[data-cards] .card').length === {len(expected)}")
    shown = page.locator("[data-cards] .card").evaluate_all("all => all.map(c => c.getAttribute('href'))")
    assert shown == expected
    assert "class=ski+resort" in href(page)
    assert "sort=importance" in href(page)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Network]:
    """A site whose tick boxes work on 2,000 images, 512 units and 365 classes."""
    folder = tmp_path_factory.mktemp("large")
    config = load_config(write_synthetic_site(folder, layers=1, units=512, images=12, concepts=12))
    built = build_site(config, Console(quiet=True)).parent
    site = load_site(config)
    (found,) = ablation_views(site, site.runs[0])
    random = np.random.default_rng(0)
    arrays = found.arrays | {
        "pooled": random.integers(0, 256, (2000, 512), dtype=np.uint8),
        "label": random.integers(0, 365, 2000),
        "weight": random.normal(size=(365, 512)).astype(np.float32),
        "bare": random.normal(size=365).astype(np.float32),
    }
    large = AblationView(found.view, found.record)
    large.__dict__["arrays"] = arrays
    data = live_file(large)
    assert data is not None
    assert len(data.text) <= MOST
    (built / data.path).write_text(data.text)
    network = Network(built)
    network.use(arrays)
    return built, network


def test_twenty_of_512_units_answer_in_time_for_two_thousand_images(
    chromium: Any, large: tuple[Path, Network]
):
    built, network = large
    for page in opened(chromium, f"{built.as_uri()}/"):
        page.goto((built / CLASS).as_uri())
        page.locator("[name=unit]").first.check()
        answer(page, 1)
        spent = []
        for _ in range(4):
            page.click("[data-best='20']")
            balanced, overall, units, computed = answer(page, 20)
            spent.append(computed)
            page.click("[data-best='1']")
            answer(page, 1)
        print(f"20 of 512 units, 2,000 images, 365 classes: {min(spent):.0f} ms")
        assert min(spent) <= MILLISECONDS
        assert (balanced, overall) == pytest.approx(network.removal(2, units), abs=1e-6)


def test_the_built_demo_computes_what_its_run_stored(chromium: Any):
    classes = sorted(DEMO.glob("*/classes/*.html"))
    if not classes:
        pytest.skip("needs the built demo with removals: dissect-report build")
    for page in opened(chromium, f"{DEMO.as_uri()}/"):
        page.goto(classes[0].as_uri())
        page.click("[data-best='4']")
        answer(page, 4)
        for name in ("balanced", "overall"):
            out, stored = shown(page, f"[data-out={name}]"), shown(page, f"[data-stored={name}]")
            assert out == pytest.approx(stored, abs=0.011)
