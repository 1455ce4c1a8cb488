"""Where numbers come from: digests, versions, times, and the command that makes them again."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from threading import Lock

import torch

import dissect_report
from dissect_report.config import Config, RunConfig
from dissect_report.errors import ConfigError
from dissect_report.findings.records import OutputSample, Provenance
from dissect_report.schemes import scheme_of


@dataclass
class Stopwatch:
    """Seconds per stage, by the clock: stages may lie beside each other."""

    seconds: dict[str, float] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    @contextmanager
    def time(self, stage: str) -> Iterator[None]:
        """Adds the time spent inside to ``stage``."""
        start = time.perf_counter()
        try:
            yield
        finally:
            with self._lock:
                self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start


def choose_device(name: str) -> torch.device:
    """The device that the configuration asks for, and arithmetic that repeats on it.

    Raises:
        ConfigError: it is not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"[compute] device = {name!r} cannot be used: {reason}; use auto or cpu") from None
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = False
    return device


def device_name(device: torch.device) -> str:
    """For a reader: the GPU's name, else the kind of device."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def versions(run: RunConfig) -> dict[str, str]:
    """Of everything that can change a number of a run."""
    sources = [run.model.source, *(part.source for part in run.segmenters)]
    named = {scheme.package for source in sources if (scheme := scheme_of(source)) and scheme.package}
    packages = ("torch", "torchvision", "numpy", "numba", "pillow", *sorted(named))
    return {
        "dissect-report": dissect_report.__version__,
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
    }


def provenance(
    config: Config,
    run: RunConfig,
    key: str,
    inputs: dict[str, str],
    device: torch.device,
    batch_size: int,
    notes: list[str],
    stopwatch: Stopwatch,
    outputs: dict[str, tuple[OutputSample, ...]],
) -> Provenance:
    """The record of how a run was made."""
    return Provenance(
        key=key,
        command=f"dissect-report build {config.path.name}",
        versions=versions(run),
        model_digest=inputs["model"],
        probe_digest=inputs["probe"],
        device=device_name(device),
        batch_size=batch_size,
        threads=torch.get_num_threads(),
        notes=tuple(notes),
        seconds={stage: round(seconds, 3) for stage, seconds in stopwatch.seconds.items()},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        outputs=outputs,
    )
