"""Walks in batches that halve when memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch

from dissect_report.analysis.passes.filling import Walk
from dissect_report.errors import DissectError, ModelError


@dataclass
class Batches:
    """Walks over the probe in batches that halve when memory runs out.

    Attributes:
        size: images a batch, as it stands after any halving.
        device: where the networks run.
        notes: one line per halving, for the provenance.
    """

    size: int
    device: torch.device
    notes: list[str] = field(default_factory=list)

    def walk(self, work: Callable[[int, int], None], what: str) -> Walk:
        """The walk of a pass: ``work(start, stop)`` for consecutive batches.

        Raises:
            ModelError: when walked: memory runs out with a single image, or the work fails.
        """
        return lambda first, last: self.each(first, last, work, what)

    def each(
        self, first: int, last: int, work: Callable[[int, int], None], what: str
    ) -> Iterator[tuple[int, int]]:
        """Calls ``work(start, stop)`` for consecutive batches and yields each when it is done.

        Raises:
            ModelError: memory runs out with a single image.
        """
        start = first
        while start < last:
            stop = min(start + self.size, last)
            try:
                with torch.inference_mode():
                    work(start, stop)
            except DissectError:
                raise
            except Exception as error:  # the user's own code: it may raise anything at all
                if not out_of_memory(error):
                    line = " ".join(str(error).split())
                    raise ModelError(
                        f"the {what} fails on a batch of {stop - start}: {type(error).__name__}: {line}"
                    ) from error
                self._halve(what)
                continue
            yield start, stop
            start = stop

    def _halve(self, what: str) -> None:
        if self.size == 1:
            raise ModelError(
                f"{what}: out of memory with a single image; lower [probe] crop or use another device"
            )
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        self.notes.append(f"{what}: out of memory at batch size {self.size}, halved to {self.size // 2}")
        self.size //= 2


def out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out; CPU allocations fail as a plain RuntimeError."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)
