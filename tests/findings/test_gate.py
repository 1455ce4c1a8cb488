"""Findings of strangers: any field of any record changed gives pages, or one line, and nothing else."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dissect_report.config import load_config
from dissect_report.errors import DissectError, FindingsError
from dissect_report.findings.store import load_run, write_record
from dissect_report.report import render
from dissect_report.report.site import layers_of, load_site
from tests.synthetic import write_synthetic_site
from tests.synthetic_generation import write_synthetic_generator
from tests.synthetic_painting import write_synthetic_painting
from tests.synthetic_photo import write_synthetic_photo

#: What a field is changed to; of another type too.
CHANGES: tuple[Any, ...] = (
    None, True, -1, 0, 7, 10**6, 2**60, 0.5, -3.0, 1e300, "", "../../x", "</script><b>", "/etc/passwd", [],
    {}, ["a"], [10**6], [-1, -1],
)  # fmt: skip
#: Changed fields a record and run of the tests.
TRIED = int(os.environ.get("FOREIGN_TRIED", "30"))


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("foreign")
    for name in ("classifier", "generator"):
        (folder / name).mkdir()
    classifier = write_synthetic_site(folder / "classifier", units=6)
    generator = write_synthetic_generator(folder / "generator")
    write_synthetic_photo(classifier)
    write_synthetic_painting(generator)
    return {"classifier": classifier, "generator": generator}


def render_all(config: Path) -> None:
    """Everything that a build would write, without writing it."""
    site = load_site(load_config(config))
    for _ in (*render.pages(site), *render.data_files(site), *render.pictures(site)):
        pass
    for run in site.runs:
        for layer in layers_of(run):
            for _ in render.unit_pages(site, run, layer):
                pass


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of every value in a JSON tree; of a long list the first and the last."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for place in sorted({0, len(value) - 1} if value else ()):
            yield from places(value[place], (*path, place))


def put(tree: Any, path: tuple[Any, ...], value: Any) -> None:
    for key in path[:-1]:
        tree = tree[key]
    tree[path[-1]] = value


def records() -> list[tuple[str, str]]:
    names = {
        "classifier": ("run", "dissection", "ablation", "photo"),
        "generator": ("run", "dissection", "generation", "painting"),
    }
    return [(site, f"{name}.json") for site, found in names.items() for name in found]


@pytest.mark.parametrize(("kind", "name"), records())
def test_any_field_changed_gives_pages_or_one_line(kind: str, name: str, sites: dict[str, Path]) -> None:
    config = sites[kind]
    path = sorted((config.parent / "run").rglob(name))[-1]
    good = path.read_bytes()
    tree = json.loads(good)
    chosen = random.Random(name)
    candidates = list(places(tree))
    try:
        for _ in range(TRIED):
            changed = json.loads(good)
            where, value = chosen.choice(candidates), chosen.choice(CHANGES)
            put(changed, where, value)
            path.write_text(json.dumps(changed), encoding="utf-8")
            try:
                render_all(config)
            except DissectError as error:
                said = str(error)
            except Exception as error:
                raise AssertionError(f"{name}: {where} = {value!r}") from error
            else:
                said = ""
            assert "\n" not in said
    finally:
        path.write_bytes(good)


@pytest.mark.parametrize("name", ["counts", "ablation"])
def test_arrays_of_another_shape_are_refused(name: str, sites: dict[str, Path]) -> None:
    config = sites["classifier"]
    path = sorted((config.parent / "run").rglob(f"{name}.npz"))[-1]
    good = path.read_bytes()
    with np.load(path) as archive:
        arrays = dict(archive)
    try:
        for changed in arrays:
            np.savez(path, **{**arrays, changed: np.zeros((1, 1, 1, 1, 1))})
            with pytest.raises(FindingsError, match=f"{name}.npz: .*{changed}"):
                render_all(config)
            np.savez(path, **{key: array for key, array in arrays.items() if key != changed})
            if changed not in ("pooled", "scale", "offset", "weight", "bare", "removed_value"):
                with pytest.raises(FindingsError, match=f"the array '{changed}' is missing"):
                    render_all(config)
    finally:
        path.write_bytes(good)


def test_a_configuration_is_recorded_as_it_was_given(sites: dict[str, Path], tmp_path: Path) -> None:
    run = load_site(load_config(sites["classifier"])).runs[0].record
    nearly = 1 - 2**-53  # rounded, no quantile at all
    changed = {**run.config, "dissection": {**run.config["dissection"], "quantile": nearly}}  # type: ignore[dict-item]
    write_record(tmp_path / "run.json", replace(run, config=changed))
    assert load_run(tmp_path).record.config["dissection"]["quantile"] == nearly  # type: ignore[index,call-overload]


def test_sets_of_other_concepts_than_the_edited_are_refused(sites: dict[str, Path]) -> None:
    config = sites["generator"]
    (path,) = (config.parent / "run").rglob("painting.json")
    good = path.read_bytes()
    changed = json.loads(good)
    del changed["sets"][-1]
    path.write_text(json.dumps(changed), encoding="utf-8")
    try:
        with pytest.raises(FindingsError, match="sets: not of the edited concepts"):
            render_all(config)
    finally:
        path.write_bytes(good)


@pytest.mark.parametrize("place", ["run.json", "thumbnails/0.webp", "*/counts.npz", "*/units.csv"])
def test_a_link_in_a_run_is_refused(place: str, sites: dict[str, Path], tmp_path: Path) -> None:
    shutil.copytree(sites["classifier"].parent, tmp_path / "site")
    (run,) = (tmp_path / "site" / "run").iterdir()
    path = sorted(run.glob(place))[0]
    path.unlink()
    (tmp_path / "secret").write_text("{}")
    path.symlink_to(tmp_path / "secret")
    with pytest.raises(FindingsError, match=r"is a link|schema version"):
        render_all(tmp_path / "site" / "dissect.toml")


def test_a_linked_run_folder_is_refused(sites: dict[str, Path], tmp_path: Path) -> None:
    (real,) = (sites["classifier"].parent / "run").iterdir()
    (tmp_path / "link").symlink_to(real)
    with pytest.raises(FindingsError, match="is a link"):
        load_run(tmp_path / "link")
