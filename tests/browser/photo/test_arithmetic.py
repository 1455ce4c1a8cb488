"""The page's own arithmetic: the cut, the masks, the probabilities, each against the run's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from dissect_report.activations.upsampling import plan_upsampling, upsample
from dissect_report.config import ProbeConfig
from dissect_report.sources.pictures import cut_picture
from tests.browser.photo.pictures import (
    PAGE,
)


def test_every_size_is_cut_as_pillow_cuts_it(disk: Any, path: Path):
    disk.goto((path.parent / "site" / PAGE).as_uri())
    generator = np.random.default_rng(1)
    for turn in range(24):
        width, height, resize = (int(n) for n in generator.integers(20, 150, 3))
        if max(width, height) > 5 * min(width, height):
            continue
        resize = min(width, height) if turn % 6 == 0 else resize
        mode = ("short_side", "squash")[turn % 2]
        side = int(generator.integers(8, resize + 1))
        pixels = generator.integers(0, 256, (height, width, 3), dtype=np.uint8)
        config = ProbeConfig(images=("photos",), resize=resize, crop=side, resize_mode=mode)
        truth = np.asarray(cut_picture(Image.fromarray(pixels), config)).astype(int)
        made = disk.evaluate(
            "([data, width, height, options]) => [...window.dissect.photo.cropped("
            "{ data: Uint8ClampedArray.from(data), width, height }, options)]",
            [np.dstack([pixels, np.full((height, width), 255)]).ravel().tolist(), width, height,
             {"resize": resize, "mode": mode, "side": side}],
        )  # fmt: skip
        found = np.array(made).reshape(side, side, 4)[..., :3]
        # releases of Pillow before 13 always begin with the columns: the last bit may differ
        assert np.abs(found - truth).max() <= 1


@pytest.mark.parametrize("outside", ["border", "zeros"])
@pytest.mark.parametrize(("size", "grid"), [((7, 9), 14), ((13, 13), 56), ((20, 12), 16), ((1, 3), 8)])
def test_masks_have_the_very_cells_of_the_run(
    disk: Any, path: Path, outside: str, size: tuple[int, int], grid: int
):
    disk.goto((path.parent / "site" / PAGE).as_uri())
    torch.manual_seed(sum(size))
    maps = torch.randn(6, *size).numpy()
    plan = plan_upsampling(size, grid, outside)
    levels = [float(np.sort(one, axis=None)[-2]) for one in maps]
    units = [{"level": level, "maximum": float(one.max())} for level, one in zip(levels, maps, strict=True)]
    taps = {
        "y_index": plan.y.index,
        "y_weight": plan.y.weight,
        "x_index": plan.x.index,
        "x_weight": plan.x.weight,
    }
    found = disk.evaluate(
        "([maps, plan, units]) => window.dissect.photo.firing(Float32Array.from(maps), plan, units)"
        ".map(({ unit, area, far }) => [unit, area, far])",
        [maps.ravel().tolist(),
         {"size": list(size), "outside": outside, "taps": {n: v.tolist() for n, v in taps.items()}}, units],
    )  # fmt: skip
    truth = {unit: float((upsample(one, plan) > levels[unit]).mean()) for unit, one in enumerate(maps)}
    assert {unit: area for unit, area, _ in found} == {u: a for u, a in truth.items() if a > 0}
    assert [far for _, _, far in found] == sorted((far for _, _, far in found), reverse=True)


def test_classes_decided_alone_have_a_probability_each(disk: Any, path: Path):
    disk.goto((path.parent / "site" / PAGE).as_uri())
    logits = [2.0, -1.0, 0.5, -30.0]
    shares = disk.evaluate(
        "logits => window.dissect.photo.probabilities(Float32Array.from(logits), true)", logits
    )
    assert shares == pytest.approx([1 / (1 + np.exp(-z)) for z in logits])
    assert disk.evaluate("shares => window.dissect.photo.decided(shares, true)", shares) == [0, 2]
    assert disk.evaluate("shares => window.dissect.photo.decided(shares, true)", [0.1, 0.5]) == []
    together = disk.evaluate(
        "logits => window.dissect.photo.probabilities(Float32Array.from(logits), false)", logits
    )
    assert together == pytest.approx((np.exp(logits) / np.exp(logits).sum()).tolist())
    assert disk.evaluate("shares => window.dissect.photo.decided(shares, false)", together) == [0]
