"""Units' pages drawn by several processes are the same files."""

from __future__ import annotations

from pathlib import Path

import pytest

from dissect_report.findings import folders
from dissect_report.publish import contents, sharing_out
from dissect_report.publish.sharing_out import Job, shares
from tests.publish.conftest import Built


def jobs(*units: int) -> list[Job]:
    return [Job(place, "run", f"layer{place}", count, "") for place, count in enumerate(units)]


def files(site: Path) -> dict[str, bytes]:
    paths = (path for path in site.rglob("*") if path.is_file() and path.name != folders.MARKER)
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in paths}


@pytest.mark.parametrize(
    ("units", "cores", "expected"),
    [
        ((), 2, [[]]),
        ((512,), 2, [[0]]),
        ((512, 512), 2, [[0, 1]]),  # too few for another process
        ((64, 512, 2048), 2, [[2], [1, 0]]),
        ((1000, 1000, 1000), 8, [[0], [1], [2]]),
        ((3000, 3000), 1, [[0, 1]]),
    ],
)
def test_layers_are_shared_out_by_their_units(units, cores, expected):
    assert [[job.place for job in part] for part in shares(jobs(*units), cores)] == expected


def test_helpers_write_what_one_process_writes(
    pattern: Built, rebuilt: Built, monkeypatch: pytest.MonkeyPatch
):
    drawn_here = []
    draw = contents.draw_jobs
    monkeypatch.setattr(contents, "draw_jobs", lambda *a: drawn_here.append(len(a[1])) or draw(*a))
    monkeypatch.setattr(contents, "cores", lambda: 2)
    monkeypatch.setattr(sharing_out, "LEAST", 1)
    for note in rebuilt.folder.glob("cache/*/*"):
        note.unlink()
    assert "; 0 of" in rebuilt.build()
    assert drawn_here == [1, 0], "one layer by a helper, nothing left"
    assert files(rebuilt.site) == files(pattern.site)


def test_what_a_helper_failed_at_is_drawn_here(
    pattern: Built, rebuilt: Built, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sharing_out.sys, "executable", "/bin/false")
    monkeypatch.setattr(contents, "cores", lambda: 2)
    monkeypatch.setattr(sharing_out, "LEAST", 1)
    for note in rebuilt.folder.glob("cache/*/*"):
        note.unlink()
    rebuilt.build()
    assert files(rebuilt.site) == files(pattern.site)
