"""Units removed from networks of one logit and of independent classes, against full forwards with hooks."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import torch
from ablation_site import CLASSES, set_up_site
from decision_site import write_decision_site
from reference_ablation import (
    balanced_accuracy_of_each_slowly,
    balanced_accuracy_slowly,
    classes_slowly,
    right_decisions_slowly,
)
from torch import Tensor

from dissect_report.analysis.ablation.experiment import open_remover, run_ablation
from dissect_report.analysis.dissection import dissect
from dissect_report.analysis.held_maps import read_images
from dissect_report.analysis.setup import Setup
from dissect_report.findings.ablation import Ablation
from dissect_report.findings.store import LoadedRun, load_run

Made = tuple[Path, LoadedRun, Ablation]


def made(folder: Path, factory: str, **options: object) -> Made:
    path = write_decision_site(folder / "site", factory, **options)
    run = dissect(path, threads=1)[0]
    found = load_run(run.paths.root).layers["last"].ablation
    assert found is not None
    return path, run, found


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Made]:
    folder = tmp_path_factory.mktemp("decisions")
    group = '[ablation.class_groups]\noutdoor = ["alley", "c*"]'
    return {
        "one": made(folder / "one", "one"),
        "squeezed": made(folder / "squeezed", "squeezed"),
        "probability": made(folder / "probability", "probability"),
        "each": made(folder / "each", "each", table=group),
        "raw": made(folder / "raw", "raw", model='decision = "sigmoid"', table=group),
        "unlabelled": made(folder / "unlabelled", "each", labelled=False, table=group),
    }


@lru_cache
def opened(path: Path) -> tuple[Setup, Tensor]:
    """A site's setup and all its images."""
    setup = set_up_site(path)
    return setup, read_images(setup, setup.survey, 0, len(setup.survey))


def removed_slowly(site: Made, removed: list[int]) -> tuple[list[set[int]], list[set[int]]]:
    """Of the evaluation images what the network says without ``removed`` units, and what they are of.

    The layer is recorded behind its ReLU, which leaves 0 as it is.
    """
    path, run, found = site
    setup, images = opened(path)
    network, arrays = setup.network.model, run.layers["last"].ablation_arrays
    cut = 0.5 if setup.network.output.undone else 0.0
    said = classes_slowly(network, images[arrays["evaluation"]], network.last, removed, cut)
    truth = [{int(label) for label in np.atleast_1d(row) if label >= 0} for row in arrays["label"]]
    if found.decision == "one logit":
        said = [{len(answer)} for answer in said]
    return said, truth


def measured_slowly(site: Made, target: int, removed: list[int]) -> tuple[float | None, float]:
    """Balanced accuracy of a target and the share of right decisions."""
    _, run, found = site
    said, truth = removed_slowly(site, removed)
    members = set(found.targets[target].classes)
    classes = len(run.record.classes)
    if found.decision == "one logit":
        flat = [next(iter(answer)) for answer in said], [next(iter(own)) for own in truth]
        right = np.mean([a == b for a, b in zip(*flat, strict=True)])
        return balanced_accuracy_slowly(*flat, sorted(members)), float(right)
    return (
        balanced_accuracy_of_each_slowly(said, truth, members),
        right_decisions_slowly(said, truth, classes),
    )


NAMES = ["one", "squeezed", "probability", "each", "raw", "unlabelled"]


