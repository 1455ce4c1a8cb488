"""What can go wrong is one sentence in the page."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.browser.photo.pictures import (
    PAGE,
    fault,
    file,
    give,
    photo,
)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"words"}, "notes.txt is not a picture"),
        (
            {"name": "torn.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n"},
            "torn.png is not a picture that",
        ),
        (file(np.zeros((2, 200, 3), np.uint8), "thin.png"), "too thin to crop"),
    ],
)
def test_what_is_no_photo_is_one_sentence_and_the_next_one_works(
    disk: Any, path: Path, given: Any, said: str
):
    disk.goto((path.parent / "site" / PAGE).as_uri())
    disk.locator("[data-file]").first.set_input_files(given)
    assert said in fault(disk)
    give(disk, file(photo(8)))
    assert disk.locator(".fault").count() == 0


def test_a_browser_without_webassembly_says_so(disk: Any, path: Path):
    disk.add_init_script("delete window.WebAssembly")
    disk.goto((path.parent / "site" / PAGE).as_uri())
    disk.click("[data-pick='0']")
    assert "no WebAssembly" in fault(disk)


@pytest.mark.parametrize("kept", [0.5, 0.98])
def test_a_file_that_was_cut_short_says_so(chromium: Any, path: Path, tmp_path: Path, kept: float):
    shutil.copytree(path.parent / "site", tmp_path / "site")
    network = tmp_path / "site" / "network" / "photo" / "network.js"
    text = network.read_text()
    network.unlink()  # the copy may share its bytes with the site
    start, end = text.index('"graph":"') + 9, text.rindex('"')
    whole = text[start:end]
    network.write_text(text[:start] + whole[: int(len(whole) * kept) // 4 * 4] + text[end:])
    context = chromium.new_context()
    page = context.new_page()
    page.goto((tmp_path / "site" / PAGE).as_uri())
    page.click("[data-pick='0']")
    assert "arrived damaged" in fault(page)
    context.close()


def test_a_network_that_says_something_else_here_shows_nothing(chromium: Any, path: Path, tmp_path: Path):
    shutil.copytree(path.parent / "site", tmp_path / "site")
    units = tmp_path / "site" / "network" / "photo" / "units.js"
    text = units.read_text()
    units.unlink()
    start = text.index('"scores":[') + 10
    end = text.index("]", start)
    units.write_text(text[:start] + ",".join(reversed(text[start:end].split(","))) + text[end:])
    context = chromium.new_context()
    page = context.new_page()
    page.goto((tmp_path / "site" / PAGE).as_uri())
    page.click("[data-pick='0']")
    assert "says something else in this browser than in the run" in fault(page)
    assert page.locator(".say").count() == 0
    context.close()
