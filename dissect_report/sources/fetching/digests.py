"""Whether a file is what was published: by as much of its digest as anybody says, and by what it was before.

Of many files only the beginning of the sha256 is known, of some nothing. The whole digest is written down
when a file is first seen, beside it, and compared ever after.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from dissect_report.errors import WeightsError
from dissect_report.findings.disk import write_atomically

CHUNK = 1 << 20


@dataclass(frozen=True)
class Published:
    """What is known of a file.

    Attributes:
        url: where it was published.
        sha256: how it begins, hexadecimal; "" where nobody says.
        md5: whole; "" where nobody says.
        folder: below the user's cache, where a library looks for it itself; "": by host and path.
    """

    url: str
    sha256: str = ""
    md5: str = ""
    folder: str = ""

    @property
    def known(self) -> bool:
        """Whether anybody says what the file is."""
        return bool(self.sha256 or self.md5)


class Digests:
    """The digests of a file, taken as it comes."""

    def __init__(self, md5: bool = True) -> None:
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False) if md5 else None

    def update(self, chunk: bytes) -> None:
        """Adds the next bytes."""
        self._sha256.update(chunk)
        if self._md5 is not None:
            self._md5.update(chunk)

    @property
    def sha256(self) -> str:
        """Hexadecimal."""
        return self._sha256.hexdigest()

    def misfit(self, published: Published) -> str:
        """What is wrong with the file; "" if nothing is."""
        if not self.sha256.startswith(published.sha256.lower()):
            return f"sha256 begins {self.sha256[:12]}, not {published.sha256}"
        if published.md5 and self._md5 and self._md5.hexdigest() != published.md5.lower():
            return f"md5 is {self._md5.hexdigest()}, not {published.md5}"
        return ""


def digests_of(path: Path, md5: bool = True) -> Digests:
    """Of a file; raises OSError.

    Args:
        md5: whether that is wanted, too; it takes longer than the sha256.
    """
    digests = Digests(md5)
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digests.update(chunk)
    return digests


def record_of(path: Path) -> Path:
    """Where a file's digest is written down."""
    return path.with_name(f"{path.name}.sha256")


def check(path: Path, published: Published, digests: Digests) -> None:
    """Refuses a file in the cache that is not what was published, or not what it was; writes down what it is.

    Raises:
        WeightsError: naming the file and the remedy.
        StorageError: the digest cannot be written down.
    """
    if misfit := digests.misfit(published):
        raise WeightsError(f"{path}: {misfit}: delete it to download it again")
    record = record_of(path)
    before = record.read_text(encoding="utf-8").split()[:1] if record.is_file() else []
    if before and before != [digests.sha256]:
        now, then = digests.sha256[:12], before[0][:12]
        raise WeightsError(
            f"{path}: sha256 begins {now}, and began {then} when the file was first seen: "
            f"delete the file to download it again, or {record.name} beside it to trust it as it is"
        )
    if not before:
        write_atomically(record, f"{digests.sha256}  {path.name}\n".encode())
