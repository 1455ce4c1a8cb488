"""Units chosen by effect: on latents of their own, through networks with a gradient, else refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from dissect_report.analysis.dissection import dissect
from dissect_report.analysis.forecast import forecast
from dissect_report.analysis.generation.edits import over_grid
from dissect_report.analysis.progress import Silent
from dissect_report.config import load_config
from dissect_report.errors import ConfigError
from dissect_report.findings.generation import GENERATION_ARRAYS, Generation
from dissect_report.findings.store import LoadedRun, load_run
from dissect_report.sources.latents import draw_latents
from dissect_report.stats.latent_intervals import mean_interval
from tests import reference_generation as slow
from tests.ablation_site import set_up_site
from tests.generation_site import write_generator_site

TABLE = """
layers = ["layer1"]
concepts = ["reddish", "bluish"]
choose_by = "effect"
choose_latents = 10
choose_steps = 12
removed = [0, 1, 4]
insert_units = 5
insert_quantile = 0.02
latents = 14
unit_latents = 2
insert_latents = 13
grid_latents = 2
random_draws = 2
places = 2
unit_places = 0
"""
GRID, PLACES = 32, [(0, 4, 0, 4), (0, 4, 4, 8), (4, 8, 0, 4), (4, 8, 4, 8)]


def tinted_site(
    folder: Path, table: str = TABLE, factory: str = "Steps", segmenter: str = "Tints", latents: int = 24
) -> Path:
    path = write_generator_site(folder, table, factory, latents=latents)
    if segmenter:
        own = f'[[segmenter]]\nsource = "net.py:{segmenter}"\n\n[[segmenter]]'
        path.write_text(path.read_text().replace("[[segmenter]]", own))
    return path


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> tuple[Path, LoadedRun, Generation]:
    path = tinted_site(tmp_path_factory.mktemp("tints"))
    (run,) = dissect(path, threads=1)
    return path, run, run.layers["layer1"].generation


def test_sets_stand_side_by_side_and_say_what_they_were_learned_on(site) -> None:
    _path, run, found = site
    assert (found.choose_by, found.learned_on, found.learned_in) == ("effect", (14, 24), 12)
    assert set(run.layers["layer1"].generation_arrays) == set(GENERATION_ARRAYS)
    for record in found.concepts:
        effect, iou, lot = record.sets
        assert [one.chosen_by for one in record.sets] == ["effect", "iou", "random"]
        assert record.insert_units == effect.units
        assert record.insert_strengths == effect.strengths
        assert 1 <= len(effect.units) <= 5
        assert len(lot.units) == len(effect.units)
        assert lot.strengths == effect.strengths
        assert list(effect.strengths) == sorted(effect.strengths, reverse=True)
        assert effect.strengths[-1] > 0
        assert effect.strengths[0] <= 1
        assert iou.strengths == (1.0,) * 5
        assert [curve.ranking for curve in record.curves] == ["effect", "iou", "ace", "random"]
        assert record.curves[0].units == effect.units[: len(record.curves[0].units)]
        assert record.curves[0].points[-1].count == min(4, len(effect.units))
        assert effect.gained >= lot.gained
    assert found.concepts[0].sets[0].gained > 0.05
    assert run.paths.set_grid("layer1", found.concepts[0].concept).is_file()


def test_what_is_shown_is_what_whole_passes_say(site) -> None:
    path, run, found = site
    setup, arrays = set_up_site(path), run.layers["layer1"].generation_arrays
    record, level = found.concepts[0], arrays["insert_level"]
    effect = record.sets[0]

    def put(block):
        def change(maps) -> None:
            for unit, strength in zip(effect.units, effect.strengths, strict=True):
                there = maps[unit, block[0] : block[1], block[2] : block[3]]
                there += (float(level[unit]) - there) * strength

        return change

    def labels(change) -> np.ndarray:
        made = [slow.image_of(setup.network.model, "layer1", z, change) for z in draw_latents(13, (6,), 1)]
        return setup.segmenter.label(torch.from_numpy(np.stack(made)), ["one"] * 13, GRID)

    def share(drawn: np.ndarray, block: tuple[int, ...]) -> np.ndarray:
        rows, columns = slice(4 * block[0], 4 * block[1]), slice(4 * block[2], 4 * block[3])
        return (drawn[:, :, rows, columns] == record.concept).any(1).mean((1, 2))

    intact = labels(lambda maps: None)
    gained = np.zeros((13, 4))
    for place in (1, 2):
        block, after = PLACES[place], labels(put(PLACES[place]))
        assert arrays["painted"][0, 0, :, place] == pytest.approx(share(after, block))
        assert arrays["painted_before"][0, :, place] == pytest.approx(share(intact, block))
        more = [(d == record.concept).any(1).sum((1, 2)) for d in (after, intact)]
        assert arrays["set_added"][0, 0, :, place].tolist() == (more[0] - more[1]).tolist()
    gained = (arrays["painted"][0, 0] - arrays["painted_before"][0]).mean(1)
    assert effect.gained == pytest.approx(gained.mean())
    assert (effect.gained_low, effect.gained_high) == pytest.approx(mean_interval(gained))
    assert effect.painted == pytest.approx(arrays["painted"][0, 0].mean())


def test_the_same_seed_learns_the_same_and_other_divisions_keep_latents_apart(site, tmp_path) -> None:
    _path, _, found = site
    (run,) = dissect(tinted_site(tmp_path / "again"), threads=1)
    again = run.layers["layer1"].generation
    assert replace(again, seconds={}) == replace(found, seconds={})
    (run,) = dissect(tinted_site(tmp_path / "more", TABLE.replace("= 14", "= 16")), threads=1)
    assert run.layers["layer1"].generation.learned_on == (16, 24)


def test_a_finished_concept_is_not_learned_again(site, monkeypatch) -> None:
    path, _, _ = site
    setup = set_up_site(path)
    monkeypatch.setattr("dissect_report.analysis.generation.choosing.learn_strengths", None)
    from dissect_report.analysis.generation.experiment import run_generation

    run_generation(setup, load_run(setup.paths.root), {})


def test_by_iou_a_control_stands_beside_it(tmp_path) -> None:
    (run,) = dissect(tinted_site(tmp_path, TABLE.replace('"effect"', '"iou"')), threads=1)
    found = run.layers["layer1"].generation
    assert (found.choose_by, found.learned_on, found.learned_in) == ("iou", None, None)
    assert [one.chosen_by for one in found.concepts[0].sets] == ["iou", "random"]
    (run,) = dissect(
        tinted_site(tmp_path / "alone", TABLE.replace('"effect"', '"iou"').replace("draws = 2", "draws = 0")),
        threads=1,
    )
    assert [one.chosen_by for one in run.layers["layer1"].generation.concepts[0].sets] == ["iou"]


def test_concepts_that_nobody_named_are_those_with_a_gradient(tmp_path) -> None:
    table = TABLE.replace('concepts = ["reddish", "bluish"]\n', "")
    (run,) = dissect(tinted_site(tmp_path, table), threads=1)
    names = {run.record.concepts[c.concept - 1].name for c in run.layers["layer1"].generation.concepts}
    assert names <= {"reddish", "greenish", "bluish"}


@pytest.mark.parametrize(
    ("change", "given", "words"),
    [
        (("reddish", "red"), {}, "concept 'red': color is no network, so it has no gradient; leave it out"),
        (("reddish", "r*"), {}, "concept 'red': color is no network"),
        (
            ('concepts = ["reddish", "bluish"]\n', ""),
            {"segmenter": ""},
            r"color is no network.*add a \[\[",
        ),
        (("", ""), {"segmenter": "Names"}, "concept 'reddish': net.py:Names gives whole ids, which have no"),
        (("", ""), {"factory": "Rounded"}, "no gradient leads through net.py:Rounded back to layer 'layer1'"),
        (("", ""), {"latents": 20}, "of 20 latents 14 are reported, too few.*raise .probe. latents to 24"),
        (("steps = 12", "steps = 0"), {}, "choose_steps must be at least 1"),
        (("choose_latents = 10", "choose_latents = 7"), {}, "choose_latents must be at least 8"),
    ],
)
def test_what_has_no_gradient_is_refused_before_anything_is_measured(change, given, words, tmp_path) -> None:
    path = tinted_site(tmp_path, TABLE.replace(*change), **given)
    with pytest.raises(ConfigError, match=words):
        dissect(path, threads=1)
    assert not (tmp_path / "run").exists()


def test_the_forecast_refuses_it_too(tmp_path) -> None:
    path = tinted_site(tmp_path, TABLE.replace("reddish", "red"))
    with pytest.raises(ConfigError, match="concept 'red': color is no network"):
        list(forecast(load_config(path), Silent(), 1))


def test_the_forecast_counts_what_learning_takes(tmp_path) -> None:
    lines = forecast(load_config(tinted_site(tmp_path)), Silent(), 1)
    (line,) = [text for text in lines if "edits at" in text]
    # 12 units twice on 2; of two concepts 3 counts x 5 rankings and four sets twice on 14, three sets at
    # 4 places on 13; 12 steps of 8 images, three times as long
    edits = 12 * 2 * 2 + 2 * ((3 * 5 + 2 * 4) * 14 + 3 * 4 * 13) + 2 * 12 * 8 * 3
    assert f"at most {edits:,} images" in line
    assert "learning strengths" in line


def test_the_part_of_the_grid_over_some_cells_is_never_empty() -> None:
    assert over_grid(2, 4, 8, 32) == slice(8, 16)
    assert over_grid(99, 100, 100, 64) == slice(63, 64)
    covered = [over_grid(k, k + 1, 8, 64) for k in range(8)]
    assert [c.start for c in covered] == list(range(0, 64, 8))
    assert covered[-1].stop == 64
