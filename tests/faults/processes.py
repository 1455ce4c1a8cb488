"""The command line in processes of its own, struck or whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from dissect_report.findings.folders import MARKER
from dissect_report.findings.parts import ATTRIBUTES

ROOT = Path(__file__).parents[2]
Done = subprocess.CompletedProcess[str]


def started(folder: Path, at: int, how: str, *arguments: str, **env: str) -> subprocess.Popen[str]:
    """A process of ``tests.faults.struck`` that has begun."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.struck", str(folder), str(at), how, *arguments],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "200", **env},
    )  # fmt: skip


def struck(folder: Path, at: int, how: str, *arguments: str, **env: str) -> Done:
    """The same, when it has ended."""
    process = started(folder, at, how, *arguments, **env)
    out, errors = process.communicate(timeout=300)
    return subprocess.CompletedProcess(process.args, process.returncode, out, errors)


def one_line(done: Done) -> str:
    """What a failure says: one line and no traceback."""
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stdout
    return lines[0]


def hidden(folder: Path) -> list[str]:
    """What killed processes left among the findings."""
    left = (path for path in (folder / "run").rglob(".*") if path.name not in (MARKER, ATTRIBUTES))
    return [str(path.relative_to(folder)) for path in left]
