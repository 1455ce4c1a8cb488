"""Units' pages drawn by several processes, where there are enough: templates hold Python's lock.

A helper is a plain process of this program: not a fork, since threads may run here, and not of
``multiprocessing``, which would run a caller's script again. It reads the findings itself and writes the
files of its layers; what it writes depends on nothing but them. Where a helper fails its layers are drawn
here, and what went wrong is said here.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from dissect_report.publish.unchanged import Drawn
from dissect_report.report.site import load_site

if TYPE_CHECKING:
    from dissect_report.publish.contents import Contents

#: Units of a share: with fewer, a process takes longer to start than to draw them.
LEAST = 1000


@dataclasses.dataclass(frozen=True)
class Job:
    """A layer whose units are to be drawn.

    Attributes:
        place: among all layers of the site.
        run: name of its run.
        layer: its name.
        units: how many.
        digest: of all that they are drawn from.
    """

    place: int
    run: str
    layer: str
    units: int
    digest: str


def shares(jobs: Sequence[Job], cores: int) -> list[list[Job]]:
    """The jobs in shares of about as many units, each for a process; the first is the largest.

    No more than there are cores or layers, and each of ``LEAST`` units on average.
    """
    many = min(cores, len(jobs), sum(job.units for job in jobs) // LEAST)
    parts: list[list[Job]] = [[] for _ in range(max(1, many))]
    for job in sorted(jobs, key=lambda job: -job.units):
        min(parts, key=_units).append(job)
    return sorted(parts, key=_units, reverse=True)


def _units(part: Sequence[Job]) -> int:
    return sum(job.units for job in part)


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def helpers(contents: Contents, parts: Sequence[Sequence[Job]]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """A process for each of some shares, at work; ended if the block is left early."""
    started: list[subprocess.Popen[bytes]] = []
    command = [sys.executable, "-c", f"from {__name__} import help_out; help_out()"]
    begin = (contents.folder, contents.site.config, contents.frames, contents.previous)
    try:
        for part in parts:
            started.append(subprocess.Popen(command, stdin=-1, stdout=-1, stderr=subprocess.DEVNULL))
            _hand_over(started[-1], pickle.dumps((begin, list(part))))
        yield started
    finally:
        for process in started:
            if process.poll() is None:
                process.kill()
            with process:  # waits for its end, closes its pipes
                pass


def _hand_over(process: subprocess.Popen[bytes], task: bytes) -> None:
    if process.stdin is not None:
        with suppress(BrokenPipeError), process.stdin as stream:  # it failed: nothing comes back from it
            stream.write(task)
        process.stdin = None


def outcome(process: subprocess.Popen[bytes]) -> dict[int, Drawn]:
    """What a helper drew, by place, once it is done; nothing where it failed."""
    said, _ = process.communicate()
    if process.returncode:
        return {}
    return {int(place): Drawn(**drawn) for place, drawn in json.loads(said).items()}


def draw_jobs(contents: Contents, jobs: Sequence[Job]) -> dict[int, Drawn]:
    """Draws some layers' units here."""
    found = {}
    for job in jobs:
        (run,) = (run for run in contents.site.runs if run.record.name == job.run)
        found[job.place] = contents.draw(run, run.layers[job.layer], job.digest)
    return found


def help_out() -> None:
    """What a helper does: reads its task, draws, says what it wrote."""
    from dissect_report.publish.contents import Contents  # noqa: PLC0415  which needs this module

    (folder, config, frames, previous), jobs = pickle.load(sys.stdin.buffer)  # our own process wrote it
    drawn = draw_jobs(Contents(folder, load_site(config), frames, previous), jobs)
    print(json.dumps({place: dataclasses.asdict(one) for place, one in drawn.items()}))
