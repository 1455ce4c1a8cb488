"""What an ablation is asked about: layers, classes, groups of classes, set sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
from jaxtyping import Bool, Int64

from dissect_report.activations.layers import LayerInfo
from dissect_report.config import AblationConfig
from dissect_report.errors import ConfigError, LayerError, nearest
from dissect_report.findings.ablation import ENOUGH_IMAGES
from dissect_report.findings.answers import carried
from dissect_report.stats.classification import membership


@dataclass(frozen=True, eq=False)
class Targets:
    """Classes, then groups.

    Attributes:
        names: of each.
        groups: how many of the last are groups.
        members: [target, class].
        asked: how many classes the configuration speaks of; those without enough images are no targets.
        notes: which groups are left out.
    """

    names: tuple[str, ...]
    groups: int
    members: Bool[np.ndarray, "target class"]
    asked: int
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    @property
    def classes(self) -> int:
        """How many of the first are classes."""
        return len(self.names) - self.groups


def choose_layers(config: AblationConfig, dissected: Sequence[LayerInfo]) -> tuple[LayerInfo, ...]:
    """The layers whose units are removed: by default the last dissected one that is no pooling.

    Nor are its units directions: of these each removal runs everything behind the layer.

    Raises:
        LayerError: a name or glob that matches no dissected layer.
    """
    if not config.layers:
        own = [info for info in dissected if info.base is None]
        mixing = [info for info in own if "Pool" not in info.kind and "Dropout" not in info.kind]
        return tuple((mixing or own)[-1:])
    names = [info.name for info in dissected]
    chosen: set[str] = set()
    for pattern in config.layers:
        matched = {name for name in names if name == pattern or fnmatchcase(name, pattern)}
        if not matched:
            raise LayerError(
                f"[ablation] layers: {pattern!r} is no dissected layer; {nearest(pattern, names)} "
                "([model] layers chooses what is dissected)"
            )
        chosen |= matched
    return tuple(info for info in dissected if info.name in chosen)


def choose_targets(
    config: AblationConfig, classes: Sequence[str], evaluation: Int64[np.ndarray, "image ..."]
) -> Targets:
    """The classes and groups that are asked about.

    Args:
        config: of the run.
        classes: names of the network's outputs.
        evaluation: class index, or indices, of every evaluation image.

    Raises:
        ConfigError: a name that is no class; or no class and no group has enough images.
    """
    images = np.bincount(evaluation[evaluation >= 0], minlength=len(classes))
    if config.classes:
        chosen = _match(config.classes, classes, "[ablation] classes")
    else:
        chosen = [index for index in range(len(classes)) if images[index] >= ENOUGH_IMAGES]
    groups = {
        name: _match(patterns, classes, f"[ablation.class_groups] {name}")
        for name, patterns in config.class_groups.items()
    }
    counts = {
        name: int(carried(evaluation, membership([group], len(classes))[0]).sum())
        for name, group in groups.items()
    }
    if not chosen and all(count < ENOUGH_IMAGES for count in counts.values()):
        raise ConfigError(
            f"[ablation]: no class{' or group' if groups else ''} has at least {ENOUGH_IMAGES} evaluation "
            f"images (the most: {max(int(images.max(initial=0)), *counts.values(), 0)}); name classes in "
            "[ablation] classes, or add images"
        )
    few = [f"{name} ({count})" for name, count in counts.items() if count < ENOUGH_IMAGES]
    notes = [f"groups with fewer than {ENOUGH_IMAGES} evaluation images are left out: {', '.join(few)}"]
    kept = {name: group for name, group in groups.items() if counts[name] >= ENOUGH_IMAGES}
    members = [[index] for index in chosen] + list(kept.values())
    names = [classes[index] for index in chosen] + list(kept)
    asked = len(chosen) if config.classes else len(classes)
    notes = notes if few else []
    return Targets(tuple(names), len(kept), membership(members, len(classes)), asked, tuple(notes))


def check_names(config: AblationConfig, classes: Sequence[str]) -> None:
    """Refuses names that are no class, before anything is measured.

    Raises:
        ConfigError: naming the first of them.
    """
    _match(config.classes, classes, "[ablation] classes")
    for name, patterns in config.class_groups.items():
        _match(patterns, classes, f"[ablation.class_groups] {name}")


def count_classes(config: AblationConfig, classes: Sequence[str]) -> int:
    """How many classes the configuration names."""
    return len(_match(config.classes, classes, "[ablation] classes"))


def _match(patterns: Sequence[str], classes: Sequence[str], where: str) -> list[int]:
    """Class indices in order; a pattern is a name or a glob."""
    chosen: set[int] = set()
    for pattern in patterns:
        matched = {i for i, name in enumerate(classes) if name == pattern or fnmatchcase(name, pattern)}
        if not matched:
            raise ConfigError(f"{where}: {pattern!r} is no class of the network; {nearest(pattern, classes)}")
        chosen |= matched
    return sorted(chosen)


def set_sizes(sizes: Sequence[int | str], units: int) -> tuple[int, ...]:
    """Numbers of units, rising: a share gives at least 1; sizes that are not below ``units`` are dropped."""
    counts = set()
    for size in sizes:
        if isinstance(size, str) and size.endswith("%"):
            counts.add(max(1, int(units * float(size[:-1]) / 100 + 0.5)))
        else:
            counts.add(int(size))
    return tuple(sorted(count for count in counts if count < units))
