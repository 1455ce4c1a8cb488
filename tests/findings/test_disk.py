from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dissect_report.errors import StorageError
from dissect_report.findings.disk import alone_in, write_atomically

pytest.importorskip("fcntl", reason="this system has no lock that leaves nothing behind")

HOLD = """
import sys
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


def test_a_killed_process_keeps_nobody_out(tmp_path: Path) -> None:
    first = holder(tmp_path)
    first.kill()
    first.communicate()
    with alone_in(tmp_path):
        pass
