"""The one gate for findings that were read: whatever passes it can be rendered, whoever wrote it.

Types are checked while a record is read. Here it is the values: names are the ones that this program makes,
indices point at something, counts and shares are possible, nothing is there twice.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dissect_report.errors import FindingsError
from dissect_report.file_names import file_names
from dissect_report.findings import ablation, generation, painting, photo, records, units
from dissect_report.findings.consistency import ablation_contradictions, generation_contradictions
from dissect_report.findings.grades import GRADES
from dissect_report.findings.paths import layer_files

#: Larger whole numbers are no counts: JavaScript would read another number.
LARGEST = 2**53
#: What a run's name, its folder, may be.
RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_COLOR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True)
class Sizes:
    """How many there are of what indices point at; None where no such index can be."""

    images: int
    concepts: int
    classes: int
    segmenters: int
    units: int | None = None
    targets: int | None = None


Rule = Callable[[Any, Sizes], bool]


def _below(name: str, first: int = 0) -> Rule:
    """An index into one of the sizes, from ``first`` on."""

    def rule(value: Any, sizes: Sizes) -> bool:
        size = getattr(sizes, name)
        return size is not None and bool(first <= value < size + max(first, 0))

    return rule


def _share(value: float, sizes: Sizes) -> bool:
    return 0 <= value <= 1


def _count(value: Any, sizes: Sizes) -> bool:
    """What holds of everything that no rule is about."""
    return not isinstance(value, int) or 0 <= value < LARGEST


def _some(value: float, sizes: Sizes) -> bool:
    return 1 <= value < LARGEST


def _path_data(value: Any, sizes: Sizes) -> bool:
    return re.fullmatch(r"[MmLlHhVvZz0-9 ,.-]*", value) is not None


def _one_of(*known: str) -> Rule:
    return lambda value, sizes: value in known


_IMAGE, _UNIT, _CLASS = _below("images"), _below("units"), _below("classes")
_CONCEPT = _below("concepts", 1)

#: Of every record, the fields whose values are more than their type; tuples and dictionaries by element.
RULES: dict[type, dict[str, Rule]] = {
    records.ConceptRecord: {
        "id": _CONCEPT, "category": _one_of(*records.CATEGORIES), "segmenter": _below("segmenters"),
        "color": lambda value, sizes: _COLOR.fullmatch(value) is not None, "attainable_iou": _share,
    },
    records.ImageRecord: {"half": lambda value, sizes: value in (0, 1)},
    records.SegmenterRecord: {"quality": _share},
    records.LayerSummary: {"units": _some, "map_size": _some, "chance_p": _share},
    records.ScoresRecord: {"decision": _one_of("argmax", "one logit", "sigmoid"), "width": _some},
    records.GeneratorRecord: {"latent_shape": _some, "clipped": _share},
    records.Run: {"grid": _some, "crop": _some, "depth": _some, "groups": _some},
    units.Dissection: {"iou_threshold": _share},
    units.ScoredConcept: {"concept": _CONCEPT, "iou": _share, "precision": _share, "recall": _share,
                          "attainable_iou": _share},
    units.RankedImage: {"image": _IMAGE, "outline": _path_data},
    units.Relative: {"unit": _UNIT},
    units.Band: {"name": _one_of("top", "95-99", "75-95", "50-75", "random")},
    units.UnitRecord: {
        "unit": _UNIT, "concept": _CONCEPT, "half_concepts": _CONCEPT, "duplicate_of": _UNIT,
        "density": _share,
        "iou": _share, "attainable_iou": _share, "heldout_iou": _share, "chance_iou": _share, "p": _share,
        "q": _share, "robust_iou": _share, "split_share": _share, "iou_low": _share, "iou_high": _share,
        "grade": _one_of(*GRADES),
    },
    ablation.UnitLoss: {"unit": _UNIT},
    ablation.Confusion: {"predicted": _CLASS},
    ablation.Flip: {"image": _IMAGE, "before": _below("classes", -1), "after": _below("classes", -1)},
    ablation.Combination: {"units": _UNIT, "balanced_accuracy": _share, "accuracy": _share},
    ablation.Target: {"kind": _one_of("class", "group"), "classes": _CLASS, "recall": _share,
                      "specificity": _share, "balanced_accuracy": _share},
    ablation.SetRow: {"target": _below("targets"), "kind": _one_of("removed", "kept", "random"), "p": _share,
                      "balanced_accuracy": _share, "accuracy": _share, "recall": _share,
                      "specificity": _share},
    ablation.Spread: {"state": _one_of("intact", "removed", "kept"), "values": _share, "mean": _share},
    ablation.Ablation: {"labels": _one_of("labels", "intact predictions"), "sets": _UNIT, "unchanged": _share,
                        "decision": _one_of("argmax", "one logit", "sigmoid"), "accuracy": _share},
    generation.SweepCurve: {"ranking": _one_of(*generation.RANKINGS), "units": _UNIT},
    generation.AreaChange: {"concept": _CONCEPT, "before": _share, "after": _share},
    generation.Context: {"concept": _CONCEPT},
    generation.GridCell: {"outline": _path_data, "changed": _share, "area": _share},
    generation.ConceptEdits: {"concept": _CONCEPT, "area": _share, "insert_units": _UNIT},
    generation.UnitEdits: {"unit": _UNIT, "latents": _IMAGE, "outlines": _path_data,
                           "placed_outlines": _path_data},
    generation.Generation: {"never_drawn": _CONCEPT, "unchanged": _share,
                            "unit_effects": _one_of("detectors", "all")},
    painting.PaintSet: {"concept": _CONCEPT, "adds": _UNIT, "removes": _UNIT, "strengths": _share},
    painting.LabelGraph: {"first": _below("concepts"), "concepts": _below("concepts", 1), "grid": _some,
                          "differing": _share},
    painting.Painting: {"precision": _one_of("float16", "float32", ""), "scenes": _IMAGE, "painted": _CONCEPT,
                        "kept": _some},
    photo.Photo: {"photos": _IMAGE, "outside": _one_of("border", "zeros"),
                  "precision": _one_of("", "float16", "float32"), "scores_difference": _share,
                  "maps_difference": _share},
}  # fmt: skip


#: What the configuration's own checks, or nobody, has to say about.
UNCHECKED = {(records.Run, "config"), (records.GeneratorRecord, "seed")}


def faults(record: Any, sizes: Sizes, where: str = "") -> Iterator[str]:
    """Every value of a record, and of the records in it, that cannot be: "units.3.concept: 99"."""
    for name, rule in _fields(type(record)):  # type: ignore[arg-type]
        yield from _value_faults(getattr(record, name), rule, sizes, f"{where}{name}")


@functools.cache
def _fields(kind: type[Any]) -> tuple[tuple[str, Rule], ...]:
    rules = RULES.get(kind, {})
    names = [field.name for field in dataclasses.fields(kind) if (kind, field.name) not in UNCHECKED]
    return tuple((name, rules.get(name, _count)) for name in names)


def _value_faults(value: Any, rule: Rule, sizes: Sizes, where: str) -> Iterator[str]:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, tuple | list):
        for place, item in enumerate(value):
            yield from _value_faults(item, rule, sizes, f"{where}.{place}")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _value_faults(item, rule, sizes, f"{where}.{key}")
    elif dataclasses.is_dataclass(value):
        yield from faults(value, sizes, f"{where}.")
    elif not rule(value, sizes):
        yield f"{where}: {value!r}"


def refuse_first(path: Path, found: Iterator[str]) -> None:
    """One line about the first fault of a file.

    Raises:
        FindingsError: there is one.
    """
    for fault in found:
        raise FindingsError(f"{path}: {fault[:200]} cannot be; run `dissect-report analyze` again")


def run_faults(run: records.Run) -> Iterator[str]:
    """What is wrong with ``run.json``."""
    sizes = sizes_of(run)
    if not RUN_NAME.fullmatch(run.name):
        yield f"name: {run.name!r}"
    yield from faults(run, sizes)
    if not run.layers:
        yield "layers: none"
    names = [layer.name for layer in run.layers]
    concepts = [concept.name for concept in run.concepts]
    for what, values in (
        ("layers", names), ("concepts", concepts), ("colors", [concept.color for concept in run.concepts]),
        ("images", [image.name for image in run.images]),
    ):  # fmt: skip
        if len(set(values)) < len(values):
            yield f"{what}: one twice"
    if [layer.folder for layer in run.layers] != layer_files(names):
        yield f"layers: the folders {', '.join(layer.folder for layer in run.layers)!r}"
    if [concept.slug for concept in run.concepts] != file_names(concepts):
        yield "concepts: a slug that is not of its name"
    if [concept.id for concept in run.concepts] != list(range(1, len(run.concepts) + 1)):
        yield "concepts: their ids"
    own = {layer.name for layer in run.layers if not layer.base}
    for layer in run.layers:
        if layer.base and (layer.base not in own or layer.basis == "channels"):
            yield f"layers: what {layer.name} are directions of"
        if not layer.grades.keys() <= set(GRADES) or sum(layer.grades.values()) > layer.units:
            yield f"layers: the grades of {layer.name}"
        for found in (layer.concepts, layer.strong_concepts):
            if not found.keys() <= set(records.CATEGORIES):
                yield f"layers: the categories of {layer.name}"


def sizes_of(run: records.Run, layer_units: int | None = None, targets: int | None = None) -> Sizes:
    """What indices of a run's records, or of one layer's, may point at."""
    counts = (len(run.images), len(run.concepts), len(run.classes), len(run.segmenters))
    return Sizes(*counts, layer_units, targets)


def layer_faults(record: Any, run: records.Run, layer: records.LayerSummary) -> Iterator[str]:
    """What is wrong with a record about one layer: of ``units.py`` or of an experiment."""
    if record.layer != layer.name:
        yield f"layer: {record.layer!r}"
    targets = len(record.targets) if isinstance(record, ablation.Ablation) else None
    yield from faults(record, sizes_of(run, layer.units, targets))
    if isinstance(record, ablation.Ablation):
        yield from ablation_contradictions(record)
    elif isinstance(record, generation.Generation):
        yield from generation_contradictions(record)
    elif isinstance(record, painting.Painting):
        yield from painting.painting_contradictions(record, layer.units, layer.map_size)
    elif isinstance(record, photo.Photo):
        if not record.obstacle and record.map_size != layer.map_size:
            yield f"map_size: {record.map_size!r}"
    elif [unit.unit for unit in record.units] != list(range(layer.units)):
        yield "units: not the layer's"


def check_plain(folder: Path) -> None:
    """Refuses links in a run's folder: what they point at would be published.

    Raises:
        FindingsError: naming the first.
    """
    for parent, folders, files in os.walk(folder):
        for name in ("", *folders, *files):
            path = Path(parent, name)
            if path.is_symlink():
                raise FindingsError(f"{path}: is a link; findings hold none, put the file itself there")
