"""A made-up run, complete on disk: what the report and the published site are tested against.

Nothing is measured. Scenes are drawn from a few shapes, counts are invented, and everything that a
record derives from counts (IoU, precision, detectors, concepts of a layer) is derived here too, so
that the numbers on a page agree with each other. Every odd case occurs: dead, not finite and
duplicate units, units without a concept, undefined values, concepts that were never seen.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from dissect_report.config import load_config
from dissect_report.findings import paths, records, store
from dissect_report.findings import units as unit_records
from dissect_report.findings.grades import count_grades, grade
from tests import synthetic_scenes as scenes
from tests.synthetic_ablation import MadeUpRemovals
from tests.synthetic_names import CLASSES, HOSTILE, NAMES
from tests.synthetic_runs import GENERATOR, latents, photos, provenance, run_names, toml

TOP = 15
IOU_THRESHOLD = 0.04


def write_synthetic_site(
    folder: Path,
    runs: int = 1,
    layers: int = 2,
    units: int = 24,
    images: int = 40,
    concepts: int = 30,
    seed: int = 0,
    hostile: bool = False,
    ablation: bool = True,
    removal_images: int = 60,
    kinds: Sequence[str] = (),
    blind: Collection[int] = (),
    apart: bool = False,
) -> Path:
    """Writes ``dissect.toml`` and the findings of ``runs`` runs; the path of the configuration.

    ``units`` are the units of EACH layer. ``hostile`` gives concepts, layers, classes and images names
    that break pages which do not escape them. With ``ablation`` units of every run's last layer were
    removed, ranked and evaluated on ``removal_images`` each: the first run has labels and a linear tail,
    the others have neither.

    ``kinds`` says what each run's network is, "classifier" or "generator", instead of ``runs`` classifiers;
    a generator has no classes, no labels and no removals. No unit of the runs ``blind`` matches anything.
    With ``apart`` no two runs look for a concept of the same name.
    """
    kinds = kinds or ("classifier",) * runs
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "dissect.toml"
    config.write_text(toml(run_names(kinds), kinds, hostile), encoding="utf-8")
    for index, run in enumerate(load_config(config).runs):
        root = paths.SitePaths(folder).run(run.name)
        prefix = f"{run.name} " if apart else ""
        writer = Writer(
            root, asdict(run), seed + index, layers, units, images, concepts, hostile,
            run.is_generator, index in blind, prefix,
        )  # fmt: skip
        writer.write()
        if ablation and not run.is_generator:
            writer.write_removals(first=index == 0, images=removal_images)
    return config


@dataclass
class Writer:
    """The findings of one run."""

    paths: paths.RunPaths
    config: dict[str, object]
    seed: int
    layers: int
    units: int
    images: int
    concepts: int
    hostile: bool
    generator: bool = False
    blind: bool = False
    prefix: str = ""
    classes: Sequence[str] = tuple(CLASSES)

    def write(self) -> None:
        self.random = np.random.default_rng(self.seed)
        self.catalogue = self._catalogue()
        seen = self.catalogue[:-2]  # the last two never are
        drawn = [scenes.draw_scene(self.random, seen) for _ in range(self.images)]
        self.pictures = [picture for picture, _ in drawn]
        self.labels = np.stack([labels for _, labels in drawn])
        self._count_concepts()
        self._write_pictures()
        self.pool = self._top_lists(48)
        names = [f"features.conv{1 + i // 2}_{1 + i % 2}" for i in range(self.layers)]
        if self.generator:
            names = [f"layer{1 + i}" for i in range(self.layers)]
        if self.hostile:
            names = [[*HOSTILE, *names][i % (len(HOSTILE) + len(names))] for i in range(self.layers)]
        folders = paths.file_names(names, reserved=("methods.html", "data.html", "index.html"))
        summaries = tuple(self._layer(i, n, f) for i, (n, f) in enumerate(zip(names, folders, strict=True)))
        self.record = self._run(summaries)
        store.write_record(self.paths.run, self.record)

    def write_removals(self, first: bool, images: int) -> None:
        """AblationView of the last layer's units."""
        summary = self.record.layers[-1]
        found = store.read_record(self.paths.dissection(summary.folder), unit_records.Dissection)
        made = MadeUpRemovals(
            summary.name, found.units, self.record.classes, self.images, first, not first, images, self.seed
        )
        made.write(self.paths, summary.folder)

    def _catalogue(self) -> list[records.ConceptRecord]:
        wanted = [(name, category) for category, group in NAMES.items() for name in group]
        # the first of every category first, so that a small catalogue has all of them
        wanted.sort(key=lambda pair: NAMES[pair[1]].index(pair[0]))
        wanted += [(f"object {n}", records.CATEGORIES[n % 6]) for n in range(self.concepts)]
        if self.hostile:
            wanted = [(name, records.CATEGORIES[n % 6]) for n, name in enumerate(HOSTILE)] + wanted
        wanted = [(self.prefix + name, category) for name, category in wanted[: self.concepts]]
        slugs = paths.file_names((name for name, _ in wanted), reserved=("index",))
        return [
            records.ConceptRecord(
                n + 1, name, category, slug, scenes.color(n), int(category == "color"), 0, 0, None
            )
            for n, ((name, category), slug) in enumerate(zip(wanted, slugs, strict=True))
        ]

    def _count_concepts(self) -> None:
        """Pixels [half, concept + 1] and images of every concept, from the drawn labels."""
        self.half = np.arange(self.images) % 2
        present = np.stack([(self.labels == c).any(axis=1) for c in range(len(self.catalogue) + 1)], axis=1)
        self.concept_pixels = np.stack([present[self.half == h].sum(axis=(0, 2, 3)) for h in (0, 1)])
        self.concept_pixels[:, 0] = 0
        total = self.images * scenes.GRID**2
        self.mask_pixels = max(1, int(0.01 * total))
        for index, concept in enumerate(self.catalogue):
            pixels = int(self.concept_pixels[:, concept.id].sum())
            ceiling = min(self.mask_pixels, pixels) / max(self.mask_pixels, pixels) if pixels else None
            seen = int(present[:, concept.id].any(axis=(1, 2)).sum())
            self.catalogue[index] = replace(concept, pixels=pixels, images=seen, attainable_iou=ceiling)

    def _write_pictures(self) -> None:
        for index, picture in enumerate(self.pictures):
            store.write_atomically(self.paths.thumbnail(index), scenes.thumbnail(picture))
            data = scenes.segmentation(self.labels[index], self.catalogue)
            store.write_atomically(self.paths.segmentation(index), data)

    def _top_lists(self, count: int) -> list[list[int]]:
        """A few, shared by all units."""
        return [[int(i) for i in self.random.permutation(self.images)[:TOP]] for _ in range(count)]

    def _layer(self, depth: int, name: str, folder: str) -> records.LayerSummary:
        counts = self._counts(depth)
        units = tuple(self._unit(unit, counts) for unit in range(self.units))
        chance = {
            category: 0.4 if category in ("object", "color") else 0.0 for category in records.CATEGORIES
        }
        dissection = unit_records.Dissection(records.SCHEMA_VERSION, name, IOU_THRESHOLD, units, chance)
        store.write_record(self.paths.dissection(folder), dissection)
        store.write_arrays(self.paths.counts(folder), counts)
        rows = [f"{u.unit},{'' if u.iou is None else u.iou}" for u in units]
        store.write_atomically(self.paths.table(folder), "\n".join(["unit,iou", *rows, ""]).encode())
        detectors = [u for u in units if u.detector]
        strong = [u for u in detectors if u.grade == "strong"]
        return records.LayerSummary(
            name, folder, f"{name} -> {name}.relu (ReLU)", self.units, (14, 14), len(detectors),
            count_grades(u.grade for u in units), 0.8, 2.0, 0.01,
            self._by_category(detectors), self._by_category(strong),
        )  # fmt: skip

    def _by_category(self, units: list[unit_records.UnitRecord]) -> dict[str, int]:
        named = {self.catalogue[u.concept - 1] for u in units if u.concept is not None}
        return {c: sum(concept.category == c for concept in named) for c in records.CATEGORIES}

    def _counts(self, depth: int) -> dict[str, np.ndarray]:
        """Arrays as ``store.COUNTS`` says; deeper layers match better."""
        random, n = self.random, len(self.catalogue) + 1
        mask = np.full((2, self.units), self.mask_pixels // 2, dtype=np.int64)
        share = random.random((self.units, n)) ** 6 * 0.1
        best = random.integers(1, n, self.units)
        reach = 0.9 * (depth + 1) / self.layers
        share[np.arange(self.units), best] = random.random(self.units) ** 1.5 * reach
        wobble = np.clip(1 + 0.5 * random.standard_normal((2, self.units, n)), 0, 1.1)
        small = np.minimum(mask[:, :, None], self.concept_pixels[:, None, :])
        intersection = np.minimum((small * share * wobble).astype(np.int64), small)
        for unit in range(self.units):
            if unit % 24 in (3, 7, 11) or self.blind:  # dead, not finite, without any concept
                intersection[:, unit] = 0
            if unit % 24 == 3:
                mask[:, unit] = 0
        total, concept = intersection.sum(0), self.concept_pixels.sum(0)
        union = mask.sum(0)[:, None] + concept[None] - total
        iou = np.where(union > 0, total / np.maximum(union, 1), np.nan)
        iou[:, 0] = np.nan
        chance = np.abs(0.02 + 0.006 * random.standard_normal((99, self.units)))
        level = 1 + 3 * random.random(self.units)
        maximum = (level[:, None] * 2.2 * random.random((self.units, self.images))).astype(np.float32)
        maximum[15::24, : self.images * 3 // 4] = level[15::24, None] * 2.2
        pixels = np.array([(self.half == h).sum() * scenes.GRID**2 for h in (0, 1)])
        return {
            "mask": mask, "concept": self.concept_pixels, "pixels": pixels, "intersection": intersection,
            "iou": iou, "chance_iou": chance, "level": level, "maximum": maximum, "mean": maximum / 4,
            "listed": np.zeros((self.units, 10), np.int32), "seed": np.array(0),
            "block_mask": np.zeros((self.units, self.images), np.int32),
            "block_intersection": np.zeros((self.units, 10, self.images), np.int32),
            "block_concept": np.zeros((n, self.images), np.int32),
        }  # fmt: skip

    def _unit(self, unit: int, counts: dict[str, np.ndarray]) -> unit_records.UnitRecord:
        case = unit % 24
        scores = self._scores(unit, counts)
        best = scores[0] if scores else None
        dead, finite = case == 3, case != 7
        heldout = None if best is None or case == 13 else best.iou * float(0.5 + 0.55 * self.random.random())
        detector = best is not None and best.iou > IOU_THRESHOLD
        robust = 0.0 if best is None else best.iou * (0.3 if case in (5, 13) else 0.8)
        certain = {"p": 0.4, "q": 0.5} if case in (4, 6) else {"p": 0.001, "q": 0.004}
        certain = certain if counts["mask"][:, unit].any() else {"p": None, "q": None}
        graded = grade(best and best.iou, certain["q"], robust, IOU_THRESHOLD, self.images)
        other = scores[1].concept if len(scores) > 1 and graded != "strong" else best and best.concept
        level, tops = float(counts["level"][unit]), self._top(unit, counts, dead)
        bands = (("top", 0), ("95-99", 1), ("75-95", 4), ("50-75", 7), ("random", 2))
        few = tuple(replace(t, outline="", area=None) for t in tops)
        bins = (np.exp(-np.linspace(0, 9, 60)) * 4e4 * (0.6 + self.random.random(60))).astype(int)
        peers = [(unit + step) % self.units for step in (1, 5, 9, 13) if step < self.units]
        return unit_records.UnitRecord(
            unit=unit, level=level if finite else None, minimum=0.0 if finite else None,
            maximum=(0.0 if dead else level * 2.2) if finite else None,
            density=0.0 if dead else float(self.random.random()),
            mask_pixels=int(counts["mask"][:, unit].sum()),
            concept=best and best.concept, iou=best and best.iou, attainable_iou=best and best.attainable_iou,
            heldout_iou=heldout, half_concepts=(best and best.concept, other),
            chance_iou=None if dead or not finite else float(np.quantile(counts["chance_iou"].T[unit], 0.95)),
            **certain, permutations=0 if certain["p"] is None else 999, robust_iou=robust,
            split_share=1.0 if robust > IOU_THRESHOLD else 0.4,
            iou_low=best and best.iou * 0.8, iou_high=best and best.iou * 1.2,
            detector=detector, grade=graded, dead=dead, finite=finite,
            duplicate_of=unit - 4 if case == 9 else None, saturates=case == 15 and self.images > 20,
            saturation=self.images * 3 // 4 if case == 15 else None, concepts=scores, top_images=tops,
            bands=tuple(unit_records.Band(name, few[start : start + 4]) for name, start in bands),
            silent=tuple(replace(t, area=40 + t.image) for t in few[3:7]) if best else (),
            fires_without=few[5:9] if best else (),
            relatives=tuple(unit_records.Relative(p, 0.9 - 0.2 * i) for i, p in enumerate(peers)),
            histogram=unit_records.Histogram(0.0, level * 2.2, tuple(map(int, bins))) if finite else None,
        )  # fmt: skip

    def _scores(self, unit: int, counts: dict[str, np.ndarray]) -> tuple[unit_records.ScoredConcept, ...]:
        iou, both = counts["iou"][unit], counts["intersection"].sum(0)[unit]
        mask = int(counts["mask"].sum(0)[unit])
        order = [c for c in np.argsort(-np.nan_to_num(iou), kind="stable") if iou[c] > 0][:10]
        return tuple(
            unit_records.ScoredConcept(
                int(c), float(iou[c]), both[c] / mask, both[c] / size, float(iou[c]) * 0.02,
                None if rank == 3 else float(iou[c]) * 0.3, int(both[c]), min(mask, size) / max(mask, size),
            )
            for rank, c in enumerate(order) if (size := int(self.concept_pixels[:, c].sum()))
        )  # fmt: skip

    def _top(
        self, unit: int, counts: dict[str, np.ndarray], dead: bool
    ) -> tuple[unit_records.RankedImage, ...]:
        chosen = self.pool[unit % len(self.pool)]
        values = np.sort(counts["maximum"][unit])[::-1] * (not dead)
        paths = [scenes.outline(self.random) for _ in chosen]
        drawn = ["" if dead or place == 14 else path for place, path in enumerate(paths)]
        each = zip(chosen, values.tolist(), drawn, strict=False)
        return tuple(unit_records.RankedImage(i, value, 40 if path else 0, path) for i, value, path in each)

    def _run(self, layers: tuple[records.LayerSummary, ...]) -> records.Run:
        odd = HOSTILE if self.hostile else []
        classes = [] if self.generator else [*odd, *self.classes]
        half = [int(half) for half in self.half]
        quality = {c.name: None if c.id == 2 else 0.5 + 0.4 / c.id for c in self.catalogue if not c.segmenter}
        segmenters = (
            records.SegmenterRecord("demo", "ef" * 32, len(quality), quality),
            records.SegmenterRecord("color", "", self.concepts - len(quality), {}),
        )
        skipped = (
            () if self.generator else (f"{odd[0] if odd else 'broken'}.jpg: cannot identify image file",)
        )
        return records.Run(
            records.SCHEMA_VERSION, str(self.config["name"]), "A made-up run", self.config,
            provenance(self.seed), tuple(classes), segmenters, tuple(self.catalogue),
            latents(half) if self.generator else photos(half, classes, odd or classes), skipped, layers,
            scenes.GRID, scenes.CROP, scenes.DEPTH, self.images, GENERATOR if self.generator else None,
        )  # fmt: skip
