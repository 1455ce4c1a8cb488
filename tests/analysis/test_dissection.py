"""A whole run, from a user's folder to findings: right, repeatable, resumable."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from dissect_report import dissect, load_run
from dissect_report.analysis import forward
from dissect_report.analysis.layer_numbers import dissected_maps
from dissect_report.analysis.passes import filling
from dissect_report.analysis.progress import Silent
from dissect_report.errors import FindingsError, LayerError, ProbeError, SegmenterError
from dissect_report.findings.store import json_schema
from tests import reference
from tests.ablation_site import set_up_site
from tests.same_findings import findings
from tests.small_site import change, write_small_site

GRID, QUANTILE = 16, 0.05


class Log(Silent):
    """Progress that remembers."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """One finished run of the small site."""
    folder = tmp_path_factory.mktemp("small")
    (run,) = dissect(write_small_site(folder))
    return folder, run


def recorded_maps(folder: Path) -> dict[str, np.ndarray]:
    """The maps of both layers as the run recorded them, out of its cache.

    A forward of the test's own rounds its last bits in other ways on some processors, and a pixel at the
    level then falls to the other side: counts are compared from these maps alone.
    """
    return dissected_maps(set_up_site(folder / "dissect.toml"))


def plain_maps(folder: Path, run) -> dict[str, np.ndarray]:
    """The maps of both layers by running the user's network plainly, in the same batches."""
    model = runpy.run_path(str(folder / "net.py"))["factory"]()
    pictures = []
    for image in run.record.images:
        picture = (
            Image.open(folder / "photos" / image.name)
            .convert("RGB")
            .resize((54, 40), Image.Resampling.BILINEAR)
        )
        left, top = round((54 - 32) / 2), round((40 - 32) / 2)
        pictures.append(np.asarray(picture.crop((left, top, left + 32, top + 32))))
    x = (torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.5
    with torch.no_grad():
        first = [torch.relu(model.conv1(part)) for part in x.split(5)]
        second = [torch.relu(model.conv2(part)) for part in first]
    return {"conv1": torch.cat(first).numpy(), "conv2": torch.cat(second).numpy()}


def test_the_recorded_maps_are_those_of_a_plain_forward_within_rounding(site):
    folder, run = site
    recorded = recorded_maps(folder)
    for name, maps in plain_maps(folder, run).items():
        np.testing.assert_allclose(recorded[name], maps, rtol=1e-4, atol=1e-5)


def test_every_number_of_the_findings_is_the_slow_references(site):
    folder, run = site
    labels = np.stack(
        [
            np.asarray(Image.open(run.paths.segmentation(i)).convert("RGBA")).reshape(2, GRID, GRID, 4)
            for i in range(len(run.record.images))
        ]
    )
    colors = {tuple(bytes.fromhex(c.color[1:])): c.id for c in run.record.concepts}
    ids = np.array([0 if p[3] == 0 else colors[tuple(p[:3])] for p in labels.reshape(-1, 4)]).reshape(
        labels.shape[:4]
    )
    halves = np.array([image.half for image in run.record.images])
    assert set(halves) == {0, 1}
    for name, maps in recorded_maps(folder).items():
        layer = run.layers[name]
        assert layer.summary.recorded_as == f"{name} -> relu{name[-1]} (ReLU)"
        values = reference.pixels(maps, GRID, "border")
        levels = np.array([reference.level(values[:, unit], QUANTILE) for unit in range(maps.shape[1])])
        np.testing.assert_allclose(layer.arrays["level"], levels, rtol=1e-6)
        mask, intersection = reference.overlap(values, ids, halves, layer.arrays["level"], 6)
        np.testing.assert_array_equal(layer.arrays["mask"], mask)
        np.testing.assert_array_equal(layer.arrays["intersection"], intersection)
        means = reference.image_means(maps)
        present = np.stack([reference.concept_areas(ids[halves == h], 6).sum(0) for h in (0, 1)])
        np.testing.assert_array_equal(layer.arrays["concept"], present)
        for unit in layer.units:
            concept, iou = reference.best(
                mask[:, unit.unit].sum(), present.sum(0), intersection[:, unit.unit].sum(0)
            )
            assert (unit.concept or 0) == concept
            assert unit.iou == (pytest.approx(iou, rel=1e-8) if concept else None)
            maxima = maps[:, unit.unit].max((1, 2))
            assert [t.image for t in unit.top_images] == reference.ranking(maxima, means[:, unit.unit])[:4]
            assert unit.density == pytest.approx((values[:, unit.unit] > 0).mean(), abs=1e-9)
            assert unit.mask_pixels == mask[:, unit.unit].sum()


def test_dead_and_duplicate_units_are_flagged(site):
    units = site[1].layers["conv2"].units
    assert units[0].dead
    assert units[0].concept is None
    assert units[2].duplicate_of == 1
    assert not units[2].dead


def test_a_concept_that_never_occurs_is_undefined_not_zero(site):
    _, run = site
    never = run.record.concepts[5]
    assert (never.pixels, never.images, never.attainable_iou) == (0, 0, None)
    assert np.isnan(run.layers["conv1"].arrays["iou"][:, 0]).all()


def test_findings_load_as_typed_records(site):
    folder, run = site
    again = load_run(folder / "run" / "factory")
    assert again.record == run.record
    assert again.layers["conv2"].units == run.layers["conv2"].units
    assert {image.label for image in again.record.images} == {"class0", "class1", "class2"}
    experiments = {"ablation.json", "generation.json", "painting.json", "photo.json"}
    assert set(json_schema()) == {"run.json", "dissection.json", "manifest.json"} | experiments


def test_the_same_twice_gives_the_same_bytes(site, tmp_path):
    folder, _ = site
    dissect(write_small_site(tmp_path), threads=1)
    assert findings(tmp_path) == findings(folder)


@pytest.mark.parametrize("gigabytes", ["0.00003", "0.0"])
def test_past_the_disk_budget_the_numbers_are_the_same(site, tmp_path, gigabytes):
    folder, _ = site
    config = change(write_small_site(tmp_path), "batch_size = 5", f"batch_size = 5\ncache_gb = {gigabytes}")
    log = Log()
    dissect(config, log)
    assert any("the model ran" in note for note in log.notes)
    assert findings(tmp_path) == findings(folder)


def test_an_interrupted_run_goes_on_and_ends_with_the_same_numbers(site, tmp_path, monkeypatch):
    folder, _ = site
    config = write_small_site(tmp_path)
    monkeypatch.setattr(filling, "NOTE_SECONDS", 0.0)
    fill, calls = forward.ModelPass.fill, []

    def interrupted(self, start, stop, recorded, scores):
        calls.append(stop - start)
        if len(calls) == 3:
            raise KeyboardInterrupt
        fill(self, start, stop, recorded, scores)

    monkeypatch.setattr(forward.ModelPass, "fill", interrupted)
    with pytest.raises(KeyboardInterrupt):
        dissect(config)
    with pytest.raises(FindingsError, match="no findings here"):
        load_run(tmp_path / "run" / "factory")
    dissect(config)
    assert calls == [5, 5, 5, 5, 3], "two finished batches are kept, the third is run again"
    assert findings(tmp_path) == findings(folder)


def test_up_to_date_findings_are_left_alone(tmp_path):
    config = write_small_site(tmp_path, images=6)
    dissect(config)
    before = (tmp_path / "run/factory/run.json").stat().st_mtime_ns
    log = Log()
    dissect(config, log)
    assert any("up to date" in note for note in log.notes)
    assert (tmp_path / "run/factory/run.json").stat().st_mtime_ns == before
    dissect(config, force=True)
    assert (tmp_path / "run/factory/run.json").stat().st_mtime_ns > before


def test_another_quantile_needs_no_forward_pass(tmp_path, monkeypatch):
    config = write_small_site(tmp_path, images=6)
    dissect(config)
    change(config, "quantile = 0.05", "quantile = 0.1")
    monkeypatch.setattr(forward.ModelPass, "fill", None)
    (run,) = dissect(config)
    assert run.record.config["dissection"]["quantile"] == 0.1


def test_other_weights_are_never_served_from_the_cache(tmp_path):
    config = write_small_site(tmp_path, images=6)
    before = dissect(config)[0].layers["conv1"].arrays["level"]
    change(tmp_path / "net.py", "torch.manual_seed(3)", "torch.manual_seed(4)")
    after = dissect(config)[0].layers["conv1"].arrays["level"]
    assert not np.allclose(before, after)


def test_a_layer_no_longer_asked_for_leaves_the_findings(tmp_path):
    config = write_small_site(tmp_path, images=6)
    dissect(config)
    (tmp_path / "run/factory/conv1/mine.txt").write_text("kept")
    change(config, '["conv1", "conv2"]', '["conv2"]')
    (run,) = dissect(config)
    assert list(run.layers) == ["conv2"]
    left = [path.name for path in (tmp_path / "run/factory/conv1").rglob("*") if path.is_file()]
    assert left == ["mine.txt"]


def test_out_of_memory_halves_the_batch_and_says_so(tmp_path):
    config = change(write_small_site(tmp_path, images=6), "net.py:factory", "net.py:hungry")
    (run,) = dissect(config)
    assert run.record.provenance.batch_size == 2
    assert any("halved to 2" in note for note in run.record.provenance.notes)


def test_a_unit_that_is_not_finite_is_flagged_and_the_others_are_measured(tmp_path):
    config = change(write_small_site(tmp_path, images=6), "net.py:factory", "net.py:poisoned")
    (run,) = dissect(config)
    units = run.layers["conv2"].units
    assert not units[4].finite
    assert (units[4].level, units[4].iou, units[4].detector, units[4].dead) == (None, None, False, False)
    assert units[3].finite
    assert units[3].level is not None


def test_unreadable_images_are_skipped_counted_and_named(tmp_path):
    config = write_small_site(tmp_path, images=6)
    (tmp_path / "photos/class0/broken.png").write_bytes(b"not a picture")
    (run,) = dissect(config)
    assert len(run.record.images) == 6
    (skipped,) = run.record.skipped_images
    assert "class0/broken.png" in skipped


def test_no_readable_image_is_an_error(tmp_path):
    config = write_small_site(tmp_path, images=2)
    for path in (tmp_path / "photos").rglob("*.png"):
        path.write_bytes(b"")
    with pytest.raises(ProbeError, match="none of the 2 probe images can be read"):
        dissect(config)


def test_a_layer_that_is_no_map_says_what_it_is(tmp_path):
    config = change(write_small_site(tmp_path, images=2), '["conv1", "conv2"]', '["head"]')
    with pytest.raises(LayerError, match=r"'head' cannot be dissected.*\[2, 3\]"):
        dissect(config)


def test_an_unknown_layer_names_the_nearest(tmp_path):
    config = change(write_small_site(tmp_path, images=2), '["conv1", "conv2"]', '["convl"]')
    with pytest.raises(LayerError, match="'convl'; did you mean 'conv"):
        dissect(config)


def test_ids_outside_the_catalogue_are_refused(tmp_path):
    config = write_small_site(tmp_path, images=2)
    (tmp_path / "concepts.csv").write_text("id,name,category\n1,red,object\n", encoding="utf-8")
    with pytest.raises(SegmenterError, match=r"net.py:blocks"):
        dissect(config)


def test_fewer_images_than_top_images_are_no_problem(tmp_path):
    (run,) = dissect(write_small_site(tmp_path, images=2))
    assert len(run.layers["conv1"].units[0].top_images) == 2


def test_an_image_is_drawn_once_however_many_units_show_it(site):
    _, run = site
    drawn = {path.parent.name for path in run.paths.root.rglob("*.webp")}
    assert drawn == {"thumbnails"}
    for place in range(len(run.record.images)):
        with Image.open(run.paths.thumbnail(place)) as small:
            assert small.size == (128, 128)
