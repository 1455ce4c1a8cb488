"""Units whose activation clips: which of the images that share its maximum are shown, and that it is said."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from dissect_report import dissect
from dissect_report.analysis import forward
from dissect_report.analysis.layer_numbers import dissected_maps
from tests import reference
from tests.ablation_site import set_up_site
from tests.analysis.test_dissection import findings, plain_maps
from tests.small_site import change, write_small_site

CLIPPED = """
class Clipped(Net):
    def __init__(self):
        super().__init__()
        with torch.no_grad():
            self.conv2.weight *= 40
        self.relu2 = nn.ReLU6()

def factory():
    return Clipped().eval()
"""


def write_clipped_site(folder: Path, more: str = "") -> Path:
    """The small site with ReLU6 behind its second layer, which reaches 6 somewhere in most images."""
    config = write_small_site(folder)
    if more:
        change(config, "batch_size = 5", f"batch_size = 5\n{more}")
    with (folder / "net.py").open("a", encoding="utf-8") as file:
        file.write(CLIPPED)
    return config


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clipped")
    (run,) = dissect(write_clipped_site(folder))
    return folder, run


def test_every_list_of_images_is_by_maximum_then_mean_then_number(site):
    folder, run = site
    shuffled = 0
    for name, maps in dissected_maps(set_up_site(folder / "dissect.toml")).items():
        layer = run.layers[name]
        means = reference.image_means(maps)
        np.testing.assert_array_equal(layer.arrays["mean"].T, means)
        for unit in layer.units:
            maxima, mean = maps[:, unit.unit].max((1, 2)), means[:, unit.unit]
            order = reference.ranking(maxima, mean)
            assert [top.image for top in unit.top_images] == order[:4]
            for band in unit.bands:
                shown = [order.index(ranked.image) for ranked in band.images]
                assert shown == sorted(shown)
            without = [order.index(ranked.image) for ranked in unit.fires_without]
            assert without == sorted(without)
            missed = [(-ranked.area, order.index(ranked.image)) for ranked in unit.silent]
            assert missed == sorted(missed)
            plain = np.argsort(-maxima, kind="stable")[:4].tolist()
            shuffled += unit.saturates and order[:4] != plain
    assert shuffled >= 3, "the number of an image alone would have shown other pictures"


def test_a_unit_saturates_where_more_images_than_it_shows_share_its_maximum(site):
    folder, run = site
    for name, maps in dissected_maps(set_up_site(folder / "dissect.toml")).items():
        for unit in run.layers[name].units:
            sharing = reference.saturation(maps[:, unit.unit].max((1, 2)))
            assert unit.saturation == (sharing if sharing > 1 and not unit.dead else None)
            assert unit.saturates == (sharing > 4 and not unit.dead)
    flags = {unit.unit: unit.saturates for unit in run.layers["conv2"].units}
    assert not flags[0], "dead: every image shares its 0"
    assert any(flags.values())
    assert not any(unit.saturates for unit in run.layers["conv1"].units)


def test_the_table_of_units_says_it(site):
    _, run = site
    units = run.layers["conv2"].units
    rows = list(csv.DictReader(run.paths.table("conv2").read_text(encoding="utf-8").splitlines()))
    assert [row["saturates"] for row in rows] == [str(unit.saturates) for unit in units]
    assert [row["saturation"] for row in rows] == [str(unit.saturation or "") for unit in units]


@pytest.mark.parametrize("gigabytes", ["0.00003", "0.0"])
def test_past_the_disk_budget_the_order_is_the_same(site, tmp_path, gigabytes):
    dissect(write_clipped_site(tmp_path, more=f"cache_gb = {gigabytes}"))
    assert findings(tmp_path) == findings(site[0])


def test_means_are_of_raw_maps_where_those_are_larger_than_the_grid(tmp_path):
    folders = [tmp_path / name for name in ("kept", "again")]
    for folder, more in zip(folders, ("", "cache_gb = 0.0"), strict=True):
        config = change(write_clipped_site(folder, more=more), "grid = 16", "grid = 8")
        (run,) = dissect(config)
    assert run.layers["conv1"].summary.map_size == (16, 16)
    raw = plain_maps(folders[1], run)["conv1"]
    for name, values in (("mean", raw.mean((2, 3))), ("maximum", raw.max((2, 3)))):
        np.testing.assert_allclose(run.layers["conv1"].arrays[name].T, values, rtol=1e-4, atol=1e-5)
    assert findings(folders[0]) == findings(folders[1])


def test_a_pass_that_an_older_cache_left_without_means_is_run_again(tmp_path, monkeypatch):
    config = write_clipped_site(tmp_path)
    dissect(config)
    before = findings(tmp_path)
    for path in (tmp_path / "cache").rglob("*.mean*"):
        path.unlink()
    change(config, "quantile = 0.05", "quantile = 0.1")
    dissect(config)
    change(config, "quantile = 0.1", "quantile = 0.05")
    fill, calls = forward.ModelPass.fill, []
    monkeypatch.setattr(forward.ModelPass, "fill", lambda *given: calls.append(1) or fill(*given))
    dissect(config)
    assert not calls, "filled once more, they are kept"
    assert findings(tmp_path) == before
