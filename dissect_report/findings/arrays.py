"""Files of arrays as they are read: what their heads say is looked at before anything is unpacked."""

from __future__ import annotations

import math
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dissect_report.errors import FindingsError
from dissect_report.findings.gate import refuse_first

#: Bytes that the arrays of one file are at most.
LARGEST_FILE = 2**33
#: Deflate makes no more of a byte.
_RATIO = 1040
_SUFFIX = ".npy"


@dataclass(frozen=True)
class Head:
    """What a file says of an array in it.

    Attributes:
        shape: sides.
        dtype: of its values.
    """

    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def bytes(self) -> int:
        """Of its values."""
        return math.prod(self.shape) * self.dtype.itemsize


Check = Callable[[Mapping[str, Head]], Iterator[str]]


def read_arrays(path: Path, check: Check) -> dict[str, np.ndarray]:
    """The arrays of a file by name.

    Args:
        check: what is wrong with their heads, in words.

    Raises:
        FindingsError: missing, damaged, larger than any machine holds, or ``check`` finds something.
    """
    try:
        heads = read_heads(path)
        refuse_first(path, check(heads))
        refuse_first(path, _too_large(heads))
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in heads}
    except (  # a damaged zip, or one that somebody made to fail, ends in any of them
        OSError, ValueError, EOFError, KeyError, RuntimeError, TypeError, SyntaxError, MemoryError,
        zipfile.BadZipFile, zlib.error, struct.error,
    ) as error:  # fmt: skip
        raise FindingsError(f"{path}: cannot be read ({error}); run `dissect-report analyze` again") from None


def read_heads(path: Path) -> dict[str, Head]:
    """Shape and type of every array of a file.

    Raises:
        ValueError: a part of it is no array, holds objects, or is too small for what its head says.
    """
    found = {}
    with zipfile.ZipFile(path) as archive:
        for part in archive.infolist():
            with archive.open(part) as stream:
                version = np.lib.format.read_magic(stream)
                read = {
                    (1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0,
                }[version]  # fmt: skip
                shape, _, kind = read(stream)
            head = Head(shape, kind)
            if kind.hasobject or head.bytes > part.file_size or head.bytes > _RATIO * part.compress_size:
                raise ValueError(f"{part.filename!r} holds no numbers, or not all of them")
            found[part.filename.removesuffix(_SUFFIX)] = head
    return found


def _too_large(heads: Mapping[str, Head]) -> Iterator[str]:
    total = sum(head.bytes for head in heads.values())
    if total > LARGEST_FILE:
        yield f"{total / 1e9:,.0f} GB of arrays"
