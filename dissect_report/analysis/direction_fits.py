"""Directions that the images themselves say: fitted on a seeded sample of places, once, and kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from dissect_report.activations.directions import Basis, Dictionary, DirectionsReading, Parts
from dissect_report.activations.layers import LayerInfo
from dissect_report.activations.recording import record
from dissect_report.analysis.direction_layers import MOST_IMAGES
from dissect_report.analysis.setup import Setup
from dissect_report.config import DirectionsConfig
from dissect_report.errors import LayerError
from dissect_report.stats.directions import (
    nonnegative_parts,
    principal_directions,
    random_rotation,
    skew_positive,
)

#: Bytes of a layer's sample of places.
SAMPLE_BYTES = 64 << 20

#: Places that are encoded at a time.
AT_ONCE = 512


@dataclass(frozen=True)
class Fit:
    """A layer to be fitted, and what is asked for."""

    info: LayerInfo
    config: DirectionsConfig

    @property
    def name(self) -> str:
        """Of its file in the cache."""
        return f"{self.info.file}.directions.npz"


def fit_directions(setup: Setup) -> Setup:
    """The same with the directions of every layer found; what an earlier run fitted is taken.

    Raises:
        LayerError: a layer's activations are not what a fit needs.
    """
    tables = {config.layer_name: config for config in setup.run.model.directions}
    fits = [Fit(info, tables[info.name]) for info in setup.network.chosen if info.base]
    keys = {fit.name: setup.stages.fitted(fit.info) for fit in fits}
    kept = {fit.name: setup.cache.kept(fit.name, keys[fit.name]) for fit in fits}
    missing = [fit for fit in fits if kept[fit.name] is None]
    if missing:
        with setup.stopwatch.time("directions"):
            samples = _take_samples(setup, missing)
            for fit in missing:
                kept[fit.name] = _fit(fit, samples[fit.config.layer, fit.config.seed], setup.network.device)
                setup.cache.keep(fit.name, keys[fit.name], kept[fit.name] or {})
    layers = {fit.info.name: _fitted(setup, fit, kept[fit.name] or {}) for fit in fits}
    network = setup.network
    return replace(
        setup,
        network=replace(
            network,
            layers=tuple(layers.get(info.name, info) for info in network.layers),
            chosen=tuple(layers.get(info.name, info) for info in network.chosen),
        ),
    )


def _fitted(setup: Setup, fit: Fit, found: dict[str, np.ndarray]) -> LayerInfo:
    """The layer with its directions."""
    if fit.config.kind == "dictionary":
        if "explained" in found and (line := _said(fit.info.name, found)) not in setup.batches.notes:
            setup.batches.notes.append(line)
        return fit.info
    rows = torch.from_numpy(found["rows"].astype(np.float32)).to(setup.network.device)
    dictionary: Dictionary = Parts(rows) if fit.config.kind == "nmf" else Basis(rows)
    return replace(fit.info, reading=DirectionsReading.of(fit.info.reading, dictionary))


def _said(name: str, found: dict[str, np.ndarray]) -> str:
    share, active = float(found["explained"]), float(found["active"])
    line = f"{name}: {active:.1f} latents are active at a place, and give back {share:.0%} of the variance"
    if share <= 0:
        line += ": is the dictionary of this layer, of activations of this scale, with this pre_bias?"
    return line


def _take_samples(setup: Setup, fits: Sequence[Fit]) -> dict[tuple[str, int], np.ndarray]:
    """float32 [place, channel] by layer and seed, of the images that are drawn for the seed."""
    samples: dict[tuple[str, int], np.ndarray] = {}
    for seed in sorted({fit.config.seed for fit in fits}):
        positive = {fit.config.layer for fit in fits if fit.config.kind == "nmf" and fit.config.seed == seed}
        bases = {
            fit.info.base.name: fit.info.base for fit in fits if fit.info.base and fit.config.seed == seed
        }
        found = _sample(setup, list(bases.values()), seed, positive)
        samples |= {(name, seed): sample for name, sample in found.items()}
    return samples


def _sample(
    setup: Setup, infos: Sequence[LayerInfo], seed: int, positive: Collection[str]
) -> dict[str, np.ndarray]:
    """Seeded places of seeded images: of an image the same whatever stands beside it.

    Args:
        positive: layers that nmf is asked for.

    Raises:
        LayerError: one of these goes below 0.
    """
    count = len(setup.survey)
    images = np.sort(np.random.default_rng([seed, 3000]).permutation(count)[:MOST_IMAGES])
    parts: dict[str, list[np.ndarray]] = {info.name: [] for info in infos}
    chosen: list[int] = []

    def take(info: LayerInfo, maps: Tensor) -> np.ndarray:
        cells = maps.flatten(2).cpu().numpy()
        if info.name in positive and (least := float(cells.min())) < 0:
            raise LayerError(
                f"[[model.directions]]: nmf needs activations never below 0; {info.name!r} has {least:.3g}: "
                'choose a layer behind a ReLU, or kind = "pca"'
            )
        most = max(1, SAMPLE_BYTES // (4 * info.units * len(images)))
        places = [_places(seed, image, cells.shape[2], most) for image in chosen]
        return np.concatenate([own[:, where].T for own, where in zip(cells, places, strict=True)])

    def work(start: int, stop: int) -> None:
        chosen[:] = images[start:stop].tolist()
        given = [
            setup.survey.inputs(image, image + 1, setup.run.model, setup.network.device) for image in chosen
        ]
        with record(setup.network.model, infos, make=take) as recorder:
            with recorder.stopping():
                setup.network.model(torch.cat(given))
            for name, found in recorder.take().items():
                parts[name].append(found)

    with setup.progress.stage("sampling activations for directions", len(images), "images") as stage:
        for start, stop in setup.batches.each(0, len(images), work, "model"):
            stage.advance(stop - start)
    return {name: np.concatenate(found) for name, found in parts.items()}


def _places(seed: int, image: int, cells: int, most: int) -> np.ndarray:
    """Which cells of an image are in the sample."""
    if cells <= most:
        return np.arange(cells)
    return np.sort(np.random.default_rng([seed, 3001, image]).choice(cells, most, replace=False))


def _fit(fit: Fit, sample: np.ndarray, device: torch.device) -> dict[str, np.ndarray]:
    """What is kept of a fit.

    Raises:
        LayerError: the sample is not what the fit needs.
    """
    info, config = fit.info, fit.config
    if not np.isfinite(sample).all():
        raise LayerError(
            f"{info.name}: some activations of {config.layer!r} are not finite: nothing can be fitted"
        )
    if config.kind == "dictionary":
        return _explained(fit, sample, device)
    exact = sample.astype(np.float64)
    if config.kind == "nmf":
        return {"rows": nonnegative_parts(exact, info.units, config.seed)}
    if config.kind == "rotation":
        rows = random_rotation(exact.shape[1], config.seed)
    else:
        rows = principal_directions(exact, info.units)
    return {"rows": skew_positive(rows, exact)}


def _explained(fit: Fit, sample: np.ndarray, device: torch.device) -> dict[str, np.ndarray]:
    """How much of the sample's variance a dictionary gives back; nothing where it has no decoder."""
    reading = fit.info.reading
    if not isinstance(reading, DirectionsReading) or getattr(reading.fitted, "decoder", None) is None:
        return {}
    left, active, dictionary = np.empty_like(sample), 0, reading.fitted
    with torch.inference_mode():
        for first in range(0, len(sample), AT_ONCE):
            part = torch.from_numpy(sample[first : first + AT_ONCE].T.copy())[None, :, :, None].to(device)
            units = dictionary.encode(part)
            active += int((units != 0).sum())
            rest = part - dictionary.decode(units)
            left[first : first + AT_ONCE] = rest[0, :, :, 0].T.cpu().numpy()
    whole = float(sample.var(0, dtype=np.float64).sum())
    share = 1 - float(left.var(0, dtype=np.float64).sum()) / whole if whole else 0.0
    return {"explained": np.array(share), "active": np.array(active / len(sample))}
