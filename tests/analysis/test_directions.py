"""Directions of a small network, from a table to findings: named, counted and removed as by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from reference_ablation import balanced_accuracy_slowly
from reference_directions import latents_slowly, project_slowly, vectors, weights_slowly
from safetensors.torch import save_file

from dissect_report import dissect
from dissect_report.analysis.direction_fits import fit_directions
from dissect_report.analysis.layer_numbers import dissected_maps
from dissect_report.analysis.setup import Setup
from dissect_report.errors import DissectError
from dissect_report.findings.store import LoadedRun
from dissect_report.stats.directions import random_rotation
from tests import reference
from tests.ablation_site import set_up_site, write_site
from tests.small_site import change

UNITS, LATENTS, PARTS = 8, 12, 3
NAMES = ("2 (rotation)", "2 (pca)", "2 (parts)", "2 (sae)")

DIRECTIONS = f"""
[[model.directions]]
layer = "2"
kind = "rotation"
seed = 3
[[model.directions]]
layer = "2"
kind = "pca"
count = 4
[[model.directions]]
layer = "2"
kind = "nmf"
count = {PARTS}
name = "parts"
[[model.directions]]
layer = "2"
file = "sae.safetensors"
k = 2
[probe]
"""


def write(folder: Path, seed: int = 0) -> Path:
    """The site, with a dictionary of its own."""
    path = write_site(folder, 'layers = ["2*"]\nrandom_draws = 2', units=UNITS)
    change(path, 'layers = ["0", "2"]', 'layers = "0"')
    change(path, "[probe]\n", DIRECTIONS)
    change(path, "[compute]\n", "[dissection]\ngrid = 16\n[compute]\n")
    generator = torch.Generator().manual_seed(seed)
    tensors = {
        "encoder.weight": torch.randn(LATENTS, UNITS, generator=generator),
        "encoder.bias": 0.1 * torch.randn(LATENTS, generator=generator),
        "W_dec": torch.randn(LATENTS, UNITS, generator=generator),
        "b_dec": 0.1 * torch.randn(UNITS, generator=generator),
    }
    save_file(tensors, folder / "sae.safetensors")
    return path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, LoadedRun]:
    """One finished run."""
    path = write(tmp_path_factory.mktemp("directions"))
    (run,) = dissect(path)
    return path, run


@pytest.fixture(scope="module")
def setup(site: tuple[Path, LoadedRun]) -> Setup:
    return fit_directions(set_up_site(site[0]))


def rows_of(setup: Setup, name: str) -> np.ndarray:
    """What was fitted, or the file's decoder: [unit, channel]."""
    info = next(info for info in setup.network.chosen if info.name == name)
    dictionary = info.reading.fitted  # type: ignore[attr-defined]
    rows = getattr(dictionary, "decoder", None)
    return (dictionary.rows if rows is None else rows).double().numpy()


def file_of(path: Path) -> dict[str, np.ndarray]:
    from safetensors.numpy import load_file

    return {
        name: array.astype(np.float64) for name, array in load_file(path.parent / "sae.safetensors").items()
    }


def by_hand(site: tuple[Path, LoadedRun], setup: Setup, name: str, maps: np.ndarray) -> np.ndarray:
    """[place, unit] of maps of the layer itself."""
    places = vectors(maps).astype(np.float64)
    if name == "2 (sae)":
        return latents_slowly(file_of(site[0]), places, 2, "b_dec")
    rows = rows_of(setup, name)
    return weights_slowly(rows, places) if name == "2 (parts)" else project_slowly(rows, places)


def test_the_layer_that_directions_combine_comes_along_and_each_has_a_name_and_folder(
    site: tuple[Path, LoadedRun],
) -> None:
    layers = site[1].record.layers
    assert [layer.name for layer in layers] == ["0", "2", *NAMES]
    assert [layer.folder for layer in layers] == ["0", "2", "2-rotation", "2-pca", "2-parts", "2-sae"]
    assert [layer.base for layer in layers] == ["", "", "2", "2", "2", "2"]
    assert [layer.basis for layer in layers[2:]] == ["rotation", "pca", "parts", "sae"]
    assert [layer.units for layer in layers] == [10, UNITS, UNITS, 4, PARTS, LATENTS]
    assert layers[2].recorded_as == "2 -> 3 (ReLU) -> random rotation, seed 3"
    assert layers[5].recorded_as.startswith(
        "2 -> 3 (ReLU) -> 12 latents of sae.safetensors (top 2, b_dec subtr"
    )


@pytest.mark.parametrize("name", NAMES)
def test_maps_and_counts_are_those_by_hand(site: tuple[Path, LoadedRun], setup: Setup, name: str) -> None:
    maps, layer = dissected_maps(setup), site[1].layers[name]
    found = vectors(np.asarray(maps[name][:6]))
    np.testing.assert_allclose(found, by_hand(site, setup, name, np.asarray(maps["2"][:6])), atol=2e-4)
    values = reference.pixels(maps[name][:, 1:2], setup.grid, "border")[:, 0]
    np.testing.assert_allclose(layer.arrays["level"][1], reference.level(values, 0.01), rtol=1e-6)
    assert layer.arrays["mask"].sum(0)[1] == (values > layer.arrays["level"][1]).sum()
    np.testing.assert_array_equal(layer.arrays["maximum"].T, np.asarray(maps[name]).max((2, 3)))


