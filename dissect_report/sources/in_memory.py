"""Objects of the running program as sources: ``memory:NAME`` stands for one in a configuration."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from dissect_report.config import ModelConfig
from dissect_report.errors import ModelError, SourceError

#: What such a source begins with.
SCHEME = "memory:"

_held: dict[str, Any] = {}


@dataclass(frozen=True)
class NamedConcepts:
    """A segmenter that does not carry the names of its concepts.

    Attributes:
        network: anything that segments.
        concepts: names in channel order, or (id, name, category) triples.
    """

    network: Any
    concepts: tuple[Any, ...]


def hold(thing: Any, name: str = "") -> str:
    """The source that stands for ``thing`` as long as the program runs.

    Args:
        name: what it is called; by default as its class or function. Another thing of that name is numbered.
    """
    plain = called(thing, name)
    source, number = f"{SCHEME}{plain}", 1
    while source in _held and _held[source] is not thing:
        number += 1
        source = f"{SCHEME}{plain}_{number}"
    _held[source] = thing
    return source


def called(thing: Any, name: str = "") -> str:
    """A thing's own name, or its class's, as a word of letters, digits and "_"."""
    said = name or getattr(thing, "__name__", type(thing).__name__)
    return re.sub(r"\W+", "_", said, flags=re.ASCII).strip("_") or "network"


def held(source: str, error: type[SourceError]) -> Any:
    """The thing behind a source; a network as a copy, which may be moved and set to eval mode.

    Raises:
        SourceError: of the class ``error``: this program holds no such thing.
    """
    if source not in _held:
        raise error(f"{source} is an object of the notebook that measured it; measure it there again")
    thing = _held[source]
    if not isinstance(thing, nn.Module):
        return thing
    try:
        return copy.deepcopy(thing)
    except Exception as failure:  # a user's network may hold anything at all
        line = " ".join(str(failure).split())
        raise error(
            f"{source} cannot be copied ({type(failure).__name__}: {line}), and your network is left as it "
            "is: give a function that makes one"
        ) from failure


def open_held(config: ModelConfig, folder: Path, notes: list[str]) -> Any:
    """The network behind a source; what a function makes. Raises as ``held``."""
    found = held(config.source, ModelError)
    return found if isinstance(found, nn.Module) or not callable(found) else found(**config.args)


def concepts_of(thing: Any) -> tuple[Any, Iterable[Any] | None]:
    """A held segmenter, and the concepts that were given beside it."""
    return (thing.network, thing.concepts) if isinstance(thing, NamedConcepts) else (thing, None)
