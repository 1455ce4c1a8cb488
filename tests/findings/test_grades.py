"""One word of trust, by its definition."""

from __future__ import annotations

import pytest

from dissect_report.findings.grades import GRADES, count_grades, grade


@pytest.mark.parametrize(
    ("iou", "q", "robust", "groups", "expected"),
    [
        (0.2, 0.05, 0.05, 20, "strong"),
        (0.2, 0.05, 0.04, 20, "weak"),
        (0.2, 0.0501, 0.1, 20, "chance"),
        (0.2, None, 0.1, 20, "chance"),
        (0.04, 0.001, 0.1, 20, "none"),
        (None, None, None, 20, "none"),
        (0.2, 0.001, 0.1, 19, "untested"),
        (0.01, 0.001, 0.1, 19, "none"),
    ],
)
def test_the_grade_of_a_unit(iou, q, robust, groups, expected):
    assert grade(iou, q, robust, 0.04, groups) == expected


def test_every_grade_is_counted():
    assert count_grades(["weak", "none", "weak"]) == {**dict.fromkeys(GRADES, 0), "weak": 2, "none": 1}
