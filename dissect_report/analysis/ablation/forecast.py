"""How long removals will take, measured on a few images, and what to lower."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dissect_report.activations.layers import LayerInfo
from dissect_report.analysis.ablation.experiment import check, combines, open_remover
from dissect_report.analysis.ablation.removals import Nest
from dissect_report.analysis.ablation.set_plans import plan_sets
from dissect_report.analysis.ablation.splits import UNKNOWN, class_labels
from dissect_report.analysis.ablation.targets import count_classes, set_sizes
from dissect_report.analysis.forecast_words import duration
from dissect_report.analysis.held_maps import held_bytes, hold_maps
from dissect_report.analysis.setup import Setup
from dissect_report.config import AblationConfig, Config
from dissect_report.errors import ConfigError
from dissect_report.findings.ablation import ENOUGH_IMAGES
from dissect_report.sources.probe import list_probe

#: Images on which removals are tried.
TRIED = 4

#: What a reader can lower.
REMEDY = "[probe] limit, [ablation] classes, set_sizes, random_draws"


def cost(config: Config, setup: Setup, images: int, labels: Sequence[str | None]) -> tuple[str, ...]:
    """What removing units will cost: a line a layer.

    Args:
        config: of the site.
        setup: of a trial on the first batch.
        images: of the whole probe.
        labels: their folder names.

    Raises:
        DissectError: what stops the removals.
    """
    ablation = setup.run.ablation
    if ablation is None or not ablation.rank_images:
        return forecast_removals(setup, labels, None)
    probe = replace(setup.run.probe, images=ablation.rank_images, limit=0, groups="")
    ranking = list_probe(probe, config.folder, setup.run.dissection.seed, setup.run.segmenters)
    return forecast_removals(setup, labels, [item.label for item in ranking.items])


def forecast_removals(
    setup: Setup, labels: Sequence[str | None], ranking: Sequence[str | None] | None
) -> tuple[str, ...]:
    """A line for every layer whose units will be removed.

    Args:
        labels: folder names of all probe images.
        ranking: of the images that rank, where they are not a half of the probe.

    Raises:
        DissectError: what stops the removals: dropout that is on, an unknown name, too few images of a class.
    """
    config = setup.run.ablation
    if config is None:
        return ()
    evaluated = len(labels) - len(labels) // 2 if ranking is None else len(labels)
    ranked = len(labels) // 2 if ranking is None else len(ranking)
    each = setup.network.output is not None and setup.network.output.each
    targets = _most_targets(config, setup.network.classes, labels, halved=ranking is None, each=each)
    return tuple(_line(setup, config, info, ranked, evaluated, targets) for info in check(setup))


def _line(
    setup: Setup, config: AblationConfig, info: LayerInfo, ranked: int, evaluated: int, targets: int
) -> str:
    both = ranked + evaluated
    alone, of_target, shared, held = _measure(setup, config, info, both)
    singles, sets = alone.seconds * both, (of_target.seconds * targets + shared.seconds) * evaluated
    disk = held + alone.bytes * both + (of_target.bytes * targets + shared.bytes) * evaluated
    classes = f"{targets} class{'es' * (targets != 1)}"
    return (
        f"removals at {info.name}: at most {duration(singles + sets)} (single units {duration(singles)}, "
        f"sets of units of at most {classes} {duration(sets)}), {disk / 1e9:.2f} GB of cache; "
        f"to lower it: {REMEDY}"
    )


@dataclass(frozen=True)
class _Part:
    """What some removals take an image.

    Attributes:
        seconds: of the second try.
        bytes: of what is predicted.
    """

    seconds: float
    bytes: int


def _measure(
    setup: Setup, config: AblationConfig, info: LayerInfo, images: int
) -> tuple[_Part, _Part, _Part, int]:
    """Every unit removed alone, one class's sets, and all other sets; then the bytes of all images' maps."""
    remover = open_remover(setup, config, info)
    if config.replacement != "zero":  # then hardly a removal changes nothing
        remover = replace(remover, replacement=remover.replacement + 1e-3)
    count = min(TRIED, len(setup.survey))
    held = hold_maps(setup, remover.tail, setup.survey, setup.cache, None).block(np.arange(count))
    singles = [Nest(np.array([unit]), (1,)) for unit in range(info.units)]
    order = np.arange(info.units)[None]
    sizes = set_sizes(config.set_sizes, info.units)
    sets = plan_sets(order, order[:0], sizes, {}, combines(remover.step)).nests
    random = np.repeat(order, config.random_draws, 0)
    others = plan_sets(order[:0], random, sizes, config.sets, False).nests
    answers = remover.decider
    one = np.dtype(answers.kind).itemsize * int(np.prod(answers.shape)) + 4  # and a margin
    found = []
    for nests in (singles, list(sets), list(others)):
        begun = 0.0
        for _ in range(2):  # the first also sets the arithmetic up
            begun = time.perf_counter()
            remover.predict(held, np.zeros((count, 1) if remover.decider.shape else count, np.int64), nests)
        columns = 1 + sum(nest.columns for nest in nests)
        found.append(_Part((time.perf_counter() - begun) / count, columns * one))
    return found[0], found[1], found[2], held_bytes(setup, remover.tail, images)


def _most_targets(
    config: AblationConfig, classes: Sequence[str], labels: Sequence[str | None], halved: bool, each: bool
) -> int:
    """Classes and groups that can be asked about; without labels as many as the images can make up.

    Args:
        each: whether every class is decided by itself: then an image may be of all.
    """
    groups = len(config.class_groups)
    if config.classes:
        return count_classes(config, classes) + groups
    known = class_labels(labels, classes)
    known = known[known != UNKNOWN]
    needed = ENOUGH_IMAGES * (2 if halved else 1)
    if not len(known):
        return (len(classes) if each else min(len(classes), len(labels) // needed)) + groups
    found = int((np.bincount(known, minlength=len(classes)) >= needed - 1).sum()) + groups
    if not found:
        raise ConfigError(
            f"[ablation]: no class has at least {ENOUGH_IMAGES} evaluation images; name classes in "
            "[ablation] classes, or add images"
        )
    return found
