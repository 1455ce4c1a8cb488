"""The experiments, from a configuration to the records, against full forward passes with hooks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from ablation_site import CLASSES, draw_photos, set_up_site, write_site

from dissect_report.activations.interventions import ablated
from dissect_report.analysis.ablation import passes as removal_passes
from dissect_report.analysis.ablation.experiment import run_ablation
from dissect_report.analysis.ablation.removals import Remover
from dissect_report.analysis.ablation.splits import class_labels, split_halves
from dissect_report.analysis.dissection import dissect
from dissect_report.analysis.held_maps import read_images
from dissect_report.analysis.progress import Silent
from dissect_report.errors import ConfigError, LayerError
from dissect_report.findings.ablation import ARRAYS, Ablation
from dissect_report.findings.store import LoadedRun, load_run, read_record
from tests import reference as slow


def made(folder: Path, **options: object) -> tuple[Path, LoadedRun]:
    path = write_site(folder, **options)
    return path, dissect(path, threads=1)[0]


def ablation_of(path: Path, run: LoadedRun) -> Ablation:
    """What the dissection wrote."""
    assert set_up_site(path).run.ablation is not None
    found = load_run(run.paths.root).layers["2"].ablation
    assert found is not None
    return found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, LoadedRun, Ablation]:
    path, run = made(tmp_path_factory.mktemp("pooled") / "site", table="[ablation.sets]\nsnow = [3, 5, 3]")
    return path, run, ablation_of(path, run)


@pytest.fixture(scope="module")
def connected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, LoadedRun, Ablation]:
    path, run = made(
        tmp_path_factory.mktemp("connected") / "site",
        factory="connected",
        table='replacement = "mean"\n[ablation.class_groups]\noutdoor = ["alley", "c*"]',
    )
    return path, run, ablation_of(path, run)


def slow_accuracy(
    path: Path, found: Ablation, run: LoadedRun, removed: list[int], target: int
) -> tuple[float, float]:
    """Balanced accuracy of a target and all-class accuracy by full forwards, one image at a time."""
    setup = set_up_site(path)
    arrays = np.load(run.paths.ablation_arrays("2"))
    info = next(layer for layer in setup.network.chosen if layer.name == found.layer)
    fill = torch.zeros(len(removed))
    images = read_images(setup, setup.survey, 0, len(setup.survey))
    if found.replacement == "mean":
        labels = class_labels(setup.survey.labels, CLASSES)
        ranking, _ = split_halves(labels, setup.survey.digests, 0)
        network = setup.network.model
        with torch.no_grad():
            maps = network[3](network[2](network[1](network[0](images[ranking]))))
        fill = maps.mean((0, 2, 3))[removed]
    elif found.replacement == "quantile":
        network = setup.network.model
        with torch.no_grad():
            maps = network[3](network[2](network[1](network[0](images))))
        grid = torch.nn.functional.interpolate(maps, (setup.grid,) * 2, mode="bilinear")[:, removed].numpy()
        levels = [slow.level(grid[:, k], found.replacement_quantile) for k in range(len(removed))]
        fill = torch.tensor(levels, dtype=torch.float32)
    members, hits, negatives = found.targets[target].classes, [], []
    right = []
    with torch.no_grad(), ablated(setup.network.model, info, removed, fill):
        for index, label in zip(arrays["evaluation"], arrays["label"], strict=True):
            said = int(setup.network.model(images[index : index + 1]).argmax())
            right.append(said == label)
            (hits if label in members else negatives).append((said in members) == (label in members))
    return (np.mean(hits) + np.mean(negatives)) / 2, float(np.mean(right))


@pytest.fixture(scope="module")
def quantile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, LoadedRun, Ablation]:
    table = 'replacement = "quantile"\nreplacement_quantile = 0.05'
    path, run = made(tmp_path_factory.mktemp("quantile") / "site", table=table)
    return path, run, ablation_of(path, run)


@pytest.mark.parametrize("name", ["site", "connected", "quantile"])
def test_losses_and_sets_are_those_of_full_forward_passes(name: str, request: pytest.FixtureRequest) -> None:
    path, run, found = request.getfixturevalue(name)
    arrays = np.load(run.paths.ablation_arrays("2"))
    target = len(found.targets) - 1
    intact = found.targets[target].balanced_accuracy
    for unit in found.targets[target].units[:2]:
        slow, _ = slow_accuracy(path, found, run, [unit.unit], target)
        assert unit.evaluation_loss == pytest.approx(intact - slow, abs=1e-9)
    order = arrays["order"][target].tolist()
    for row in found.rows:
        if row.target == target and row.kind != "random" and not row.name and row.size in (2, 8):
            removed = order[: row.size] if row.kind == "removed" else order[row.size :]
            balanced, accuracy = slow_accuracy(path, found, run, removed, target)
            assert (row.balanced_accuracy, row.accuracy) == pytest.approx((balanced, accuracy), abs=1e-9)
            assert row.low <= row.balanced_accuracy - intact <= row.high
    draw = arrays["random_order"][1, :4].tolist()
    row = next(row for row in found.rows if row.target == target and row.kind == "random" and row.size == 4)
    assert row.draws[1] == pytest.approx(slow_accuracy(path, found, run, draw, target)[0], abs=1e-9)
    assert row.balanced_accuracy == pytest.approx(np.mean(row.draws))


def test_the_record_says_what_ran(site: tuple[Path, LoadedRun, Ablation], connected: object) -> None:
    _, run, found = site
    assert (found.path, found.labels, found.layer) == ("fx", "labels", "2")
    assert found.shortcut == "subtracted from the logits (pooling + linear)"
    assert connected[2].shortcut == "subtracted from the fully connected layer behind"
    assert found.set_sizes == (1, 2, 4, 6, 8)  # 25 % of 24 is 6; 200 is dropped
    assert found.flip_sizes == (2, 4, 8, 20)
    assert [target.name for target in found.targets] == list(CLASSES)
    assert found.ranking_images == found.evaluation_images == 48
    arrays = np.load(run.paths.ablation_arrays("2"))
    assert set(arrays) == set(ARRAYS)
    assert found.unchanged >= 1 / 24  # unit 1 is dead
    assert 1 not in arrays["random_order"]
    assert arrays["ranking_loss"][:, 1].tolist() == [0.0] * 4


def test_named_sets_are_removed_and_kept(site: tuple[Path, LoadedRun, Ablation]) -> None:
    path, run, found = site
    rows = {row.kind: row for row in found.rows if row.name == "snow" and row.target == 0}
    assert set(rows) == {"removed", "kept"}
    assert rows["removed"].size == 2
    others = [unit for unit in range(24) if unit not in (3, 5)]
    assert rows["removed"].balanced_accuracy == pytest.approx(slow_accuracy(path, found, run, [3, 5], 0)[0])
    assert rows["kept"].balanced_accuracy == pytest.approx(slow_accuracy(path, found, run, others, 0)[0])


def test_a_live_page_gets_what_it_needs_and_others_the_combinations(site: object, connected: object) -> None:
    _, run, found = site
    assert found.live
    assert found.live_difference <= 0.05
    arrays = np.load(run.paths.ablation_arrays("2"))
    value = arrays["offset"] + arrays["scale"] * arrays["pooled"]
    scores = arrays["bare"] + (value - arrays["removed_value"]) @ arrays["weight"].T
    assert (scores.argmax(1) == arrays["predicted"]).mean() > 0.9
    path, other_run, other = connected
    assert not other.live
    assert all(len(target.combinations) == 16 for target in other.targets)
    combination = other.targets[1].combinations[11]
    assert len(combination.units) == 3
    slow = slow_accuracy(path, other, other_run, list(combination.units), 1)
    assert (combination.balanced_accuracy, combination.accuracy) == pytest.approx(slow, abs=1e-9)


def test_flips_name_images_that_were_right_and_go_wrong(site: tuple[Path, LoadedRun, Ablation]) -> None:
    _, run, found = site
    flips = [(target, flip) for target in found.targets for flip in target.flips]
    assert flips
    for target, flip in flips:
        assert run.record.images[flip.image].label == target.name
        assert flip.before in target.classes
        assert any(after not in target.classes for after in flip.after)
        assert run.paths.thumbnail(flip.image).is_file()


def test_batches_memory_and_resuming_do_not_change_a_count(
    site: tuple[Path, LoadedRun, Ablation], tmp_path: Path
) -> None:
    path, run, found = site
    folder = tmp_path / "again"
    shutil.copytree(path.parent, folder)
    shutil.rmtree(folder / "cache")
    setup = set_up_site(folder / path.name)
    tight = replace(setup.run.ablation, memory_gb=0.0003)
    run_ablation(replace(setup, run=replace(setup.run, ablation=tight)), run)
    again = ablation_of(path, run)
    assert replace(again, seconds={}, command="") == replace(found, seconds={}, command="")


class _Interrupted(Silent):
    """Stops the work at the second report of a stage."""

    def __init__(self, stage: str) -> None:
        self.wanted, self.name, self.reports = stage, "", 0

    @contextmanager
    def stage(self, name: str, total: int, unit: str) -> Iterator[Silent]:
        self.name = name
        yield self

    def advance(self, count: int) -> None:
        self.reports += self.name == self.wanted and count > 0
        if self.reports == 2:
            raise KeyboardInterrupt


def test_another_upsampling_means_other_values_and_new_predictions(tmp_path: Path) -> None:
    found = []
    for folder in (tmp_path / "changed", tmp_path / "fresh"):
        path = write_site(folder, table='replacement = "quantile"\nreplacement_quantile = 0.05')
        if folder.name == "changed":
            dissect(path, threads=1)
        with path.open("a", encoding="utf-8") as file:
            file.write('[dissection]\nupsampling = "zeros"\n')
        (run,) = dissect(path, threads=1)
        found.append(run.layers["2"].ablation_arrays)
    for name in ("ranking_loss", "evaluation_loss", "fall"):
        assert np.array_equal(found[0][name], found[1][name], equal_nan=True)


def test_new_ranking_images_are_ranked_by(tmp_path: Path) -> None:
    draw_photos(tmp_path / "rank", 12, True, seed=5)
    path = write_site(tmp_path, table='rank_images = ["rank"]')
    before = ablation_of(path, dissect(path, threads=1)[0])
    draw_photos(tmp_path / "rank", 14, True, seed=6)
    after = ablation_of(path, dissect(path, threads=1)[0])
    assert after.key != before.key
    assert after.ranking_images > before.ranking_images


def test_an_interrupted_ablation_goes_on_at_the_last_finished_block(
    site: tuple[Path, LoadedRun, Ablation], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _, found = site
    shutil.copytree(path.parent, tmp_path / "again")
    path = tmp_path / "again" / path.name
    shutil.rmtree(path.parent / "cache")
    monkeypatch.setattr(removal_passes, "BLOCK", 10)
    with pytest.raises(KeyboardInterrupt):
        dissect(path, _Interrupted("removing sets of units"), force=True, threads=1)
    run = load_run(path.parent / "run/network")
    stands = read_record(run.paths.ablation("2"), Ablation)
    assert replace(stands, seconds={}, command="") == replace(found, seconds={}, command=""), "it stands"
    blocks = []
    predict = Remover.predict
    monkeypatch.setattr(Remover, "predict", lambda *args: blocks.append(args[1]) or predict(*args))
    dissect(path, threads=1)
    assert [len(held.recorded) for held in blocks] == [10, 10, 8]  # of 48 images 20 were done
    again = read_record(run.paths.ablation("2"), Ablation)
    assert replace(again, seconds={}, command="") == replace(found, seconds={}, command="")


def test_without_class_folders_the_intact_predictions_stand_in(tmp_path: Path) -> None:
    path, run = made(tmp_path / "site", labelled=False, table='classes = ["*"]')
    found = ablation_of(path, run)
    assert found.labels == "intact predictions"
    assert found.accuracy == 1.0
    assert "stand in" in found.notes[0]


def test_a_class_without_evaluation_images_is_undefined_not_zero(tmp_path: Path) -> None:
    path = write_site(tmp_path / "site", table='classes = ["alley", "diner"]')
    shutil.rmtree(tmp_path / "site/photos/diner")
    found = ablation_of(path, dissect(path, threads=1)[0])
    diner = found.targets[1]
    assert (diner.evaluation_images, diner.balanced_accuracy, diner.recall) == (0, None, None)
    assert all(row.balanced_accuracy is None for row in found.rows if row.target == 1)


def test_a_group_of_fewer_than_ten_evaluation_images_is_left_out_and_named(tmp_path: Path) -> None:
    groups = '[ablation.class_groups]\nfew = ["alley"]\nnone = ["diner"]\nenough = ["alley", "barn"]'
    path = write_site(tmp_path / "site", table=groups, count=18)
    shutil.rmtree(tmp_path / "site/photos/diner")
    draw_photos(tmp_path / "more", 24, True, seed=9)
    shutil.copytree(tmp_path / "more/canyon", tmp_path / "site/photos/canyon", dirs_exist_ok=True)
    found = ablation_of(path, dissect(path, threads=1)[0])
    assert [(t.name, t.evaluation_images) for t in found.targets] == [("canyon", 12), ("enough", 18)]
    assert found.notes == ("groups with fewer than 10 evaluation images are left out: few (9), none (0)",)
    assert {row.target for row in found.rows} == {0, 1}


def test_nothing_is_asked_where_no_class_and_no_group_has_ten_evaluation_images(tmp_path: Path) -> None:
    path = write_site(tmp_path / "site", table='[ablation.class_groups]\nfew = ["alley"]', count=6)
    with pytest.raises(ConfigError, match=r"no class or group has at least 10 .* \(the most: 3\)"):
        dissect(path, threads=1)


def test_a_folder_of_its_own_ranks_and_shared_images_are_named(tmp_path: Path) -> None:
    path = write_site(tmp_path / "site", table='rank_images = "others"')
    draw_photos(tmp_path / "site/others", 12, True, seed=7)
    shutil.copy(tmp_path / "site/photos/barn/barn003.png", tmp_path / "site/others/barn/copy.png")
    found = ablation_of(path, dissect(path, threads=1)[0])
    assert (found.ranking_images, found.evaluation_images) == (49, 96)
    assert len(found.notes) == 1
    assert "1 evaluation images are ranking images too (same content): barn/barn003.png" in found.notes[0]


def test_images_of_one_class_only_leave_the_accuracy_undefined(tmp_path: Path) -> None:
    path = write_site(tmp_path / "site")
    for name in CLASSES[1:]:
        shutil.rmtree(tmp_path / "site/photos" / name)
    found = ablation_of(path, dissect(path, threads=1)[0])
    (target,) = found.targets
    assert (target.name, target.specificity, target.balanced_accuracy) == ("alley", None, None)
    assert target.recall is not None
    assert found.left_out == 3
    assert [spread.mean for spread in found.spread] == [None] * 3


def test_a_run_without_the_table_removes_nothing(tmp_path: Path) -> None:
    path = write_site(tmp_path / "site")
    path.write_text(path.read_text(encoding="utf-8").split("[ablation]")[0], encoding="utf-8")
    assert dissect(path, threads=1)[0].layers["2"].ablation is None


def test_fewer_than_five_units_are_enough(tmp_path: Path) -> None:
    path, run = made(tmp_path / "site", factory="connected", units=3)
    found = ablation_of(path, run)
    assert found.set_sizes == (1, 2)
    assert len(found.targets[0].units) == 3
    assert len(found.targets[0].combinations) == 8


@pytest.mark.parametrize(
    ("table", "error", "message"),
    [
        ('classes = ["ally"]', ConfigError, "did you mean 'alley'"),
        ("[ablation.sets]\nsnow = [3, 24]", LayerError, "snow: unit 24 is out of range"),
        ('layers = ["9"]', LayerError, "'9' is no dissected layer"),
        ('[ablation.class_groups]\nx = ["q*"]', ConfigError, "class_groups"),
    ],
)
def test_impossible_questions_are_refused(
    site: tuple[Path, LoadedRun, Ablation], tmp_path: Path, table: str, error: type, message: str
) -> None:
    path = write_site(tmp_path / "site", table=table)
    with pytest.raises(error, match=message):
        run_ablation(set_up_site(path), site[1])


def test_halves_hold_every_class_and_never_share_content() -> None:
    labels = np.array([0] * 7 + [1] * 6 + [-1])
    digests = [f"{index:03d}" for index in range(14)]
    digests[1] = digests[0]
    ranking, evaluation = split_halves(labels, digests, 0)
    assert np.bincount(labels[ranking]).tolist()[1] == 3
    assert sorted([*ranking, *evaluation]) == list(range(13))
    assert not {digests[i] for i in ranking} & {digests[i] for i in evaluation}
    backwards = split_halves(labels[::-1], digests[::-1], 0)[0]
    assert sorted(13 - backwards) == ranking.tolist()


def test_many_classes_of_one_image_are_shared_between_the_halves() -> None:
    labels = np.arange(41)
    ranking, evaluation = split_halves(labels, [f"{index:03d}" for index in labels], 0)
    assert {len(ranking), len(evaluation)} == {20, 21}
