"""Segmenters of transformers: maps of logits, or queries that are put together to one label map."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float, Int
from torch import Tensor, nn

from dissect_report.config import ProbeConfig, SegmenterConfig
from dissect_report.config.keys import Unsaid
from dissect_report.errors import SegmenterError
from dissect_report.sources.concepts import check_catalogue, first_names, name_channels, read_catalogue
from dissect_report.sources.hf_models import REMEDY, Loaded, load_hf, normalisation
from dissect_report.sources.making import load_package, taking
from dissect_report.sources.segmenters.network import NetworkSegmenter, normalisation_of

#: What a first channel is called that is no concept.
NOTHING = frozenset({"background", "unlabeled", "unlabelled", "void", "other", "none", "__background__"})

#: What OneFormer is asked for, and how many numbers its text has where its configuration does not say.
TASK, LENGTH = "the task is semantic", 77

#: Mask2Former and EoMT weigh their masks at this side, as their processors do.
WEIGHED_AT = 384


class QuerySegmenter(nn.Module):
    """A network of queries, each with a class and a mask, as scores of every concept at every pixel.

    A pixel's score of a concept is the sum over queries of the class's probability times the mask's
    (Cheng et al. 2021, as transformers' ``post_process_semantic_segmentation`` has it).
    """

    def __init__(self, network: Any, inputs: dict[str, Tensor], side: int) -> None:
        """Args:
        network: gives ``class_queries_logits`` [image, query, concept + 1] and ``masks_queries_logits``
            [image, query, y, x].
        inputs: further ones that it takes, of one image.
        side: that masks are brought to before they are weighed; 0: as they are.
        """
        super().__init__()
        self.network = network
        self.side = side
        self.names = tuple(inputs)
        for name, value in inputs.items():
            self.register_buffer(name, value)

    def scores(self, images: Float[Tensor, "image 3 y x"]) -> Float[Tensor, "image concept y x"]:
        """At the side of the images."""
        further = {name: getattr(self, name).expand(len(images), -1) for name in self.names}
        found = self.network(pixel_values=images, **further)
        masks = found.masks_queries_logits
        if self.side:
            masks = F.interpolate(masks, (self.side, self.side), mode="bilinear", align_corners=False)
        classes = found.class_queries_logits.softmax(-1)[..., :-1]
        scores = torch.einsum("bqc,bqhw->bchw", classes, masks.sigmoid())
        return F.interpolate(scores, images.shape[-2:], mode="bilinear", align_corners=False)

    def segment(self, images: Float[Tensor, "image 3 y x"]) -> Int[Tensor, "image 1 y x"]:
        """The concept of the highest score at every pixel."""
        return self.scores(images).argmax(1, keepdim=True)

    def log_probability(
        self, images: Float[Tensor, "image 3 y x"], concept: int
    ) -> Float[Tensor, "image y x"]:
        """The logarithm of a concept's share of all scores."""
        scores = self.scores(images)
        return scores[:, concept].clamp_min(1e-12).log() - scores.sum(1).clamp_min(1e-12).log()


def open_hf(
    config: SegmenterConfig, probe: ProbeConfig, folder: Path, among: Sequence[SegmenterConfig]
) -> NetworkSegmenter:
    """A segmenter from "hf:FOLDER" or "hf:ORG/NAME", its concepts by ``id2label``.

    Raises:
        SegmenterError: it does not segment, or nobody names its concepts.
        WeightsError: it cannot be had.
    """
    if config.args.get("pretrained") is False:
        raise SegmenterError(f"{config.source}: random weights label nothing; leave pretrained = false out")
    loaded = load_hf(config, folder, SegmenterError)
    kind = type(loaded.network).__name__
    if not kind.endswith("Segmentation"):
        raise SegmenterError(f"{config.source} is a {kind}, which does not segment: name one that does")
    queries = kind.endswith(("UniversalSegmentation", "InstanceSegmentation"))
    network = _query_segmenter(config, loaded) if queries else loaded.network
    unlabelled = _unlabelled(config, loaded.labels)
    if config.concepts:
        catalogue = read_catalogue(folder / config.concepts, unlabelled)
    elif loaded.labels:
        named = name_channels(first_names(loaded.labels, other=", "), unlabelled)
        catalogue = check_catalogue(named, unlabelled, f"{config.source}, its id2label")
    else:
        raise SegmenterError(f"{config.source}: its id2label names no concept: set `concepts` to a file")
    known = normalisation(loaded.processor)
    return NetworkSegmenter(
        config.source, network, catalogue, unlabelled=unlabelled, output=config.output,
        normalisation=normalisation_of(config, known if known[0] else None),
    )  # fmt: skip


def _unlabelled(config: SegmenterConfig, labels: Sequence[str]) -> tuple[int, ...]:
    """As configured; else the first channel where it is called so, or none."""
    if not isinstance(config.unlabelled, Unsaid):
        return config.unlabelled
    return (0,) if labels and labels[0].strip().lower() in NOTHING else (-1,)


def _query_segmenter(config: SegmenterConfig, loaded: Loaded) -> QuerySegmenter:
    kind = type(loaded.network).__name__
    side = WEIGHED_AT if kind.startswith(("Mask2Former", "Eomt")) else 0
    return QuerySegmenter(loaded.network, _task(config, loaded) if kind.startswith("OneFormer") else {}, side)


def _task(config: SegmenterConfig, loaded: Loaded) -> dict[str, Tensor]:
    """What OneFormer is asked for, in the numbers of its own tokenizer.

    Raises:
        WeightsError: the tokenizer is not there.
    """
    transformers = load_package("transformers", config.source, SegmenterError)
    length = int(getattr(loaded.network.config, "task_seq_len", LENGTH))
    with taking({}, config.source, SegmenterError, f"{REMEDY}; and the files of its tokenizer"):
        tokenizer = transformers.AutoTokenizer.from_pretrained(loaded.place, trust_remote_code=False)
        told = tokenizer([TASK], padding="max_length", max_length=length, truncation=True)
        back = tokenizer.decode(told["input_ids"][0], skip_special_tokens=True)
    if TASK.rsplit(maxsplit=1)[-1] not in back:  # without files an empty one is made
        raise SegmenterError(
            f"{config.source}: the files of its tokenizer are missing, or do not know {TASK!r}"
        )
    return {"task_inputs": torch.tensor(told["input_ids"]) * torch.tensor(told["attention_mask"])}
