"""Where every page and file of the site lives, and how one page links to another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote

HOME = PurePosixPath("index.html")
COMPARE = PurePosixPath("compare.html")
CONCEPTS = PurePosixPath("concepts")
#: File names of pictures end so: of probe images, whole or in part.
PICTURES = (".webp", ".png", ".jpg", ".jpeg")


@dataclass(frozen=True)
class LayerAddresses:
    """Addresses of one layer: ``folder`` is ``<run>/<layer folder>``."""

    folder: PurePosixPath

    @property
    def page(self) -> PurePosixPath:
        """The layer page."""
        return self.folder / "index.html"

    @property
    def cards(self) -> PurePosixPath:
        """Data of the layer page's cards."""
        return self.folder / "units.js"

    @property
    def outlines(self) -> PurePosixPath:
        """Masks on the pictures of the layer page's cards."""
        return self.folder / "outlines.js"

    def unit(self, unit: int) -> PurePosixPath:
        """A unit's page."""
        return self.folder / f"{unit}.html"

    def record(self, unit: int) -> PurePosixPath:
        """A unit's record as JSON."""
        return self.folder / f"{unit}.json"

    def removal_grid(self, concept: int) -> PurePosixPath:
        """A concept's units removed step by step: a row a latent."""
        return self.folder / "edits" / f"removal-{concept}.webp"

    def set_grid(self, concept: int) -> PurePosixPath:
        """A concept's sets inserted at one place, side by side: a row a latent."""
        return self.folder / "edits" / f"sets-{concept}.webp"

    def lattice(self, concept: int, latent: int) -> PurePosixPath:
        """A concept inserted at every place of one latent's image."""
        return self.folder / "edits" / f"insertion-{concept}-{latent}.webp"

    def unit_edits(self, unit: int) -> PurePosixPath:
        """One unit removed, and inserted everywhere."""
        return self.folder / "edits" / f"unit-{unit}.webp"

    def unit_lattice(self, unit: int) -> PurePosixPath:
        """One unit inserted at every place of the first latent's image."""
        return self.folder / "edits" / f"unit-{unit}-places.webp"

    @property
    def live(self) -> PurePosixPath:
        """What a page needs to remove units by itself."""
        return self.folder / "live.js"


@dataclass(frozen=True)
class RunAddresses:
    """Addresses of one run."""

    name: str

    @property
    def root(self) -> PurePosixPath:
        """The run's folder."""
        return PurePosixPath(self.name)

    @property
    def methods(self) -> PurePosixPath:
        """How the run was made."""
        return self.root / "methods.html"

    @property
    def data(self) -> PurePosixPath:
        """The run's files and their schema."""
        return self.root / "data.html"

    @property
    def palette(self) -> PurePosixPath:
        """Which colour of a segmentation is which concept."""
        return self.root / "concepts.js"

    @property
    def terms(self) -> PurePosixPath:
        """What the numbers on the run's unit pages mean."""
        return self.root / "terms.js"

    @property
    def classes(self) -> PurePosixPath:
        """The run's classes."""
        return self.root / "classes" / "index.html"

    def class_page(self, file_name: str) -> PurePosixPath:
        """The page of a class, or group of classes, with this file name."""
        return self.classes.with_name(f"{file_name}.html")

    @property
    def keeping(self) -> PurePosixPath:
        """The experiment that removes, or keeps only, a class's best units."""
        return self.root / "experiments" / "removing-and-keeping.html"

    @property
    def interpretable(self) -> PurePosixPath:
        """The experiment that asks whether important units are interpretable."""
        return self.root / "experiments" / "important-and-interpretable.html"

    @property
    def photo(self) -> PurePosixPath:
        """The page on which the network runs on a reader's photo."""
        return self.root / "photo" / "index.html"

    @property
    def removing(self) -> PurePosixPath:
        """The experiment that removes a concept's units from a generator."""
        return self.root / "experiments" / "removing.html"

    @property
    def inserting(self) -> PurePosixPath:
        """The experiment that inserts them at every place."""
        return self.root / "experiments" / "inserting.html"

    @property
    def side_effects(self) -> PurePosixPath:
        """The experiment that asks what else changes."""
        return self.root / "experiments" / "side-effects.html"

    @property
    def paint(self) -> PurePosixPath:
        """Where readers paint with units."""
        return self.root / "paint" / "index.html"

    def paint_file(self, name: str) -> PurePosixPath:
        """A script that registers a part of what painting needs."""
        return self.paint.with_name(f"{name}.js")

    @property
    def paint_card(self) -> PurePosixPath:
        """What is shown where a link to that page is shared."""
        return self.paint.with_name("card.png")

    @property
    def painted(self) -> PurePosixPath:
        """A scene, intact and painted."""
        return self.paint.with_name("painted.webp")

    def layer(self, folder: str) -> LayerAddresses:
        """Addresses of the layer with this folder."""
        return LayerAddresses(self.root / folder)

    def thumbnail(self, image: int) -> PurePosixPath:
        """A probe image's small picture."""
        return self.root / "thumbnails" / f"{image}.webp"

    def segmentation(self, image: int) -> PurePosixPath:
        """A probe image's label maps, as a script that registers them."""
        return self.root / "segmentation" / f"{image}.js"


def concept_page(file_name: str) -> PurePosixPath:
    """The page of a concept with this file name."""
    return CONCEPTS / f"{file_name}.html"


def link(source: PurePosixPath, target: PurePosixPath) -> str:
    """``target`` as a relative address on the page ``source``; works from disk and under a sub-path."""
    here, there = source.parent.parts, target.parts
    shared = 0
    while shared < min(len(here), len(there) - 1) and here[shared] == there[shared]:
        shared += 1
    return quote("/".join([*[".."] * (len(here) - shared), *there[shared:]]))
