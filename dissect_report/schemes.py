"""The kinds of sources that go by name: one table, which other packages add to.

A source is ``NAME:REST``, or a name alone; what is in no table is the user's own code (``file.py:factory``,
``package.module:factory``) or a folder of pictures. Another package adds a kind by an entry point of the
group ``dissect_report.sources`` that names a ``Scheme``; its module is read to look up a name, so it must be
light: openers are named in it, not imported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import PurePath
from typing import Literal

from dissect_report.errors import SourceError

#: The group of entry points by which other packages add kinds.
GROUP = "dissect_report.sources"

Role = Literal["model", "segmenter", "images"]
ROLES: tuple[Role, ...] = ("model", "segmenter", "images")

#: What sources can be called.
NAME = r"[a-z][a-z0-9_-]*"

#: What opens a source in each role that its kind has no name for.
OWN_CODE = ("file.py:factory", "package.module:factory")


@dataclass(frozen=True)
class Scheme:
    """A kind of source.

    Attributes:
        name: what such a source begins with, before a colon; or the whole source.
        forms: how it is written in each role, for help and messages.
        help: what it is, in a line.
        model: opener of a network, "package.module:function": takes the ModelConfig, the folder that relative
            paths are relative to, and the list of notes for the reader; gives the network, or an ``Opened``.
        segmenter: opener of a segmenter: takes the SegmenterConfig, the ProbeConfig, the folder, and all
            segmenters of the run; gives a ``Segmenter``.
        images: opener of a probe dataset: takes the ProbeConfig; gives ``ProbeItem`` objects that draw.
        alone: whether nothing may follow the name.
        file: whether a file follows it, whose name without ending is the run's.
        args: whether ``args`` of its table means something to it.
        listing: arguments for whoever only lists its layers, so that nothing large is downloaded.
        keys: keys of its table that no other kind has.
        package: whose release its numbers depend on.
        extra: of this package, by which pip installs that one.
    """

    name: str
    forms: dict[Role, str]
    help: str
    model: str = ""
    segmenter: str = ""
    images: str = ""
    alone: bool = False
    file: bool = False
    args: bool = False
    listing: dict[str, object] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    package: str = ""
    extra: str = ""

    def __post_init__(self) -> None:
        wanted = {role for role in ROLES if self.opener(role)}
        if not wanted or set(self.forms) != wanted or not re.fullmatch(NAME, self.name):
            raise SourceError(f"sources {self.name!r}: a name in small letters, and a form for every opener")

    def opener(self, role: Role) -> str:
        """What opens it in a role; "" where it has none."""
        return {"model": self.model, "segmenter": self.segmenter, "images": self.images}[role]


BUILT_IN = (
    Scheme(
        "torchvision",
        {"model": "torchvision:NAME[@WEIGHTS]", "segmenter": "torchvision:NAME@WEIGHTS"},
        "a network of torchvision: random weights, or published ones with all that they say of themselves",
        model="dissect_report.sources.torchvision_models:open_torchvision",
        segmenter="dissect_report.sources.segmenters.torchvision_networks:open_torchvision",
        args=True,
    ),
    Scheme(
        "timm",
        {"model": "timm:NAME[.TAG]"},
        "a network of timm with its published weights; also timm:hf-hub:ORG/NAME and timm:local-dir:FOLDER",
        model="dissect_report.sources.timm_models:open_timm",
        args=True,
        listing={"pretrained": False},
        package="timm",
        extra="timm",
    ),
    Scheme(
        "hf",
        {"model": "hf:FOLDER | hf:ORG/NAME", "segmenter": "hf:FOLDER | hf:ORG/NAME"},
        "a network of transformers: a folder of save_pretrained, or the hub's",
        model="dissect_report.sources.hf_models:open_hf",
        segmenter="dissect_report.sources.segmenters.hf_networks:open_hf",
        args=True,
        listing={"pretrained": False},
        package="transformers",
        extra="hf",
    ),
    Scheme(
        "smp",
        {"segmenter": "smp:FOLDER | smp:ORG/NAME"},
        "a network of segmentation_models_pytorch: a folder of save_pretrained, or the hub's",
        segmenter="dissect_report.sources.segmenters.smp_networks:open_smp",
        args=True,
        package="segmentation-models-pytorch",
        extra="smp",
    ),
    Scheme(
        "progan",
        {"model": "progan:FILE"},
        "the progressive generator that a state dict of the paper's form is of",
        model="dissect_report.sources.progan:open_progan",
        file=True,
        keys=("weights_key",),
    ),
    Scheme(
        "memory",
        {"model": "memory:NAME", "segmenter": "memory:NAME"},
        "an object of the running program, as dissect() in a notebook names it",
        model="dissect_report.sources.in_memory:open_held",
        segmenter="dissect_report.sources.segmenters.from_code:open_held",
        args=True,
    ),
    Scheme(
        "masks",
        {"segmenter": "masks:FOLDER | masks:COCO.json"},
        "ground truth: pictures of ids or colours named like the images, or a file of COCO's form",
        segmenter="dissect_report.sources.segmenters.truth:open_truth",
        keys=("image_suffix", "mask_suffix", "panoptic"),
    ),
    Scheme(
        "color",
        {"segmenter": "color"},
        "eleven basic colors by the pixel",
        segmenter="dissect_report.sources.segmenters.color:open_color",
        alone=True,
    ),
)


@cache
def added() -> dict[str, Scheme]:
    """The kinds that installed packages add, by their names.

    Raises:
        SourceError: a package's entry point gives no scheme, or one whose name is taken.
    """
    found = {scheme.name: ("dissect-report", scheme) for scheme in BUILT_IN}
    for entry in entry_points(group=GROUP):
        package, scheme = entry.dist.name if entry.dist else entry.value, _loaded(entry)
        owner = found.setdefault(scheme.name, (package, scheme))[0]
        if owner != package:
            raise SourceError(f"{package} adds sources called {scheme.name!r}, as {owner} does: remove one")
    return {name: scheme for name, (_, scheme) in found.items() if scheme not in BUILT_IN}


def _loaded(entry: EntryPoint) -> Scheme:
    try:
        scheme = entry.load()
    except Exception as error:  # another package's code: it may raise anything at all
        line = " ".join(str(error).split())
        raise SourceError(
            f"the sources of {entry.value} cannot be loaded: {type(error).__name__}: {line}"
        ) from error
    if not isinstance(scheme, Scheme):
        raise SourceError(f"{entry.value} is no dissect_report.schemes.Scheme, so it adds no sources")
    return scheme


def schemes() -> tuple[Scheme, ...]:
    """Every kind that can be used here."""
    return (*BUILT_IN, *added().values())


def scheme_of(source: str) -> Scheme | None:
    """The kind that a source is of; None for the user's own code, a folder, or what nobody knows."""
    name, colon, _ = source.partition(":")
    known = {scheme.name: scheme for scheme in BUILT_IN}
    if name not in known and re.fullmatch(NAME, name):
        known = added()
    scheme = known.get(name)
    return scheme if scheme is not None and scheme.alone is not bool(colon) else None


def rest_of(source: str) -> str:
    """What follows the name and its colon."""
    return source.partition(":")[2]


def keys_of(source: str) -> tuple[str, ...]:
    """The keys of its table that only sources of its kind have."""
    scheme = scheme_of(source)
    return scheme.keys if scheme is not None else ()


def forms(role: Role) -> str:
    """How sources are written in a role: for messages."""
    named = [scheme.forms[role] for scheme in schemes() if scheme.opener(role)]
    return ", ".join([*(OWN_CODE if role != "images" else ["a folder"]), *named])


def last_part(source: str, scheme: Scheme) -> str:
    """What a named source is called: the last part of its name, without weights, or of its path."""
    path = PurePath(rest_of(source))
    return path.stem if scheme.file else path.name.partition("@")[0]
