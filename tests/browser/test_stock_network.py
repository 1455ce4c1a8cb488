"""A stock network's units removed in the page: what the page says is what the run stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from rich.console import Console

from dissect_report import dissect, load_config
from dissect_report.demo.scenes import draw_scene
from dissect_report.publish.builder import build_site
from tests.browser.conftest import opened
from tests.browser.test_removals import shown

CONFIG = """
title = "A stock network"
[model]
source = "torchvision:resnet18"
layers = ["layer4"]
[probe]
images = "photos"
[[segmenter]]
source = "color"
[ablation]
set_sizes = [1, 2, 4, 20]
[compute]
device = "cpu"
"""


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ResNet-18 with random weights over drawn scenes; without labels, so its own predictions stand in."""
    folder = tmp_path_factory.mktemp("stock")
    (folder / "photos").mkdir()
    for index in range(40):
        Image.fromarray(draw_scene(index, 11, 240).image).save(folder / "photos" / f"{index:03}.png")
    (folder / "dissect.toml").write_text(CONFIG, encoding="utf-8")
    config = load_config(folder / "dissect.toml")
    (run,) = dissect(config)
    assert run.layers["layer4"].ablation.live
    return build_site(config, Console(quiet=True)).parent


def test_units_removed_in_the_page_give_what_the_run_stored(chromium: Any, stock: Path):
    classes = [path for path in sorted(stock.glob("*/classes/*.html")) if path.name != "index.html"]
    assert classes
    for page in opened(chromium, f"{stock.as_uri()}/"):
        page.goto(classes[0].as_uri())
        assert "agreement with the intact model" in page.inner_text("body")
        for size in (4, 20):
            page.click(f"[data-best='{size}']")
            # With random weights every image gets one class: only its balanced figure is undefined.
            page.wait_for_function(
                "wanted => (document.querySelector('[data-live]').dataset.removed || '').split(',').length"
                " === wanted && document.querySelector('[data-live]').dataset.overall",
                arg=size,
            )
            assert shown(page, "[data-out=overall]") == pytest.approx(
                shown(page, "[data-stored=overall]"), abs=0.026
            )
