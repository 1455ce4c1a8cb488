"""From the name of an opener to the function: a source's kind is loaded when it is used."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Literal

from dissect_report.config import ModelConfig, SegmenterConfig
from dissect_report.errors import SourceError
from dissect_report.schemes import forms, scheme_of

NAMES: dict[Literal["model", "segmenter"], str] = {"model": "network", "segmenter": "segmenter"}


def find_opener(
    config: ModelConfig | SegmenterConfig, role: Literal["model", "segmenter"], error: type[SourceError]
) -> Callable[..., Any] | None:
    """What opens a source that goes by name; None where it is of no kind.

    Raises:
        SourceError: of the class ``error``: its kind is none of such things, or takes no arguments.
    """
    source = config.source
    scheme = scheme_of(source)
    if scheme is None:
        return None
    if not scheme.opener(role):
        raise error(f"{source!r} is no {NAMES[role]}: expected {forms(role)}")
    if config.args and not scheme.args:
        raise error(f"{source}: [{role}.args] mean nothing to it; leave them out")
    return load_opener(scheme.opener(role))


def load_opener(name: str) -> Callable[..., Any]:
    """The function that "package.module:function" names in a ``Scheme``."""
    place, _, function = name.partition(":")
    opener: Callable[..., Any] = getattr(importlib.import_module(place), function)
    return opener
