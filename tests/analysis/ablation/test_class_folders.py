"""Which class an image's folder stands for, and what is said where it stands for none."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from dissect_report.analysis.ablation.splits import UNKNOWN, class_labels, strangers


@pytest.mark.parametrize(
    ("folder", "place"),
    [
        ("crane", 0), ("crane (2)", 1), ("Crane (2)", 1), ("ski_slope", 2), ("SKI-slope", 2),
        ("barn_indoor", 3), ("barn", UNKNOWN), ("Twin", 4), ("TWIN", 5), ("twin", UNKNOWN),
    ],
)  # fmt: skip
def test_a_folder_is_the_class_of_its_very_name_else_of_one_that_reads_alike(folder: str, place: int) -> None:
    classes = ["crane", "crane (2)", "ski slope", "barn/indoor", "Twin", "TWIN"]
    assert class_labels([folder, None], classes).tolist() == [place, UNKNOWN]


def test_a_folder_that_is_no_class_is_named_with_the_nearest_class() -> None:
    classes = ["/a/airfield 0", "/b/beach 2"]
    survey = SimpleNamespace(labels=(None, "airfield", "beach"))
    assert strangers([survey], classes) == "one is 'airfield', the nearest class '/a/airfield 0'"
    assert strangers([SimpleNamespace(labels=(None, "qqqqq"))], classes) == "one is 'qqqqq'"
    assert strangers([SimpleNamespace(labels=(None, "alley"))], ["alley"]) == ""
