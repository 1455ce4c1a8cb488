"""``dissect-report check``: clear lines about what is wrong, and an exit code."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from PIL import Image

from dissect_report.cli.check import check
from dissect_report.findings.manifest import Digests, write_manifest
from dissect_report.publish.archive import write_archive
from tests.publish.conftest import Built

Check = Callable[[Path], list[str]]


@pytest.fixture
def site(template_site: Built, tmp_path: Path) -> Built:
    """A built site to spoil, its findings with a manifest."""
    shutil.copytree(template_site.folder, tmp_path / "mine")
    built = Built(tmp_path / "mine")
    write_manifest(run_of(built), Digests())
    return built


def run_of(site: Built) -> Path:
    return site.folder / "run" / "vgg16"


@pytest.fixture
def checked(capsys: pytest.CaptureFixture[str]) -> Check:
    """The lines that ``check`` prints where something is wrong."""

    def run(path: Path) -> list[str]:
        capsys.readouterr()
        with pytest.raises(typer.Exit) as caught:
            check(path)
        assert caught.value.exit_code == 1
        lines = capsys.readouterr().out.splitlines()
        return [line for line in lines if not line.endswith("whole; nothing in it that should not be")]

    return run


def test_a_whole_site_a_run_and_a_copy_of_the_pages_are_whole(
    site: Built, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_archive(site.site, tmp_path / "site.zip", "copy")
    shutil.unpack_archive(tmp_path / "site.zip", tmp_path)
    for place in (site.folder, site.folder / "dissect.toml", run_of(site), site.site, tmp_path / "copy"):
        check(place)
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 7
    assert all(line.endswith(": whole; nothing in it that should not be") for line in said), said


def test_every_missing_or_damaged_file_of_a_run_is_named(site: Built, checked: Check) -> None:
    root = run_of(site)
    (root / "thumbnails/3.webp").unlink()
    table = next(root.glob("*/units.csv"))
    table.write_bytes(table.read_bytes()[::-1])
    assert checked(root) == [
        f"{table}: damaged; `dissect-report analyze` makes it again, and only it",
        f"{root}/thumbnails/3.webp: missing; `dissect-report analyze` makes it again, and only it",
    ]


def test_findings_without_a_manifest_are_told_of_with_what_to_do(site: Built, checked: Check) -> None:
    (run_of(site) / "manifest.json").unlink()
    (line,) = checked(run_of(site))
    assert line.startswith(f"{run_of(site)}: no manifest.json")
    assert "`dissect-report analyze` measures them again and writes one" in line


def test_the_gate_is_asked_about_every_record(site: Built, checked: Check) -> None:
    root = run_of(site)
    record = next(root.glob("*/ablation.json"))
    known = json.loads(record.read_text(encoding="utf-8"))
    known["targets"][0]["recall"] = 7
    record.write_text(json.dumps(known), encoding="utf-8")
    write_manifest(root, Digests())  # somebody who edits can do that, too
    (line,) = checked(root)
    assert line.startswith(f"{record}: targets.0.recall: 7")


def test_what_is_none_of_the_findings_is_named(site: Built, checked: Check) -> None:
    root = run_of(site)
    (root / "thumbnails/holiday.jpg").write_bytes(b"")
    (root / ".run.json.0a1b2c3d.dissect-report-part").write_bytes(b"")
    lines = checked(root)
    assert any(line.startswith(f"{root}/thumbnails/holiday.jpg: is no file of findings") for line in lines)
    assert any("dissect-report-part" in line for line in lines)


@pytest.mark.parametrize("home", ["/home/somebody", "/Users/somebody", r"C:\\Users\\somebody"])
def test_a_home_folder_is_named(site: Built, checked: Check, home: str) -> None:
    root = run_of(site)
    record = root / "run.json"
    text = record.read_text(encoding="utf-8")
    record.write_text(text.replace('"notes":[', f'"notes":["{home}/photos is dark",', 1), encoding="utf-8")
    write_manifest(root, Digests())
    told = f"names a folder of a machine, {home}; make it again with this version"
    assert checked(root) == [f"{record}: {told}"]
    page = site.site / "index.html"
    page.write_text(page.read_text(encoding="utf-8") + f"<p>{home}/x.png</p>", encoding="utf-8")
    assert any(line.startswith(f"{page}: names a folder of a machine") for line in checked(site.site))


def test_a_picture_that_tells_of_its_camera_is_named(site: Built, checked: Check) -> None:
    root = run_of(site)
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    Image.new("RGB", (8, 8)).save(root / "thumbnails/0.webp", exif=exif)
    write_manifest(root, Digests())
    (line,) = checked(root)
    assert "thumbnails/0.webp: carries what its camera or owner wrote into it (EXIF)" in line


def test_files_that_do_not_belong_to_a_site_are_named(site: Built, checked: Check) -> None:
    (site.site / "holiday.jpg").write_bytes(Path(next(site.site.glob("*/thumbnails/*.webp"))).read_bytes())
    (site.site / "CNAME").write_text("units.example.org")
    (site.site / "data.html").symlink_to(site.folder / "dissect.toml")
    lines = checked(site.site)
    assert any(line.startswith(f"{site.site}/holiday.jpg: is no file of the site") for line in lines)
    assert any(line.startswith(f"{site.site}/data.html: is a link") for line in lines)
    assert not any("CNAME" in line for line in lines)


def test_broken_links_and_edited_pages_are_named(site: Built, checked: Check) -> None:
    page = site.site / "concepts/index.html"
    page.write_text(page.read_text(encoding="utf-8") + '<a href="gone.html">x</a>', encoding="utf-8")
    assert checked(site.site) == [
        f"{page}: damaged; `dissect-report render` makes the site again",
        f"{site.site}: concepts/index.html: gone.html: no such file",
    ]


def test_a_site_of_other_findings_or_with_pictures_it_should_not_have_is_named(
    site: Built, checked: Check
) -> None:
    config = site.folder / "dissect.toml"
    config.write_text(config.read_text() + "\n[site]\nimages = false\n")
    record = run_of(site) / "run.json"
    record.write_text(record.read_text().replace("A made-up run", "Another"))
    write_manifest(run_of(site), Digests())
    assert checked(site.folder) == [
        f"{site.site}/vgg16/run.json: is not of the findings in {run_of(site)}; "
        "`dissect-report render` makes the site again",
        f"{site.site}: holds probe pictures, and [site] images = false leaves them out; "
        "`dissect-report render` makes the site again",
    ]


def test_of_many_lines_the_first_are_shown_and_the_rest_counted(site: Built, checked: Check) -> None:
    for place in range(60):
        (run_of(site) / f"{place}.txt").write_text("mine")
    lines = checked(run_of(site))
    assert len(lines) == 41
    assert lines[-1].startswith(f"{run_of(site)}: and ")
