"""What the sentences about a unit may say: no more than the counts carry, in whole words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dissect_report.findings.ablation import Confusion
from dissect_report.findings.units import UnitRecord
from dissect_report.report.ablation.units import UsedFor
from dissect_report.report.ablation.view import AblationView, ablation_views
from dissect_report.report.cards import LayerView
from dissect_report.report.sentences import certainty_rows, unit_sentence, used_sentence


@pytest.fixture(scope="module")
def removals(site) -> AblationView:
    (found,) = ablation_views(site, site.runs[0])
    return found


def sentence(view: LayerView, groups: int = 40, **changed: object) -> str:
    """Of a strong unit of which some numbers are changed."""
    unit: UnitRecord = next(u for u in view.layer.units if u.grade == "strong")
    unit = replace(unit, **{"permutations": 999, "p": 0.001, "q": 0.01} | changed)
    text = unit_sentence(unit, view.run.record.concepts, 50 * unit.mask_pixels, 0.04, groups)
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_one_is_not_many(view):
    assert "1 of 999 permutations of the label maps matches it as well" in sentence(view, p=0.002)
    assert "0 of 999 permutations of the label maps match it as well" in sentence(view)
    assert "1 independent image is too few." in sentence(view, 1, grade="untested")
    assert "12 independent images are too few." in sentence(view, 12, grade="untested")


def test_a_match_that_is_rare_for_one_unit_but_not_for_a_layer_says_why_it_is_too_little(view):
    rare = sentence(view, grade="chance", p=0.003, q=0.08)
    assert (
        "That is too little evidence: 2 of 999 permutations of the label maps match it as well, but" in rare
    )
    assert "but among so many units some are as rare by chance (q 0.0800)" in rare
    common = sentence(view, grade="chance", p=0.3, q=0.6)
    assert "That is no evidence: 299 of 999 permutations" in common
    assert "as rare" not in common


def test_a_weak_unit_that_no_split_keeps_is_said_to_be_one(view):
    assert "no even split keeps it above 0.04" in sentence(view, grade="weak", split_share=0.0)
    assert "only 40 % of even splits keep it above 0.04" in sentence(view, grade="weak", split_share=0.4)


def test_no_number_is_rounded_over_what_is_said_of_it(view):
    assert "keeps an IoU of 0.040 or more" in sentence(view, robust_iou=0.0409)
    assert "keeps an IoU of 0.041 or more" in sentence(view, robust_iou=0.041)
    nearest = {"detector": False, "grade": "none"}
    assert "an IoU of 0.0397, not above the iou_threshold of 0.04." in sentence(view, iou=0.0397, **nearest)
    assert "an IoU of 0.039, not above the iou_threshold of 0.04." in sentence(view, iou=0.0393, **nearest)
    assert "an IoU of 0.03999, not above" in sentence(view, iou=0.03999, **nearest)
    assert "an IoU of 0.040, not above" in sentence(view, iou=0.04, **nearest)


def test_a_loss_above_0_is_never_said_to_be_0():
    assert "costs a class at most less than 0.1" not in (said := used_sentence([], 0.0002, "accuracy"))
    assert "costs a class less than 0.1 points of accuracy" in said
    assert "costs a class at most 3.2 points of accuracy" in used_sentence([], 0.032, "accuracy")
    assert "no class loses accuracy" in used_sentence([], 0.0, "accuracy")
    assert "costs bed 3.2 points of accuracy" in used_sentence([("bed", 0.032)], 0.1, "accuracy")


def prevented(removals: AblationView, **changed: object) -> str:
    """The last sentence of a unit that serves a class, of whose loss some numbers are changed."""
    used = UsedFor(removals, removals.view.addresses.page)
    row, unit = (int(at) for at in np.argwhere(used.needs)[0])
    used.confirmed = np.full_like(used.confirmed, np.nan)
    used.confirmed[row, unit] = 0.05
    used.stored[row, unit] = replace(used.stored[row, unit], **changed)
    return used.sentence(unit).replace(used.names[row], "NAME").rpartition("accuracy. ")[2]


def test_recall_and_specificity_are_told_apart(removals):
    one, five = (Confusion(0, 1),), tuple(Confusion(k, 1) for k in range(5))
    first, second, third = (removals.class_name(k) for k in range(3))
    others = removals.record.evaluation_images - removals.record.targets[0].evaluation_images
    start = "On the evaluation images, without it "
    lost = {"recall_lost": 0.2, "specificity_lost": 0.0}
    assert prevented(removals, **lost, alarms=()) == f"{start}the recall of NAME falls by 20.0 points."
    both = prevented(removals, **lost, alarms=one)
    assert both.startswith(
        f"{start}the recall of NAME falls by 20.0 points and 1 of {others} other images is"
    )
    kept = {"recall_lost": -0.1, "specificity_lost": 0.01}
    more = prevented(removals, **kept, alarms=five).replace("NAME", first)
    assert more.startswith(
        f"{start}the recall of {first} rises by 10.0 points and 5 of {others} other images"
    )
    assert more.endswith(f"are called {first} (1 {first}, 1 {second}, 1 {third}, 2 more).")
    # Where every class is decided by itself no other image has a class of its own to be taken from.
    alone = prevented(removals, recall_lost=0.0, specificity_lost=0.0001, alarms=())
    assert alone == f"{start}the specificity of NAME falls by less than 0.1 points."
    assert prevented(removals, recall_lost=0.0, specificity_lost=0.0, alarms=()).endswith(
        "5.0 points of balanced accuracy."
    )


def test_what_a_removal_costs_is_not_said_of_a_class_of_few_images(removals):
    used = UsedFor(removals, removals.view.addresses.page)
    used.needs = np.zeros_like(used.needs)
    used.evaluation = np.full_like(used.evaluation, 0.03)
    assert "costs a class at most 3.0 points" in used.sentence(0)
    used.enough[0] = False
    assert "costs a class of at least 10 images at most 3.0 points" in used.sentence(0)
    used.evaluation[:] = -0.01
    used.evaluation[0] = 0.05
    assert "no class of at least 10 images loses" in used.sentence(0)
    used.enough = np.zeros_like(used.enough)
    assert used.sentence(0) == "No class has enough images to say what its removal costs."


def test_the_robust_iou_is_the_same_number_in_the_sentence_and_beside_the_bar(view):
    unit = next(u for u in view.layer.units if u.grade == "strong")
    rows = {key: text for key, _, text in certainty_rows(replace(unit, robust_iou=0.0857))}
    assert rows["robust"] == "0.085"
    assert "keeps an IoU of 0.085 or more" in sentence(view, robust_iou=0.0857)
