"""Images of the running program, written once without loss: from there on they are photos like any other."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from dissect_report.errors import ProbeError
from dissect_report.findings.folders import clear, mark, write_if_changed

#: A number this far outside [0, 1] is rounding.
SLACK = 1e-3


@dataclass(frozen=True)
class WrittenImages:
    """Where images lie that a configuration can name.

    Attributes:
        folders: for ``[probe] images``.
        side: of all of them, where they are tensors or arrays of one square size; else None.
        ready: whether they are tensors in [0, 1] that the network takes as they are.
    """

    folders: tuple[str, ...]
    side: int | None = None
    ready: bool = False


def write_images(
    images: Any,
    folder: Path,
    classes: Sequence[str],
    normalised: tuple[Sequence[float], Sequence[float]] | None,
) -> WrittenImages:
    """Images as files.

    Args:
        images: a folder or a list of folders, which are used as they are; a Dataset or DataLoader whose items
            are an image, (image, label ...) or a table with "image" or "pixel_values" and "label"; a sequence
            of images; a tensor [image, 3, y, x]. An image is a PIL picture, a tensor [3, y, x] in [0, 1] (or
            normalised, or uint8), or an array uint8 [y, x, 3].
        folder: they are written into it, below a folder for each label.
        classes: names of the labels; else the dataset's own ``classes``, or ``output_N``.
        normalised: mean and std by which tensors were normalised; None if they lie in [0, 1].

    Raises:
        ProbeError: naming the first item that is no image.
    """
    listed = [images] if isinstance(images, str | Path) else images
    if isinstance(listed, list | tuple) and listed and all(isinstance(item, str | Path) for item in listed):
        return WrittenImages(tuple(str(Path(item).resolve()) for item in listed))
    own = getattr(getattr(images, "dataset", images), "classes", ())
    names = tuple(classes) or tuple(map(str, own))
    sides: set[tuple[int, int]] = set()
    plain = True
    clear(folder)
    mark(folder, "complete")
    count = 0
    for number, item in enumerate(_items(images)):
        found, label = _parted(item, number)
        picture, from_numbers = _picture(found, number, normalised)
        plain = plain and from_numbers
        sides.add(picture.size)
        below = "" if label is None else _label_name(label, names)
        stream = io.BytesIO()
        picture.save(stream, "PNG", compress_level=1)
        write_if_changed(folder / "pictures" / below / f"{number:06d}.png", stream.getvalue())
        count = number + 1
    if not count:
        raise ProbeError("images: there are none")
    width, height = sides.pop()
    same = plain and not sides and width == height
    return WrittenImages((str(folder / "pictures"),), width if same else None, plain and normalised is None)


def _items(images: Any) -> Iterator[Any]:
    """Every item once, in the order of a dataset."""
    if isinstance(images, torch.utils.data.DataLoader):
        images = images.dataset
    if isinstance(images, torch.utils.data.IterableDataset) or not hasattr(images, "__getitem__"):
        yield from images
        return
    for number in range(len(images)):
        yield images[number]


def _parted(item: Any, number: int) -> tuple[Any, Any]:
    """The image and the label of an item."""
    if isinstance(item, Mapping):
        key = next((name for name in ("image", "pixel_values", "img") if name in item), None)
        if key is None:
            raise ProbeError(f'images[{number}] has {", ".join(map(str, item))}, but no "image"')
        return item[key], item.get("label")
    if isinstance(item, tuple | list) and item:
        return item[0], item[1] if len(item) > 1 else None
    return item, None


def _label_name(label: Any, names: Sequence[str]) -> str:
    """The folder of a label."""
    if isinstance(label, str):
        return label.replace("/", "_")
    number = int(label)
    return names[number].replace("/", "_") if 0 <= number < len(names) else f"output_{number}"


def _picture(
    found: Any, number: int, normalised: tuple[Sequence[float], Sequence[float]] | None
) -> tuple[Image.Image, bool]:
    """An image as a picture, and whether it came as numbers."""
    if isinstance(found, Image.Image):
        return found, False
    if not isinstance(found, torch.Tensor | np.ndarray):
        raise ProbeError(
            f"images[{number}] is a {type(found).__name__}: neither a picture, a tensor nor an array"
        )
    channels_first = isinstance(found, torch.Tensor)
    values = torch.as_tensor(found).detach().cpu()
    if values.ndim == 2:
        values = values[None] if channels_first else values[..., None]
    if channels_first and values.ndim == 3:
        values = values.permute(1, 2, 0)
    if values.ndim != 3 or values.shape[2] not in (1, 3):
        wanted = "[3, y, x]" if channels_first else "[y, x, 3]"
        raise ProbeError(f"images[{number}] has the shape {list(found.shape)}, not {wanted}")
    if values.dtype != torch.uint8:
        values = _bytes(values.float(), number, normalised)
    return Image.fromarray(values.expand(-1, -1, 3).contiguous().numpy()), True


def _bytes(
    values: torch.Tensor, number: int, normalised: tuple[Sequence[float], Sequence[float]] | None
) -> torch.Tensor:
    """uint8 of numbers in [0, 1], or of normalised ones."""
    if normalised is not None:
        mean, std = (torch.tensor(part, dtype=torch.float32) for part in normalised)
        values = values * std + mean
    low, high = float(values.min()), float(values.max())
    if not -SLACK <= low <= high <= 1 + SLACK:
        reason = "by the mean and std given" if normalised else "give mean and std if normalised"
        raise ProbeError(f"images[{number}] goes from {low:.3g} to {high:.3g}, not from 0 to 1, {reason}")
    return (values.clamp(0, 1) * 255).round().to(torch.uint8)
