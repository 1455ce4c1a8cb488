"""Findings on disk: strict JSON and npz, written atomically, checked when read.

pydantic is used here and nowhere else: the records stay plain dataclasses, and this file makes
sure that what is read is what the records say.
"""

from __future__ import annotations

import io
import json
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pydantic
from pydantic import TypeAdapter

from dissect_report.config import RunConfig
from dissect_report.errors import ConfigError, FindingsError
from dissect_report.findings.ablation import ARRAYS, Ablation
from dissect_report.findings.arrays import read_arrays
from dissect_report.findings.disk import write_atomically
from dissect_report.findings.gate import check_plain, layer_faults, refuse_first, run_faults
from dissect_report.findings.generation import GENERATION_ARRAYS, Generation
from dissect_report.findings.painting import Painting, misfitting, unedited
from dissect_report.findings.parts import Manifest
from dissect_report.findings.paths import RunPaths
from dissect_report.findings.photo import PHOTO_ARRAYS, Photo, tap_faults
from dissect_report.findings.records import SCHEMA_VERSION, LayerSummary, Run
from dissect_report.findings.shapes import misshapen
from dissect_report.findings.units import Dissection, UnitRecord

#: The arrays of ``counts.npz``. Halves are the two halves of the held-out measurement; concept
#: axes have one column per id, column 0 ("no label") is always 0. Counts are grid pixels, int64.
COUNTS = {
    "mask": "[half, unit] above the level",
    "concept": "[half, concept + 1] carrying the concept",
    "pixels": "[half] of all images",
    "intersection": "[half, unit, concept + 1] in both",
    "iou": "[unit, concept + 1] float64 over the whole probe dataset; NaN = undefined",
    "chance_iou": "[permutation, unit] float64: best IoU under each of the first permutations of label maps",
    "listed": "[unit, place] int32 ids of the ten best concepts; 0 = no more",
    "block_mask": "[unit, block] int32 above the level",
    "block_intersection": "[unit, place, block] int32 in both the mask and the listed concept",
    "block_concept": "[concept + 1, block] int32 carrying the concept",
    "seed": "int64: permutation k is of numpy.random.default_rng([seed, 1000, k]), splits are "
    "of default_rng([seed, 2000]), draws of intervals of default_rng([seed, 3000])",
    "level": "[unit] float64",
    "maximum": "[unit, image] float32: of the raw map",
    "mean": "[unit, image] float32: of the raw map; orders images of equal maximum",
}

T = TypeVar("T")