@pytest.mark.parametrize("name", NAMES)
def test_every_number_is_that_of_full_forwards(name: str, sites: dict[str, Made]) -> None:
    site = sites[name]
    _, run, found = site
    arrays = run.layers["last"].ablation_arrays
    for place, target in enumerate(found.targets):
        balanced, right = measured_slowly(site, place, [])
        assert target.balanced_accuracy == pytest.approx(balanced, abs=1e-9)
        assert found.accuracy == pytest.approx(right, abs=1e-9)
        for loss in target.units[:2]:
            slow, _ = measured_slowly(site, place, [loss.unit])
            assert loss.evaluation_loss == pytest.approx(balanced - slow, abs=1e-9)
        order = arrays["order"][place].tolist()
        for row in found.rows:
            if row.target == place and row.kind != "random" and row.size == 2:
                gone = order[: row.size] if row.kind == "removed" else order[row.size :]
                slow = measured_slowly(site, place, gone)
                assert (row.balanced_accuracy, row.accuracy) == pytest.approx(slow, abs=1e-9)
                if row.accuracy_low is not None:  # an image may be several decisions: then there is none
                    assert row.accuracy_low <= row.accuracy - found.accuracy <= row.accuracy_high


@pytest.mark.parametrize("name", NAMES)
def test_some_removals_change_something(name: str, sites: dict[str, Made]) -> None:
    _, _, found = sites[name]
    assert any(loss.evaluation_loss > 0 for target in found.targets for loss in target.units)
    assert any(target.flips for target in found.targets)
    assert any(target.recall < 1 for target in found.targets) or found.labels == "intact predictions"


def test_the_record_says_how_it_is_decided(sites: dict[str, Made]) -> None:
    decisions = {name: (run.record.scores, found.decision) for name, (_, run, found) in sites.items()}
    for name in ("one", "squeezed", "probability"):
        scores, decision = decisions[name]
        assert (scores.width, scores.decision, decision) == (1, "one logit", "one logit")
        assert scores.undone == (name == "probability")
    for name in ("each", "raw", "unlabelled"):
        scores, decision = decisions[name]
        assert (scores.width, scores.decision, decision) == (4, "sigmoid", "sigmoid")
        assert scores.undone == (name != "raw")
    for name, (path, _, _) in sites.items():
        setup, _ = opened(path)
        remover = open_remover(setup, setup.run.ablation, setup.network.chosen[0])
        assert remover.scale > 0, f"{name}: a logit near 0 says nothing of its noise"
    assert "a folder gives its images one class" in sites["each"][2].notes[0]
    assert not any("folder gives" in note for note in sites["unlabelled"][2].notes)
    assert any("ends in a sigmoid" in note for note in sites["each"][1].record.provenance.notes)


def test_one_logit_has_two_classes_named_by_the_list_or_by_the_folders(sites: dict[str, Made]) -> None:
    assert sites["one"][1].record.classes == ("no barn", "barn")
    path, run, found = sites["probability"]
    assert run.record.classes == ("cat", "dog")
    assert [target.name for target in found.targets] == ["cat", "dog"]
    assert "above 0 it says 'dog', else 'cat' (the class folders" in run.record.provenance.notes[0]
    setup, images = opened(path)
    with torch.no_grad():
        above = (setup.network.model(images)[:, 0] > 0.5).tolist()
    assert [image.predicted for image in run.record.images] == ["dog" if yes else "cat" for yes in above]


def test_images_may_be_of_several_classes_or_of_none_where_predictions_stand_in(
    sites: dict[str, Made],
) -> None:
    path, run, found = sites["unlabelled"]
    labels = run.layers["last"].ablation_arrays["label"]
    carried = (labels >= 0).sum(1)
    assert set(carried.tolist()) >= {0, 1, 2}
    assert found.accuracy == 1.0
    assert all(target.recall in (None, 1.0) for target in found.targets)
    setup, images = opened(path)
    network = setup.network.model
    slow = classes_slowly(network, images, network.last, [], 0.5)
    told = [", ".join(CLASSES[c] for c in sorted(answer)) or None for answer in slow]
    assert [image.predicted for image in run.record.images] == told


def test_what_a_network_gives_up_is_named_not_what_it_says_instead(sites: dict[str, Made]) -> None:
    for name in ("each", "raw", "unlabelled"):
        _, _, found = sites[name]
        for target in found.targets:
            assert target.confusions == ()
            for flip in target.flips:
                assert flip.before in target.classes
                assert set(flip.after) <= {*target.classes, -1}
                assert -1 in flip.after
    _, _, one = sites["one"]
    assert {c.predicted for target in one.targets for c in target.confusions} <= {0, 1}


