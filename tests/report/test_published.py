"""The paper's own figures stand beside a run of the paper's own networks, and beside no other."""

from __future__ import annotations

import dataclasses

import pytest

from dissect_report.findings.store import LoadedRun
from dissect_report.report.published import published


def named(run: LoadedRun, **model: str) -> LoadedRun:
    config = dict(run.record.config)
    config["model"] = {**config["model"], **model}
    return dataclasses.replace(run, record=dataclasses.replace(run.record, config=config))


@pytest.mark.parametrize(
    ("model", "layer", "question", "figure"),
    [
        ({"weights": "w/vgg16_places365-0bafbc55.pth"}, "features.28", "layer", "51 objects, 22 parts"),
        (
            {"weights": "vgg16_places365-0bafbc55.safetensors"},
            "features.conv5_1",
            "layer",
            "28 objects, 25 parts",
        ),
        ({"weights": "vgg16_places365-0bafbc55.pth"}, "features.conv5_3", "keeping", "53.0 % on average"),
        ({"source": "progan:models/proggan_church.pth"}, "layer4", "removing", "53.3 % of the tree pixels"),
        ({"source": "progan:kitchen-67f1e16c.pth"}, "layer5", "layer", "41 parts"),
    ],
)
def test_a_network_of_the_paper_is_known_by_its_weights(site, model, layer, question, figure):
    assert figure in published(named(site.runs[0], **model), layer, question)


@pytest.mark.parametrize(
    ("model", "layer", "question"),
    [
        ({"weights": "vgg16_imagenet.pth"}, "features.28", "layer"),
        ({"weights": "vgg16_places365-0bafbc55.pth"}, "features.26", "layer"),
        ({"weights": "vgg16_places365-0bafbc55.pth"}, "features.28", "removing"),
        ({"source": "progan:mine.pth"}, "layer4", "removing"),
    ],
)
def test_another_network_layer_or_question_has_none(site, model, layer, question):
    assert published(named(site.runs[0], **model), layer, question) == ""
