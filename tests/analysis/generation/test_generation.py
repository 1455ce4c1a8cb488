"""A generator's units removed and inserted, against whole forward passes with hooks."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from dissect_report.analysis.dissection import dissect
from dissect_report.analysis.forecast import forecast
from dissect_report.analysis.generation.edits import Edit
from dissect_report.analysis.generation.experiment import is_current, open_pass, run_generation
from dissect_report.analysis.generation.pictures import lattice_picture
from dissect_report.analysis.generation.plans import lattice
from dissect_report.analysis.layer_numbers import dissected_maps
from dissect_report.analysis.progress import Silent
from dissect_report.config import load_config
from dissect_report.errors import ConfigError, DissectError, LayerError, ModelError
from dissect_report.findings.generation import GENERATION_ARRAYS, Generation
from dissect_report.findings.paths import TILE
from dissect_report.findings.store import LoadedRun, load_run
from dissect_report.sources.latents import draw_latents
from tests import reference
from tests import reference_generation as slow
from tests.ablation_site import set_up_site
from tests.generation_site import write_generator_site

TABLE = """
layers = ["layer1"]
concepts = ["red", "gr*n", "purple"]
removed = [0, 1, 3, 6, 40]
insert_units = 4
insert_quantile = 0.02
latents = 5
unit_latents = 4
insert_latents = 3
grid_latents = 2
unit_effects = "all"
random_draws = 2
places = 4
unit_places = 2
"""
GRID = 32


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> tuple[Path, LoadedRun, Generation]:
    path = write_generator_site(tmp_path_factory.mktemp("steps"), TABLE)
    (run,) = dissect(path, threads=1)
    return path, run, run.layers["layer1"].generation


def slow_pixels(path: Path, latents: int, change) -> np.ndarray:
    """[latent, concept + 1] by whole forward passes."""
    setup = set_up_site(path)
    concepts = len(setup.segmenter.catalogue)
    rows = []
    for latent in draw_latents(latents, (6,), 1):
        image = torch.from_numpy(slow.image_of(setup.network.model, "layer1", latent, change))[None]
        rows.append(slow.count_concepts(setup.segmenter.label(image, ["one"], GRID)[0], concepts))
    return np.array(rows)


def leave(maps) -> None:
    pass


def remove(units):
    def change(maps) -> None:
        for unit in units:
            maps[unit] = 0

    return change


def insert(units, values, block=(0, 8, 0, 8)):
    def change(maps) -> None:
        for unit in units:
            maps[unit, block[0] : block[1], block[2] : block[3]] = float(values[unit])

    return change


def test_the_intact_images_are_counted(site) -> None:
    path, run, _ = site
    assert np.array_equal(run.layers["layer1"].generation_arrays["intact"], slow_pixels(path, 5, leave))


def test_every_unit_removed_and_inserted_changes_what_whole_passes_say(site) -> None:
    path, run, found = site
    arrays = run.layers["layer1"].generation_arrays
    assert set(arrays) == set(GENERATION_ARRAYS)
    assert arrays["units"].tolist() == list(range(12))
    intact = slow_pixels(path, 4, leave)
    for unit in (0, 3, 7):
        gone = (slow_pixels(path, 4, remove([unit])) - intact).mean(0) / GRID**2
        put = (slow_pixels(path, 4, insert([unit], arrays["insert_level"])) - intact).mean(0) / GRID**2
        assert arrays["removed"][unit] == pytest.approx(gone, abs=1e-12)
        assert arrays["inserted"][unit] == pytest.approx(put, abs=1e-12)
        concept = run.layers["layer1"].units[unit].concept
        edits = next(row for row in found.units if row.unit == unit)
        if concept:
            assert edits.ace == pytest.approx(put[concept] - gone[concept])
        assert abs(edits.removed[0].after - edits.removed[0].before) == pytest.approx(np.abs(gone[1:]).max())


def test_a_units_picture_shows_the_latents_in_the_order_of_its_images(site) -> None:
    path, _, found = site
    maps = dissected_maps(set_up_site(path))["layer1"][:4]
    means = reference.image_means(maps)
    for edits in found.units:
        order = reference.ranking(maps[:, edits.unit].max((1, 2)), means[:, edits.unit])
        assert list(edits.latents) == order[: len(edits.latents)]


def test_sweeps_remove_the_best_units_and_lose_what_whole_passes_lose(site) -> None:
    path, run, found = site
    assert found.removed == (0, 1, 3, 6)
    intact = slow_pixels(path, 5, leave)
    iou = run.layers["layer1"].arrays["iou"]
    for record in found.concepts:
        best = sorted(range(12), key=lambda u: (-np.nan_to_num(iou[u, record.concept], nan=-1.0), u))
        curves = {curve.ranking: curve for curve in record.curves}
        assert list(curves) == ["iou", "ace", "random"]
        assert curves["iou"].units == tuple(best[:6])
        for curve in (curves["iou"], curves["ace"]):
            for point in curve.points:
                edited = slow_pixels(path, 5, remove(curve.units[: point.count]))
                before = intact[:, record.concept].tolist()
                if sum(before):
                    expected = slow.portion_removed(before, edited[:, record.concept].tolist())
                    assert point.portion == pytest.approx(expected)
                    assert point.low is point.high is None, "five latents: no interval"
                else:
                    assert point.portion is None
        side = slow_pixels(path, 5, remove(best[: record.side_count]))
        for change in record.side_effects:
            assert change.after == pytest.approx(side[:, change.concept].mean() / GRID**2)


def test_ace_ranks_units_by_what_inserting_adds_over_removing(site) -> None:
    _, run, found = site
    arrays = run.layers["layer1"].generation_arrays
    for record in found.concepts:
        scores = arrays["inserted"][:, record.concept] - arrays["removed"][:, record.concept]
        expected = sorted(range(12), key=lambda u: (-round(scores[u], 12), u))
        ace = next(curve for curve in record.curves if curve.ranking == "ace")
        assert list(ace.units) == expected[:6]


def test_insertions_at_places_add_what_whole_passes_add(site) -> None:
    path, run, found = site
    arrays = run.layers["layer1"].generation_arrays
    record = found.concepts[0]
    assert found.places == (4, 4)
    blocks = [(a, b, c, d) for a, b in slow.places_of(8, 4) for c, d in slow.places_of(8, 4)]
    intact = slow_pixels(path, 3, leave)
    for place in (0, 5, 15):
        change = insert(record.insert_units, arrays["insert_level"], blocks[place])
        added = (slow_pixels(path, 3, change) - intact)[:, record.concept] / GRID**2
        assert record.added_by_place[place] == pytest.approx(added.mean())
        assert [row[place] for row in record.lattice_added] == pytest.approx(added[:2].tolist())
    placed = arrays["placed"][0].astype(float) - arrays["intact"][:3, None]
    labels = arrays["place_labels"].reshape(-1, arrays["place_labels"].shape[2])
    expected = slow.context_rows((placed[:, :, record.concept] / GRID**2).ravel().tolist(), labels.tolist())
    assert {c.concept: c.places for c in record.contexts} == {k: v[0] for k, v in expected.items()}
    for context in record.contexts:
        assert context.added == pytest.approx(expected[context.concept][1], abs=1e-9)
    everywhere = slow_pixels(path, 5, insert(record.insert_units, arrays["insert_level"]))
    gone = slow_pixels(path, 5, remove(record.insert_units))
    ace = (everywhere - gone)[:, record.concept].mean() / GRID**2
    assert record.ace == pytest.approx(ace)


def test_single_units_inserted_at_places_add_what_whole_passes_add(site) -> None:
    path, run, found = site
    arrays = run.layers["layer1"].generation_arrays
    assert found.unit_places == (2, 2)
    assert arrays["unit_placed"].shape == (12, 4, arrays["intact"].shape[1])
    blocks = [(a, b, c, d) for a, b in slow.places_of(8, 2) for c, d in slow.places_of(8, 2)]
    intact = slow_pixels(path, 1, leave)[0]
    moved = 0
    for unit in (0, 3, 7):
        edits = next(row for row in found.units if row.unit == unit)
        for place, block in enumerate(blocks):
            (put,) = slow_pixels(path, 1, insert([unit], arrays["insert_level"], block))
            moved += int((put != intact).any())
            assert arrays["unit_placed"][unit, place].tolist() == put.tolist()
            if concept := run.layers["layer1"].units[unit].concept:
                added = (put - intact)[concept] / GRID**2
                assert edits.placed_added[place] == pytest.approx(added, abs=1e-12)
    assert moved > 4
    assert len(edits.placed_outlines) == 4
    assert any(row.placed_outlines != ("",) * 4 for row in found.units)
    labels = set_up_site(path).cache.folder  # of the first latent's image, in the middle of each place
    middles = [(8, 8), (8, 24), (24, 8), (24, 24)]
    made = np.memmap(labels / "labels.u16", np.uint16, "r").reshape(12, -1, GRID, GRID)[0]
    assert arrays["unit_place_labels"].tolist() == [made[:, y, x].tolist() for y, x in middles]


def test_single_units_are_inserted_at_no_place_where_none_is_asked_for(tmp_path) -> None:
    table = 'layers = ["layer1"]\nconcepts = ["red"]\nlatents = 3\nunit_places = 0\nunit_effects = "all"'
    (run,) = dissect(write_generator_site(tmp_path, table), threads=1)
    found = run.layers["layer1"].generation
    assert found.unit_places == (0, 0)
    assert all(row.placed_added == row.placed_outlines == () for row in found.units)
    assert not run.paths.unit_lattice("layer1", 0).exists()
    assert run.layers["layer1"].generation_arrays["unit_placed"].shape[:2] == (12, 0)


def test_places_are_cells_or_blocks_and_their_middles_lie_in_them() -> None:
    shape, places = lattice((8, 8), 64, 8)
    assert shape == (8, 8)
    assert [p.middle for p in places[:2]] == [(4, 4), (4, 12)]  # cell * size + size // 2
    assert places[9].block == (1, 2, 1, 2)
    shape, places = lattice((16, 24), 64, 8)
    assert shape == (8, 8)
    assert places[0].block == (0, 2, 0, 3)
    covered = np.zeros((16, 24), int)
    for place in places:
        covered[place.block[0] : place.block[1], place.block[2] : place.block[3]] += 1
    assert (covered == 1).all()
    assert lattice((4, 2), 32, 8)[0] == (4, 2)
    shape, places = lattice((16, 16), 64, 16)  # single cells of a finer map
    assert (shape, places[17].block, places[17].middle) == ((16, 16), (1, 2, 1, 2), (6, 6))
    assert lattice((128, 128), 64, 128)[0] == (64, 64), "no smaller than a pixel of the grid"


def test_the_picture_of_a_fine_lattice_has_smaller_tiles() -> None:
    tiles = np.zeros((32 * 32, TILE, TILE, 3), np.uint8)
    tiles[33] = 255
    with Image.open(io.BytesIO(lattice_picture(tiles, (32, 32)))) as picture:
        assert picture.size == (2048, 2048)
        assert picture.getpixel((96, 96)) > (240, 240, 240)
        assert picture.getpixel((32, 32)) < (15, 15, 15)


def test_pictures_are_written_for_every_concept_latent_and_unit(site) -> None:
    _, run, found = site
    for record in found.concepts:
        assert run.paths.removal_grid("layer1", record.concept).is_file()
        assert all(run.paths.lattice("layer1", record.concept, k).is_file() for k in range(2))
        assert len(record.cells) == 2
        assert [len(row) for row in record.cells] == [4, 4]  # 0, 2, 4, 8 of 12 units
        assert all(row[0].outline == "" and row[0].changed == 0 for row in record.cells)
    assert all(run.paths.unit_edits("layer1", unit).is_file() for unit in range(12))
    with Image.open(run.paths.unit_lattice("layer1", 3)) as picture:
        assert picture.size == (2 * TILE, 2 * TILE)


def test_batches_memory_and_resuming_do_not_change_a_count(site, tmp_path) -> None:
    path, _, found = site
    folder = tmp_path / "again"
    shutil.copytree(path.parent, folder)
    setup = set_up_site(folder / path.name)
    for array in setup.cache.folder.glob("edited.*"):
        array.unlink()
    tight = replace(setup.run.generation, memory_gb=1e-7)
    run_generation(replace(setup, run=replace(setup.run, generation=tight)), load_run(setup.paths.root), {})
    again = load_run(setup.paths.root).layers["layer1"].generation
    assert replace(again, seconds={}) == replace(found, seconds={})
    assert is_current(setup, load_run(setup.paths.root))


def test_an_interrupted_run_goes_on_at_the_last_finished_latent(site, tmp_path) -> None:
    path, run, found = site
    folder = tmp_path / "again"
    shutil.copytree(path.parent, folder)
    setup = set_up_site(folder / path.name)
    for array in setup.cache.folder.glob("edited.*"):
        array.unlink()

    class Stop(Exception):
        pass

    label, calls = setup.segmenter.label, []

    def failing(images, names, grid):
        calls.append(len(images))
        if len(calls) == 60:
            raise Stop
        return label(images, names, grid)

    setup.segmenter.label = failing
    run = load_run(setup.paths.root)
    with pytest.raises(Stop):
        run_generation(setup, run, {})
    before = len(calls)
    setup.segmenter.label = lambda *given: (calls.append(1), label(*given))[1]
    run_generation(setup, run, {})
    again = load_run(setup.paths.root).layers["layer1"].generation
    assert replace(again, seconds={}) == replace(found, seconds={})
    resumed = len(calls) - before
    calls.clear()
    for array in setup.cache.folder.glob("edited.*"):
        array.unlink()
    run_generation(setup, run, {})
    assert resumed < len(calls)


@pytest.mark.parametrize(("factory", "way"), [("Styled", "fx"), ("Moody", "full")])
def test_what_passes_by_the_layer_and_control_flow_are_carried_along(factory, way, tmp_path) -> None:
    path = write_generator_site(tmp_path, TABLE, factory)
    (run,) = dissect(path, threads=1)
    found = run.layers["layer1"].generation
    assert found.path == way
    gone = (slow_pixels(path, 4, remove([2])) - slow_pixels(path, 4, leave)).mean(0) / GRID**2
    assert run.layers["layer1"].generation_arrays["removed"][2] == pytest.approx(gone, abs=1e-12)


def test_a_changed_table_edits_again_and_measures_nothing_again(site, tmp_path) -> None:
    path, _, found = site
    folder = tmp_path / "again"
    shutil.copytree(path.parent, folder)
    stamp = (folder / "run" / "Steps" / "layer1" / "dissection.json").stat().st_mtime_ns
    text = (folder / path.name).read_text().replace("insert_units = 4", "insert_units = 2")
    (folder / path.name).write_text(text)
    (run,) = dissect(folder / path.name, threads=1)
    again = load_run(run.paths.root).layers["layer1"].generation
    assert again.key != found.key
    assert [len(record.insert_units) for record in again.concepts] == [2] * len(again.concepts)
    assert (folder / "run" / "Steps" / "layer1" / "dissection.json").stat().st_mtime_ns == stamp
    text = text[: text.index("[generation]")]
    (folder / path.name).write_text(text)
    dissect(folder / path.name, threads=1)
    assert not (folder / "run" / "Steps" / "layer1" / "generation.json").exists()


@pytest.mark.parametrize(
    ("factory", "table", "error", "words"),
    [
        ("Flat", "", ModelError, r"net.py:Flat gives \[2, 3072\], not images"),
        ("Wide", "", ModelError, "images must be square"),
        ("Broken", "", ModelError, "the image of latent [0-9]+ holds NaN"),
        ("Loose", "", ModelError, "other values when asked again .*draws random numbers"),
        ("Steps", 'concepts = ["read"]', ConfigError, "no concept is called 'read'.*red"),
        ("Steps", 'layers = ["layer3"]', LayerError, "no layer is called 'layer3'"),
        ("Steps", "removed = [50]", ConfigError, "the layer has 12 units"),
        ("Steps", "places = 1", ConfigError, "places must be at least 2"),
        ("Steps", "unit_places = 9", ConfigError, "unit_places must be 0 to 8"),
    ],
)
def test_bad_input_is_named_with_its_remedy(factory, table, error, words, tmp_path) -> None:
    if "layers" not in table:
        table = f'layers = ["layer1"]\n{table}'
    with pytest.raises(error, match=words):
        dissect(write_generator_site(tmp_path, f"{table}\nlatents = 3", factory), threads=1)


def test_a_wrong_latent_shape_is_named(tmp_path) -> None:
    path = write_generator_site(tmp_path, "")
    path.write_text(path.read_text().replace("latent_shape = [6]", "latent_shape = [7]"))
    with pytest.raises(DissectError, match=r"fails on an input of shape \[2, 7\]"):
        dissect(path, threads=1)


def test_more_units_and_latents_than_there_are_is_said(tmp_path) -> None:
    path = write_generator_site(
        tmp_path, 'layers = ["layer1"]\nconcepts = ["red"]\nlatents = 40\nunit_effects = "all"'
    )
    (run,) = dissect(path, threads=1)
    found = run.layers["layer1"].generation
    assert "insert_units: 12 instead of 20, the layer has no more" in found.notes
    assert any(note.startswith("removed: 16, 20, 25, 30 left out") for note in found.notes)
    assert "latents: 12 instead of 40, the probe dataset has no more" in found.notes
    assert found.concepts[0].side_count == 12


def test_a_forecast_counts_the_edits_and_says_what_to_lower(site, tmp_path) -> None:
    path = write_generator_site(tmp_path, TABLE)
    config = load_config(path)
    (line,) = [line for line in forecast(config, Silent(), 1) if "edits at" in line]
    assert line.startswith("Steps: edits at layer1: at most ")
    # 12 units twice on 4 latents and at 4 places; of 3 concepts 4 counts x 4 rankings and a set and two
    # draws twice on 5 latents, the set and its control at 16 places on 3
    assert f"{12 * (2 * 4 + 4) + 3 * (4 * 4 + 6) * 5 + 3 * 16 * 2 * 3} images" in line
    assert "[generation] concepts, latents" in line
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dissect.toml", "net.py"]
    _, _, found = site
    assert found.edits <= 12 * (2 * 4 + 4) + len(found.concepts) * ((4 * 4 + 6) * 5 + 16 * 2 * 3)


def test_the_generators_range_is_recorded_and_its_images_clamped(site) -> None:
    path, run, _ = site
    setup = set_up_site(path)
    with torch.no_grad():
        raw = setup.network.model(torch.from_numpy(draw_latents(12, (6,), 1)))
    generator = run.record.generator
    assert (generator.latent_shape, generator.seed, generator.output_range) == ((6,), 1, (-1.0, 1.0))
    assert generator.minimum == pytest.approx(float(raw.min()), rel=1e-5)
    assert generator.maximum == pytest.approx(float(raw.max()), rel=1e-5)
    assert generator.clipped == pytest.approx(float((raw.abs() > 1).float().mean()), rel=1e-5)
    assert [image.predicted for image in run.record.images] == [None] * 12


def test_more_latents_begin_with_the_same_ones(site, tmp_path) -> None:
    _, run, _ = site
    (more,) = dissect(write_generator_site(tmp_path, None, latents=20), threads=1)
    assert more.layers["layer1"].generation is None
    for layer in ("layer1", "layer2"):
        few = run.layers[layer].arrays["maximum"]
        assert np.allclose(more.layers[layer].arrays["maximum"][:, :12], few, atol=1e-5)
    assert [image.half for image in more.record.images[:12]] == [image.half for image in run.record.images]


@pytest.mark.parametrize("gigabytes", ["0.00003", "0.0"])
def test_past_the_disk_budget_the_dissection_is_the_same(site, tmp_path, gigabytes) -> None:
    _, run, _ = site
    path = write_generator_site(tmp_path, None)
    path.write_text(path.read_text().replace("batch_size = 8", f"batch_size = 8\ncache_gb = {gigabytes}"))
    (tight,) = dissect(path, threads=1)
    for layer in ("layer1", "layer2"):
        assert tight.layers[layer].units == run.layers[layer].units


def test_an_edit_that_breaks_an_image_names_its_latent(tmp_path) -> None:
    path = write_generator_site(tmp_path, 'layers = ["layer1"]\nconcepts = ["red"]\nlatents = 3')
    dissect(path, threads=1)
    setup = set_up_site(path)
    info = next(layer for layer in setup.network.chosen if layer.name == "layer1")
    work = open_pass(setup, info, 3, {}, 1 << 20)
    edits = [Edit((0,), (1.0,)), Edit((0,), (float("inf"),))]
    with pytest.raises(ModelError, match="the image of latent 2 holds NaN"):
        work.editor.run(work.maps.block(np.array([2])), edits, (), 2, Silent())
