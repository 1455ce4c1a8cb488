"""Progress: nothing is cut on a narrow terminal, and a log is never silent for long."""

from __future__ import annotations

import io
import re
from time import sleep

import pytest
from rich.console import Console

from dissect_report.cli import progress
from dissect_report.cli.progress import TerminalProgress, drawn

NAME = "removing single units, evaluation images"


def line_on(width: int) -> str:
    """A finished bar on a terminal of ``width`` columns, without its colours."""
    terminal = Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)
    with drawn(terminal, NAME, 123_456, "images x sets") as bars:
        bars.advance(bars.task_ids[0], 123_456)
    shown = re.sub(r"\x1b\[[?\d]*\w", "", terminal.file.getvalue())
    (*_, last) = [line for line in shown.splitlines() if line.strip()]
    return last.rstrip()


@pytest.mark.parametrize("width", [60, 80, 100, 110, 120, 200])
def test_counts_and_time_are_never_cut(width: int):
    line = line_on(width)
    assert "123456/123456 images x sets" in line
    assert line.endswith("left 0:00:00")
    assert len(line) <= width
    assert ("━" in line) == (width == 200)


@pytest.mark.parametrize("width", [20, 40])
def test_a_very_narrow_terminal_keeps_the_share(width: int):
    line = line_on(width)
    assert line.startswith("removing")
    assert line.endswith("… 100%")
    assert len(line) <= width


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What is printed where there is no terminal, with lines a hundredth of a second apart."""
    written = io.StringIO()
    monkeypatch.setattr(progress, "console", lambda: Console(file=written, width=40, highlight=False))
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.01)
    return written


def test_a_log_says_how_far_it_is_while_a_step_takes_long(log: io.StringIO):
    with TerminalProgress().stage(NAME, 1_200, "images") as bar:
        bar.advance(300)
        while log.getvalue().count("\n") < 3:
            sleep(0.005)
        bar.advance(900)
    first, *_, last = log.getvalue().splitlines()
    assert first.startswith(f"{NAME}: 300 of 1,200 images, 0:00:0")
    assert last.startswith(f"{NAME}: 1,200 of 1,200 images, ")


def test_a_stage_that_fails_leaves_its_last_line_and_no_thread(log: io.StringIO):
    def fail() -> None:
        with TerminalProgress().stage("[x] y", 10, "units") as bar:
            bar.advance(2)
            raise ValueError("seven")

    with pytest.raises(ValueError, match="seven"):
        fail()
    told = log.getvalue()
    assert told.splitlines()[-1].startswith("[x] y: 2 of 10 units")
    sleep(0.05)
    assert log.getvalue() == told
