"""``dissect-report check``: whether findings and a built site are whole, and hold nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from dissect_report.cli.configuration import DEMO
from dissect_report.cli.console import console, on_one_line
from dissect_report.config import load_config
from dissect_report.findings.paths import SitePaths

#: Lines about one place; the rest are counted.
SHOWN = 40

PlaceArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="[SITE]",
        help="A dissect.toml or its folder (its findings, its built site), a run's folder, or a built site. "
        "Without it: the demo's.",
        show_default=False,
    ),
]


def check(site: PlaceArgument = None) -> None:
    """Check findings and a built site: every byte, record and link, and that nothing else lies among them."""
    count = 0
    for place, problems in places(site or DEMO):
        lines = list(islice(problems, SHOWN))
        rest = sum(1 for _ in problems)
        show(place, lines, rest)
        count += len(lines) + rest
    if count:
        raise typer.Exit(1)


def places(path: Path) -> Iterator[tuple[Path, Iterator[str]]]:
    """What a path names: folders, and what is wrong with each."""
    from dissect_report.findings.verification import run_problems  # noqa: PLC0415  pydantic is slow to load
    from dissect_report.publish.verification import site_problems  # noqa: PLC0415

    if (path / "run.json").is_file():
        yield path, run_problems(path)
    elif (path / "index.html").is_file() and not (path / "dissect.toml").is_file():
        yield path, site_problems(path)
    else:
        config = load_config(path)
        paths = SitePaths(config.folder)
        for run in config.runs:
            yield paths.run(run.name).root, run_problems(paths.run(run.name).root)
        if paths.site.exists():
            yield paths.site, site_problems(paths.site, config)


def show(place: Path, lines: Sequence[str], rest: int) -> None:
    """What was found in one place."""
    for line in lines:
        console().print(on_one_line(line), soft_wrap=True, markup=False)
    if rest:
        console().print(f"{place}: and {rest:,} more", soft_wrap=True, markup=False)
    if not lines:
        console().print(f"{place}: whole; nothing in it that should not be", soft_wrap=True, markup=False)
