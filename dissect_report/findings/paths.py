"""Every file name of a site's folder, said once.

<site>/dissect.toml
<site>/run/<run>/                      findings: may be committed and rendered elsewhere
    run.json                           Run
    manifest.json                      Manifest: size and sha256 of every other file
    thumbnails/<image>.webp            128 px, one a probe image
    segmentation/<image>.png           paletted, label channels stacked from top to bottom
    <layer folder>/dissection.json     Dissection
    <layer folder>/counts.npz          int64 counts, see ``store.COUNTS``
    <layer folder>/units.csv           one row a unit
    <layer folder>/ablation.json, ablation.npz                classifiers: units removed
    <layer folder>/generation.json, generation.npz, edits/    generators: units removed and inserted
    <layer folder>/painting.json, painting.npz, tail.onnx, labels.onnx, painted.webp    what painting needs
    <layer folder>/photo.json, photo.npz, network.onnx, photos/    what trying a photo needs
<site>/cache/<run>/                    activations and labels; safe to delete
<site>/docs/, mkdocs.yml, site/        made by render and build
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dissect_report.file_names import file_names

#: Side of a thumbnail and of a tile of a grid of edits, in pixels.
TILE = 128

#: Below a layer's folder, in findings of older versions: for every unit a strip of its top images.
STRIPS = "sprites"

#: What rendering notes in a run's cache, which an analysis may never have filled.
PAGES = "pages.json"

#: Folders of a run that are no layer's, in the findings and on the site.
RUN_FOLDERS = ("thumbnails", "segmentation", "classes", "experiments", "paint", "photo")


@dataclass(frozen=True)
class RunPaths:
    """The files of one run; ``root`` is ``<site>/run/<run>``."""

    root: Path

    @property
    def run(self) -> Path:
        """``run.json``."""
        return self.root / "run.json"

    def thumbnail(self, image: int) -> Path:
        """The small picture of a probe image."""
        return self.root / "thumbnails" / f"{image}.webp"

    def segmentation(self, image: int) -> Path:
        """The label maps of a probe image as a paletted picture."""
        return self.root / "segmentation" / f"{image}.png"

    def dissection(self, layer: str) -> Path:
        """``layer`` is a layer's folder, as in all methods below."""
        return self.root / layer / "dissection.json"

    def counts(self, layer: str) -> Path:
        """The layer's int64 counts."""
        return self.root / layer / "counts.npz"

    def table(self, layer: str) -> Path:
        """The layer's units as CSV."""
        return self.root / layer / "units.csv"

    def ablation(self, layer: str) -> Path:
        """What removing the layer's units does."""
        return self.root / layer / "ablation.json"

    def ablation_arrays(self, layer: str) -> Path:
        """The arrays behind it."""
        return self.root / layer / "ablation.npz"

    def generation(self, layer: str) -> Path:
        """What changing the layer's units does to a generator's images."""
        return self.root / layer / "generation.json"

    def generation_arrays(self, layer: str) -> Path:
        """The arrays behind it."""
        return self.root / layer / "generation.npz"

    def painting(self, layer: str) -> Path:
        """What a browser needs to paint with the layer's units."""
        return self.root / layer / "painting.json"

    def painting_arrays(self, layer: str) -> Path:
        """The scenes."""
        return self.root / layer / "painting.npz"

    def tail(self, layer: str) -> Path:
        """What lies behind the layer, as a graph."""
        return self.root / layer / "tail.onnx"

    def label_graph(self, layer: str) -> Path:
        """A segmenter, as a graph."""
        return self.root / layer / "labels.onnx"

    def painted(self, layer: str) -> Path:
        """A scene, intact and painted."""
        return self.root / layer / "painted.webp"

    def painting_files(self, layer: str) -> tuple[Path, ...]:
        """All of these."""
        kinds = (self.painting, self.painting_arrays, self.tail, self.label_graph, self.painted)
        return tuple(kind(layer) for kind in kinds)

    def photo(self, layer: str) -> Path:
        """What a browser needs to try the network on a photo."""
        return self.root / layer / "photo.json"

    def photo_arrays(self, layer: str) -> Path:
        """The arrays behind it."""
        return self.root / layer / "photo.npz"

    def network_graph(self, layer: str) -> Path:
        """The classifier, as a graph."""
        return self.root / layer / "network.onnx"

    def photo_crop(self, layer: str, place: int) -> Path:
        """A probe image that readers can pick, whole."""
        return self.root / layer / "photos" / f"{place}.webp"

    def removal_grid(self, layer: str, concept: int) -> Path:
        """Before/after grid of a concept: a row a latent, a column a count of units removed."""
        return self.root / layer / "edits" / f"removal-{concept}.webp"

    def set_grid(self, layer: str, concept: int) -> Path:
        """Sets of a concept side by side: a row a latent, columns intact and each set at one place."""
        return self.root / layer / "edits" / f"sets-{concept}.webp"

    def lattice(self, layer: str, concept: int, latent: int) -> Path:
        """A concept inserted at every place of one latent's image: tiles as the places lie."""
        return self.root / layer / "edits" / f"insertion-{concept}-{latent}.webp"

    def unit_edits(self, layer: str, unit: int) -> Path:
        """One unit: a row a latent, columns intact, removed, inserted everywhere."""
        return self.root / layer / "edits" / f"unit-{unit}.webp"

    def unit_lattice(self, layer: str, unit: int) -> Path:
        """One unit inserted at every place of the first latent's image: tiles as the places lie."""
        return self.root / layer / "edits" / f"unit-{unit}-places.webp"


@dataclass(frozen=True)
class SitePaths:
    """The folders of one site; ``root`` is where ``dissect.toml`` lies."""

    root: Path

    @property
    def runs(self) -> Path:
        """The findings of all runs."""
        return self.root / "run"

    def run(self, name: str) -> RunPaths:
        """The findings of the run called ``name``."""
        return RunPaths(self.runs / name)

    def cache(self, name: str) -> Path:
        """Activations and labels of the run called ``name``."""
        return self.root / "cache" / name

    @property
    def docs(self) -> Path:
        """Sources of the site."""
        return self.root / "docs"

    @property
    def mkdocs(self) -> Path:
        """The site's mkdocs configuration."""
        return self.root / "mkdocs.yml"

    @property
    def site(self) -> Path:
        """The built site."""
        return self.root / "site"


def layer_records(paths: RunPaths, name: str, but: Collection[str] = ()) -> Iterator[Path]:
    """The files called ``name`` of all layers that have one, but of those in some folders."""
    return (path for path in paths.root.glob(f"*/{name}") if path.parent.name not in but)


def direction_files(names: Iterable[str], taken: Iterable[str]) -> list[str]:
    """The same of layers of directions.

    Args:
        taken: file names of the network's own layers.
    """
    return file_names(names, reserved=(*RUN_FOLDERS, *taken))


def layer_files(names: Iterable[str]) -> list[str]:
    """File names of all layers of a network: their folders below the run, and their files in its cache."""
    return file_names(names, reserved=RUN_FOLDERS)
