"""Every error that this package raises on purpose, in one tree.

    DissectError                    one line: what is wrong, and the remedy
    ├── ConfigError                 dissect.toml: unknown key, wrong type, impossible value
    ├── SourceError                 what the configuration points at cannot be used
    │   ├── ModelError              a factory fails, weights do not fit, the output is not usable
    │   ├── WeightsError            a weight file is missing, refused, or not what its digest says
    │   ├── ProbeError              no readable image, an unknown class folder
    │   └── SegmenterError          ids outside the catalogue, masks missing or of the wrong size
    ├── LayerError                  an unknown layer, or one whose output is not a map
    ├── ExportError                 a part of a network that no portable graph can be made of
    ├── StorageError                no space, no permission: what, and where
    ├── FindingsError               findings missing, of another schema version, or not valid
    └── PublishError                the site cannot be built or put where it should go

``cli/app.py`` is the one place that turns them into exit codes; a library caller catches
``DissectError`` for all of them.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class DissectError(Exception):
    """What is wrong and what to do about it, in one line."""


class ConfigError(DissectError):
    """The configuration file cannot be used."""


class SourceError(DissectError):
    """Something that the configuration points at cannot be used."""


class ModelError(SourceError):
    """The network cannot be made or run."""


class WeightsError(SourceError):
    """A weight file is missing, refused or damaged."""


class ProbeError(SourceError):
    """The probe dataset cannot be read."""


class SegmenterError(SourceError):
    """A segmenter does not give usable labels."""


class LayerError(DissectError):
    """A layer does not exist or has no units to dissect."""


class ExportError(DissectError):
    """No portable graph can be made of a part of a network."""


class StorageError(DissectError):
    """The disk refuses: no space or no permission."""


class BusyError(StorageError):
    """Another process is at work in the folder."""


class FindingsError(DissectError):
    """Findings on disk cannot be read."""


class PublishError(DissectError):
    """The site cannot be built or published."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of an error message: the known names nearest to ``name``, or all of a few."""
    names = list(dict.fromkeys(known))
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return "did you mean " + " or ".join(repr(match) for match in close) + "?"
    listed = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    return f"known are: {listed}" if names else "there are none"
