"""``init --preset``: a configuration of an experiment that was published."""

from __future__ import annotations

import dataclasses
import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import typer
from rich.table import Table
from rich.text import Text

from dissect_report.cli.console import console
from dissect_report.config import SECTIONS
from dissect_report.config.presets import LICENCES, PRESETS, SEGMENTERS, Preset
from dissect_report.errors import ConfigError, nearest

#: What ``--preset`` takes to show all of them.
LIST = "list"


def find_preset(name: str) -> Preset:
    """One by its name.

    Raises:
        ConfigError: there is none.
    """
    if name not in PRESETS:
        hint = nearest(name, PRESETS)
        raise ConfigError(f"--preset {name}: no such preset; {hint}; --preset list shows all")
    return PRESETS[name]


def show_presets(name: str) -> str:
    """Shows all of them and ends, where that is what was asked for; else gives the name back."""
    if name == LIST:
        console().print(preset_table())
        raise typer.Exit
    return name


def preset_table() -> Table:
    """All of them, with what each downloads and takes."""
    title = "downloads are kept once for all sites; times are estimates, days of one core"
    table = Table(title=title, title_justify="left")
    for heading in ("preset", "what", "about MB", "GPU hours", "CPU days"):
        left = heading in ("preset", "what")
        table.add_column(heading, justify="left" if left else "right", no_wrap=heading == "preset")
    for preset in PRESETS.values():
        core, card = preset.seconds
        costs = f"{preset.downloads:,.0f}", f"{card / 3600:.1f}", f"{core / 86400:.1f}"
        table.add_row(*map(Text, (preset.name, preset.says, *costs)))
    return table


def preset_configuration(preset: Preset, title: str) -> str:
    """A ``dissect.toml`` that is complete: every key that matters, with its meaning."""
    return "\n".join([*_heading(preset), "", f"title = {_value(title)}", *_sections(preset)]) + "\n"


def _heading(preset: Preset) -> Iterator[str]:
    core, card = preset.seconds
    text = (
        f'{preset.says[0].upper()}{preset.says[1:]}: an experiment of Bau et al., "Understanding the role of '
        'individual units in a deep neural network", PNAS 2020.'
    )
    added = "what [ablation] adds left out; " if "ablation" in preset.tables else ""
    downloads = (
        f"Downloads about {preset.downloads:,.0f} MB, once for all sites; `dissect-report fetch` does it "
        "beforehand. Where the host is gone, [fetch] mirrors names another, or put the files there by hand."
    )
    cost = (
        f"Takes about {card / 3600:.1f} hours on a graphics card, {core / 86400:.1f} days on one core; "
        f"{added}`dissect-report build --dry-run` measures it on this machine."
    )
    licences = ["Licences, as far as they are stated (check them for your use):"]
    licences += [f"  {LICENCES[key]}" for key in preset.licences]
    for paragraph in (text, downloads, cost, *licences):
        indent = "# " + " " * (len(paragraph) - len(paragraph.lstrip()))
        yield from textwrap.wrap(
            paragraph.strip(), 100, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
        )


def _sections(preset: Preset) -> Iterator[str]:
    for name in SECTIONS:
        if name == "segmenter":
            yield from ("", "# Objects, parts and materials in one network, colors in another.")
            for source in SEGMENTERS:
                yield from ("[[segmenter]]", f"source = {_value(source)}")
        elif name in preset.tables:
            yield ""
            yield from textwrap.wrap(
                preset.remarks[name], 100, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False
            )
            yield f"[{name}]"
            yield from _keys(name, preset.tables[name])


def _keys(section: str, values: Mapping[str, Any]) -> Iterator[str]:
    help_of = {field.name: field.metadata["help"] for field in dataclasses.fields(SECTIONS[section])}
    for key, value in values.items():
        yield f"{f'{key} = {_value(value)}':<44}  # {help_of[key]}"


def _value(value: Any) -> str:
    """TOML of a text, number or list of them: the same as JSON."""
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
