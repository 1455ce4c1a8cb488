"""What changing units does to a generator's images, as inert records: ``generation.json`` beside a layer's
dissection.

Numbers that a page shows one by one are here; ``generation.npz`` holds the whole arrays, see
``GENERATION_ARRAYS``. Areas are fractions of an image's grid pixels, means over latents. Concepts are ids of
``Run.concepts``, latents indices into ``Run.images``. ``None`` means undefined.
"""

from __future__ import annotations

from dataclasses import dataclass

from dissect_report.findings.inserted_sets import InsertedSet

#: The arrays of ``generation.npz``. "edited" is the order of ``Generation.concepts``, "measured" that of the
#: array ``units``; concept axes have one column per id, column 0 ("no label") is always 0.
GENERATION_ARRAYS = {
    "units": "[measured] int64 units that were changed one by one",
    "intact": "[latent, concept + 1] int64 grid pixels of each concept in the intact images",
    "removed": "[measured, concept + 1] float64 area with the unit removed minus intact",
    "inserted": "[measured, concept + 1] float64 area with the unit inserted everywhere minus intact",
    "insert_level": "[unit] float64 the value a unit is inserted at; NaN = undefined",
    "sweep": "[edited, ranking, count, latent, concept + 1] int32 grid pixels; rankings: effect where units "
    "were chosen by it, iou, ace, draws",
    "set_inserted": "[edited, concept + 1] float64 area with its units inserted everywhere minus intact",
    "placed": "[edited, insert latent, place, concept + 1] int32 grid pixels, its units inserted there",
    "set_added": "[edited, set, insert latent, place] int64 grid pixels of it, each set at the place "
    "minus intact; sets in the order of ``ConceptEdits.sets``",
    "painted": "[edited, set, insert latent, place] float64 share of the place's pixels that carry it then",
    "painted_before": "[edited, insert latent, place] float64 the same in the intact image",
    "place_labels": "[insert latent, place, depth] int64 intact labels at the middle of the place",
    "unit_placed": "[measured, unit place, concept + 1] int32 grid pixels, the unit inserted there; latent 0",
    "unit_place_labels": "[unit place, depth] int64 intact labels at its middle; latent 0",
}

#: How the units of a removal sweep are chosen; "random" stands once for each draw.
RANKINGS = ("effect", "iou", "ace", "random")

#: Columns of a before/after grid.
GRID_COUNTS = (0, 2, 4, 8, 20)


@dataclass(frozen=True)
class SweepPoint:
    """So many units removed.

    Attributes:
        count: units removed.
        portion: of the concept's pixels that is gone; negative where there are more; None where it was never
            drawn.
        low: lower end of the 99 % bootstrap-t interval over latents; None where fewer than 12 show a change.
        high: upper end.
    """

    count: int
    portion: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class SweepCurve:
    """A removal sweep.

    Attributes:
        ranking: "effect", "iou", "ace" or "random".
        units: in the order in which they are removed.
        points: at growing counts; random draws are pooled. "effect" ends with all units of its set.
    """

    ranking: str
    units: tuple[int, ...]
    points: tuple[SweepPoint, ...]


@dataclass(frozen=True)
class AreaChange:
    """A concept's area before and after an edit.

    Attributes:
        concept: id.
        before: mean area in the intact images.
        after: in the edited ones.
        low: lower end of the 99 % Student t interval of the change over latents; None where fewer than 12
            show one.
        high: upper end.
    """

    concept: int
    before: float
    after: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Context:
    """What stood at a place before a concept was inserted there.

    Attributes:
        concept: id of the label at the middle of the place.
        places: how many, over all latents.
        added: mean added area of the inserted concept.
        deviation: standard deviation; None for a single place.
    """

    concept: int
    places: int
    added: float
    deviation: float | None


@dataclass(frozen=True)
class GridCell:
    """An edited image of a before/after grid.

    Attributes:
        outline: SVG path in a box of 500 x 500 around what differs from the intact image; "" if nothing.
        changed: share of a 32 x 32 grid over the picture that changed visibly.
        area: of the concept in this image.
    """

    outline: str
    changed: float
    area: float