@pytest.mark.parametrize("name", ["one", "squeezed", "each", "unlabelled"])
def test_a_live_page_gets_logits_that_decide_as_the_run_did(name: str, sites: dict[str, Made]) -> None:
    _, run, found = sites[name]
    assert found.live
    assert found.live_difference <= 0.05
    arrays = run.layers["last"].ablation_arrays
    value = arrays["offset"] + arrays["scale"] * arrays["pooled"]
    scores = arrays["bare"] + (value - arrays["removed_value"]) @ arrays["weight"].T
    if found.decision == "one logit":
        assert (scores.argmax(1) == arrays["predicted"]).mean() > 0.9
    else:
        decided = np.unpackbits(arrays["predicted"], axis=1, count=4).astype(bool)
        assert ((scores > 0) == decided).mean() > 0.9


@pytest.mark.parametrize("name", ["probability", "raw"])
def test_other_tails_store_the_combinations(name: str, sites: dict[str, Made]) -> None:
    site = sites[name]
    assert not site[2].live
    combination = site[2].targets[1].combinations[11]
    slow = measured_slowly(site, 1, list(combination.units))
    assert (combination.balanced_accuracy, combination.accuracy) == pytest.approx(slow, abs=1e-9)


@pytest.mark.parametrize("name", ["one", "unlabelled"])
def test_batches_memory_and_the_cache_do_not_change_a_count(
    name: str, sites: dict[str, Made], tmp_path: Path
) -> None:
    path, run, found = sites[name]
    shutil.copytree(path.parent, tmp_path / "again")
    shutil.rmtree(tmp_path / "again" / "cache")
    setup = set_up_site(tmp_path / "again" / path.name)
    tight = replace(setup.run.ablation, memory_gb=0.0002)
    run_ablation(replace(setup, run=replace(setup.run, ablation=tight)), run)
    again = load_run(run.paths.root).layers["last"].ablation
    assert counted(again) == counted(found)


def counted(found: Ablation) -> Ablation:
    """Without times, and without the noise of falls, which are sums of logits."""
    targets = tuple(
        replace(target, units=tuple(replace(loss, fall=round(loss.fall, 4)) for loss in target.units))
        for target in found.targets
    )
    return replace(found, seconds={}, command="", targets=targets)


@pytest.mark.parametrize("name", ["probability", "each", "unlabelled"])
def test_units_rank_by_loss_then_by_the_fall_of_the_class_s_own_logit(
    name: str, sites: dict[str, Made]
) -> None:
    path, run, found = sites[name]
    setup, images = opened(path)
    arrays, network = run.layers["last"].ablation_arrays, setup.network.model
    evaluation = set(arrays["evaluation"].tolist())
    ranking = [index for index in range(len(images)) if index not in evaluation]
    labels = [run.record.images[index].label for index in ranking]

    def logits(removed: list[int]) -> np.ndarray:
        def clear(_module: object, _inputs: object, output: Tensor) -> Tensor:
            output = output.clone()
            output[:, removed] = 0.0
            return output

        handle = network.last.register_forward_hook(clear)
        with torch.no_grad():
            scores = network.scores(images[ranking]).numpy()
        handle.remove()
        return np.concatenate([-scores, scores], 1) if found.decision == "one logit" else scores

    intact = logits([])
    for place, target in enumerate(found.targets):
        if target.kind == "group":
            continue
        (own,) = target.classes
        inside = [name == target.name for name in labels] if found.labels == "labels" else intact[:, own] > 0
        for unit in (0, 5):
            fall = (intact[:, own] - logits([unit])[:, own])[np.asarray(inside)].mean()
            assert arrays["fall"][place, unit] == pytest.approx(fall, abs=1e-4)
