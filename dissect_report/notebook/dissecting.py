"""``dissect``: a configuration, or a network of the running program with its images."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, overload

from torch import nn

from dissect_report.analysis.dissection import dissect as dissect_config
from dissect_report.analysis.progress import Progress
from dissect_report.config import Config, parse_config
from dissect_report.errors import ConfigError
from dissect_report.file_names import file_names
from dissect_report.findings.disk import write_atomically
from dissect_report.findings.store import LoadedRun
from dissect_report.notebook.dictionaries import direction_tables
from dissect_report.notebook.images import write_images
from dissect_report.notebook.progress import notebook_progress
from dissect_report.notebook.results import RunResult
from dissect_report.notebook.toml import check_own, written
from dissect_report.sources.in_memory import NamedConcepts, called, hold


@overload
def dissect(
    network: Config | str | Path, progress: Progress | None = None, force: bool = False,
    threads: int | None = None,
) -> tuple[LoadedRun, ...]: ...  # fmt: skip
@overload
def dissect(
    network: Any, progress: Progress | None = None, force: bool = False, threads: int | None = None, *,
    images: Any, segmenter: Any = "color", layers: Sequence[str] | str = (),
    directions: Sequence[Mapping[str, Any]] = (),
    classes: Sequence[str] = (), mean: Sequence[float] | None = None, std: Sequence[float] | None = None,
    folder: str | Path | None = None, name: str = "", title: str = "", **tables: Any,
) -> RunResult: ...  # fmt: skip


def dissect(
    network: Any,
    progress: Progress | None = None,
    force: bool = False,
    threads: int | None = None,
    *,
    images: Any = None,
    segmenter: Any = "color",
    layers: Sequence[str] | str = (),
    directions: Sequence[Mapping[str, Any]] = (),
    classes: Sequence[str] = (),
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    folder: str | Path | None = None,
    name: str = "",
    title: str = "",
    **tables: Any,
) -> Any:
    """Measures every unit: of a configuration's runs, or of a network that is at hand.

    Without ``images``, ``network`` is a configuration or the path of a ``dissect.toml``, and the findings of
    each run are given back as ``load_run`` gives them. With them it is one network, and what is given back
    shows itself in a notebook. The numbers are those of the command line; your network is left as it is.

    Args:
        network: a module, a function that makes one, or a source such as "torchvision:resnet18".
        progress: told how far the work is; a notebook shows it by itself.
        force: measure again even where the findings are up to date.
        threads: that count at the same time.
        images: a folder or folders, a Dataset, a DataLoader, a list of pictures or a tensor.
        segmenter: what names concepts: "color", another source, a network, an object with ``segment``, a
            function of images [image, 3, y, x] in [0, 1], a pair of one of these and the names of its
            concepts, or a list of such.
        layers: names or globs; by default the outputs of the network's stages.
        directions: ``[[model.directions]]`` tables, such as ``{"layer": "layer4", "kind": "rotation"}``; the
            file of a dictionary may be a module, or its tensors by name.
        classes: names of the network's outputs.
        mean: of the network's input; images that are tensors were normalised by it. Without it tensors go in
            as they are, and pictures by what the source knows, else ImageNet's.
        std: likewise.
        folder: for findings and cache, so that they stay; by default a temporary one.
        name: of the run; by default the network's.
        title: of the site.
        tables: further tables of a ``dissect.toml``: ``probe={"limit": 500}``, ``dissection=`` ...

    Raises:
        DissectError: one line saying what is wrong and what to do.
    """
    if images is None:
        if isinstance(network, nn.Module) or not isinstance(network, Config | str | Path):
            raise ConfigError("dissect: a network needs images=: a folder, a Dataset, a list or a tensor")
        return dissect_config(network, progress, force, threads)
    if (mean is None) != (std is None):
        raise ConfigError("dissect: mean and std are given together")
    progress = progress or notebook_progress()
    home = Path(folder) if folder is not None else Path(tempfile.mkdtemp(prefix="dissect-report-"))
    home.mkdir(parents=True, exist_ok=True)
    check_own(home)
    normalised = None if mean is None or std is None else (mean, std)
    found = write_images(images, home / "images", classes, normalised)
    source = network if isinstance(network, str) else hold(network)
    given: dict[str, Any] = {
        "title": title or name or source.rpartition(":")[2],
        "model": _model_table(source, layers, _classes_file(classes, home), normalised, found.ready)
        | direction_tables(directions, home),
        "probe": {"images": list(found.folders), **_sides(found.side)},
        "segmenter": segmenter_tables(segmenter),
    }
    for table, values in tables.items():
        given[table] = {**given.get(table, {}), **values} if isinstance(values, Mapping) else values
    # two networks of one class, such as before and after training, are runs of one name
    config = named(given, home, name or ("" if isinstance(network, str) else called(network)))
    write_atomically(home / "dissect.toml", written(given, config.runs[0].name).encode())
    (run,) = dissect_config(config, progress, force, threads)
    return RunResult(config, run, progress, threads)


def _sides(side: int | None) -> dict[str, int]:
    """Images of numbers are measured as they are."""
    return {} if side is None else {"resize": side, "crop": side}


def _classes_file(classes: Sequence[str], home: Path) -> str:
    """The name of the list of classes; "" for none."""
    if classes:
        write_atomically(home / "classes.txt", ("\n".join(classes) + "\n").encode())
    return "classes.txt" if classes else ""


def _model_table(
    source: str,
    layers: Sequence[str] | str,
    classes: str,
    normalised: tuple[Sequence[float], Sequence[float]] | None,
    ready: bool,
) -> dict[str, Any]:
    table: dict[str, Any] = {
        "source": source,
        "layers": [layers] if isinstance(layers, str) else list(layers),
    }
    if classes:
        table["classes"] = classes
    if normalised is None and not ready:
        return table  # pictures go in by ImageNet's mean and std
    mean, std = normalised or ([0.0] * 3, [1.0] * 3)
    return table | {"mean": list(map(float, mean)), "std": list(map(float, std))}


def named(tables: dict[str, Any], home: Path, name: str) -> Config:
    """The configuration of one run that may have a name of its own."""
    inner = {key: value for key, value in tables.items() if key not in ("title", "site")}
    outer = {key: value for key, value in tables.items() if key in ("title", "site")}
    own = {"name": file_names([name])[0]} if name else {}
    return parse_config({**outer, "run": [{**own, **inner}]}, home / "dissect.toml")


def segmenter_tables(segmenter: Any) -> list[dict[str, Any]]:
    """``[[segmenter]]`` tables of whatever segments.

    Raises:
        ConfigError: something that cannot.
    """
    several = segmenter if isinstance(segmenter, list) else [segmenter]
    return [_segmenter_table(one) for one in several]


def _segmenter_table(segmenter: Any) -> dict[str, Any]:
    if isinstance(segmenter, Mapping):
        return dict(segmenter)
    if isinstance(segmenter, str):
        return {"source": segmenter}
    if isinstance(segmenter, tuple) and len(segmenter) == 2:
        network, concepts = segmenter
        if isinstance(network, str) or isinstance(concepts, str):
            raise ConfigError("dissect: a pair is a segmenter and the names of its concepts")
        return {"source": hold(NamedConcepts(network, tuple(concepts)), called(network))}
    if callable(segmenter) or callable(getattr(segmenter, "segment", None)):
        return {"source": hold(segmenter)}
    raise ConfigError(f"dissect: a {type(segmenter).__name__} is no segmenter")
