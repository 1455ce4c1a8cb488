"""Images that belong together: named in a table, kept together in every part of the probe."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from dissect_report import dissect, load_config
from dissect_report.analysis.survey import Survey
from dissect_report.errors import ProbeError
from tests.small_site import change, write_small_site


def survey(digests: list[str], groups: list[str] | None) -> Survey:
    count = len(digests)
    return Survey(
        names=tuple(f"{n}" for n in range(count)), labels=(None,) * count, digests=tuple(digests), skipped=(),
        tiles=np.zeros((count, 1, 1, 3), np.uint8), pixels=None, probe=None, positions=tuple(range(count)),
        groups=None if groups is None else tuple(groups),
    )  # fmt: skip


def test_what_may_not_be_parted_shares_a_digest():
    assert survey(["c", "a", "b"], None).group_digests == ("c", "a", "b")
    assert survey(["c", "a", "b", "d"], ["x", "y", "x", "y"]).group_digests == ("b", "a", "b", "a")


def test_groups_of_a_table_are_never_parted(tmp_path):
    config = load_config(write_small_site(tmp_path))
    (plain,) = dissect(config)
    names = [image.name for image in plain.record.images]
    old = plain.layers["conv1"].arrays  # read now: the findings are about to be written over
    with open(tmp_path / "groups.csv", "w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("image", "group"), *((name, k // 3) for k, name in enumerate(names))])
    change(tmp_path / "dissect.toml", "[probe]", '[probe]\ngroups = "groups.csv"')
    (run,) = dissect(load_config(tmp_path))
    assert run.record.groups == -(-len(names) // 3)
    for part in ("group", "block", "half"):
        values = [getattr(image, part) for image in run.record.images]
        assert all(len({*values[k : k + 3]}) == 1 for k in range(0, len(values), 3))
    # Other permutations, so other numbers; the same counts.
    new = run.layers["conv1"].arrays
    np.testing.assert_array_equal(old["intersection"].sum(0), new["intersection"].sum(0))
    assert (old["chance_iou"] != new["chance_iou"]).any()


def test_an_image_without_a_group_is_named_before_anything_is_measured(tmp_path):
    write_small_site(tmp_path)
    (tmp_path / "groups.csv").write_text("image,group\nsomething.png,1\n")
    change(tmp_path / "dissect.toml", "[probe]", '[probe]\ngroups = "groups.csv"')
    with pytest.raises(ProbeError, match="no group for the image"):
        dissect(load_config(tmp_path))
