"""Networks made by other packages: those packages loaded, their failures in one line, their dice ours."""

from __future__ import annotations

import importlib
import importlib.util
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from dissect_report.errors import SourceError, WeightsError
from dissect_report.schemes import scheme_of
from dissect_report.sources.hub import within_reach
from dissect_report.sources.torchvision_import import mend_torchvision

#: Of random weights: two runs agree.
SEED = 0

#: Arguments by which a package would run code of others, or read a pickle.
REFUSED = {
    "trust_remote_code": "it runs code of the weights' author; write a factory that you have read",
    "use_safetensors": "weights are read from safetensors only",
    "checkpoint_path": "name the file in [model] weights",
}

#: Names of errors that mean: it is not there, or cannot be reached.
ABSENT = re.compile(
    r"OfflineModeIsEnabled|NotFound|Gated|ConnectionError|ConnectError|Timeout|HfHubHTTPError|HTTPError|URLError"
    r"|EnvironmentError|OSError|ProtocolError|MaxRetry"
)


def load_package(module: str, source: str, error: type[SourceError]) -> Any:
    """The package that makes the networks of a source.

    Raises:
        SourceError: of the class ``error``: it is not installed, or cannot be imported.
    """
    scheme = scheme_of(source)
    extra = scheme.extra if scheme else module
    if importlib.util.find_spec(module) is None:
        raise error(f'{source} needs {module}: pip install "dissect-report[{extra}]"')
    mend_torchvision()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its own, about its own
            return importlib.import_module(module)
    except Exception as failure:  # another package's code: it may raise anything at all
        line = " ".join(str(failure).split())
        raise error(
            f'{source}: {module} cannot be imported ({line}); pip install -U "dissect-report[{extra}]"'
        ) from failure


@contextmanager
def same_dice() -> Iterator[None]:
    """Random weights inside come from seed 0, and nobody else's dice are thrown."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        yield


@contextmanager
def taking(
    args: Mapping[str, Any], source: str, error: type[SourceError], remedy: str = ""
) -> Iterator[None]:
    """Whatever a package raises inside becomes one line.

    Args:
        args: those that it was given.
        source: for the message.
        error: what to raise.
        remedy: for a network that cannot be had.

    Raises:
        SourceError: of the class ``error``, or a ``WeightsError`` where weights cannot be had.
    """
    for name in sorted(REFUSED.keys() & args.keys()):
        raise error(f"{source}: the argument {name} is refused: {REFUSED[name]}")
    try:
        with warnings.catch_warnings(), within_reach():
            warnings.simplefilter("ignore")
            yield
    except SourceError:
        raise
    except Exception as failure:  # as above
        line = one_line(failure)
        kinds = " ".join(kind.__name__ for kind in type(failure).__mro__)
        if remedy and ABSENT.search(f"{kinds} {line}"):
            raise WeightsError(f"{source} cannot be had ({line}): {remedy}") from failure
        given = f"; its arguments were {dict(args)}" if args else ""
        raise error(f"{source} fails: {type(failure).__name__}: {line}{given}") from failure


def one_line(failure: BaseException, most: int = 300) -> str:
    """What an error says, on one line, as far as a reader goes."""
    line = " ".join(re.sub(r"<[^>]*>", "", str(failure)).split()) or type(failure).__name__
    return line if len(line) <= most else f"{line[: most - 1]}\u2026"
