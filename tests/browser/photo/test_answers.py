"""Trying a photo in real Chromium: what the page shows is what Python finds on the same pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from dissect_report.analysis.photo.experiment import check
from dissect_report.analysis.photo.parity import ask_network, ask_without
from dissect_report.analysis.setup import Setup
from dissect_report.findings.store import LoadedLayer
from tests.browser.conftest import opened
from tests.browser.photo.pictures import (
    PAGE,
    answer,
    check_units,
    cut,
    file,
    fires,
    give,
    near,
    photo,
)


def test_a_photo_of_the_run_gives_what_the_run_found(page: Any, root: str, setup: Setup, layer: LoadedLayer):
    page.goto(root + PAGE)
    page.click("[data-pick='1']")
    assert near(answer(page), layer.photo_arrays["scores"][1])
    assert layer.photo is not None
    check_units(
        setup, layer, setup.survey.read(layer.photo.photos[1], layer.photo.photos[1] + 1)[0], fires(page)
    )


def test_a_readers_photo_is_cut_and_answered_as_the_run_would(
    page: Any, root: str, setup: Setup, layer: LoadedLayer
):
    pixels = photo(4)
    page.goto(root + PAGE)
    found = give(page, file(pixels))
    assert near(found, ask_network(setup, check(setup), cut(pixels)).scores[0])
    check_units(setup, layer, cut(pixels), fires(page))
    said = setup.network.classes[int(found.argmax())]
    assert page.inner_text("[data-said]").startswith(f"It says {said} (")
    assert page.inner_text(".say.said .text").startswith(said)


def test_ticked_units_are_removed_and_put_back(page: Any, root: str, setup: Setup):
    pixels = photo(5)
    page.goto(root + PAGE)
    intact = give(page, file(pixels))
    boxes = page.locator(".tick-off input")
    units = [int(boxes.nth(place).get_attribute("data-unit")) for place in (0, 2)]
    boxes.nth(0).check()
    boxes.nth(2).check()
    page.wait_for_function("document.querySelectorAll('[data-removed] button').length === 2")
    truth = ask_without(setup, check(setup), cut(pixels), units)[0]
    assert near(answer(page), truth)
    assert "without=" in page.evaluate("location.hash")
    assert page.locator(".fires .gone").count() == 2
    page.click("[data-back]")
    page.wait_for_function("document.querySelector('[data-without]').hidden")
    assert np.array_equal(answer(page), intact)


def test_a_class_loses_the_units_it_needs_most_with_one_click(
    page: Any, root: str, setup: Setup, layer: LoadedLayer
):
    pixels = photo(6)
    page.goto(root + PAGE)
    give(page, file(pixels))
    page.click("[data-needs='2.4']")
    page.wait_for_function("document.querySelectorAll('[data-removed] button').length === 4")
    ablation = layer.ablation
    assert ablation is not None
    target = next(place for place, own in enumerate(ablation.targets) if own.classes == (2,))
    units = layer.ablation_arrays["order"][target, :4].tolist()
    assert near(answer(page), ask_without(setup, check(setup), cut(pixels), units)[0])


def test_an_address_shows_the_same_photo_without_the_same_units(
    page: Any, root: str, setup: Setup, layer: LoadedLayer
):
    assert layer.photo is not None
    page.goto(f"{root}{PAGE}#photo=2&without=3,8,9999&class=1")
    found = answer(page)
    image = layer.photo.photos[2]
    assert near(found, ask_without(setup, check(setup), setup.survey.read(image, image + 1)[0], [3, 8])[0])
    assert page.locator("[data-class='1']").count() == 1
    assert page.locator("[data-pick='2']").get_attribute("aria-pressed") == "true"


def test_a_photo_taken_upright_is_seen_upright(disk: Any, path: Path):
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = photo(7)
    turned = np.ascontiguousarray(np.rot90(pixels))  # as a camera held on its side stores it
    disk.goto((path.parent / "site" / PAGE).as_uri())
    upright = give(disk, file(pixels, "a.jpg", quality=100, subsampling=0))
    stored = give(disk, file(turned, "b.jpg", quality=100, subsampling=0, exif=exif))
    assert np.abs(upright - stored).max() <= 0.05 * (upright.max() - upright.min())


def test_the_keyboard_alone_picks_lights_and_removes(disk: Any, path: Path):
    disk.goto((path.parent / "site" / PAGE).as_uri())
    disk.focus("[data-pick='0']")
    disk.keyboard.press("Enter")
    answer(disk)
    disk.locator(".look").first.focus()
    disk.keyboard.press("Enter")
    assert disk.locator(".look").first.get_attribute("aria-pressed") == "true"
    assert "lit where unit" in disk.get_attribute("[data-photo]", "aria-label")
    disk.keyboard.press("Escape")
    assert disk.locator(".look").first.get_attribute("aria-pressed") == "false"
    disk.locator(".tick-off input").first.focus()
    disk.keyboard.press("Space")
    disk.wait_for_function("document.querySelectorAll('[data-removed] button').length === 1")
    answer(disk)


def test_a_phone_shows_all_of_it_without_scrolling_sideways(chromium: Any, path: Path):
    for phone in opened(chromium, "file:", viewport={"width": 390, "height": 844}, has_touch=True):
        phone.goto((path.parent / "site" / PAGE).as_uri())
        phone.tap("[data-pick='0']")
        answer(phone)
        phone.tap(".look >> nth=0")
        phone.tap(".tick-off input >> nth=0")
        phone.wait_for_function("document.querySelectorAll('[data-removed] button').length === 1")
        answer(phone)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390
        assert phone.locator(".say .text").first.bounding_box()["height"] < 60


def test_a_dropped_and_a_pasted_photo_are_read(disk: Any, path: Path, setup: Setup):
    disk.goto((path.parent / "site" / PAGE).as_uri())
    for kind, seed in (("drop", 9), ("paste", 10)):
        pixels = photo(seed)
        disk.evaluate(
            "([kind, bytes]) => { const carried = new DataTransfer();"
            " carried.items.add(new File([Uint8Array.from(bytes)], 'mine.png', { type: 'image/png' }));"
            " const init = { bubbles: true, cancelable: true, dataTransfer: carried,"
            " clipboardData: carried };"
            " document.body.dispatchEvent("
            "kind === 'drop' ? new DragEvent('drop', init) : new ClipboardEvent('paste', init)); }",
            [kind, list(file(pixels)["buffer"])],
        )
        disk.wait_for_function("!document.querySelector('[data-firing]').hidden")
        assert near(answer(disk), ask_network(setup, check(setup), cut(pixels)).scores[0])
        disk.evaluate("document.querySelector('[data-state]').textContent = ''")
