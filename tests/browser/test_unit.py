from __future__ import annotations

from typing import Any

from PIL import Image

UNIT = "vgg16/features.conv1_1/5.html"


def shown(page: Any, selector: str) -> bool:
    """Whether the first tile shows its mask outline (``svg``) or segmentation (``canvas``)."""
    return bool(
        page.evaluate(
            "s => { const e = document.querySelector('.tile ' + s); if (!e) return false;"
            " const c = getComputedStyle(e); return c.display !== 'none' && c.visibility !== 'hidden'"
            " && c.opacity !== '0' }",
            selector,
        )
    )


def coloured(page: Any) -> int:
    """Pixels of the first tile's segmentation that carry a colour."""
    return page.evaluate(
        "() => { const c = document.querySelector('.tile canvas'); if (!c) return 0;"
        " const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        " return d.filter((v, i) => i % 4 === 3 && v > 0).length }"
    )


def test_the_toggle_swaps_what_lies_over_the_pictures(page: Any, root: str):
    page.goto(root + UNIT)
    assert shown(page, "svg")
    assert not shown(page, "canvas")
    page.click("text=segmentation")
    page.wait_for_function("document.querySelector('.tile canvas')")
    page.wait_for_function("!document.querySelector('[data-legend]').hidden")
    assert coloured(page) > 0
    assert shown(page, "canvas")
    assert not shown(page, "svg")
    page.wait_for_selector("[data-legend] a")  # drawn when all pictures are
    page.click("text=original")
    assert not shown(page, "canvas")
    assert not shown(page, "svg")
    page.click("text=mask")
    assert shown(page, "svg")


def test_the_keys_m_s_o_do_the_same(page: Any, root: str):
    page.goto(root + UNIT)
    for key, mode in (("s", "segmentation"), ("o", "original"), ("m", "mask")):
        page.keyboard.press(key)
        assert page.get_attribute("#top-images", "data-mode") == mode
    assert not page.is_checked("#__search")


def test_pointing_at_a_pixel_names_its_concept(page: Any, root: str):
    page.goto(root + UNIT)
    frame = page.locator(".tile .frame").first
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.wait_for_timeout(300)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 3)
    page.wait_for_function("(b => b && !b.hidden && b.textContent)(document.querySelector('.dissect-point'))")
    named = page.inner_text(".dissect-point").split(" · ")
    known = page.evaluate(
        "window.dissect.load('../../', 'vgg16/concepts').then(c => Object.values(c.colors).map(x => x[0]))"
    )
    assert named == ["unlabelled"] or set(named) <= set(known)
    page.mouse.move(0, 0)
    page.wait_for_function("document.querySelector('.dissect-point').hidden")


def test_j_and_k_go_to_the_next_unit_and_back(page: Any, root: str):
    page.goto(root + UNIT)
    page.keyboard.press("j")
    page.wait_for_url("**/6.html")
    page.keyboard.press("k")
    page.wait_for_url("**/5.html")


def test_j_stops_at_the_last_unit(page: Any, root: str):
    page.goto(root + UNIT.replace("5.html", "129.html"))
    page.keyboard.press("j")
    page.wait_for_timeout(300)
    assert page.url.endswith("/129.html")


def test_j_typed_into_a_field_stays_there(page: Any, root: str):
    page.goto(root + UNIT)
    page.click("[data-md-component=search-query]")
    page.keyboard.type("jk")
    page.wait_for_timeout(200)
    assert page.url.endswith("/5.html")


def test_the_jump_box_opens_a_unit(page: Any, root: str):
    page.goto(root + UNIT)
    page.fill("[data-jump] input", "17")
    page.press("[data-jump] input", "Enter")
    page.wait_for_url("**/17.html")


def test_the_concept_table_sorts_by_the_column_that_is_clicked(page: Any, root: str):
    page.goto(root + UNIT)
    table = page.locator(".s-concepts table")
    table.locator("th button", has_text="recall").click()
    cells = table.locator("tbody tr td:nth-child(4)").all_inner_texts()
    values = [float(cell.removesuffix("%").strip()) for cell in cells if cell != "–"]
    assert len(values) > 1
    assert values in (sorted(values), sorted(values, reverse=True))


def test_the_dark_scheme_draws_the_figure_again_in_its_colours(page: Any, root: str):
    page.emulate_media(color_scheme="light")
    page.goto(root + UNIT)
    page.locator(".figure").first.scroll_into_view_if_needed()
    page.wait_for_selector(".plot[data-scheme=default] svg text")
    ink = "getComputedStyle(document.querySelector('.plot .xtick text')).fill"
    light, before = page.evaluate(ink), page.evaluate("getComputedStyle(document.body).backgroundColor")
    for _ in range(2):  # from following the system to light, from light to dark
        page.locator("form[data-md-component=palette] label:visible").click()
    page.wait_for_selector(".plot[data-scheme=slate] svg text")
    assert page.get_attribute("body", "data-md-color-scheme") == "slate"
    assert page.evaluate(ink) != light
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before


def test_a_dark_system_gets_dark_pages_and_keeps_them_on_the_next(page: Any, root: str):
    page.emulate_media(color_scheme="dark")
    for path in (UNIT, "index.html"):
        page.goto(root + path, wait_until="commit")
        page.wait_for_selector("header")
        assert page.get_attribute("body", "data-md-color-scheme") == "slate"


def test_the_navigation_shows_the_layer_of_the_unit(page: Any, root: str):
    page.goto(root + UNIT)
    active = page.locator(".md-nav--primary .md-nav__item--active:not(.md-nav__item--nested) > .md-nav__link")
    assert active.all_inner_texts() == ["features.conv1_1"]
    other = page.locator(".md-nav--primary a.md-nav__link", has_text="features.conv1_2").first
    color = "e => getComputedStyle(e).color"
    assert active.evaluate(color) != other.evaluate(color)


def test_the_top_images_are_saved_side_by_side_except_on_a_page_opened_from_disk(page: Any, root: str):
    page.goto(root + UNIT)
    button = page.locator("[data-strip]")
    if root.startswith("file:"):
        assert not button.is_visible()
        return
    with page.expect_download() as saved:
        button.click()
    assert saved.value.suggested_filename == "unit-5.png"
    with Image.open(saved.value.path()) as strip:
        assert strip.size == (128 * page.locator(".tile").count(), 128)
