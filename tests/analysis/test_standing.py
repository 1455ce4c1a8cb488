"""Findings that stand are touched by nothing that fails; new ones take their place whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from dissect_report import dissect, load_config, load_run
from dissect_report.errors import BusyError, DissectError, FindingsError
from dissect_report.findings import folders
from dissect_report.findings.disk import alone_in
from dissect_report.findings.draft import Draft
from dissect_report.findings.paths import RunPaths
from dissect_report.publish.builder import build_site
from tests.small_site import change, write_small_site

BATCH = "batch_size = 5"
ABLATION = '\n[ablation]\nlayers = ["conv2"]\nclasses = ["output_0", "output_1"]\n'


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below the runs of a site."""
    root = folder / "run"
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of six images, dissected."""
    folder = tmp_path_factory.mktemp("standing")
    dissect(write_small_site(folder, images=6))
    return folder


@pytest.fixture
def site(finished: Path, tmp_path: Path) -> Path:
    """A copy of it, to spoil."""
    folder = tmp_path / "site"
    shutil.copytree(finished, folder)
    return folder


def again(site: Path) -> None:
    """Measures the site once more, with another key."""
    dissect(change(site / "dissect.toml", "quantile = 0.05", "quantile = 0.1"))


def spoil_segmenter(site: Path) -> None:
    change(site / "net.py", "best = images.argmax(1) + 1", 'raise ValueError("no labels today")')


def spoil_late_batch(site: Path) -> None:
    """The model fails on the last image, after others were measured."""
    change(site / "dissect.toml", BATCH, "batch_size = 2")
    last = max((site / "photos").rglob("*.png"))
    Image.new("RGB", (60, 44), "white").save(last)
    fails = "if bool((x.flatten(1).amin(1) > 0.9).any()):\n            raise ValueError('too bright')"
    change(site / "net.py", "        x = self.relu2(", f"        {fails}\n        x = self.relu2(")


def spoil_mask(site: Path) -> None:
    for place, photo in enumerate(sorted((site / "photos").rglob("*.png"))):
        mask = site / "masks" / photo.relative_to(site / "photos")
        mask.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (60, 44), 1).save(mask)
        if place == 5:
            mask.write_bytes(b"no picture")
    change(site / "dissect.toml", "net.py:blocks", "masks:masks")


def spoil_cache(site: Path) -> None:
    (array,) = (site / "cache/factory").glob("conv1.f32")
    array.unlink()
    array.mkdir()
    (array / "thesis.txt").write_text("years of work")


def leave_one_image(site: Path) -> None:
    for photo in sorted((site / "photos").rglob("*.png"))[1:]:
        photo.unlink()


@pytest.mark.parametrize(
    "spoil", [spoil_segmenter, spoil_late_batch, spoil_mask, spoil_cache, leave_one_image]
)
def test_what_fails_leaves_the_findings_as_they_were(site: Path, spoil: Callable[[Path], None]) -> None:
    before = contents(site)
    spoil(site)
    with pytest.raises(DissectError) as caught:
        again(site)
    assert "\n" not in str(caught.value)
    assert contents(site) == before
    assert load_run(site / "run/factory").record.config["dissection"]["quantile"] == 0.05


def test_an_experiment_that_fails_leaves_the_findings_and_goes_on_from_the_dissection(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(site)
    config = site / "dissect.toml"
    change(config, "quantile = 0.05", "quantile = 0.1")
    config.write_text(config.read_text() + ABLATION + "[ablation.sets]\nmine = [1]\n")
    from dissect_report.analysis.ablation import removals

    with monkeypatch.context() as broken:
        broken.setattr(removals.Remover, "__init__", fail)
        with pytest.raises(FindingsError, match="on purpose"):
            dissect(config)
    assert {name: data for name, data in contents(site).items() if not name.startswith(".")} == before
    from dissect_report.analysis import dissection

    monkeypatch.setattr(dissection, "_measure", fail)
    (run,) = dissect(config)
    assert run.layers["conv2"].ablation is not None
    assert run.record.config["dissection"]["quantile"] == 0.1
    assert sorted(p.name for p in (site / "run").iterdir()) == ["factory"]


def fail(*_: object, **__: object) -> None:
    raise FindingsError("on purpose")


def test_an_experiment_that_is_added_keeps_the_files_of_the_layers(site: Path) -> None:
    config = site / "dissect.toml"
    config.write_text(config.read_text() + ABLATION)
    root = site / "run/factory"
    nodes = {path: path.stat().st_ino for path in root.rglob("*") if path.is_file()}
    dissect(config)
    assert (root / "conv2/ablation.json").is_file()
    kept = {path for path, node in nodes.items() if path.stat().st_ino == node}
    assert {path.name for path in set(nodes) - kept} <= {"manifest.json", folders.MARKER, ".gitattributes"}
    assert not any(path.is_symlink() for path in root.rglob("*"))


def test_a_process_killed_between_the_two_renames_loses_nothing(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(site)
    rename = os.rename

    def killed(source: Path, target: Path) -> None:
        if Path(source).name == ".factory-new":
            raise KeyboardInterrupt
        rename(source, target)

    with monkeypatch.context() as deadly:
        deadly.setattr(os, "rename", killed)
        with pytest.raises(KeyboardInterrupt):
            again(site)
    assert not (site / "run/factory").exists()
    folders.settle(site / "run/factory")
    assert {name: data for name, data in contents(site).items() if not name.startswith(".")} == before
    (run,) = dissect(site / "dissect.toml")
    assert run.record.config["dissection"]["quantile"] == 0.1
    assert sorted(p.name for p in (site / "run").iterdir()) == ["factory"]


def test_what_a_killed_process_left_is_swept_and_never_committed(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, draft = site / "run/factory", Draft(RunPaths(site / "run/factory"))
    draft.begin()
    assert (draft.paths.root / ".gitignore").read_text() == "*\n"
    for left in (draft.paths.root / ".run.json.0a1b2c3d.dissect-report-part", root / ".run.json.k3_x9q1z"):
        left.write_bytes(b"half")
    again(site)
    ours = (folders.MARKER, ".gitattributes")
    assert not [name for name in contents(site) if "/." in name and not name.endswith(ours)]
    assert sorted(p.name for p in (site / "run").iterdir()) == ["factory"]


def test_all_is_on_the_disk_before_the_old_findings_go(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = []
    sync, rename = os.sync, os.rename
    monkeypatch.setattr(os, "sync", lambda: (done.append("flushed"), sync()))
    monkeypatch.setattr(os, "rename", lambda *paths: (done.append(Path(paths[0]).name), rename(*paths)))
    again(site)
    assert done == ["flushed", "factory", ".factory-new"]


def test_files_of_the_reader_come_along(site: Path) -> None:
    root = site / "run/factory"
    mine = ("mine.txt", "conv1/notes.md", ".gitignore", ".gitattributes")
    for name in mine:
        (root / name).unlink(missing_ok=True)
        (root / name).write_text("mine")
    again(site)
    for name in mine:
        assert (root / name).read_text() == "mine"


def test_strips_that_older_versions_drew_are_dropped(site: Path) -> None:
    root = site / "run/factory"
    (root / "conv1/sprites").mkdir()
    for name in ("0.webp", "mine.webp"):
        (root / "conv1/sprites" / name).write_bytes(b"drawn")
    (root / "run.json").write_text((root / "run.json").read_text() + " ")  # as they stood, whole, then not
    again(site)
    assert [path.name for path in (root / "conv1/sprites").iterdir()] == ["mine.webp"]


def test_a_link_in_the_findings_is_refused_before_anything_is_measured(site: Path) -> None:
    (site / "run/factory/conv1/units.csv").unlink()
    (site / "run/factory/conv1/units.csv").symlink_to(site / "net.py")
    with pytest.raises(FindingsError, match=r"units\.csv: is a link"):
        again(site)
    assert (site / "run/factory/conv1/units.csv").is_symlink()


def test_a_run_that_is_renamed_takes_its_draft_with_it(site: Path) -> None:
    Draft(RunPaths(site / "run/gone")).begin()
    (site / "run/.mine-new").mkdir()
    dissect(site / "dissect.toml")
    assert sorted(p.name for p in (site / "run").iterdir()) == [".mine-new", "factory"]


def test_while_one_measures_no_other_does_and_the_site_can_be_built(site: Path) -> None:
    with alone_in(site / "run"):
        with pytest.raises(BusyError, match="another dissect-report is at work here"):
            dissect(site / "dissect.toml")
        assert build_site(load_config(site), Console(quiet=True)).is_file()
