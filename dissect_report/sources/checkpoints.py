"""Weight files as trees of names: whatever a training script saved around a network's numbers."""

from __future__ import annotations

import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from dissect_report.errors import WeightsError
from dissect_report.sources.named_tensors import Tree, holds_tensor, tree_of
from dissect_report.sources.pickles import Unknown, pickled_network, unpickle


@dataclass(frozen=True)
class Checkpoint:
    """What a weight file holds.

    Attributes:
        where: the file, for errors; findings name it without its folder.
        kind: what it is, where it is no plain mapping, e.g. "a TorchScript archive"; else "".
        tree: its tensors by name.
        versions: torch's own notes of the mapping at the root; None without.
    """

    where: str
    kind: str
    tree: Tree
    versions: Any = None

    @property
    def name(self) -> str:
        """The file's name."""
        return Path(self.where).name


def read_checkpoint(path: Path, allow_pickle: bool, code: Path) -> Checkpoint:
    """A safetensors file or, where allowed, a pickle.

    Args:
        path: of the file.
        allow_pickle: read what can run code of its author.
        code: folder of the user's code, where the classes of a pickled network are looked for.

    Raises:
        WeightsError: the file is missing, damaged, a pickle that is not allowed, or holds no tensors.
    """
    if path.is_dir():
        raise WeightsError(f"{path}: a folder, not a weight file: name the file in it")
    if not path.is_file():
        raise WeightsError(f"{path}: no such weight file")
    kind = ""
    if not _is_pickle(path):
        content = _read_safetensors(path)
    else:
        archive = _archive_kind(path)
        if not allow_pickle:
            raise WeightsError(_refusal(path, archive))
        content = _read_torchscript(path) if archive == "torchscript" else _read_pickle(path, code)
        if archive == "torchscript":
            kind = "a TorchScript archive"
        elif isinstance(content, nn.Module | Unknown):
            kind = f"a whole pickled network ({type(content).__name__})"
    tree = tree_of(content)
    if not isinstance(tree, dict) or not holds_tensor(tree):
        raise WeightsError(
            f"{path}: holds a {type(content).__name__}, not a state dict: no tensor has a name"
        )
    return Checkpoint(f"{path}", kind, tree, getattr(content, "_metadata", None))


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return dict(load_file(path))
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(f"{path}: not a safetensors file ({' '.join(str(error).split())})") from None


def _is_pickle(path: Path) -> bool:
    """By content: zip archives and pickle opcodes; a safetensors file begins with its header's size."""
    with path.open("rb") as stream:
        start = stream.read(16)
    return start[:4] == b"PK\x03\x04" or (start[:1] == b"\x80" and start[8:9] != b"{")


def _archive_kind(path: Path) -> str:
    """Of torch's two, "torchscript" or "checkpoint"; "" for a pickle that is no archive.

    Raises:
        WeightsError: an archive of something else.
    """
    if not zipfile.is_zipfile(path):
        return ""
    with zipfile.ZipFile(path) as archive:
        names = {name.partition("/")[2] or name for name in archive.namelist()}
    if "constants.pkl" in names:
        return "torchscript"
    if "data.pkl" in names:
        return "checkpoint"
    if any(name.endswith(".json") and "models/" in name for name in names):
        raise WeightsError(f"{path}: a program of torch.export, not weights: a factory can load it")
    raise WeightsError(f"{path}: a zip archive, but not of torch.save: unpack it, or name the file in it")


def _refusal(path: Path, archive: str) -> str:
    remedy = (
        f"torch.save(model.state_dict(), {path.name!r}) where it was made, or safetensors, "
        "or set allow_pickle = true if you trust it"
    )
    if archive == "torchscript":
        return f"{path} is a TorchScript archive, which holds a program of its author too: {remedy}"
    if network := pickled_network(path):
        return f"{path} is a whole pickled network ({network}), which runs code of its author: {remedy}"
    return (
        f"{path} is a pickle, which can run code of its author: "
        "convert it to safetensors, or set allow_pickle = true if you trust it"
    )


def _read_torchscript(path: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that TorchScript is old: said by us where it matters
        try:
            return torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]
        except Exception as error:  # the archive holds a program: it may raise anything at all
            raise WeightsError(f"{path}: cannot be read as TorchScript: {_line(error)}") from None


def _read_pickle(path: Path, code: Path) -> Any:
    try:
        return unpickle(path, code)
    except Exception as error:  # an allowed pickle runs its author's code: it may raise anything at all
        raise WeightsError(f"{path}: cannot be unpickled: {_line(error)}") from None


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
