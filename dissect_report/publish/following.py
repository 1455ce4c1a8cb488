"""Notices when what a site is made from has changed: configuration, findings, templates."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from dissect_report.config import load_config
from dissect_report.errors import DissectError
from dissect_report.report.templating import templates_folder

#: Seconds between two looks.
INTERVAL = 1.0

#: Modification time and size of every file.
State = dict[Path, tuple[int, int]]


def follow(config: Path, built: State, changed: Callable[[], bool], stop: threading.Event) -> None:
    """Calls ``changed`` after every change since ``built``, until ``stop`` is set.

    A change has to rest for one interval: findings that are being written are left alone until then.
    Where ``changed`` gives False it is called again.
    """
    before = built
    while not stop.wait(INTERVAL):
        now = state_of(config)
        if now == before and now != built and changed():
            built = now
        before = now


def state_of(config: Path) -> State:
    """The files that the site of ``config`` is made from, as they are now."""
    state = {}
    for path in _sources(config):
        try:
            status = path.stat()
        except OSError:  # gone since it was listed
            continue
        state[path] = (status.st_mtime_ns, status.st_size)
    return state


def _sources(config: Path) -> Iterator[Path]:
    """The configuration, every record of the findings (their pictures change with them), every template."""
    yield config
    run = config.parent / "run"
    for pattern in ("[!.]*/*.json", "[!.]*/*/*.json"):  # findings that are being written begin with a dot
        yield from run.glob(pattern)
    for folder in (templates_folder(), _own_templates(config)):
        if folder is not None:
            yield from (path for path in folder.rglob("*") if path.is_file())


def _own_templates(config: Path) -> Path | None:
    try:
        return load_config(config).templates
    except DissectError:  # half edited; building says what is wrong with it
        return None
