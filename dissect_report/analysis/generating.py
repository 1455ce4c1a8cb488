"""The one pass of a generator over its latents: images made, segmented and made small, layers recorded."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from dissect_report.activations.recording import record
from dissect_report.analysis.forward import recall, remember
from dissect_report.analysis.layer_numbers import open_recording
from dissect_report.analysis.passes.filling import fill
from dissect_report.analysis.setup import Setup
from dissect_report.analysis.survey import small_picture
from dissect_report.errors import ModelError
from dissect_report.findings.records import GeneratorRecord

#: Share of values outside the output range from which on a reader is told.
MANY_CLIPPED = 0.25


#: A generator whose values span less of its output_range than this is suspected of another one.
NARROW = 0.6


def generate(setup: Setup) -> np.ndarray:
    """Makes the image of every latent and segments it as it comes out, clamped to its range.

    The same pass records the layers, so that the dissection finds their maps in the cache.

    Returns:
        uint16 [image, depth, y, x]: the merged segmentation of every image on the grid.

    Raises:
        ModelError: an image holds NaN.
    """
    key, cache, count, tiles = setup.stages.labels(), setup.cache, len(setup.survey), setup.survey.drawn
    assert tiles is not None, "the survey is of latents"
    kept = cache.find("labels.u16", key, (count, -1, setup.grid, setup.grid), np.uint16)
    known = cache.find("ranges.f32", key, (count, 3), np.float32)
    if kept is not None and known is not None and tiles.complete:
        _doubt_range(setup, known)
        return kept
    passed = open_recording(setup)
    ranges = cache.open("ranges.f32", key, (count, 3), np.float32)
    with torch.inference_mode():
        first = made_images(setup, setup.network.model(_latents(setup, 0, 1)), range(1))
        depth = label_images(setup, unit_range(setup, first)).shape[1]
    labels = cache.open("labels.u16", key, (count, depth, setup.grid, setup.grid), np.uint16)
    arrays = [tiles, ranges, labels, *passed.arrays]

    def work(start: int, stop: int) -> None:
        with record(setup.network.model, passed.layers, make=passed.reduce) as recorder:
            output = setup.network.model(_latents(setup, start, stop))
            recorded = recorder.take()
        raw = made_images(setup, output, range(start, stop))
        ranges.values[start:stop] = _ranges(setup, raw)
        images = unit_range(setup, raw)
        for place, picture in enumerate(pictures(images), start):
            tiles.values[place] = picture
        labels.values[start:stop] = label_images(setup, images)
        passed.fill(start, stop, recorded, None)

    recall(passed.predicted, setup.batches)
    noted = len(setup.batches.notes)
    with setup.progress.stage("making and segmenting images", count, "images") as stage:
        fill(arrays, count, setup.batches.walk(work, "generator"), stage)
    if len(setup.batches.notes) > noted:
        remember(passed.predicted, setup.batches, noted)
    _doubt_range(setup, ranges.values)
    return labels.values


def _doubt_range(setup: Setup, ranges: np.ndarray) -> None:
    """Notes an output_range that the images hardly fill, or often leave.

    Args:
        ranges: float32 [image, 3] of ``_ranges``.
    """
    low, high = setup.run.model.output_range
    spread = float(ranges[:, 1].max() - ranges[:, 0].min())
    if spread < NARROW * (high - low):
        setup.batches.notes.append(
            f"the generator's values span {spread:.2g}: is [model] output_range = [{low:g}, {high:g}] right?"
        )
    clipped = float(ranges[:, 2].mean())
    if clipped > MANY_CLIPPED:
        setup.batches.notes.append(
            f"{clipped:.0%} of the generator's values lie outside [model] output_range = [{low:g}, {high:g}]"
        )


def _latents(setup: Setup, start: int, stop: int) -> Tensor:
    return setup.survey.inputs(start, stop, setup.run.model, setup.network.device)


def made_images(setup: Setup, output: object, latents: range) -> Float[Tensor, "image 3 y x"]:
    """The images in a generator's output, in its own range.

    Args:
        latents: indices of the latents, for the message; a single one stands for all images.

    Raises:
        ModelError: there are none, or one holds NaN or an infinite number.
    """
    assert setup.network.images is not None, "the network is a generator"
    return finite_images(setup, setup.network.images.take(output), latents)


def finite_images(
    setup: Setup, raw: Float[Tensor, "image 3 y x"], latents: range
) -> Float[Tensor, "image 3 y x"]:
    """Images as they were taken out of what the generator, or a tail of it, gives.

    Args:
        latents: see ``made_images``.

    Raises:
        ModelError: one holds NaN or an infinite number.
    """
    broken = ~torch.isfinite(raw).flatten(1).all(1)
    if bool(broken.any()):
        index = latents[int(broken.nonzero()[0]) if len(latents) > 1 else 0]
        raise ModelError(
            f"{setup.run.model.source}: the image of latent {index} holds NaN or infinite values; "
            "check its weights, or set another [probe] seed"
        )
    return raw


def unit_range(setup: Setup, raw: Float[Tensor, "image 3 y x"]) -> Float[Tensor, "image 3 y x"]:
    """RGB in [0, 1], as segmenters take it: clamped to the generator's range."""
    low, high = setup.run.model.output_range
    return (raw.clamp(low, high) - low) / (high - low)


def label_images(setup: Setup, images: Float[Tensor, "image 3 y x"]) -> np.ndarray:
    """uint16 [image, depth, y, x] of images in [0, 1], segmented as many at a time as suits the device."""
    size = setup.labelling.size
    parts = []
    for start in range(0, len(images), size):
        part = images[start : start + size]
        parts.append(setup.segmenter.label(part, ["generated"] * len(part), setup.grid))
    labels: np.ndarray = np.concatenate(parts)
    return labels


def pictures(images: Float[Tensor, "image 3 y x"]) -> list[np.ndarray]:
    """uint8 [TILE, TILE, 3] of each image in [0, 1]."""
    pixels = (images * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
    return [small_picture(each) for each in pixels]


def _ranges(setup: Setup, raw: Tensor) -> np.ndarray:
    """float32 [image, 3]: smallest value, largest, share outside the range."""
    flat = raw.flatten(1)
    low, high = setup.run.model.output_range
    outside = ((flat < low) | (flat > high)).float().mean(1)
    return torch.stack((flat.amin(1), flat.amax(1), outside), 1).cpu().numpy()


def generator_record(setup: Setup) -> GeneratorRecord | None:
    """What the findings say of a generator; None for a classifier."""
    if not setup.run.is_generator:
        return None
    ranges = setup.cache.find("ranges.f32", setup.stages.labels(), (len(setup.survey), 3), np.float32)
    assert ranges is not None, "the pass over the latents was made before"
    model = setup.run.model
    return GeneratorRecord(
        latent_shape=model.latent_shape,
        seed=setup.run.probe.seed,
        output_range=(model.output_range[0], model.output_range[1]),
        minimum=float(ranges[:, 0].min()),
        maximum=float(ranges[:, 1].max()),
        clipped=float(ranges[:, 2].mean()),
        truncation=setup.run.probe.truncation,
        classes=tuple(name for _, name in setup.network.conditions),
    )
