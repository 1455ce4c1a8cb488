"""What is missing or damaged in a run is named by ``render`` and made again by ``analyze``, and only it."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from dissect_report import dissect, load_config
from dissect_report.analysis import dissection
from dissect_report.errors import FindingsError
from dissect_report.findings.manifest import faults, read_manifest
from dissect_report.findings.verification import run_problems
from dissect_report.publish.builder import build_site
from tests.analysis.test_dissection import Log, findings
from tests.small_site import change, write_small_site

ABLATION = (
    '\n[ablation]\nlayers = ["conv2"]\nclasses = ["output_0", "output_1"]\n[ablation.sets]\nmine = [1]\n'
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of eight images, dissected, with units removed."""
    folder = tmp_path_factory.mktemp("repair")
    config = write_small_site(folder, images=8)
    config.write_text(config.read_text() + ABLATION)
    dissect(config)
    return folder


@pytest.fixture
def site(finished: Path, tmp_path: Path) -> Path:
    """A copy of it, to spoil."""
    folder = tmp_path / "site"
    shutil.copytree(finished, folder)
    return folder


def spoil(path: Path, how: str) -> None:
    """Removes a file, cuts it off, or turns a byte of it over, size and time as before."""
    if how == "missing":
        path.unlink()
        return
    status, data = path.stat(), bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data if how == "edited" else data[: len(data) // 2])
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


PICTURES = ("thumbnails/3.webp", "thumbnails/0.webp", "segmentation/7.png")
EXPERIMENT = ("conv2/ablation.npz", "conv2/ablation.json")
RECORDS = ("conv1/dissection.json", "conv2/counts.npz", "conv1/units.csv", "run.json")


@pytest.mark.parametrize("how", ["missing", "cut off", "edited"])
@pytest.mark.parametrize("name", [*PICTURES, *EXPERIMENT, *RECORDS])
def test_a_file_is_named_and_made_again_with_the_same_bytes(
    site: Path, name: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, before = site / "run/factory", findings(site)
    nodes = {path: path.stat().st_ino for path in root.rglob("*") if path.is_file()}
    spoil(root / name, how)
    with pytest.raises(FindingsError, match=name.rpartition("/")[2].replace(".", r"\.")):
        build_site(load_config(site), Console(quiet=True))
    assert any(name in line for line in run_problems(root))
    if name != "run.json":
        monkeypatch.setattr(dissection, "_measure", None)
    write_layer, measured = dissection.write_layer, []
    monkeypatch.setattr(
        dissection, "write_layer", lambda paths, setup, numbers, *more: measured.append(numbers.folder)
        or write_layer(paths, setup, numbers, *more),
    )  # fmt: skip
    log = Log()
    dissect(site / "dissect.toml", log)
    assert not any("up to date" in note for note in log.notes)
    assert measured == (["conv1", "conv2"] if name == "run.json" else [name[:5]] * (name in RECORDS))
    after = findings(site)
    if name in (*EXPERIMENT, "run.json"):  # the record says how long it took
        for files in (before, after):
            del files["conv2/ablation.json"], files["manifest.json"]
    assert after == before
    assert list(run_problems(root)) == []
    if name in PICTURES:
        made = {path.name for path, node in nodes.items() if path.stat().st_ino != node}
        assert made <= {Path(name).name, "manifest.json", ".dissect-report", ".gitattributes"}


def test_findings_without_a_manifest_render_with_a_line_and_are_measured_again(site: Path) -> None:
    (site / "run/factory/manifest.json").unlink()
    console = Console(file=io.StringIO(), record=True, width=300)
    build_site(load_config(site), console)
    assert "analyze` measures them again and writes one" in console.export_text()
    dissect(site / "dissect.toml")
    assert list(run_problems(site / "run/factory")) == []


def test_pictures_may_be_left_out_of_the_findings_of_a_site_that_shows_none(site: Path) -> None:
    shutil.rmtree(site / "run/factory/thumbnails")
    change(site / "dissect.toml", 'title = "Small"', 'title = "Small"\n[site]\nimages = false')
    assert build_site(load_config(site), Console(quiet=True)).is_file()
    (site / "run/factory/segmentation/0.png").write_bytes(b"no picture")
    with pytest.raises(FindingsError, match=r"0\.png \(damaged\)"):
        build_site(load_config(site), Console(quiet=True))


def test_the_manifest_lists_every_file(site: Path) -> None:
    root = site / "run/factory"
    files = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    manifest = read_manifest(root)
    assert manifest is not None
    assert set(manifest.files) == files - {"manifest.json", ".dissect-report", ".gitattributes"}
    assert faults(root, manifest) == {}
    assert all(record.size == (root / name).stat().st_size for name, record in manifest.files.items())


def test_a_manifest_that_leads_elsewhere_is_refused(site: Path) -> None:
    path = site / "run/factory/manifest.json"
    change(path, '"run.json"', '"../../dissect.toml"')
    with pytest.raises(FindingsError, match=r"manifest\.json: files: '\.\./\.\./dissect\.toml' cannot be"):
        build_site(load_config(site), Console(quiet=True))
