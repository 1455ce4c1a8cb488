"""Folders are named like classes, or a note says which class is near."""

from __future__ import annotations

import unicodedata

from dissect_report.analysis.ablation.splits import class_labels, stray_folders

CLASSES = (
    "airfield",
    "apartment_building/outdoor",
    "crane (n02012849)",
    "crane (n03126707)",
    "tench (n01440764)",
)


def test_signs_between_words_case_and_unicode_form_do_not_matter() -> None:
    labels = ["Airfield", "apartment_building-outdoor", "apartment building outdoor", None, "barn"]
    assert class_labels(labels, CLASSES).tolist() == [0, 1, 1, -1, -1]
    cafe = [unicodedata.normalize(form, "Café") for form in ("NFC", "NFD")]
    assert class_labels(cafe, cafe[:1]).tolist() == [0, 0]
    assert class_labels(cafe, cafe[1:]).tolist() == [0, 0]


def test_a_synset_is_meant_by_its_number_its_word_and_both() -> None:
    labels = ["n01440764", "tench", "n01440764_tench", "tench (n01440764)", "n03126707"]
    assert class_labels(labels, CLASSES).tolist() == [4, 4, 4, 4, 3]


def test_a_name_that_several_classes_share_is_none_of_them() -> None:
    assert class_labels(["crane"], CLASSES).tolist() == [-1]
    assert class_labels(["fire_truck", "fire truck"], ["fire truck", "fire_truck"]).tolist() == [1, 0]
    assert class_labels(["Fire-truck"], ["fire truck", "fire_truck"]).tolist() == [-1]


def test_folders_that_are_no_classes_are_told_with_the_nearest_class() -> None:
    told = stray_folders(["airfeld", "airfeld", "airfield", None, "xyz"], CLASSES)
    assert told == "'airfeld': did you mean 'airfield'?; 'xyz': no class is near"
    assert stray_folders(["airfield"], CLASSES) == ""
    assert stray_folders(["a1", "b2", "c3", "d4", "e5"], CLASSES).endswith("; and 2 more folders")


def test_of_folders_in_folders_the_first_that_is_a_class_counts_and_longer_names_go_first() -> None:
    labels = [
        "train/tench", "tench/monday", "a/airfield", "a/apartment_building/outdoor", "airfield/tench",
        "airfield/n02012849", "train/barn", "a/apartment_building",
    ]  # fmt: skip
    assert class_labels(labels, CLASSES).tolist() == [4, 4, 0, 1, 0, 0, -1, -1]
    barns = ("barn", "barn/indoor")
    assert class_labels(["barn", "barn/indoor", "b/barn/indoor", "barn/monday"], barns).tolist() == [
        0,
        1,
        1,
        0,
    ]
    assert (
        stray_folders(["train/airfeld", "train/airfield"], CLASSES)
        == "'train/airfeld': did you mean 'airfield'?"
    )
