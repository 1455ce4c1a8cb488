"""What a pass adds up, image after image, saved whole: it goes on from there, or begins anew."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from dissect_report.analysis.cache import KEY
from dissect_report.analysis.passes.filling import Fillable
from dissect_report.analysis.passes.spans import Spans, in_all
from dissect_report.findings.disk import writing

#: Among the arrays of a reduction, the images that are in them.
FILLED = "filled"


class Reduction:
    """Sums over images. Of the arrays of a pass it is the last, for what is in it must be in all others.

    Attributes:
        path: of the file.
        filled: images that are in the sums as they were saved.
    """

    def __init__(self, path: Path, key: str, collect: Callable[[], dict[str, np.ndarray]]) -> None:
        """Args:
        path: of the file.
        key: digest of everything that the sums depend on.
        collect: gives the sums as they stand, by name.
        """
        self.path, self.key, self.collect = path, key, collect
        self.filled = Spans()

    def load(self, beside: Sequence[Fillable], count: int) -> dict[str, np.ndarray] | None:
        """The sums that were saved under the same key, if all that the pass filled beside them is there.

        Args:
            beside: the other arrays of the pass.
            count: images of the pass.
        """
        try:
            with np.load(self.path, allow_pickle=False) as archive:
                if str(archive[KEY]) != self.key:
                    return None
                arrays = {name: archive[name] for name in archive.files}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        filled = Spans(tuple((int(first), int(last)) for first, last in arrays.pop(FILLED)))
        there = in_all((array.filled for array in beside), count)
        if len(there + filled) > len(there):
            return None
        self.filled = filled
        return arrays

    def save(self, filled: Spans) -> None:
        """Writes the sums, and that ``filled`` is in them.

        Raises:
            StorageError: no space or no permission.
        """
        spans = np.array(filled.parts, np.int64).reshape(-1, 2)
        with writing(self.path) as stream:
            np.savez(stream, **{KEY: np.array(self.key), FILLED: spans, **self.collect()})  # type: ignore[arg-type]
        self.filled = filled

    def discard(self) -> None:
        """Removes the file."""
        self.path.unlink(missing_ok=True)
