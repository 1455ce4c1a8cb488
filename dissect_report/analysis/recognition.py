"""The last net of identity: what networks put out on a fixed input, compared within noise.

A digest sees what is within reach. A network that goes by anything else (a file read at every
forward, a server asked) shows it in its outputs. They are never hashed as they come, since they differ
by processor: outputs that agree with ones known from the findings or the cache are taken for these.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from dissect_report.analysis.cache import digest
from dissect_report.errors import FindingsError, SourceError
from dissect_report.findings.manifest import vouched
from dissect_report.findings.records import SCHEMA_VERSION, KnownOutputs, OutputSample, Run
from dissect_report.findings.store import number, read_record, write_record
from dissect_report.sources.precision import float_types

#: Values kept of a tensor.
SAMPLED = 256

#: Outputs closer than this share of the largest are the same on another processor.
NOISE = 2e-4

#: Values of whole numbers (ids of labels) that may differ: some lie on a boundary.
STRAYS = 0.01

#: Kept digits: the largest value is a hundred thousand of the last one.
DIGITS = 1e5

Samples = dict[str, tuple[OutputSample, ...]]


def sample(output: Any) -> tuple[OutputSample, ...]:
    """Values of every tensor in an output, evenly spaced.

    Raises:
        SourceError: a tensor of it has no numbers in a row.
    """
    return tuple(_sample(tensor) for tensor in _tensors(output))


def _sample(tensor: Tensor) -> OutputSample:
    if tensor.layout != torch.strided or tensor.is_meta or tensor.is_nested:
        kind = "meta" if tensor.is_meta else "nested" if tensor.is_nested else str(tensor.layout)
        raise SourceError(
            f"there is a {kind} tensor in the output, whose numbers cannot be read: make it dense"
        )
    flat = tensor.detach().reshape(-1)
    count = min(SAMPLED, flat.numel())
    places = torch.arange(count, device=flat.device) * flat.numel() // max(1, count)
    values = flat[places].double().cpu().numpy()
    whole = not tensor.is_floating_point()
    finite = np.abs(values[np.isfinite(values)])
    step = 1.0 if whole else finite.max(initial=0.0) / DIGITS
    rounded = np.round(values / step) * step if step else values
    # As a file gives them back, so that what is read is what was found.
    kept = tuple(None if value is None else float(f"{value:.9g}") for value in map(number, rounded))
    return OutputSample(tuple(tensor.shape), whole, kept)


def _tensors(output: Any) -> Iterator[Tensor]:
    if isinstance(output, Tensor):
        yield output
    elif dataclasses.is_dataclass(output) and not isinstance(output, type | Mapping):
        yield from (t for field in dataclasses.fields(output) for t in _tensors(getattr(output, field.name)))
    elif isinstance(output, Mapping):
        yield from (tensor for value in output.values() for tensor in _tensors(value))
    elif isinstance(output, list | tuple):
        yield from (tensor for value in output for tensor in _tensors(value))
    elif isinstance(output, np.ndarray) and output.dtype.kind in "fiub":
        yield torch.from_numpy(output)


def agree(found: Sequence[OutputSample], known: Sequence[OutputSample], noise: float = NOISE) -> bool:
    """Whether two samples are the same but for arithmetic noise."""
    return len(found) == len(known) and all(map(_same, found, known, [noise] * len(found)))


def _same(found: OutputSample, known: OutputSample, noise: float) -> bool:
    if (found.shape, found.whole, len(found.values)) != (known.shape, known.whole, len(known.values)):
        return False
    one, other = (np.array(side.values, float) for side in (found, known))
    if (np.isfinite(one) != np.isfinite(other)).any():
        return False
    apart = np.abs(np.nan_to_num(one) - np.nan_to_num(other))
    if found.whole:
        return float((apart > 0).mean() if apart.size else 0.0) <= STRAYS
    return bool((apart <= noise * np.abs(np.nan_to_num(other)).max(initial=0.0)).all())


def noise_of(network: Any) -> float:
    """How far outputs of a network may lie apart, as a share of the largest: more in coarse number types."""
    kinds = float_types(network) if isinstance(network, nn.Module) else []
    return max([NOISE, *(4 * torch.finfo(kind).eps for kind in kinds)])


class Recognition:
    """What is known from before of a run's networks, and what is found now.

    Attributes:
        outputs: by name, of what was recognised: as known where it agrees, else as found.
    """

    def __init__(self, findings: Path, cache: Path) -> None:
        """Args:
        findings: ``run.json``.
        cache: a file in the run's cache, which survives an interruption.
        """
        self.outputs: Samples = {}
        self._cache = cache
        self._kept = _read_kept(cache)
        self._known = (_read_findings(findings), self._kept)

    def recognise(self, name: str, found: tuple[OutputSample, ...], noise: float) -> str:
        """A digest of the outputs of ``name``; the same as before where they agree with those.

        Args:
            name: of what put them out, e.g. "network".
            found: on the fixed input.
            noise: see ``noise_of``.

        Raises:
            StorageError: the cache cannot be written.
        """
        candidates = [known[name] for known in self._known if name in known]
        chosen = next((known for known in candidates if agree(found, known, noise)), found)
        self.outputs[name] = chosen
        if self._kept.get(name) != chosen:
            self._kept[name] = chosen
            write_record(self._cache, KnownOutputs(SCHEMA_VERSION, self._kept))
        return digest([dataclasses.asdict(one) for one in chosen])


def _read_findings(path: Path) -> Samples:
    try:
        return read_record(path, Run).provenance.outputs if vouched(path) else {}
    except FindingsError:  # none yet, or of another version
        return {}


def _read_kept(path: Path) -> Samples:
    try:
        return dict(read_record(path, KnownOutputs).outputs)
    except FindingsError:  # as above
        return {}
