"""Pages of networks that decide otherwise than by the largest score: what they say, what they leave out."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from decision_site import write_decision_site

from dissect_report.analysis.dissection import dissect
from dissect_report.config import load_config
from dissect_report.report import formatting
from dissect_report.report.ablation.classes import ClassPages
from dissect_report.report.ablation.experiment import AblationExperiment
from dissect_report.report.ablation.live import live_config, live_file, live_images
from dissect_report.report.ablation.view import ablation_views
from dissect_report.report.pages.methods import methods_page
from dissect_report.report.site import SiteFindings, load_site
from tests.report.reading import words


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SiteFindings]:
    folder, found = tmp_path_factory.mktemp("decided"), {}
    for name, labelled in (("one", True), ("each", True), ("unlabelled", False)):
        factory = "each" if name == "unlabelled" else name
        path = write_decision_site(folder / name, factory, labelled=labelled)
        dissect(path, threads=1)
        found[name] = load_site(load_config(path))
    return found


def class_page(site: SiteFindings, title: str) -> str:
    pages = {page.title: page.body for page in ClassPages(site, site.runs[0]).pages()}
    return pages[f"{title} (class)"]


def test_a_page_of_independent_classes_counts_decisions_and_says_so(decided: dict[str, SiteFindings]) -> None:
    site = decided["each"]
    (removals,) = ablation_views(site, site.runs[0])
    body = class_page(site, "barn")
    text = words(body)
    share = formatting.percent(removals.record.accuracy).replace("\N{NO-BREAK SPACE}", " ")
    assert f"share of right decisions over all classes{share}" in text
    assert "Every class is decided by itself: an image that is not said to be of barn need not be" in text
    assert "A folder gives its images one class: every other image counts as without that class" in text
    assert "Images that it gives up" in text
    for absent in ("says instead", "takes barn for", "first answer", "accuracy over all classes"):
        assert absent not in text + body
    assert "its probability above 0.5 or not" in body
    flips = removals.record.targets[1].flips
    assert ("not barn" in text) == any(-1 in flip.after for flip in flips)


def test_where_predictions_stand_in_decisions_are_held_against_them(decided: dict[str, SiteFindings]) -> None:
    text = words(class_page(decided["unlabelled"], "barn"))
    assert "share of decisions as the intact model's100.0 %" in text
    assert "balanced agreement with the intact model" in text


def test_one_logit_is_two_classes_with_an_answer_each(decided: dict[str, SiteFindings]) -> None:
    body = class_page(decided["one"], "barn")
    assert "its one logit above 0 or not" in body
    assert "How far the logit lies from 0 on the side of the right class" in body
    assert "What the network says instead" in body
    assert "accuracy over all classes" in body


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "each",
            "The classes are read from its output, a row of 4 scores an image, each decided by itself: yes "
            "above a probability of 0.5, a logit of 0; what goes into the sigmoid that ends the network is "
            "its logit.",
        ),
        (
            "one",
            "Of its classes its output gives one logit an image: above 0 it says “barn”, else “no barn”.",
        ),
    ],
)
def test_methods_say_which_output_was_read_and_how(
    name: str, said: str, decided: dict[str, SiteFindings]
) -> None:
    site = decided[name]
    text = words(methods_page(site, site.runs[0]).body)
    assert said in text
    assert site.runs[0].record.provenance.notes[0] in text


@pytest.mark.parametrize("name", ["one", "each", "unlabelled"])
def test_the_live_data_gives_the_stored_numbers(name: str, decided: dict[str, SiteFindings]) -> None:
    site = decided[name]
    (removals,) = ablation_views(site, site.runs[0])
    file = live_file(removals)
    assert file is not None
    data = json.loads(file.text[file.text.index("{") : file.text.rindex("}") + 1])
    label = np.frombuffer(base64.b64decode(data["label"]), "<i4")
    carried = removals.arrays["label"].reshape(live_images(removals), -1)
    assert np.array_equal(label.reshape(carried.shape), carried)
    assert data["each"] == (name != "one")
    assert live_config(removals, 0)["live"]


def test_the_other_pages_are_made(decided: dict[str, SiteFindings]) -> None:
    for name, site in decided.items():
        texts = [words(page.body) for page in AblationExperiment().pages(site, site.runs[0])]
        assert len(texts) == 3 + len(site.class_files[site.runs[0].record.name])
        assert ("accuracy over all classes" in texts[0]) == (name == "one")
