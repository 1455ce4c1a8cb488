"""Segmenters that are code: a network giving logits, or an object with ``segment``."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float, Integer
from torch import Tensor, nn

from dissect_report.config import SegmenterConfig
from dissect_report.errors import SegmenterError
from dissect_report.sources.concepts import (
    Concept,
    check_catalogue,
    name_channels,
    position_table,
    read_catalogue,
    unlabelled_ids,
)
from dissect_report.sources.factory import load_factory, source_digest
from dissect_report.sources.identity import digest_of
from dissect_report.sources.models import unwrap
from dissect_report.sources.precision import run_as_it_is
from dissect_report.sources.segmenters.protocol import sample_cells, to_positions
from dissect_report.sources.shells import eager
from dissect_report.sources.torchvision_models import build_torchvision, torchvision_categories

#: What torchvision's segmenters were trained with.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
BACKGROUND = "__background__"


class NetworkSegmenter:
    """Labels from a network's logits (channel index = id), or from ``segment(images)``."""

    def __init__(
        self,
        source: str,
        network: Any,
        catalogue: tuple[Concept, ...],
        *,
        unlabelled: int | Collection[int] = 0,
        normalisation: tuple[Sequence[float], Sequence[float]] | None = None,
        code_digest: str = "",
        quality: dict[str, float | None] | None = None,
    ) -> None:
        """Args:
        source: as the configuration names it.
        network: gives logits [image, concept, y, x], or has ``segment(images) -> int [image, depth, y, x]``.
        catalogue: with the network's own ids.
        unlabelled: the network's own ids for no label.
        normalisation: mean and std that it wants of images in [0, 1]; None for none.
        code_digest: of the file that makes it.
        quality: IoU against known truth per concept name.

        ``note`` says, once the network has run, what a reader should know of its number types.
        """
        self.source = source
        self.catalogue = catalogue
        self.quality = quality or {}
        self.network = network
        self.unlabelled = sorted(unlabelled_ids(unlabelled))
        self.normalisation = normalisation
        self._table = torch.from_numpy(position_table(catalogue, self.unlabelled))
        self._device: torch.device | str = "cpu"
        self.note = ""
        self._settled = not isinstance(network, nn.Module)
        if isinstance(network, nn.Module):
            network.eval()
        self.digest = self._digest(code_digest)

    def _digest(self, code_digest: str) -> str:
        facts = (digest_of(self.network), code_digest, self.unlabelled, self.catalogue, self.normalisation)
        return hashlib.sha256(repr(facts).encode()).hexdigest()

    def to(self, device: torch.device | str) -> None:
        """Moves the network, if it can be moved."""
        self._device = device
        if callable(getattr(self.network, "to", None)):
            self.network.to(device)
        self._table = self._table.to(device)

    def label(
        self, images: Float[Tensor, "image 3 y x"], names: Sequence[str], grid: int
    ) -> Integer[Tensor, "image depth grid grid"]:
        """See ``Segmenter``."""
        output = self.answer(images)
        if self._gives_ids:
            return self._from_ids(output, len(images), grid)
        return self._from_logits(output, len(images), grid)

    @property
    def _gives_ids(self) -> bool:
        return callable(getattr(self.network, "segment", None))

    def answer(self, images: Float[Tensor, "image 3 y x"]) -> Any:
        """What the network itself gives of RGB images in [0, 1], before anything is made of it.

        Raises:
            SegmenterError: it fails.
        """
        with torch.no_grad(), eager():
            return self._run(
                self.network.segment if self._gives_ids else self.network, self._prepared(images)
            )

    @property
    def networks(self) -> list[nn.Module]:
        """The network, or those that an object with ``segment`` keeps."""
        return _networks(self.network)

    def scores(self, images: Float[Tensor, "image 3 y x"]) -> Float[Tensor, "image concept y x"] | None:
        """The network's own logits of RGB in [0, 1]; None where it gives ids.

        Raises:
            SegmenterError: it fails, or gives no logits.
        """
        return None if self._gives_ids else self._logits(self.answer(images), len(images))

    def _prepared(self, images: Tensor) -> Tensor:
        """On the network's device, normalised as it wants them."""
        images = images.to(self._device)
        if self.normalisation is None:
            return images
        mean, std = (images.new_tensor(values).view(1, 3, 1, 1) for values in self.normalisation)
        normalised: Tensor = (images - mean) / std
        return normalised

    def _run(self, network: Any, images: Tensor) -> Any:
        try:
            if self._settled:
                return network(images)
            output, self.note = run_as_it_is(self.network, lambda: network(images), self.source)
            self._settled = True
            return output
        except (torch.OutOfMemoryError, MemoryError):
            raise  # the caller halves the batch
        except Exception as error:  # the user's own code: it may raise anything at all
            if "can't allocate memory" in str(error):
                raise
            line = " ".join(str(error).split())
            raise SegmenterError(
                f"{self.source} fails on images of shape {list(images.shape)}: {type(error).__name__}: {line}"
            ) from error

    def _from_ids(self, output: Any, count: int, grid: int) -> Tensor:
        try:
            ids = torch.as_tensor(output)
        except (TypeError, ValueError, RuntimeError):
            what = type(output).__name__
            raise SegmenterError(f"{self.source}: segment() gives a {what}, not ids") from None
        ids = ids[:, None] if ids.ndim == 3 else ids
        if ids.ndim != 4 or len(ids) != count:
            wanted = f"ids [image, depth, y, x] of {count} images"
            raise SegmenterError(f"{self.source}: segment() gives {list(ids.shape)}, not {wanted}")
        return to_positions(sample_cells(ids, grid), self._table, self.source)

    def _logits(self, output: Any, count: int) -> Tensor:
        logits = unwrap(output)
        if logits is None or logits.ndim != 4 or len(logits) != count:
            what = type(output).__name__ if logits is None else list(logits.shape)
            raise SegmenterError(
                f"{self.source} gives {what}, not logits [image, concept, y, x] of {count} images"
            )
        return logits

    def _from_logits(self, output: Any, count: int, grid: int) -> Tensor:
        logits = self._logits(output, count)
        if not bool(torch.isfinite(logits).all()):
            raise SegmenterError(f"{self.source} gives NaN or infinite logits; check its weights")
        last, highest = logits.shape[1] - 1, max(concept.id for concept in self.catalogue)
        if last != highest and not (last > highest and last in self.unlabelled):
            named = max(highest, *self.unlabelled, 0)
            raise SegmenterError(
                f"{self.source} gives {last + 1} channels, its list of concepts names {named + 1} ids "
                f"(the highest is {named}, unlabelled = {self.unlabelled or -1}): "
                "a network's list has one line a channel"
            )
        fine = F.interpolate(logits.float(), (grid, grid), mode="bilinear", align_corners=False)
        return to_positions(fine.argmax(1, keepdim=True), self._table, self.source)


