from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dissect_report.errors import StorageError
from dissect_report.findings.disk import PART, alone_in, sweep, write_atomically

pytest.importorskip("fcntl", reason="this system has no lock that leaves nothing behind")

HOLD = """
import sys
import threading
from pathlib import Path
from dissect_report.findings.disk import alone_in
with alone_in(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(folder: Path) -> subprocess.Popen[str]:
    """A process that holds the folder until its input ends."""
    command = [sys.executable, "-c", HOLD, str(folder)]
    started = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    assert started.stdout.readline() == "held\n"
    return started


def test_a_second_process_is_kept_out_and_told_until_the_first_is_done(tmp_path: Path) -> None:
    first = holder(tmp_path)
    with pytest.raises(StorageError, match="another dissect-report is at work here"), alone_in(tmp_path):
        pass
    first.communicate("")
    with alone_in(tmp_path):
        write_atomically(tmp_path / "a", b"1")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_the_umask_of_the_user_holds(tmp_path: Path) -> None:
    for umask, rights in ((0o077, 0o600), (0o022, 0o644), (0o002, 0o664)):
        before = os.umask(umask)
        try:
            write_atomically(tmp_path / f"{umask}", b"1")
        finally:
            os.umask(before)
        assert stat.S_IMODE((tmp_path / f"{umask}").stat().st_mode) == rights


def test_half_written_files_are_swept_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    part = f".run.json.0a1b2c3d{PART}"
    for name in (part, f"below/{part}", ".gitignore", "mine.part", "run.json"):
        (tmp_path / name).write_bytes(b"")
    sweep(tmp_path, below=False)
    assert not (tmp_path / part).exists()
    assert (tmp_path / "below" / part).exists()
    sweep(tmp_path)
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert names == {"below", ".gitignore", "mine.part", "run.json"}


def test_a_second_one_may_wait(tmp_path: Path) -> None:
    first, released = holder(tmp_path), threading.Event()

    def release() -> None:
        released.set()
        first.communicate("")

    ending = threading.Timer(0.2, release)
    ending.start()
    with alone_in(tmp_path, wait=True):
        assert released.is_set()
    ending.join()


def test_a_killed_process_keeps_nobody_out(tmp_path: Path) -> None:
    first = holder(tmp_path)
    first.kill()
    first.communicate()
    with alone_in(tmp_path):
        pass
