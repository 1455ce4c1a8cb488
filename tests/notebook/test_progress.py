"""A notebook shows by itself how far the work is."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from dissect_report.notebook.progress import NotebookProgress, notebook_progress


def test_a_notebook_shows_how_far_the_work_is_on_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []
    handle = SimpleNamespace(update=shown.append)
    ipython, kernel = ModuleType("IPython"), SimpleNamespace(kernel=1)
    ipython.get_ipython = lambda: kernel  # type: ignore[attr-defined]
    ipython.display = ModuleType("IPython.display")  # type: ignore[attr-defined]
    ipython.display.display = lambda bar, display_id: shown.append(bar) or handle  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", ipython.display)
    progress = notebook_progress()
    assert isinstance(progress, NotebookProgress)
    for name in ("reading <images>", "counting"):
        with progress.stage(name, 3, "images") as bar:
            bar.advance(2)
    assert repr(shown[-1]) == "counting: 2 of 3 images"
    assert "reading &lt;images&gt;: 2 of 3" in shown[0]._repr_html_()
    kernel.kernel = None
    assert notebook_progress() is None