def _networks(thing: Any) -> list[nn.Module]:
    """The network itself, or those that an object with ``segment`` keeps in attributes, lists and tables."""
    if isinstance(thing, nn.Module):
        return [thing]
    if isinstance(thing, Mapping | list | tuple):
        kept = thing.values() if isinstance(thing, Mapping) else thing
        return [network for part in kept for network in _networks(part)]
    kept = [value for _, value in sorted(vars(thing).items())] if hasattr(thing, "__dict__") else []
    return [
        n for part in kept if isinstance(part, nn.Module | Mapping | list | tuple) for n in _networks(part)
    ]


def open_factory(config: SegmenterConfig, folder: Path) -> NetworkSegmenter:
    """A segmenter from "file.py:factory" or "package.module:factory".

    Raises:
        SegmenterError: the factory fails, gives nothing that can segment, or nobody names its concepts.
    """
    network = load_factory(config.source, folder, SegmenterError)()
    if not callable(network) and not callable(getattr(network, "segment", None)):
        what = type(network).__name__
        raise SegmenterError(
            f"{config.source} gives a {what}: neither a network nor an object with segment(images)"
        )
    catalogue = _find_catalogue(config, folder, network)
    code = source_digest(config.source, folder)
    return NetworkSegmenter(config.source, network, catalogue, unlabelled=config.unlabelled, code_digest=code)


def open_torchvision(config: SegmenterConfig, folder: Path) -> NetworkSegmenter:
    """A segmenter from "torchvision:NAME@WEIGHTS", with the weights' categories as its catalogue.

    Raises:
        SegmenterError: no such network or weights, or they do not segment.
    """
    categories = torchvision_categories(config.source, SegmenterError)
    if "@" not in config.source:
        raise SegmenterError(
            f"{config.source} has random weights; name trained ones: {config.source}@DEFAULT"
        )
    network = build_torchvision(config.source, SegmenterError)
    unlabelled = config.unlabelled
    if config.concepts:
        catalogue = read_catalogue(folder / config.concepts, unlabelled)
    else:
        if unlabelled == (0,) and BACKGROUND in categories:
            unlabelled = (categories.index(BACKGROUND),)
        catalogue = check_catalogue(name_channels(categories), unlabelled, config.source)
    return NetworkSegmenter(
        config.source, network, catalogue, unlabelled=unlabelled, normalisation=(MEAN, STD)
    )


def _find_catalogue(config: SegmenterConfig, folder: Path, network: Any) -> tuple[Concept, ...]:
    """From the configured file, else from what the factory's object carries."""
    if config.concepts:
        return read_catalogue(folder / config.concepts, config.unlabelled)
    for attribute in ("concepts", "labels"):
        carried = getattr(network, attribute, None)
        if isinstance(carried, Iterable) and (carried := list(carried)):
            where = f"{config.source}, its .{attribute}"
            return check_catalogue(read_carried(carried, where), config.unlabelled, where)
    raise SegmenterError(
        f"{config.source}: nobody names its concepts: set `concepts` to a file, or give the object "
        "a list .labels, one name a channel"
    )


def read_carried(carried: Iterable[Any], where: str) -> list[Concept]:
    """Concepts from names in channel order, or from (id, name, category) triples or objects.

    Raises:
        SegmenterError: it is neither.
    """
    entries = list(carried)
    if all(isinstance(entry, str) for entry in entries):
        return name_channels(entries)
    concepts = []
    for entry in entries:
        parts = (
            entry
            if isinstance(entry, tuple | list)
            else [getattr(entry, k, None) for k in ("id", "name", "category")]
        )
        if len(parts) != 3 or not isinstance(parts[0], int) or not all(isinstance(p, str) for p in parts[1:]):
            raise SegmenterError(f"{where}: {entry!r} is neither a name nor (id, name, category)")
        concepts.append(Concept(*parts))
    return concepts
