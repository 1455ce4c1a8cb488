"""What a changed setting costs: what depends on it is made again, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dissect_report import dissect, load_run
from tests.ablation_site import write_site
from tests.analysis.passes.conftest import Work
from tests.generation_site import write_generator_site
from tests.small_site import change, write_small_site


def fresh(config: Path, tmp_path: Path, work: Work) -> dict[str, bytes]:
    """The findings of the same configuration, made from nothing elsewhere."""
    work.clear()  # what counts is within reach of the network, and a part of its identity
    folder = tmp_path / "fresh"
    folder.mkdir()
    for path in config.parent.iterdir():
        if path.name not in ("run", "cache", "fresh"):
            (folder / path.name).symlink_to(path)
    (folder / "dissect.toml").unlink()
    (folder / "dissect.toml").write_text(config.read_text())
    dissect(folder / "dissect.toml", threads=1)
    return findings(folder)


def findings(folder: Path) -> dict[str, bytes]:
    """Every file; of records what two equal runs share."""
    files = {}
    for path in sorted((folder / "run").rglob("*")):
        if path.is_file() and path.name != "manifest.json":
            data = path.read_bytes()
            files[str(path.relative_to(folder))] = _shared(data) if path.suffix == ".json" else data
    return files


def _shared(data: bytes) -> bytes:
    record = json.loads(data)
    for name in ("seconds", "created", "manifest"):
        record.get("provenance", record).pop(name, None)
    return json.dumps(record, sort_keys=True).encode()


def small(tmp_path: Path, more: str = "") -> Path:
    return change(write_small_site(tmp_path, 12), "batch_size = 5", f"batch_size = 6{more}")


def classifier(tmp_path: Path) -> Path:
    """Two layers, both ablated; an iou_threshold that none of its numbers hangs on."""
    path = write_site(tmp_path, 'layers = ["[02]"]', count=24, units=8)
    return change(path, "[compute]", "[dissection]\niou_threshold = 0.05\ntop_images = 5\n[compute]")


@pytest.mark.parametrize(
    ("old", "new"), [("iou_threshold = 0.05", "iou_threshold = 0.2"), ('title = "units', 'title = "Units')]
)
def test_another_iou_threshold_or_title_measures_and_draws_nothing(
    tmp_path: Path, work: Work, old: str, new: str
) -> None:
    config = classifier(tmp_path)
    dissect(config)
    before = {path: path.read_bytes() for path in (tmp_path / "run").rglob("ablation.*")}
    work.clear()
    (run,) = dissect(change(config, old, new))
    assert work.kinds == set()
    assert max(work.first) < 16, "of the network nothing but its opening"
    assert len(before) == 4
    assert {path: path.read_bytes() for path in before} == before
    assert run.record.title == json.loads((tmp_path / "run/network/run.json").read_text())["title"]
    assert findings(tmp_path) == fresh(config, tmp_path, work)


def test_other_top_images_are_drawn_and_nothing_is_counted(tmp_path: Path, work: Work) -> None:
    config = classifier(tmp_path)
    dissect(config)
    work.clear()
    (run,) = dissect(change(config, "top_images = 5", "top_images = 7"))
    assert work.kinds == {"outline"}
    assert max(work.first) < 16
    assert len(run.layers["0"].units[0].top_images) == 7
    assert run.layers["2"].ablation is not None
    assert findings(tmp_path) == fresh(config, tmp_path, work)


def test_another_quantile_is_counted_from_the_cache(tmp_path: Path, work: Work) -> None:
    config = classifier(tmp_path)
    dissect(config)
    work.clear()
    dissect(change(config, "iou_threshold = 0.05", "iou_threshold = 0.05\nquantile = 0.03"))
    assert work.kinds == {"count", "outline"}, "labels and what is removed do not depend on it"
    assert max(work.first) < 16
    assert findings(tmp_path) == fresh(config, tmp_path, work)


def test_an_added_layer_leaves_the_findings_of_the_others(tmp_path: Path, work: Work) -> None:
    config = change(classifier(tmp_path), 'layers = ["0", "2"]', 'layers = ["2"]')
    dissect(config)
    stays = {path: path.read_bytes() for path in (tmp_path / "run/network/2").rglob("*") if path.is_file()}
    work.clear()
    change(config, 'layers = ["2"]', 'layers = ["0", "2"]')
    dissect(config, threads=1)
    assert work.done.count("count") == 3, "one layer"
    assert work.done.count("outline") == 10, "its units"
    assert "thumbnail" not in work.kinds
    assert work.first.count(16) == 6, "one pass over 96 images"
    assert {path: path.read_bytes() for path in stays} == stays
    assert findings(tmp_path) == fresh(config, tmp_path, work)


def test_a_layer_no_longer_asked_for_takes_its_ablation_along(tmp_path: Path, work: Work) -> None:
    config = classifier(tmp_path)
    dissect(config)
    work.clear()
    (run,) = dissect(change(config, 'layers = ["0", "2"]', 'layers = ["2"]'))
    assert work.kinds == set()
    assert not list((tmp_path / "run/network/0").rglob("*.*"))
    assert run.layers["2"].ablation is not None
    assert findings(tmp_path) == fresh(config, tmp_path, work)


def test_edits_stay_unless_what_they_try_is_judged_otherwise(tmp_path: Path, work: Work) -> None:
    table = 'concepts = ["blue"]\nlayers = ["layer2"]\nlatents = 12\ninsert_latents = 2\nunit_latents = 2\n'
    config = write_generator_site(tmp_path, table)
    change(config, "quantile = 0.05", "quantile = 0.05\niou_threshold = 0.04\ntop_images = 5")
    dissect(config)
    work.clear()
    dissect(change(config, "top_images = 5", "top_images = 6"))
    assert work.kinds == {"outline"}
    work.clear()
    (run,) = dissect(change(config, "iou_threshold = 0.04", "iou_threshold = 0.99"))
    assert not any(unit.detector for unit in run.layers["layer2"].units)
    assert "edit" in work.kinds, "other units are detectors"
    assert not work.kinds & {"count", "outline"}
    assert findings(tmp_path) == fresh(config, tmp_path, work)


def test_an_added_layer_of_a_generator_makes_and_labels_no_image_again(tmp_path: Path, work: Work) -> None:
    config = change(write_generator_site(tmp_path, None), '"layer1", "layer2"', '"layer2"')
    dissect(config)
    work.clear()
    change(config, '"layer2"', '"layer1", "layer2"')
    labelled: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        from dissect_report.sources.segmenters.merge import MergedSegmenter

        label = MergedSegmenter.label
        patch.setattr(
            MergedSegmenter, "label", lambda self, *given: labelled.append(1) or label(self, *given)
        )
        dissect(config)
    assert not labelled
    assert work.done.count("count") == 3
    assert set(load_run(tmp_path / "run/Steps").layers) == {"layer1", "layer2"}
    assert findings(tmp_path) == fresh(config, tmp_path, work)


def test_numbers_that_a_halved_batch_gave_say_so_when_they_are_taken_again(tmp_path: Path) -> None:
    config = change(write_small_site(tmp_path, 6), "net.py:factory", "net.py:hungry")
    (before,) = dissect(config)
    (after,) = dissect(change(config, "quantile = 0.05", "quantile = 0.1"))
    assert after.record.provenance.batch_size == before.record.provenance.batch_size == 2
    assert after.record.provenance.notes == before.record.provenance.notes


def test_a_pass_for_other_units_ends_behind_the_last_layer(tmp_path: Path, work: Work) -> None:
    config = write_small_site(tmp_path, 8)
    change(config, "batch_size = 5", "batch_size = 8\ncache_gb = 0.0")
    dissect(config)
    assert work.head.count(8) < work.first.count(8)
    work.clear()
    change(config, "quantile = 0.05", "quantile = 0.06")
    dissect(config)
    assert work.first.count(8) > 0
    assert not work.head.count(8), "the answers are kept"