@dataclass(frozen=True)
class ConceptEdits:
    """All that was tried with one concept.

    Attributes:
        concept: id.
        area: mean area in the intact images of the latents that were edited.
        images: of those, how many show it.
        detectors: units of the layer whose best concept it is, above the iou_threshold.
        ceiling: IoU of its best unit; None if undefined.
        insert_units: units that were inserted, chosen as ``Generation.choose_by`` says, the strongest first.
        insert_strengths: how far each is moved to its insertion value, in (0, 1].
        sets: what was put at places, the one that was asked for first; "random" is left out without draws.
        curves: of "effect" where units were chosen by it, "iou", "ace" and "random".
        side_count: units removed for the side effects.
        side_effects: every concept's area then, the largest change first, without those never drawn.
        ace: area with its units inserted everywhere minus area with them removed.
        added: mean added area of an insertion at one place, over places and latents.
        added_low: lower end of the 99 % Student t interval over latents; None where fewer than 12 change.
        added_high: upper end.
        added_by_place: the mean for each place, row by row.
        contexts: what stood there, the largest gain first.
        cells: before/after grid, row by row: a row a latent, a column a count of ``grid_counts``.
        lattice_added: per grid latent and place, added area of the insertion.
        shown_places: per grid latent, the place drawn by lot at which the sets are shown side by side.
        set_cells: row by row, a row a latent: intact, then each of ``sets`` at that place.
        notes: what the reader should know, such as that no unit detects it.
    """

    concept: int
    area: float
    images: int
    detectors: int
    ceiling: float | None
    insert_units: tuple[int, ...]
    insert_strengths: tuple[float, ...]
    sets: tuple[InsertedSet, ...]
    curves: tuple[SweepCurve, ...]
    side_count: int
    side_effects: tuple[AreaChange, ...]
    ace: float | None
    added: float | None
    added_low: float | None
    added_high: float | None
    added_by_place: tuple[float, ...]
    contexts: tuple[Context, ...]
    cells: tuple[tuple[GridCell, ...], ...]
    lattice_added: tuple[tuple[float, ...], ...]
    shown_places: tuple[int, ...]
    set_cells: tuple[tuple[GridCell, ...], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class UnitEdits:
    """One unit removed, and inserted everywhere.

    Attributes:
        unit: index.
        removed: the concepts whose area changes most when it is removed, at most six.
        inserted: the same when it is inserted everywhere.
        ace: of the unit on its own best concept; None without one.
        latents: shown in its picture, where it fires most.
        outlines: of what changed, per latent: removed, inserted.
        placed_added: of its own best concept, area added to latent 0's image by inserting the unit at each of
            ``Generation.unit_places``, row by row; () without a concept or without such places.
        placed_outlines: of what changed then.
    """

    unit: int
    removed: tuple[AreaChange, ...]
    inserted: tuple[AreaChange, ...]
    ace: float | None
    latents: tuple[int, ...]
    outlines: tuple[tuple[str, str], ...]
    placed_added: tuple[float, ...]
    placed_outlines: tuple[str, ...]


@dataclass(frozen=True)
class Generation:
    """``generation.json``: one layer's units changed.

    Attributes:
        schema_version: of this file.
        key: digest of everything the numbers depend on.
        layer: dotted module name.
        choose_by: "effect": units and strengths were learned by gradient; "iou": its best units by IoU.
        learned_on: first latent and last (not included) that strengths were learned on: none of them is
            among those that anything else is measured on; None by IoU.
        learned_in: steps of learning; None by IoU.
        path: how the generator ran behind the layer: "fx", "export" or "full".
        latents: the first so many of the probe, for removing.
        unit_latents: the first so many, for single units.
        insert_latents: the first so many, for inserting at places.
        grid_latents: the first so many, shown.
        places: rows and columns of the lattice of places.
        unit_places: the same of the places where single units are inserted; (0, 0) where they are not.
        removed: numbers of units removed.
        grid_counts: columns of the before/after grids.
        insert_quantile: fraction of probe pixels above the value a unit is inserted at.
        unit_effects: "detectors" or "all".
        concepts: in the order asked for, or by area.
        units: those that were changed one by one.
        never_drawn: concepts asked for that no image shows.
        edits: edited images made and segmented.
        unchanged: edits that changed no activation, as a share.
        notes: what the reader should know.
        command: what makes these findings again.
        seconds: per stage; differs between two equal runs.
    """

    schema_version: int
    key: str
    layer: str
    choose_by: str
    learned_on: tuple[int, int] | None
    learned_in: int | None
    path: str
    latents: int
    unit_latents: int
    insert_latents: int
    grid_latents: int
    places: tuple[int, int]
    unit_places: tuple[int, int]
    removed: tuple[int, ...]
    grid_counts: tuple[int, ...]
    insert_quantile: float
    unit_effects: str
    concepts: tuple[ConceptEdits, ...]
    units: tuple[UnitEdits, ...]
    never_drawn: tuple[int, ...]
    edits: int
    unchanged: float
    notes: tuple[str, ...]
    command: str
    seconds: dict[str, float]
