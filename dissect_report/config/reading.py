"""From a ``dissect.toml`` to a configuration."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dissect_report.config.ablation import AblationConfig
from dissect_report.config.compute import ComputeConfig
from dissect_report.config.dissection import DissectionConfig
from dissect_report.config.generation import GenerationConfig
from dissect_report.config.model import ModelConfig
from dissect_report.config.names import check_name
from dissect_report.config.overrides import override
from dissect_report.config.photo import PhotoConfig
from dissect_report.config.probe import ProbeConfig
from dissect_report.config.run import SECTIONS, Config, RunConfig
from dissect_report.config.segmenter import SegmenterConfig
from dissect_report.config.site import SiteConfig
from dissect_report.config.tables import located, read_optional, read_section
from dissect_report.errors import ConfigError, nearest
from dissect_report.file_names import file_names
from dissect_report.schemes import last_part, scheme_of


def load_config(path: str | Path, changes: Sequence[str] = ()) -> Config:
    """Reads and checks a ``dissect.toml``.

    Args:
        path: of the file, or of the folder that holds it.
        changes: "KEY=VALUE" each, instead of what the file says: see ``override``.

    Raises:
        ConfigError: the file is missing, not TOML, or says something impossible.
    """
    path = Path(path)
    if path.is_dir():
        path = path / "dissect.toml"
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; `dissect-report init DIR` writes one") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:  # no TOML, no UTF-8, or a number of thousands of digits
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    except RecursionError:
        raise ConfigError(f"{path}: lists or tables lie too deep in one another") from None
    return parse_config(override(tables, changes), path)


def parse_config(tables: Mapping[str, Any], path: Path) -> Config:
    """A configuration from parsed TOML.

    Raises:
        ConfigError: naming ``path``, the key and the remedy.
    """
    known = ["title", "site", "run", *SECTIONS]
    for name in tables:
        if name not in known:
            raise ConfigError(f"{path}: unknown key {name!r}; {nearest(name, known)}")
    entries = tables.get("run", [tables])
    if not isinstance(entries, list) or not entries or not all(isinstance(e, Mapping) for e in entries):
        raise ConfigError(f"{path}: runs are written as [[run]] tables, each with a name")
    if "run" in tables and (stray := [name for name in SECTIONS if name in tables]):
        raise ConfigError(f"{path}: with [[run]] tables, write [{stray[0]}] as [run.{stray[0]}] below a run")
    several = "run" in tables
    runs = tuple(_read_run(entry, f"{path}", several) for entry in entries)
    title = tables.get("title", runs[0].name)
    site = read_section(SiteConfig, tables.get("site", {}), f"{path}", "[site]")
    with located(f"{path}"):
        return Config(path=path.resolve(), title=title, runs=runs, site=site)


def _read_run(tables: Mapping[str, Any], where: str, several: bool) -> RunConfig:
    known = [*SECTIONS, "name"] if several else [*SECTIONS, "title", "site"]
    for name in tables:
        if name not in known:
            raise ConfigError(f"{where}: unknown key {name!r} in [[run]]; {nearest(name, known)}")
    model = read_section(ModelConfig, tables.get("model", {}), where, "[model]")
    segmenters = tables.get("segmenter", [])
    if not isinstance(segmenters, list):
        segmenters = [segmenters]
    parts: dict[str, Any] = {
        "name": run_name(tables.get("name", ""), model.source, where),
        "model": model,
        "probe": read_section(ProbeConfig, tables.get("probe", {}), where, "[probe]"),
        "segmenters": tuple(read_section(SegmenterConfig, s, where, "[[segmenter]]") for s in segmenters),
        "dissection": read_section(DissectionConfig, tables.get("dissection", {}), where, "[dissection]"),
        "compute": read_section(ComputeConfig, tables.get("compute", {}), where, "[compute]"),
        "ablation": read_optional(AblationConfig, tables, "ablation", where),
        "generation": read_optional(GenerationConfig, tables, "generation", where),
        "photo": read_optional(PhotoConfig, tables, "photo", where),
    }
    with located(where):
        return RunConfig(**parts)


def run_name(given: Any, source: str, where: str) -> str:
    """The run's folder name: as given, or what the model source ends with.

    Raises:
        ConfigError: the name is not one that a folder and an address can carry.
    """
    scheme = scheme_of(source)
    last = last_part(source, scheme) if scheme else source.rpartition(":")[2]
    if not given and source and ":" not in source:
        raise ConfigError(f"{where}: [model] source = {source!r} names no factory: file.py:factory")
    name = given or "run"
    if not given and last:  # a factory may be called in any language
        name = file_names([last])[0] if last.isidentifier() or scheme else last
    with located(where):
        check_name(name)
    return str(name)
