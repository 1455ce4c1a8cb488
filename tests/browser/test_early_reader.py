"""A reader who is faster than the page: nothing that is done before scripts or data are there is lost."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import href

CLASS = "vgg16/classes/ski-resort.html"
UNIT = "vgg16/features.conv1_1/5.html"
#: All scripts of the pages, as they are published.
SCRIPTS = "**/report.js"


class Late:
    """Files that the page asks for and gets only when the test lets them go."""

    def __init__(self, page: Any, pattern: str) -> None:
        self.page, self.pattern = page, pattern
        self.routes: list[Any] = []
        self.late = True
        page.route(pattern, self.hold)

    def hold(self, route: Any) -> None:
        if self.late:
            self.routes.append(route)
        else:
            route.continue_()

    def wait(self) -> None:
        """Until the page has asked."""
        for _ in range(500):
            if self.routes:
                return
            self.page.wait_for_timeout(20)
        raise AssertionError(f"the page never asked for {self.pattern}")

    def let_go(self) -> None:
        self.wait()
        self.late = False
        for route in self.routes:
            route.continue_()


@pytest.mark.parametrize(("path", "chosen"), [(CLASS, "removed=3%2C5"), ("vgg16/features.conv1_1/", "q=a")])
def test_clearing_is_in_the_address_in_the_same_moment(page: Any, root: str, path: str, chosen: str):
    page.goto(f"{root}{path}{'index.html' if path.endswith('/') else ''}#{chosen}")
    before, after = page.evaluate(
        "[location.hash, (document.querySelector('.dissect [type=reset]').click(), location.hash)]"
    )
    assert chosen.split("=")[0] in before
    assert after == ""
    assert page.eval_on_selector_all(".dissect form :checked:not(option)", "all => all.length") == 0


def test_clearing_the_filter_leaves_what_is_compared(page: Any, root: str):
    page.goto(f"{root}vgg16/features.conv1_1/index.html#q=a&grade=strong&sort=unit&compare=3,4")
    page.locator("[data-tray-units] li").nth(1).wait_for()
    page.locator("[data-filter] [type=reset]").click()
    assert href(page).endswith("#compare=3%2C4")
    assert page.locator("[data-tray-units] li").count() == 2
    assert page.locator("[name=sort]").input_value() == "iou"


def test_a_box_ticked_before_the_script_counts_beside_those_of_the_address(page: Any, root: str):
    late = Late(page, SCRIPTS)
    page.goto(f"{root}{CLASS}#removed=3", wait_until="commit")
    wanted = page.locator("[name=unit]:not([value='3'])").first
    wanted.check()
    unit = wanted.get_attribute("value")
    late.let_go()
    page.wait_for_function("document.querySelector('[data-live]').dataset.removed")
    assert page.locator("[data-live]").get_attribute("data-removed") == f"3,{unit}"
    assert href(page).endswith(f"#removed=3%2C{unit}")


def test_a_button_pressed_before_the_script_is_pressed(page: Any, root: str):
    late = Late(page, SCRIPTS)
    page.goto(f"{root}{CLASS}#removed=3", wait_until="commit")
    page.get_by_role("button", name="none").click()
    late.let_go()
    page.wait_for_function("location.hash === ''")
    assert page.eval_on_selector_all("[name=unit]:checked", "all => all.length") == 0


def test_what_was_typed_before_the_script_wins_over_the_address(page: Any, root: str):
    late = Late(page, SCRIPTS)
    page.goto(f"{root}concepts/index.html#q=zzz&found=1", wait_until="commit")
    page.locator("[name=q]").press_sequentially("t")
    late.let_go()
    page.wait_for_function("location.hash.includes('q=t')")
    assert page.locator("[name=q]").input_value() == "t"
    assert "found=1" in href(page)
    rows = page.locator("tbody tr[data-name]")
    shown = rows.evaluate_all("rows => rows.filter(row => !row.hidden).map(row => row.dataset)")
    assert shown
    assert all("t" in row["name"] and row["found"] == "1" for row in shown)


def test_return_pressed_before_the_script_opens_the_unit_and_keeps_the_page(page: Any, root: str):
    late = Late(page, SCRIPTS)
    page.goto(root + UNIT, wait_until="commit")
    page.locator("[data-jump] [name=unit]").fill("7")
    page.locator("[data-jump] [name=unit]").press("Enter")
    late.let_go()
    page.wait_for_url("**/7.html")


def test_a_filter_chosen_before_the_cards_are_there_holds(page: Any, root: str):
    late = Late(page, "**/units.js")
    page.goto(f"{root}vgg16/features.conv1_1/index.html", wait_until="domcontentloaded")
    page.locator("[name=grade]").select_option("strong")
    late.let_go()
    page.wait_for_function("document.querySelector('[data-count]').textContent.includes(' of ')")
    assert href(page).endswith("#grade=strong")


def test_none_after_a_random_set_whose_data_is_late_stays_none(page: Any, root: str):
    late = Late(page, "**/live.js")
    page.goto(root + CLASS)
    page.locator("[data-random-set]").click()
    late.wait()
    page.get_by_role("button", name="none").click()
    late.let_go()
    page.wait_for_function("document.querySelector('[data-live]').dataset.balanced")
    assert page.locator("[data-live]").get_attribute("data-removed") == ""
    assert "#" not in href(page)


def test_segmentations_that_come_late_do_not_show_their_legend_over_another_view(page: Any, root: str):
    late = Late(page, "**/concepts.js")
    page.goto(root + UNIT)
    page.keyboard.press("s")
    late.wait()
    page.keyboard.press("o")
    late.let_go()
    page.wait_for_function("document.querySelector('#top-images canvas')")
    page.wait_for_timeout(50)
    assert page.locator("[data-legend]").is_hidden()


def test_a_mode_written_into_the_address_of_an_open_page_is_shown(page: Any, root: str):
    page.goto(root + UNIT)
    page.evaluate("location.hash = 'mode=original'")
    page.wait_for_function("document.querySelector('#top-images').dataset.mode === 'original'")
    assert page.locator("[name=mode][value=original]").is_checked()
