"""What a generator's unit draws, on its own page and among the cards of its layer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dissect_report.findings.generation import Generation
from tests.browser.conftest import href
from tests.browser.test_edits import config, found, reader, run_root, said, shot

__all__ = ["config", "found", "reader", "run_root"]  # fixtures
LATTICE = ".s-edits [data-lattice]"


def test_a_units_edited_picture_shows_the_intact_one_while_it_is_pointed_at(
    reader: Any, run_root: str, found: Generation
):
    reader.goto(f"{run_root}{found.layer}/{found.units[0].unit}.html")
    button = reader.locator("[data-swap]").nth(len(found.units[0].latents))  # inserted everywhere
    button.scroll_into_view_if_needed()
    reader.wait_for_function("document.querySelector('[data-swap] img').complete")
    edited = shot(button)
    button.hover()
    pointed = button.screenshot()
    assert pointed != edited
    assert shot(button) == edited
    button.press("Enter")
    assert button.get_attribute("aria-pressed") == "true"
    assert "intact" in button.get_attribute("class")
    button.press("Enter")
    assert "intact" not in button.get_attribute("class").split()


def test_a_unit_is_inserted_where_the_pointer_or_the_arrow_keys_are(
    reader: Any, run_root: str, found: Generation
):
    unit = next(u for u in found.units if any(u.placed_added) and any(u.placed_outlines))
    reader.goto(f"{run_root}{found.layer}/{unit.unit}.html")
    stage = reader.locator(f"{LATTICE} .lattice-stage")
    stage.scroll_into_view_if_needed()
    reader.wait_for_function("[...document.querySelectorAll('.lattice-stage img')].every(i => i.complete)")
    intact, before = shot(stage), said(reader, LATTICE)
    assert before.startswith("Latent 0, intact: ")
    best = max(range(16), key=lambda place: len(unit.placed_outlines[place]))
    cells = stage.locator(".cells button")
    cells.nth(best).hover()
    value = 100 * unit.placed_added[best]
    told = f"{'−' if value < 0 else '+'}{abs(value):.2f} % of the image."
    assert said(reader, LATTICE).startswith(f"Row {best // 4 + 1}, column {best % 4 + 1}, on ")
    assert said(reader, LATTICE).endswith(told)
    assert stage.locator(".shown path").get_attribute("d") == unit.placed_outlines[best]
    assert stage.screenshot() != intact
    assert shot(stage) == intact
    cells.nth(0).focus()
    reader.keyboard.press("ArrowDown")
    reader.keyboard.press("ArrowRight")
    assert said(reader, LATTICE).startswith("Row 2, column 2")
    reader.locator(f"{LATTICE} [data-intact]").click()
    assert said(reader, LATTICE) == before


def test_units_sort_and_filter_by_what_removing_them_changes(reader: Any, run_root: str, config: Path):
    layer = next((config.parent / "site").glob("*/*/units.js")).parent
    text = (layer / "units.js").read_text(encoding="utf-8")
    units = json.loads("[" + text.removeprefix("dissect.register(").removesuffix(");\n") + "]")[1]
    reader.goto((layer / "index.html").as_uri())
    reader.wait_for_selector("[data-cards] .card")
    reader.select_option("[name=sort]", "changed")
    numbers = "cards => cards.map(card => parseInt(card.getAttribute('href')))"
    shown = reader.locator("[data-cards] .card").evaluate_all(numbers)
    sizes = [-1 if units["changed"][unit] is None else units["changed"][unit] for unit in shown]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 0
    name, listed = units["changes"][0]
    reader.select_option("[name=changes]", name)
    shown = reader.locator("[data-cards] .card").evaluate_all(numbers)
    assert [abs(dict(map(tuple, listed))[unit]) for unit in shown] == [abs(change) for _, change in listed]
    assert "changes=" in href(reader)
    reader.reload()
    reader.wait_for_selector("[data-cards] .card")
    assert reader.locator("[data-cards] .card").evaluate_all(numbers) == shown