def to_json(record: object) -> str:
    """A record as JSON; a NaN in it is refused.

    Raises:
        ValueError: the record holds NaN or an infinite number.
    """
    data = TypeAdapter(type(record)).dump_python(record, mode="json")
    cleaned = _clean(data)
    if isinstance(record, Run):  # as it was given: a rounded quantile may be none
        cleaned["config"] = data["config"]
    return json.dumps(cleaned, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def _clean(value: Any) -> Any:
    """Floats with 9 significant digits: float32 survives exactly, the files stay small."""
    kind = type(value)
    if kind is int or kind is str:  # most of a record; asked first, since a large one has millions
        return value
    if isinstance(value, float) and math.isfinite(value):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {name: _clean(item) for name, item in value.items()}
    return [_clean(item) for item in value] if isinstance(value, list | tuple) else value


def write_record(path: Path, record: object) -> None:
    """Writes a record of ``records.py`` as JSON, atomically."""
    write_atomically(path, to_json(record).encode())


def read_record(path: Path, kind: type[T]) -> T:
    """A record as it was written.

    Raises:
        FindingsError: missing, of another schema version, or not what ``kind`` says.
    """
    try:
        text = path.read_text(encoding="utf-8")
        version = json.loads(text).get("schema_version")
    except FileNotFoundError:
        raise FindingsError(f"{path}: no findings here; run `dissect-report analyze` first") from None
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise FindingsError(f"{path}: cannot be read ({error}); run `dissect-report analyze` again") from None
    if version != SCHEMA_VERSION:
        remedy = (
            "update dissect-report"
            if isinstance(version, int) and version > SCHEMA_VERSION
            else "run `dissect-report analyze` again"
        )
        raise FindingsError(
            f"{path}: schema version {version}, this program reads {SCHEMA_VERSION}; {remedy}"
        )
    try:
        return _strict(kind).validate_json(text)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise FindingsError(f"{path}: {where}: {first['msg']}; run `dissect-report analyze` again") from None


def _strict(kind: type[T]) -> TypeAdapter[T]:
    """What reads and describes records: every value of the type it should have, and no more of them."""
    config = pydantic.ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    return TypeAdapter(pydantic.with_config(config)(kind))


def number(value: float | np.floating) -> float | None:
    """What a record holds: the value, or None where it is undefined."""
    return float(value) if math.isfinite(value) else None


def write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Arrays as a compressed npz, the same bytes for the same numbers."""
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
    write_atomically(path, stream.getvalue())


def json_schema() -> dict[str, Any]:
    """JSON Schema of every record's file."""
    kinds = (Run, Dissection, Ablation, Generation, Painting, Photo, Manifest)
    return {f"{kind.__name__.lower()}.json": _strict(kind).json_schema() for kind in kinds}


@dataclass(frozen=True)
class LoadedLayer:
    """One layer's findings; files are read when first asked for.

    Attributes:
        summary: of the layer, from ``run.json``.
        paths: of the run's files.
        run: what the layer's indices point into.
    """

    summary: LayerSummary
    paths: RunPaths
    run: Run

    def _read(self, path: Path, kind: type[T]) -> T:
        """A record about this layer that fits the run."""
        record = read_record(path, kind)
        refuse_first(path, layer_faults(record, self.run, self.summary))
        return record

    def _arrays(
        self, path: Path, documented: dict[str, str], sizes: dict[str, int], live: bool = True
    ) -> dict[str, np.ndarray]:
        """A file of arrays that fits the run."""
        known = {"unit": self.summary.units, "concept + 1": len(self.run.concepts) + 1} | sizes
        return read_arrays(path, lambda heads: misshapen(heads, documented, known, live))

    @cached_property
    def record(self) -> Dissection:
        """``dissection.json``."""
        return self._read(self.paths.dissection(self.summary.folder), Dissection)

    @property
    def units(self) -> tuple[UnitRecord, ...]:
        """The layer's units in channel order."""
        return self.record.units

    @cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays of ``counts.npz`` by name; see ``COUNTS``."""
        sizes = {"half": 2, "image": len(self.run.images)}
        return self._arrays(self.paths.counts(self.summary.folder), COUNTS, sizes)

    @cached_property
    def chance_ious(self) -> np.ndarray:
        """``chance_iou`` alone: pages need no more of ``counts.npz``, and all of it is too large to keep."""
        kept = "arrays" in self.__dict__
        values = self.arrays["chance_iou"]
        if not kept:
            del self.__dict__["arrays"]
        return values

    @cached_property
    def ablation(self) -> Ablation | None:
        """``ablation.json``; None where the run removes no units of this layer."""
        path = self.paths.ablation(self.summary.folder)
        return self._read(path, Ablation) if path.exists() else None

    @cached_property
    def ablation_arrays(self) -> dict[str, np.ndarray]:
        """The arrays of ``ablation.npz`` by name; see ``findings.ablation.ARRAYS``."""
        known = self.ablation
        assert known is not None, "asked for only where there is a record"
        sizes = {"class": len(self.run.classes), "target": len(known.targets)}
        path = self.paths.ablation_arrays(self.summary.folder)
        return self._arrays(path, ARRAYS, sizes, known.live)

    @cached_property
    def generation(self) -> Generation | None:
        """``generation.json``; None where the run changes no units of this layer."""
        path = self.paths.generation(self.summary.folder)
        return self._read(path, Generation) if path.exists() else None

    @cached_property
    def generation_arrays(self) -> dict[str, np.ndarray]:
        """The arrays of ``generation.npz`` by name; see ``findings.generation.GENERATION_ARRAYS``."""
        sizes = {"edited": len(self.generation.concepts)} if self.generation else {}
        return self._arrays(self.paths.generation_arrays(self.summary.folder), GENERATION_ARRAYS, sizes)

    @cached_property
    def painting(self) -> Painting | None:
        """``painting.json``; None where the run does not export the layer."""
        path = self.paths.painting(self.summary.folder)
        if not path.exists():
            return None
        record = self._read(path, Painting)
        if not record.obstacle and self.generation:
            refuse_first(path, unedited(record, [edits.concept for edits in self.generation.concepts]))
        return record

    @cached_property
    def painting_arrays(self) -> dict[str, np.ndarray]:
        """The arrays of ``painting.npz`` by name; see ``findings.painting.PAINTING_ARRAYS``."""
        known, path = self.painting, self.paths.painting_arrays(self.summary.folder)
        assert known is not None, "asked for only where there is a record"
        return read_arrays(path, lambda heads: misfitting(heads, known, self.summary.units))

    @cached_property
    def photo(self) -> Photo | None:
        """``photo.json``; None where the run exports no network for the layer."""
        path = self.paths.photo(self.summary.folder)
        return self._read(path, Photo) if path.exists() else None

    @cached_property
    def photo_arrays(self) -> dict[str, np.ndarray]:
        """The arrays of ``photo.npz`` by name; see ``findings.photo.PHOTO_ARRAYS``."""
        known = self.photo
        assert known is not None, "asked for only where there is a record"
        sizes = {"grid": self.run.grid, "class": len(self.run.classes), "photo": len(known.photos)}
        path = self.paths.photo_arrays(self.summary.folder)
        arrays = self._arrays(path, PHOTO_ARRAYS, sizes)
        refuse_first(path, tap_faults(arrays, known.map_size))
        return arrays


@dataclass(frozen=True)
class LoadedRun:
    """A run's findings.

    Attributes:
        record: ``run.json``.
        paths: of its files.
        layers: by dotted module name, in execution order.
    """

    record: Run
    paths: RunPaths
    layers: dict[str, LoadedLayer]


def _check_config(path: Path, run: Run) -> None:
    """Refuses a configuration that this program would not have run."""
    try:
        TypeAdapter(RunConfig).validate_python(run.config)
    except (pydantic.ValidationError, ConfigError) as error:
        first = str(error).splitlines()[0]
        raise FindingsError(f"{path}: config: {first}; run `dissect-report analyze` again") from None


def load_run(path: str | Path) -> LoadedRun:
    """The findings in ``path``, a folder holding ``run.json``.

    Raises:
        FindingsError: missing, of another schema version, or not valid; or there is a link in it.
    """
    paths = RunPaths(Path(path))
    record = read_record(paths.run, Run)
    check_plain(paths.root)
    refuse_first(paths.run, run_faults(record))
    _check_config(paths.run, record)
    layers = {summary.name: LoadedLayer(summary, paths, record) for summary in record.layers}
    return LoadedRun(record, paths, layers)
