"""Whatever ends a run, the next one goes on and gives the same bytes; a full disk never gives wrong ones."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.faults.conftest import Whole
from tests.faults.processes import hidden, one_line, started, struck
from tests.same_findings import findings

pytestmark = pytest.mark.faults

KILLS, FULL = 15, 9


def operation(whole: Whole, place: int, of: int, seed: str) -> int:
    """A file operation in the ``place``-th of ``of`` equal parts of a run."""
    drawn = random.Random(f"{seed} {place}").random()
    return 1 + int(whole.operations * (place + drawn) / of)


@pytest.mark.parametrize("place", range(KILLS))
def test_a_killed_run_goes_on_to_the_same_bytes(whole: Whole, tmp_path: Path, place: int):
    site = whole.copy(tmp_path / "site")
    first = struck(site, operation(whole, place, KILLS, "first"), "kill", "analyze", str(site))
    assert first.returncode in (-signal.SIGKILL, 0)
    if place % 2:
        struck(site, operation(whole, place // 2, KILLS, "again"), "kill", "analyze", str(site))
    last = struck(site, 0, "none", "analyze", str(site))
    assert last.returncode == 0, last.stderr
    assert findings(site, whole.run) == whole.findings
    assert not hidden(site)


@pytest.mark.parametrize("place", range(FULL))
def test_a_disk_without_room_is_one_line_and_loses_nothing(whole: Whole, tmp_path: Path, place: int):
    site = whole.copy(tmp_path / "site")
    full = struck(site, operation(whole, place, FULL, "full"), "full", "analyze", str(site))
    assert full.returncode == 1, full.stderr
    assert "No space left on device" in one_line(full)
    last = struck(site, 0, "none", "analyze", str(site))
    assert last.returncode == 0, last.stderr
    assert findings(site, whole.run) == whole.findings
    assert not hidden(site)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root mounts a small disk")
@pytest.mark.parametrize("kilobytes", [64, 200, 400, 800])
def test_a_small_disk_that_fills_up_ends_in_a_line(whole: Whole, tmp_path: Path, kilobytes: int):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine mounts nothing")
    try:
        try:
            site = whole.copy(disk / "site")
        except OSError:
            pytest.skip("the site itself is larger than the disk")
        full = struck(site, 0, "none", "analyze", str(site))
        assert full.returncode == 1, (full.returncode, full.stderr)
        one_line(full)
        subprocess.run(["mount", "-o", "remount,size=200m", str(disk)], check=True)
        last = struck(site, 0, "none", "analyze", str(site))
        assert last.returncode == 0, last.stderr
        assert findings(site, whole.run) == whole.findings
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_end_is_a_line_and_the_next_run_goes_on(
    whole: Whole, tmp_path: Path, number: signal.Signals
):
    site = whole.copy(tmp_path / "site")
    process = started(site, 0, "none", "analyze", str(site))
    deadline = time.monotonic() + 200
    while not (site / "cache").is_dir():
        assert time.monotonic() < deadline
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        time.sleep(0.02)
    process.send_signal(number)
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 130, errors
    assert errors.strip() == "interrupted; the same command goes on from where it was"
    assert struck(site, 0, "none", "analyze", str(site)).returncode == 0
    assert findings(site, whole.run) == whole.findings


def test_of_two_at_once_one_works_and_one_is_told(whole: Whole, tmp_path: Path):
    site = whole.copy(tmp_path / "site")
    both = [started(site, 0, "none", "analyze", str(site)) for _ in range(2)]
    told = [process.communicate(timeout=300) for process in both]
    codes = sorted(process.returncode for process in both)
    assert codes in ([0, 0], [0, 1]), told  # the second may begin when the first is done
    for process, (_, errors) in zip(both, told, strict=True):
        assert not process.returncode or "another dissect-report is at work" in errors
    assert findings(site, whole.run) == whole.findings


@pytest.mark.parametrize(
    "env",
    [
        {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0"},
        {"HOME": "/nonexistent"},
        {"COLUMNS": "20"},
        {"TERM": "dumb"},
    ],
    ids=["C locale", "no home", "20 columns", "dumb terminal"],
)
def test_where_it_runs_changes_no_byte(whole: Whole, tmp_path: Path, env: dict[str, str]):
    site = whole.copy(tmp_path / "site")
    done = struck(site, 0, "none", "analyze", str(site), **env)
    assert done.returncode == 0, done.stderr
    assert findings(site, whole.run) == whole.findings


def test_a_clock_that_was_set_back_changes_no_byte(whole: Whole, tmp_path: Path):
    site = whole.copy(tmp_path / "site")
    done = struck(site, 0, "past", "analyze", str(site))
    assert done.returncode == 0, done.stderr
    assert findings(site, whole.run) == whole.findings
    again = struck(site, 0, "none", "analyze", str(site))
    assert "up to date" in again.stdout
