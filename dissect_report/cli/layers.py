"""``dissect-report layers``: what can be dissected."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from dissect_report.cli.configuration import JsonOption, SetOption
from dissect_report.cli.console import console
from dissect_report.config import Config, load_config, parse_config
from dissect_report.config.overrides import override
from dissect_report.schemes import rest_of, scheme_of

if TYPE_CHECKING:
    from dissect_report.activations.layers import LayerInfo


def layers(
    config: Annotated[
        Path,
        typer.Argument(
            help="A dissect.toml, the folder that holds one, or a network by itself: timm:resnet50, "
            "torchvision:vgg16, hf:FOLDER, file.py:factory."
        ),
    ],
    changes: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the layers in execution order: name, units, map size; of what cannot be dissected, why.

    Without [model] layers the outputs of the network's stages are chosen: where the map's size or width
    changes, and every block of a transformer.
    """
    loaded = _loaded(config, changes or ())
    from dissect_report.analysis.networks import survey_layers  # noqa: PLC0415  torch is slow to load

    notes: list[str] = []
    found = {run.name: survey_layers(run, loaded.folder, notes) for run in loaded.runs}
    if as_json:
        runs = [{"name": name, "layers": [_entry(*one) for one in layers]} for name, layers in found.items()]
        typer.echo(json.dumps({"runs": runs}, indent=1))
    for run in loaded.runs:
        surveyed = found[run.name]
        table = Table(title=run.name if len(loaded.runs) > 1 else None, title_justify="left")
        for heading in ("layer", "units", "map", "recorded as", "chosen"):
            table.add_column(heading, justify="right" if heading == "units" else "left", overflow="fold")
        for info, chosen in surveyed:
            if info.obstacle:
                continue
            height, width = info.map_size
            table.add_row(
                Text(info.name),
                str(info.units),
                f"{height} x {width}",
                Text(info.recorded_as),
                "yes" if chosen else "",
            )
        console().print(table)
        if hidden := _hidden_units(surveyed):
            console().print(f"hidden units of MLPs: layers = [{hidden}]", markup=False, soft_wrap=True)
        others = [info for info, _ in surveyed if info.obstacle]
        if others:
            console().print(_obstacles(others))
    for note in notes:
        console().print(note, markup=False, soft_wrap=True)


def _loaded(given: Path, changes: Sequence[str]) -> Config:
    """The configuration that a file holds, or one of nothing but a network.

    Nothing large is downloaded to list layers: ``--set model.args.pretrained=true`` does.
    """
    source = str(given)
    if given.exists() or ":" not in source:
        return load_config(given, changes)
    scheme = scheme_of(source)
    local = scheme is not None and Path(rest_of(source)).exists()
    args = {} if scheme is None or local else dict(scheme.listing)
    tables = {
        "model": {"source": source, "args": args},
        "probe": {"images": "."},
        "segmenter": {"source": "color"},
    }
    return parse_config(override(tables, changes), Path("command line"))


def _entry(info: LayerInfo, chosen: bool) -> dict[str, Any]:
    if info.obstacle:
        return {"name": info.name, "obstacle": info.obstacle}
    known = {"name": info.name, "units": info.units, "map": list(info.map_size)}
    return {**known, "recorded_as": info.recorded_as, "chosen": chosen}


def _hidden_units(surveyed: Sequence[tuple[LayerInfo, bool]]) -> str:
    """Globs of the tokens recorded behind an activation: in a transformer's MLPs, where units are most."""
    globs = []
    for info, _ in surveyed:
        if info.follows and not info.obstacle and not info.reading.is_map:
            *above, last = info.name.split(".")
            globs.append(".".join([*(re.sub(r"\d+$", "*", part) for part in above), last]))
    return ", ".join(json.dumps(glob) for glob in dict.fromkeys(globs))


def _obstacles(others: Sequence[LayerInfo]) -> Table:
    """Layers that no glob takes, and why not."""
    table = Table(title="cannot be dissected", title_justify="left")
    for heading in ("layer", "because"):
        table.add_column(heading, overflow="fold")
    for info in others:
        table.add_row(Text(info.name), Text(info.obstacle))  # not markup: both may hold brackets
    return table
