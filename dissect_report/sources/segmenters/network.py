"""Segmenters that are code: a network giving logits, or an object with ``segment``."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float, Integer
from torch import Tensor, nn

from dissect_report.config import SegmenterConfig
from dissect_report.errors import SegmenterError
from dissect_report.sources.concepts import Concept, position_table, unlabelled_ids
from dissect_report.sources.identity import digest_of
from dissect_report.sources.precision import run_as_it_is
from dissect_report.sources.segmenters.carried import networks_in
from dissect_report.sources.segmenters.label_output import LabelOutput
from dissect_report.sources.segmenters.protocol import check_sides, sample_cells, to_positions
from dissect_report.sources.shells import eager


class NetworkSegmenter:
    """Labels from a network's logits (channel index = id) or whole ids, or from ``segment(images)``."""

    def __init__(
        self,
        source: str,
        network: Any,
        catalogue: tuple[Concept, ...],
        *,
        unlabelled: int | Collection[int] = 0,
        output: int | str = "",
        normalisation: tuple[Sequence[float], Sequence[float]] | None = None,
        code_digest: str = "",
        quality: dict[str, float | None] | None = None,
    ) -> None:
        """Args:
        source: as the configuration names it.
        network: gives logits [image, concept, y, x] or ids [image, y, x], or has
            ``segment(images) -> int [image, depth, y, x]``.
        catalogue: with the network's own ids.
        unlabelled: the network's own ids for no label.
        output: which of several outputs holds the labels; "" for the one that fits.
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
        self._output = LabelOutput(
            source, str(output), _channels(catalogue, self.unlabelled), len(catalogue) == 1
        )
        self._device: torch.device | str = "cpu"
        self.note = ""
        self._settled = not isinstance(network, nn.Module)
        if isinstance(network, nn.Module):
            network.eval()
        self.digest = self._digest(code_digest)

    def _digest(self, code_digest: str) -> str:
        weights, own = digest_of(self.network), (self._output, self.catalogue, self.normalisation)
        facts = (weights, code_digest, self.unlabelled, *own)
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
        if self._gives_ids:
            return self._from_ids(self.answer(images), images, grid)
        found, alone = self._output.read(lambda: self.answer(images), len(images))
        if not found.is_floating_point():
            return self._from_ids(found, images, grid, "")
        check_sides(self.source, found, images)
        return self._from_logits(found, alone, grid)

    @property
    def _gives_ids(self) -> bool:
        return callable(getattr(self.network, "segment", None))

    def answer(self, images: Float[Tensor, "image 3 y x"], gradient: bool = False) -> Any:
        """What the network itself gives of RGB images in [0, 1], before anything is made of it.

        Args:
            images: on any device.
            gradient: whether one may be asked for.

        Raises:
            SegmenterError: it fails.
        """
        with torch.set_grad_enabled(gradient), eager():
            return self._run(
                self.network.segment if self._gives_ids else self.network, self._prepared(images)
            )

    @property
    def networks(self) -> list[nn.Module]:
        """The network, or those that an object with ``segment`` keeps."""
        return networks_in(self.network)

    def scores(self, images: Float[Tensor, "image 3 y x"]) -> Float[Tensor, "image concept y x"] | None:
        """The network's own logits of RGB in [0, 1]; None where it gives ids.

        Raises:
            SegmenterError: it fails, or gives no logits.
        """
        if self._gives_ids:
            return None
        found, _ = self._output.read(lambda: self.answer(images), len(images))
        return found if found.is_floating_point() else None

    def log_probability(
        self, images: Float[Tensor, "image 3 y x"], position: int
    ) -> Float[Tensor, "image y x"]:
        """The natural logarithm of a concept's probability at every pixel that the network decides on.

        A gradient leads from it to the images. An object with ``segment`` gives it by a method of its own,
        ``log_probability(images, id)``.

        Args:
            images: RGB in [0, 1].
            position: of the concept in the catalogue, from 1.

        Raises:
            SegmenterError: the network fails, or gives whole ids.
        """
        channel = self.catalogue[position - 1].id
        if self._gives_ids:
            own = getattr(self.network, "log_probability", None)
            if own is None:
                raise SegmenterError(f"{self.source} gives whole ids, which have no gradient")
            with torch.enable_grad(), eager():
                made: Tensor = self._run(lambda prepared: own(prepared, channel), self._prepared(images))
            return made
        with torch.enable_grad():
            found, alone = self._output.read(lambda: self.answer(images, True), len(images))
            if not found.is_floating_point():
                raise SegmenterError(f"{self.source} gives whole ids, which have no gradient")
            channel = 0 if found.shape[1] == 1 else channel
            return F.logsigmoid(found[:, channel]) if alone else found.log_softmax(1)[:, channel]

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
                return network(images.clone())  # others look at these images, too
            output, self.note = run_as_it_is(self.network, lambda: network(images.clone()), self.source)
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

    def _from_ids(self, output: Any, images: Tensor, grid: int, called: str = "segment() ") -> Tensor:
        count = len(images)
        try:
            ids = torch.as_tensor(output)
        except (TypeError, ValueError, RuntimeError):
            what = type(output).__name__
            raise SegmenterError(f"{self.source}: {called}gives a {what}, not ids") from None
        ids = ids[:, None] if ids.ndim == 3 else ids
        if ids.ndim != 4 or len(ids) != count:
            wanted = f"ids [image, depth, y, x] of {count} images"
            raise SegmenterError(f"{self.source}: {called}gives {list(ids.shape)}, not {wanted}")
        check_sides(self.source, ids, images)
        if ids.dtype == torch.bool and len(self.catalogue) == 1:
            ids = ids.long() * self.catalogue[0].id
        return to_positions(sample_cells(ids, grid), self._table, self.source)

    def _from_logits(self, logits: Tensor, alone: bool, grid: int) -> Tensor:
        """Args:
        logits: [image, concept, y, x].
        alone: whether every concept is decided by itself, above 0.
        grid: side of the segmentation grid.
        """
        if not bool(torch.isfinite(logits).all()):
            raise SegmenterError(f"{self.source} gives NaN or infinite logits; check its weights")
        fine = F.interpolate(logits.float(), (grid, grid), mode="bilinear", align_corners=False)
        if not alone:
            return to_positions(fine.argmax(1, keepdim=True), self._table, self.source)
        one = len(self.catalogue) == 1 and fine.shape[1] == 1
        positions = torch.ones_like(self._table[:1]) if one else self._table[: fine.shape[1]]
        return torch.where(fine > 0, positions.clamp_min(0).view(1, -1, 1, 1), 0)


def normalisation_of(
    config: SegmenterConfig, known: tuple[Sequence[float], Sequence[float]] | None = None
) -> tuple[Sequence[float], Sequence[float]] | None:
    """Mean and std of a segmenter's input: as configured, else as its source knows; None for neither."""
    return (config.mean, config.std) if config.mean else known


def _channels(catalogue: Sequence[Concept], unlabelled: Sequence[int]) -> tuple[int, ...]:
    """How many channels a list of concepts can be of: up to the highest id, or to one that means no label."""
    highest = max(concept.id for concept in catalogue)
    return tuple(number + 1 for number in (highest, *unlabelled) if number >= highest)
