"""Findings in a notebook: a run, its layers, their units, each of which shows itself."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from dissect_report.analysis.dissection import dissect as dissect_config
from dissect_report.analysis.progress import Progress
from dissect_report.analysis.removal import Removed, remove_units
from dissect_report.config import AblationConfig, Config
from dissect_report.config.tables import read_section
from dissect_report.errors import DissectError, LayerError
from dissect_report.findings.ablation import Ablation
from dissect_report.findings.draft import Draft
from dissect_report.findings.paths import SitePaths
from dissect_report.findings.records import ConceptRecord
from dissect_report.findings.store import LoadedLayer, LoadedRun
from dissect_report.findings.unit_table import unit_rows
from dissect_report.findings.units import UNIT_TABLE, UnitRecord
from dissect_report.notebook.html import layers_html, unit_html
from dissect_report.report.cards import LayerView, label
from dissect_report.report.formatting import plural, score
from dissect_report.report.sentences import unit_sentence
from dissect_report.report.site import SiteFindings


@dataclass(frozen=True, repr=False)
class UnitResult:
    """One unit; in a notebook its top images with their masks, its name, its numbers and its sentence.

    Attributes:
        view: its layer, as pages see it.
        record: its part of ``dissection.json``.
    """

    view: LayerView
    record: UnitRecord

    @property
    def concept(self) -> str | None:
        """The concept that it matches best; None without one."""
        found = self.view.concept(self.record.concept)
        return None if found is None else found.name

    @property
    def iou(self) -> float | None:
        """Of that concept."""
        return self.record.iou

    @property
    def grade(self) -> str:
        """One word of trust: "strong", "weak", "chance", "none" or "untested"."""
        return self.record.grade

    @property
    def sentence(self) -> str:
        """What it looks for and how well that is founded."""
        run, view = self.view.run.record, self.view
        pixels = len(run.images) * run.grid**2
        return unit_sentence(self.record, run.concepts, pixels, view.iou_threshold, run.groups, view.sampled)

    def __repr__(self) -> str:
        named = label(self.record, self.view.concept(self.record.concept))
        where = f"unit {self.record.unit} of {self.view.layer.summary.name}"
        return f"<{where}: {named}, IoU {score(self.iou)}, {self.grade}>"

    def _repr_html_(self) -> str:
        return unit_html(self.view, self.record, self.sentence)


@dataclass(frozen=True, repr=False)
class LayerResult(Sequence[UnitResult]):
    """One layer: a sequence of its units.

    Attributes:
        view: the layer, as pages see it.
    """

    view: LayerView

    @property
    def loaded(self) -> LoadedLayer:
        """Its records and arrays."""
        return self.view.layer

    @property
    def counts(self) -> dict[str, np.ndarray]:
        """The arrays of ``counts.npz``: whole numbers that all scores are ratios of.

        >>> run["2"].counts["intersection"].shape  # half, unit, concept + 1
        (2, 8, 4)
        """
        return self.loaded.arrays

    @property
    def ablation(self) -> Ablation | None:
        """What removing its units does; None before ``ablate``."""
        return self.loaded.ablation

    @property
    def detectors(self) -> list[UnitResult]:
        """Units above the iou_threshold, the best IoU first.

        >>> found = run["2"].detectors
        >>> found[0].iou == max(unit.iou for unit in found) > 0.04
        True
        """
        found = [unit for unit in self if unit.record.detector]
        return sorted(found, key=lambda unit: -(unit.iou or 0))

    def __len__(self) -> int:
        return len(self.loaded.units)

    def __getitem__(self, unit: Any) -> Any:
        if isinstance(unit, slice):
            return [self[place] for place in range(*unit.indices(len(self)))]
        if not -len(self) <= unit < len(self):
            raise IndexError(f"layer {self.loaded.summary.name!r} has units 0 to {len(self) - 1}")
        return UnitResult(self.view, self.loaded.units[unit])

    def __repr__(self) -> str:
        summary = self.loaded.summary
        strong = summary.grades.get("strong", 0)
        units = plural(summary.units, "unit")
        return f"<layer {summary.name}: {summary.detectors} of {units} match a concept, {strong} strong>"

    def _repr_html_(self) -> str:
        return layers_html([self.view])


class RunResult:
    """A network that was taken apart; ``run["layer4"][150]`` is a unit.

    Attributes:
        config: as a ``dissect.toml`` says it.
        loaded: the findings.
    """

    def __init__(
        self, config: Config, loaded: LoadedRun, progress: Progress | None, threads: int | None
    ) -> None:
        """Args:
        config: of this one run.
        loaded: its findings.
        progress: told how far further work is.
        threads: that count at the same time.
        """
        self.config = config
        self.loaded = loaded
        self._progress = progress
        self._threads = threads

    @cached_property
    def _site(self) -> SiteFindings:
        return SiteFindings(self.config, (self.loaded,))

    @property
    def layers(self) -> tuple[str, ...]:
        """Names, in execution order.

        >>> run.layers
        ('0', '2')
        """
        return tuple(self.loaded.layers)

    @property
    def concepts(self) -> tuple[ConceptRecord, ...]:
        """The catalogue that units were compared with.

        >>> [concept.name for concept in run.concepts]
        ['red', 'green', 'blue']
        """
        return self.loaded.record.concepts

    def __getitem__(self, layer: str) -> LayerResult:
        if layer not in self.loaded.layers:
            raise KeyError(f"no layer {layer!r} was measured; there are {', '.join(self.layers)}")
        return LayerResult(LayerView(self._site, self.loaded, self.loaded.layers[layer]))

    def __iter__(self) -> Iterator[LayerResult]:
        return (self[name] for name in self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def __repr__(self) -> str:
        record = self.loaded.record
        units = sum(layer.units for layer in record.layers)
        found = sum(layer.detectors for layer in record.layers)
        layers = plural(len(self), "layer")
        return f"<run {record.name}: {layers}, {found} of {plural(units, 'unit')} match a concept>"

    def _repr_html_(self) -> str:
        return layers_html([layer.view for layer in self])

    def to_pandas(self) -> Any:
        """One row a unit of every layer, the columns of ``units.csv`` behind the layer's name.

        Raises:
            DissectError: pandas is not installed.
        """
        try:
            import pandas as pd  # noqa: PLC0415  only whoever asks for a table needs it
        except ImportError:
            raise DissectError("to_pandas needs pandas: pip install pandas") from None
        stream = io.StringIO()
        writer = csv.DictWriter(stream, ("layer", *UNIT_TABLE))
        writer.writeheader()
        writer.writerows(self.rows())
        stream.seek(0)
        return pd.read_csv(stream)

    def rows(self) -> Iterator[dict[str, str]]:
        """What ``to_pandas`` gives, as tables of texts.

        >>> row = next(run.rows())
        >>> row["layer"], row["unit"]
        ('0', '0')
        """
        for layer in self:
            for row in unit_rows(layer.loaded.units, self.loaded.record.concepts):
                yield {"layer": layer.loaded.summary.name, **row}

    def ablate(self, *layers: str, **options: Any) -> RunResult:
        """The run with the units of some layers removed: every unit alone, the best, random ones.

        Args:
            layers: whose units; by default the last that can be.
            options: keys of ``[ablation]``, such as ``classes=["tree"]``.

        Raises:
            DissectError: one line saying what is wrong and what to do.
        """
        table: dict[str, Any] = {**({"layers": list(layers)} if layers else {}), **options}
        ablation = read_section(AblationConfig, table, "ablate", "[ablation]")
        (run,) = self.config.runs
        config = replace(self.config, runs=(replace(run, ablation=ablation),))
        (loaded,) = dissect_config(config, self._progress, False, self._threads)
        return RunResult(config, loaded, self._progress, self._threads)

    def remove(self, layer: str, units: Sequence[int]) -> Removed:
        """What the network says of the probe without some units.

        >>> removed = run.remove("2", [1, 4])
        >>> removed.images, 0 <= removed.accuracy <= 1
        (18, True)

        Raises:
            DissectError: there is no such layer or unit, or the network gives no classes.
        """
        if layer not in self.loaded.layers:
            raise LayerError(f"no layer {layer!r} was measured; there are {', '.join(self.layers)}")
        (run,) = self.config.runs
        return remove_units(self.config, run, layer, units, self._progress, self._threads or 1)

    def build(self, folder: str | Path | None = None) -> Path:
        """The website; gives its first page.

        >>> run.build(site).name
        'index.html'

        Args:
            folder: takes the findings and a ``dissect.toml`` too; by default where the findings are.

        Raises:
            DissectError: the folder holds somebody else's files, or the disk refuses.
        """
        from dissect_report.publish.builder import build_site  # noqa: PLC0415  mkdocs is slow to load

        config = self.config
        if folder is not None and Path(folder).resolve() != config.folder:
            config = self._moved(Path(folder).resolve())
        return build_site(config, Console(quiet=True))

    def _moved(self, home: Path) -> Config:
        """The configuration of a copy of the findings in another folder."""
        name = self.loaded.record.name
        draft = Draft(SitePaths(home).run(name))
        draft.settle()
        draft.begin()
        shutil.copytree(self.loaded.paths.root, draft.paths.root, dirs_exist_ok=True)
        draft.put()
        path = home / "dissect.toml"
        if not path.exists():
            shutil.copyfile(self.config.path, path)
        return replace(self.config, path=path)
