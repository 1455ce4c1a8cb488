"""``dissect-report init``: a commented configuration to start from."""

from __future__ import annotations

import dataclasses
import json
import textwrap
from pathlib import Path
from typing import Annotated, Any

import typer

from dissect_report.cli.console import console
from dissect_report.config import OPTIONAL, SECTIONS, SiteConfig
from dissect_report.errors import ConfigError
from dissect_report.findings.disk import write_atomically
from dissect_report.schemes import Role, schemes

#: What a new configuration says where there is no default to show.
EXAMPLES = {
    ("model", "source"): "torchvision:resnet18",
    ("model", "layers"): ["layer4"],
    ("probe", "images"): ["photos"],
    ("segmenter", "source"): "color",
}


def init(
    folder: Annotated[Path, typer.Argument(help="Folder of the site.")],
    github_actions: Annotated[
        bool,
        typer.Option("--github-actions", help="Write a workflow that publishes committed findings, too."),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over the file that is there.")] = False,
) -> None:
    """Write a commented dissect.toml with every key and its default; a site that has one keeps its own."""
    path = folder / "dissect.toml"
    if github_actions:
        write_workflow(folder, force)
    if not github_actions or not path.exists():
        write_new(path, commented_configuration(folder.resolve().name), force)
        console().print(f"next: edit it, then  dissect-report layers {folder}", soft_wrap=True, markup=False)


def write_new(path: Path, text: str, force: bool) -> None:
    """Writes a file that is not there yet.

    Raises:
        ConfigError: it is there, and ``force`` is not set.
    """
    if path.exists() and not force:
        raise ConfigError(f"{path}: exists already; edit it, or --force to write over it")
    write_atomically(path, text.encode())
    console().print(f"wrote {path}", soft_wrap=True, markup=False)


def write_workflow(folder: Path, force: bool) -> None:
    """Writes the workflow into the repository that ``folder`` lies in."""
    from dissect_report.publish.workflow import (  # noqa: PLC0415  not for a plain init
        LOCKED,
        WORKFLOW,
        locked_text,
        repository_of,
        workflow_text,
    )

    repository = repository_of(folder)
    write_new(repository / WORKFLOW, workflow_text(repository, folder), force)
    write_new(repository / LOCKED, locked_text(), True)
    wanted = f"{folder}/dissect.toml and {folder}/run"
    console().print(f"next: commit both with {wanted}, then push", soft_wrap=True, markup=False)


def commented_configuration(title: str) -> str:
    """Every section and key of ``config`` with its default and its help text, as TOML."""
    lines = [
        "# What dissect-report takes apart, and how. Every key is shown with its default;",
        "# keys without a comment sign are the ones to fill in.",
        "",
        f"title = {json.dumps(title, ensure_ascii=False)}",
    ]
    for name, section in {**SECTIONS, "site": SiteConfig}.items():
        heading = f"[[{name}]]" if name == "segmenter" else f"[{name}]"
        lines += ["", *textwrap.wrap((section.__doc__ or "").strip(), 100, initial_indent="# ")]
        # A section that switches something on is shown, not written.
        off = "## " if name in OPTIONAL else ""
        lines += _sources(name)
        lines.append(f"{off}{heading}")
        for field in dataclasses.fields(section):
            example = EXAMPLES.get((name, field.name))
            value = _default(field) if example is None else example
            mark = off or ("" if example is not None else "# ")
            entry = f"{mark}{field.name} = {_toml(value)}"
            lines.append(f"{entry:<44}  # {field.metadata['help']}")
    return "\n".join(lines) + "\n"


def _sources(section: str) -> list[str]:
    """What a section's sources by name can be, as comments."""
    roles: dict[str, Role] = {"model": "model", "probe": "images", "segmenter": "segmenter"}
    role = roles.get(section)
    if role is None:
        return []
    named = [scheme for scheme in schemes() if scheme.opener(role)]
    return [f"#   {scheme.forms[role]:<34}  {scheme.help}" for scheme in named]


def _default(field: dataclasses.Field[Any]) -> Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def _toml(value: Any) -> str:
    """TOML of a text, number, truth value or a flat list of them, or an empty table: the same as JSON."""
    if dataclasses.is_dataclass(value):
        return "{}"  # a table of its own, which says nothing by default
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
