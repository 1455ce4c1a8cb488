"""The table of groups: every image has one, or the line says which has none."""

from __future__ import annotations

import pytest

from dissect_report.errors import ProbeError
from dissect_report.sources.groups import read_groups

NAMES = ("a/1.jpg", "a/2.jpg", "3.png")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_table_gives_every_image_its_group(tmp_path, separator, encoding):
    rows = [("image", "group"), ("3.png", "x"), ("a/1.jpg", "y"), ("a/2.jpg", "y"), ("other.jpg", "z")]
    path = tmp_path / "groups.csv"
    path.write_text("\n".join(map(separator.join, rows)) + "\n", encoding=encoding)
    assert read_groups(path, NAMES) == ("y", "y", "x")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image,group\n3.png,x\na/1.jpg,y\n", "no group for the image 'a/2.jpg'; did you mean 'a/1.jpg'"),
        ("name,patient\n", "the first line must be image,group, not 'name,patient'"),
        ("image,group\n3.png\n", "line 2: expected an image and its group"),
        ("image,group\n3.png,x\n3.png,y\n", "line 3: the image '3.png' stands in two groups"),
        ("", "the first line must be image,group"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_with_its_line(tmp_path, text, message):
    path = tmp_path / "groups.csv"
    path.write_text(text)
    with pytest.raises(ProbeError, match=r"groups\.csv") as caught:
        read_groups(path, NAMES)
    assert message in str(caught.value)


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(ProbeError, match="no such table of groups"):
        read_groups(tmp_path / "groups.csv", NAMES)
