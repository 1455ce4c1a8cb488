"""The command reference, written from the command line's own description of itself."""

from __future__ import annotations

from typing import Any

import typer
from docstrings import cell, code, table

from dissect_report.cli.app import app

INTRODUCTION = """\
# Commands

Every command with its arguments and options. This page is written from the program itself when the
documentation is built; `dissect-report COMMAND --help` says the same.

What fails says so in one line on standard error, and ends with one of these:

| exit code | what happened |
| --- | --- |
| 0 | done |
| 1 | something cannot be used, or the machine refuses: the line names it and the remedy |
| 2 | the configuration or the command line is wrong |
| 3 | code of yours failed (a network, a segmenter, a factory): the line names its file and line |
| 70 | a defect of dissect-report |
| 130 | Ctrl-C, or a signal to end: the same command goes on from where it was |

With 3 and 70 the traceback is kept in a file that the line names, in the site's `cache/`: it is never
published.
"""


def command_page() -> str:
    """The page as Markdown."""
    group: Any = typer.main.get_command(app)
    parts = [INTRODUCTION]
    for name, command in group.commands.items():
        parts += [f"## {name}", cell(command.help), f"```text\n{usage(name, command)}\n```"]
        parts.append(table(("argument or option", "default", "meaning"), [_row(p) for p in visible(command)]))
    general = [_row(parameter) for parameter in visible(group)]
    parts += ["## Without a command", table(("option", "default", "meaning"), general)]
    return "\n\n".join(part for part in parts if not part.endswith("| --- |")) + "\n"


def visible(command: Any) -> list[Any]:
    """Arguments first, then options."""
    shown = [p for p in command.params if not getattr(p, "hidden", False) and p.name != "help"]
    return sorted(shown, key=lambda p: p.param_type_name != "argument")


def usage(name: str, command: Any) -> str:
    """One line; what may be left out is in brackets."""
    arguments = [_metavar(p) for p in visible(command) if p.param_type_name == "argument"]
    options = [p for p in visible(command) if p.param_type_name == "option"]
    return " ".join(["dissect-report", name, *(["[OPTIONS]"] if options else []), *arguments])


def _metavar(parameter: Any) -> str:
    """What stands for the value."""
    if parameter.metavar:
        return str(parameter.metavar)
    if parameter.param_type_name == "argument":
        return parameter.name.upper() if parameter.required else f"[{parameter.name.upper()}]"
    return "NUMBER" if isinstance(parameter.default, int) else "TEXT"


def _row(parameter: Any) -> tuple[str, ...]:
    if parameter.param_type_name == "argument":
        names = code(_metavar(parameter))
    else:
        value = "" if getattr(parameter, "is_flag", False) else f" {_metavar(parameter)}"
        spelled = sorted([*parameter.opts, *parameter.secondary_opts], key=len, reverse=True)
        names = ", ".join(code(f"{option}{value}") for option in spelled)
    default = parameter.default
    shown = "–" if default in (None, "", False) or callable(default) else code(default)
    return names, "required" if parameter.required else shown, cell(parameter.help)