def test_a_rotation_is_the_seed_s_but_for_signs_that_the_images_say(setup: Setup) -> None:
    rows = rows_of(setup, "2 (rotation)")
    np.testing.assert_allclose(np.abs(rows), np.abs(random_rotation(UNITS, 3)), atol=1e-6)
    along = vectors(np.asarray(dissected_maps(setup)["2 (rotation)"])).astype(np.float64)
    assert (((along - along.mean(0)) ** 3).mean(0) > -1e-9).all()


@pytest.mark.parametrize("name", NAMES)
def test_what_a_direction_costs_is_what_the_network_says_less_its_part(
    site: tuple[Path, LoadedRun], setup: Setup, name: str
) -> None:
    arrays, model = site[1].layers[name].ablation_arrays, setup.network.model
    inputs = setup.survey.inputs(0, len(setup.survey), setup.run.model, torch.device("cpu"))
    inputs, truth = inputs[torch.from_numpy(arrays["evaluation"])], arrays["label"]
    info = next(info for info in setup.network.chosen if info.name == name)
    rows, units = torch.from_numpy(rows_of(setup, name)).float(), info.units

    def accuracies(unit: int | None) -> list[float]:
        def subtract(_module: object, _inputs: object, output: torch.Tensor) -> torch.Tensor:
            if unit is None:
                return output
            part = info.reading.read(output)[:, unit]
            return output - torch.einsum("nyx,c->ncyx", part, rows[unit])

        handle = model.get_submodule("3").register_forward_hook(subtract)
        with torch.no_grad():
            said = model(inputs).argmax(1).numpy()
        handle.remove()
        return [balanced_accuracy_slowly(said, truth, {place}) for place in range(4)]

    intact = accuracies(None)
    losses = np.array([np.subtract(intact, accuracies(unit)) for unit in range(units)]).T
    np.testing.assert_allclose(arrays["evaluation_loss"], losses, atol=1e-12)
    assert np.ptp(losses) > 0


def test_without_room_for_maps_the_counts_are_the_same(site: tuple[Path, LoadedRun], tmp_path: Path) -> None:
    path = change(write(tmp_path), "[compute]\n", "[compute]\ncache_gb = 0.0\n")
    path.write_text(path.read_text(encoding="utf-8").partition("[ablation]")[0], encoding="utf-8")
    (run,) = dissect(path)
    for name in NAMES:
        for array in ("mask", "intersection", "level"):
            np.testing.assert_array_equal(run.layers[name].arrays[array], site[1].layers[name].arrays[array])


def test_findings_stand_until_the_dictionary_s_file_is_another(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").partition("[ablation]")[0], encoding="utf-8")
    (first,) = dissect(path)
    written = first.paths.run.stat().st_mtime_ns
    levels = {name: first.layers[name].arrays["level"].copy() for name in NAMES}
    (again,) = dissect(path)
    assert again.paths.run.stat().st_mtime_ns == written
    write(tmp_path, seed=1)
    path.write_text(path.read_text(encoding="utf-8").partition("[ablation]")[0], encoding="utf-8")
    (other,) = dissect(path)
    assert other.record.provenance.key != first.record.provenance.key
    same, changed = (np.array_equal(other.layers[name].arrays["level"], levels[name]) for name in NAMES[2:])
    assert (same, changed) == (True, False)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('layer = "2"\nkind = "rotation"', 'layer = "22"\nkind = "rotation"', "no layer is called '22'"),
        ('layer = "2"\nkind = "rotation"', 'layer = "6"\nkind = "rotation"', "'6' cannot be dissected"),
        ("count = 4", "count = 9", "layer '2' has 8 units, and no more principal directions"),
        ('name = "parts"', 'name = "pca"', r"two are called '2 \(pca\)'"),
        ('file = "sae.safetensors"', 'file = "gone.safetensors"', "gone.safetensors: no such weight file"),
        ("k = 2", 'k = 2\nencoder = "W"', "encoder = 'W'"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path: Path, old: str, new: str, line: str) -> None:
    with pytest.raises(DissectError, match=line):
        set_up_site(change(write(tmp_path), old, new))


def test_parts_of_what_goes_below_0_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path)
    net = tmp_path / "net.py"
    code = net.read_text(encoding="utf-8")
    net.write_text(code.replace("nn.ReLU(inplace=True), *end", "nn.Tanh(), *end"), encoding="utf-8")
    with pytest.raises(DissectError, match="never below 0; '2' has -"):
        fit_directions(set_up_site(path))


def test_of_more_latents_than_are_counted_at_once_the_counts_are_the_same(
    site: tuple[Path, LoadedRun], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("stats.correlation", "analysis.unit_slices"):
        monkeypatch.setattr(f"dissect_report.{module}.WIDEST", 10)
    monkeypatch.setattr("dissect_report.analysis.unit_slices.SLICE", 5)
    path = change(write(tmp_path), "[compute]\n", "[compute]\ncache_gb = 0.0\n")
    path.write_text(path.read_text(encoding="utf-8").partition("[ablation]")[0], encoding="utf-8")
    (run,) = dissect(path)
    for name in ("2", "2 (sae)"):
        for array in ("mask", "intersection", "level", "maximum", "mean"):
            np.testing.assert_array_equal(run.layers[name].arrays[array], site[1].layers[name].arrays[array])
    notes = " ".join(run.record.provenance.notes)
    assert "2 (sae): of its 12 units duplicates and relatives are not looked for" in notes
    assert "2 (sae): the model ran 7 times more for its 12 units" in notes  # 3 slices, twice; masks
    assert not any(unit.relatives for unit in run.layers["2 (sae)"].units)
    assert any(unit.relatives for unit in run.layers["2"].units)
