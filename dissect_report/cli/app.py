"""The ``dissect-report`` command: its verbs, and the one place where errors become exit codes."""

from __future__ import annotations

import functools
import signal
from collections.abc import Callable
from typing import Annotated, ParamSpec

import typer
from rich.markup import escape

from dissect_report import __version__
from dissect_report.cli.analyze import analyze
from dissect_report.cli.build import build
from dissect_report.cli.check import check
from dissect_report.cli.configuration import site_folder
from dissect_report.cli.console import console, errors_console, interrupt, on_one_line
from dissect_report.cli.failures import INTERRUPTED, failure, is_ending
from dissect_report.cli.init import init
from dissect_report.cli.layers import layers
from dissect_report.cli.pack import pack
from dissect_report.cli.publish import publish
from dissect_report.cli.render import render
from dissect_report.cli.schema import schema
from dissect_report.cli.serve import serve

P = ParamSpec("P")

#: Typer's own ways to end.
ENDINGS = (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError)

app = typer.Typer(
    name="dissect-report",
    help="Takes a neural network apart unit by unit and publishes what it finds as a website.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def with_exit_codes(verb: Callable[P, None]) -> Callable[P, None]:
    """The verb, every failure of it one line on stderr and an exit code: see ``cli.failures``."""

    @functools.wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            verb(*args, **kwargs)
        except BaseException as error:  # the last door: a user's code may raise anything at all
            if isinstance(error, ENDINGS) and is_ending(error):
                raise
            told = failure(error, site_folder(kwargs.get("config")))
            start = "" if told.code == INTERRUPTED else "[bold red]error:[/] "
            line = escape(on_one_line(told.line))
            errors_console().print(f"{start}{line}", soft_wrap=True, highlight=False)
            raise typer.Exit(told.code) from None
        finally:
            console().quiet = False  # its own options silenced it, not those of the next

    return run


for verb in (build, analyze, render, serve, check, pack, publish, layers, init, schema):
    app.command()(with_exit_codes(verb))


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dissect-report {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Takes a neural network apart unit by unit and publishes what it finds as a website."""


def main() -> None:
    """Entry point of the installed command."""
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, interrupt)
    app()
