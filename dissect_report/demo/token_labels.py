"""How the demo's transformer is taught: the scene by its class token, and by every patch what stands in it.

Token labelling (Jiang et al. 2021) lets so small a network learn from few scenes; half of the patches are
left out of most lessons (Liu et al. 2022), which halves the time. The part that names patches is not shipped.
"""

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from dissect_report.demo.concepts import CHANNELS, concept_ids
from dissect_report.demo.fitting import Lesson
from dissect_report.demo.networks import GROUPS, MEAN, STD
from dissect_report.demo.quality import as_input
from dissect_report.demo.vision_transformer import PATCH, SIDE, WIDTH, SceneTransformer

WHOLE = 0.2
"""Share of the lessons that show all patches."""

_GRID = SIDE // PATCH


class TaughtTransformer(nn.Module):
    """The transformer, and a linear layer that names the concepts of a patch."""

    def __init__(self) -> None:
        super().__init__()
        self.network = SceneTransformer()
        self.naming = nn.Linear(WIDTH, sum(GROUPS))


def patch_shares(labels: NDArray[np.uint8]) -> list[Float[Tensor, "image patch concept"]]:
    """Of every patch, the share of its pixels under each concept of a channel, "none" first.

    Args:
        labels: uint8 [image, 3, 128, 128], ids of the catalogue.
    """
    number, found = len(labels), []
    for channel, (category, group) in enumerate(zip(CHANNELS, GROUPS, strict=True)):
        ids = labels[:, channel].astype(np.int64)
        ids = np.where(ids > 0, ids - concept_ids(category)[0] + 1, 0)
        cells = ids.reshape(number, _GRID, PATCH, _GRID, PATCH).swapaxes(2, 3).reshape(-1, PATCH * PATCH)
        places = np.arange(len(cells))[:, None] * group + cells
        counts = np.bincount(places.ravel(), minlength=len(cells) * group).reshape(number, -1, group)
        found.append(torch.from_numpy((counts / PATCH**2).astype(np.float32)))
    return found


def transformer_loss(taught: nn.Module, lesson: Lesson) -> Tensor:
    """Cross entropy of the scene, and half of the patches' mean cross entropies, colours shifted."""
    assert isinstance(taught, TaughtTransformer)
    inputs, random, number = (as_input(lesson.images) - MEAN[0]) / STD[0], lesson.random, len(lesson.images)
    gain = torch.from_numpy(random.uniform(0.82, 1.2, (number, 3, 1, 1)).astype(np.float32))
    shift = torch.from_numpy(random.uniform(-0.25, 0.25, (number, 1, 1, 1)).astype(np.float32))
    patches = _GRID**2 if random.random() < WHOLE else _GRID**2 // 2
    kept = torch.from_numpy(np.sort(random.permutation(_GRID**2)[:patches]))
    tokens = taught.network.tokens(inputs * gain + shift, kept)
    logits = taught.network.head(tokens[:, 0])
    named = taught.naming(tokens[:, -patches:]).split(GROUPS, dim=2)
    about_patches = torch.zeros(())
    for guess, shares in zip(named, patch_shares(lesson.labels), strict=True):
        about_patches = about_patches + functional.cross_entropy(
            guess.flatten(0, 1), shares[:, kept].flatten(0, 1)
        )
    about_scene = functional.cross_entropy(logits, torch.from_numpy(lesson.classes), label_smoothing=0.05)
    return about_scene + 0.5 * about_patches / len(CHANNELS)
