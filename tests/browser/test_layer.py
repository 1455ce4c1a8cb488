from __future__ import annotations

from typing import Any

from tests.browser.conftest import href

LAYER = "vgg16/features.conv1_1/index.html"


def names(page: Any) -> list[str]:
    page.wait_for_selector("[data-cards] .card, [data-cards] .empty")
    return page.locator("[data-cards] .card").evaluate_all("cards => cards.map(c => c.getAttribute('href'))")


def test_a_filter_survives_a_reload(page: Any, root: str):
    page.goto(root + LAYER)
    everything = names(page)
    page.locator("[name=category][value=object] + span").click()
    page.fill("[name=min]", "0.05")
    page.select_option("[name=sort]", "unit")
    chosen, counted = names(page), page.inner_text("[data-count]")
    assert 0 < len(chosen) < len(everything)
    assert chosen == sorted(chosen, key=lambda name: int(name.removesuffix(".html")))
    page.reload()
    assert names(page) == chosen
    assert page.inner_text("[data-count]") == counted
    assert page.is_checked("[name=category][value=object]")
    assert page.input_value("[name=sort]") == "unit"


def test_a_filter_can_be_sent_as_a_link(page: Any, root: str):
    page.goto(f"{root}{LAYER}#q=tree&sort=heldout")
    assert page.input_value("[name=q]") == "tree"
    shown = page.locator("[data-cards] .card-name").evaluate_all("all => all.map(n => n.textContent)")
    assert names(page)
    assert all("tree" in name for name in shown)


def test_a_unit_that_saturates_says_so_wherever_its_pictures_stand(page: Any, root: str):
    page.goto(f"{root}{LAYER}#q=15&compare=15,16&beside=1")
    names(page)
    mark = "document.querySelector('.card[href=\"15.html\"] .quad .ties')?.textContent"
    assert page.evaluate(mark) == "saturates in 30"
    assert (
        page.locator("[data-beside-columns] article").first.locator("dl").inner_text().count("30 images") == 1
    )
    assert page.locator("[data-beside-columns] article").nth(1).get_by_text("saturates").count() == 0
    page.goto(root + LAYER.replace("index", "15"))
    assert page.locator(".flags .tag", has_text="saturates in 30 images").is_visible()


def test_clearing_the_filters_shows_every_unit_again(page: Any, root: str):
    page.goto(f"{root}{LAYER}#q=no+such+concept")
    assert names(page) == []
    page.click("[data-filter] button[type=reset]")
    page.wait_for_function("document.querySelector('[data-count]').textContent === '130 units'")
    assert len(names(page)) >= 20
    assert "#" not in href(page)


def test_the_first_screen_shows_units_wide_and_on_a_phone(page: Any, root: str):
    for width, height, cards in ((1280, 800, 4), (390, 844, 2)):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(root + LAYER)
        names(page)
        feet = page.locator("[data-cards] .card-foot").evaluate_all(
            "all => all.map(f => f.getBoundingClientRect().bottom)"
        )
        assert sum(foot <= height for foot in feet) >= cards, (width, feet[:6])
        page.goto("about:blank")


def test_a_link_with_a_filter_opens_at_its_result_with_the_filters_in_sight(page: Any, root: str):
    page.set_viewport_size({"width": 390, "height": 600})
    page.goto(f"{root}{LAYER}#category=object")
    names(page)
    page.wait_for_function("document.querySelector('#units').getBoundingClientRect().top < 60")
    page.mouse.wheel(0, 500)
    page.wait_for_function("scrollY > 400")
    assert page.locator("[name=q]").bounding_box()["y"] < 100
    page.click("[data-filters]")
    page.select_option("[name=grade]", "strong")
    page.wait_for_function("location.hash.includes('grade=strong')")


def test_charts_and_lists_stay_near_until_a_reader_asks_for_all_cards(page: Any, root: str):
    page.goto(root + LAYER)
    names(page)
    page.click("[data-to-charts]")
    page.wait_for_function("Math.abs(document.querySelector('#charts').getBoundingClientRect().top) < 120")
    assert page.locator("[data-cards] .card").count() <= 36
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('#charts').contains(document.activeElement)")
    assert page.inner_text("[data-all]") == "all 130 units"
    page.fill("[name=q]", "unit 7")
    page.wait_for_function("document.querySelector('[data-all]').parentElement.hidden")


def test_scrolling_brings_the_rest_of_the_cards(page: Any, root: str):
    page.goto(root + LAYER)
    names(page)
    page.click("[data-all]")
    for _ in range(30):
        page.mouse.wheel(0, 2000)
        page.wait_for_timeout(40)
    page.wait_for_function("document.querySelectorAll('[data-cards] .card').length === 130")


def test_a_bar_of_the_concept_chart_filters_the_cards(page: Any, root: str):
    page.goto(root + LAYER)
    names(page)
    page.locator("[data-figure=concepts]").scroll_into_view_if_needed()
    bar = page.locator("[data-figure=concepts] .bar").first
    name, words = bar.inner_text(), bar.get_attribute("aria-label")
    bar.click()
    assert page.input_value("[name=q]") == f'"{name}"'
    assert words.startswith(f"{name}: {len(names(page))} unit")
    page.keyboard.press("Enter")  # the bar has the focus: again takes the filter back
    assert page.input_value("[name=q]") == ""
    assert page.evaluate("typeof window.Plotly") == "undefined", "what is seen first does not wait for plotly"


def test_a_card_opens_its_unit(page: Any, root: str):
    page.goto(root + LAYER)
    first = names(page)[0]
    page.locator("[data-cards] .card").first.click()
    page.wait_for_url(f"**/{first}")
    assert page.locator(".unit-page").get_attribute("data-unit") == first.removesuffix(".html")
