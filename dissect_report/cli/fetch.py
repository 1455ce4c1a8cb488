"""``dissect-report fetch``: the files that a site is made of, before anything is measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dissect_report.cli.configuration import SetOption
from dissect_report.cli.console import console
from dissect_report.config import load_config
from dissect_report.config.fetch import FetchConfig, fetching


def fetch(
    config: Annotated[Path, typer.Argument(help="A dissect.toml or the folder that holds one.")],
    changes: SetOption = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask nobody: say what is missing and where to put it by hand.")
    ] = False,
) -> None:
    """Download published weights and photos of a site into the cache of all sites; sizes first.

    What is there stays, what was interrupted goes on, and every file is checked. A run fetches what it needs
    by itself; this does it beforehand.
    """
    loaded = load_config(config, changes or ())
    from dissect_report.sources.needed import (  # noqa: PLC0415  torch is slow to load
        fetch_all,
        lines_of,
        look_at,
        unpack_all,
    )

    settings = FetchConfig(loaded.fetch.mirrors, offline or loaded.fetch.offline)
    with fetching(settings):
        wanted = look_at(loaded.runs)
        for line in lines_of(wanted):
            console().print(line, soft_wrap=True, markup=False, highlight=False)
        failures = list(fetch_all(wanted))
        for line in failures:
            console().print(line, soft_wrap=True, markup=False, highlight=False)
        if failures:
            raise typer.Exit(1)
        unpack_all(loaded.runs)
    done = "every file is there" if wanted else "nothing of this site is fetched from elsewhere"
    console().print(done, soft_wrap=True, markup=False)
