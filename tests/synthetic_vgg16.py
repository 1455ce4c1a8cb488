"""A made-up run as large as a real one: VGG16's 13 layers, 300 concepts, 365 classes, real file sizes.

What decides the size of a site is made here at its real size: pictures with the grain of photographs
and outlines that the package itself draws around the maps of a layer of that depth.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from PIL import Image

from dissect_report.analysis.outlines import outline
from dissect_report.config import load_config
from dissect_report.findings import ablation, paths, records, store
from dissect_report.findings import units as unit_records
from tests.synthetic import TOP, Writer
from tests.synthetic_ablation import MadeUpRemovals
from tests.synthetic_runs import run_names, toml

#: Units and side of the map of each layer.
UNITS = (64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)
SIDES = (224, 224, 112, 112, 56, 56, 56, 28, 28, 28, 14, 14, 14)
GRID, CLASSES, CONCEPTS = 56, 365, 300
#: Classes whose removals are worked out; the others repeat them.
WORKED_OUT = 12
#: Steps of grey that make a thumbnail of a drawn scene 2.8 KB of WebP, the mean of SqueezeNet's top images.
GRAIN = 10.8
#: Top lists, and outlines of a layer, that its units share.
POOL = 150
#: Cells whose mean is a cell of a made-up map, and what part of the map lies outside its mask: with
#: these, outlines are as long as SqueezeNet's over photographs, 3.4 to 15 KB a unit by the map's side.
BLUR, OUTSIDE = 5, 0.97


def write_vgg16_site(folder: Path, units: Sequence[int] = UNITS, images: int = 1000, seed: int = 0) -> Path:
    """Writes ``dissect.toml`` and the findings of one run; the path of the configuration.

    ``units`` are the units of each layer; a site of other layers than VGG16's repeats the sides of its last.
    """
    kinds = ("classifier",)
    config = folder / "dissect.toml"
    config.write_text(toml(run_names(kinds), kinds, hostile=False), encoding="utf-8")
    (run,) = load_config(config).runs
    root = paths.SitePaths(folder).run(run.name)
    writer = LargeWriter(
        root, asdict(run), seed, len(units), 0, images, CONCEPTS, hostile=False,
        classes=[f"class {number}" for number in range(CLASSES)], by_layer=tuple(units),
    )  # fmt: skip
    writer.write()
    writer.write_removals(first=True, images=12 * WORKED_OUT)
    return config


@dataclass
class LargeWriter(Writer):
    """Findings at their real size.

    Attributes:
        by_layer: units of each layer.
    """

    by_layer: tuple[int, ...] = field(default=())

    def write_removals(self, first: bool, images: int) -> None:
        summary = self.record.layers[-1]
        found = store.read_record(self.paths.dissection(summary.folder), unit_records.Dissection)
        made = RepeatedRemovals(
            summary.name, found.units, self.record.classes[:WORKED_OUT], self.images, False, False, images,
            self.seed, self.record.classes,
        )  # fmt: skip
        made.write(self.paths, summary.folder)

    def _write_pictures(self) -> None:
        self.pictures = [self._grainy(picture) for picture in self.pictures]
        super()._write_pictures()

    def _grainy(self, picture: Image.Image) -> Image.Image:
        """The picture with grain of two sizes, as a photograph has."""
        size = picture.size[0]
        fine = self.random.normal(0, 1, (size, size))
        coarse = np.kron(self.random.normal(0, 1, (size // 4, size // 4)), np.ones((4, 4)))
        grain = GRAIN * (0.6 * fine + 0.8 * coarse)
        return Image.fromarray(np.clip(np.asarray(picture) + grain[..., None], 0, 255).astype(np.uint8))

    def _top_lists(self, count: int) -> list[list[int]]:
        return super()._top_lists(POOL)

    def _layer(self, depth: int, name: str, folder: str) -> records.LayerSummary:
        self.units = self.by_layer[depth]
        self.outlines = [self._outline(min(SIDES[min(depth, len(SIDES) - 1)], GRID)) for _ in range(POOL)]
        return super()._layer(depth, name, folder)

    def _outline(self, side: int) -> str:
        """Around the highest places of a map of ``side`` cells whose neighbours resemble each other."""
        cells = np.pad(self.random.normal(0, 1, (side, side)), (0, BLUR), mode="wrap")
        smooth = sum(cells[y : y + side, x : x + side] for y in range(BLUR) for x in range(BLUR))
        resized = Image.fromarray(smooth.astype(np.float32)).resize((GRID, GRID), Image.Resampling.BILINEAR)
        activation = np.asarray(resized)
        return outline(activation, float(np.quantile(activation, OUTSIDE)))

    def _unit(self, unit: int, counts: dict[str, np.ndarray]) -> unit_records.UnitRecord:
        """Eight images where it is wrong, each way, as a real run lists."""
        made = super()._unit(unit, counts)
        few = tuple(replace(top, outline="", area=None) for top in made.top_images)
        return replace(
            made,
            silent=tuple(replace(top, area=40) for top in few[:8]) if made.silent else (),
            fires_without=few[5:13] if made.fires_without else (),
        )

    def _top(
        self, unit: int, counts: dict[str, np.ndarray], dead: bool
    ) -> tuple[unit_records.RankedImage, ...]:
        drawn = super()._top(unit, counts, dead)
        start = int(self.random.integers(POOL))
        chosen = islice(cycle(self.outlines), start, start + TOP)
        return tuple(
            replace(top, outline=path if top.outline else "") for top, path in zip(drawn, chosen, strict=True)
        )


@dataclass
class RepeatedRemovals(MadeUpRemovals):
    """AblationView of a few classes, repeated for many: working all out would take hours.

    Attributes:
        names: of all classes, those worked out first.
    """

    names: Sequence[str] = ()

    def record(self) -> ablation.Ablation:
        few = super().record()
        own = few.targets[: len(self.classes)]
        rows = [[row for row in few.rows if row.target == target] for target in range(len(own))]
        return replace(
            few,
            targets=tuple(
                replace(target, name=name, classes=(place,))
                for place, (name, target) in enumerate(zip(self.names, cycle(own), strict=False))
            ),
            rows=tuple(
                replace(row, target=place)
                for place, group in zip(range(len(self.names)), cycle(rows), strict=False)
                for row in group
            ),
            spread=tuple(
                replace(spread, values=self._repeated(spread.values[: len(own)])) for spread in few.spread
            ),
        )

    def arrays(self) -> dict[str, np.ndarray]:
        found = super().arrays()
        places = np.arange(len(self.names)) % len(self.classes)
        by_target = ("ranking_loss", "evaluation_loss", "confirmed_loss", "fall", "order")
        return found | {name: found[name][places] for name in by_target}

    def _repeated(self, values: Iterable[float | None]) -> tuple[float | None, ...]:
        return tuple(islice(cycle(values), len(self.names)))
