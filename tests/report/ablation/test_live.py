from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest

from dissect_report.report.ablation.live import MOST, live_config, live_file, live_images
from dissect_report.report.ablation.view import AblationView, ablation_views
from dissect_report.report.site import SiteFindings


@pytest.fixture(scope="module")
def removals(hostile_site: SiteFindings) -> list[AblationView]:
    """A linear tail, then another."""
    return [ablation_views(hostile_site, run)[0] for run in hostile_site.runs]


def data_of(found: AblationView) -> dict[str, Any]:
    text = live_file(found).text
    data: dict[str, Any] = json.loads("[" + text[len("dissect.register(") : -len(");\n")] + "]")[1]
    return data


def array(data: dict[str, Any], name: str, kind: str, columns: int = 0) -> np.ndarray:
    values = np.frombuffer(base64.b64decode(data[name]), kind)
    return values.reshape(-1, columns) if columns else values


def with_arrays(found: AblationView, arrays: dict[str, np.ndarray]) -> AblationView:
    changed = AblationView(found.view, found.record)
    changed.__dict__["arrays"] = arrays
    return changed


def test_what_is_shipped_gives_the_stored_numbers_of_every_single_unit(removals):
    found = removals[0]
    data = data_of(found)
    pooled = array(data, "pooled", "u1", data["units"])
    parts = array(data, "offset", "<f4") + array(data, "scale", "<f4") * pooled
    parts = parts - array(data, "removed_value", "<f4")
    weight, label = array(data, "weight", "<f4", data["units"]), array(data, "label", "<i4")
    whole = array(data, "bare", "<f4") + parts @ weight.T
    assert (whole.argmax(1) == label).mean() == pytest.approx(found.record.accuracy)
    for target, own in enumerate(found.record.targets):
        for loss in own.units:
            said = (whole - parts[:, loss.unit, None] * weight[:, loss.unit]).argmax(1)
            member, called = np.isin(label, own.classes), np.isin(said, own.classes)
            balanced = (called[member].mean() + (~called[~member]).mean()) / 2
            stored = {tuple(units): value for units, value, _ in live_config(found, target)["stored"]}
            assert balanced == pytest.approx(stored[loss.unit,], abs=1e-6)


def test_another_tail_ships_no_data_but_all_sixteen_combinations(removals):
    found = removals[1]
    assert live_file(found) is None
    config = live_config(found, 0)
    assert not config["live"]
    four = set(config["order"][:4])
    combinations = {frozenset(units) for units, _, _ in config["stored"] if set(units) <= four}
    assert len(combinations) == 16


def test_data_of_a_large_network_stays_below_four_megabytes(removals):
    random = np.random.default_rng(0)
    units, classes, images = 512, 1000, 6000
    arrays = {
        "pooled": random.integers(0, 256, (images, units), dtype=np.uint8),
        "label": random.integers(0, classes, images),
        "weight": random.normal(size=(classes, units)).astype(np.float32),
        "random_order": np.stack([random.permutation(units) for _ in range(5)]),
        **{name: np.ones(units, np.float32) for name in ("scale", "offset", "removed_value")},
        "bare": np.zeros(classes, np.float32),
    }
    found = with_arrays(removals[0], arrays)
    assert 1000 < live_images(found) < images
    assert len(live_file(found).text) <= MOST
    data = data_of(found)
    assert data["short"]
    weight = array(data, "weight", "<i2", units) * array(data, "step", "<f4")[:, None]
    assert weight == pytest.approx(arrays["weight"], abs=1e-4)
    assert data["images"] == live_images(found) == len(array(data, "label", "<i4"))


def test_a_network_too_large_for_a_page_falls_back_to_what_is_stored(removals):
    arrays = removals[0].arrays | {
        "pooled": np.zeros((10, 2048), np.uint8),
        "weight": np.zeros((1000, 2048), np.float32),
    }
    found = with_arrays(removals[0], arrays)
    assert live_images(found) == 0
    assert live_file(found) is None


def test_a_random_set_keeps_the_numbers_of_its_draw(removals):
    config = live_config(removals[0], 0)
    row = removals[0].rows[0, "random", 4]
    assert config["random"]["4"] == [list(pair) for pair in zip(row.draws, row.accuracy_draws, strict=True)]
