"""Lists of class names as they come with networks."""

from __future__ import annotations

from pathlib import Path

import pytest

from dissect_report.errors import ModelError
from dissect_report.sources.class_lists import read_class_names

AIR = ("airfield", "alley", "barn/indoor")


def read(folder: Path, *lines: str) -> tuple[str, ...]:
    path = folder / "classes.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_class_names(path)


@pytest.mark.parametrize(
    "lines",
    [
        AIR,
        ("/a/airfield 0", "/a/alley 1", "/b/barn/indoor 2"),
        ("/b/barn/indoor 2", "/a/alley 1", "/a/airfield 0"),
        ("/a/airfield", "/a/alley", "/b/barn/indoor"),
        ("airfield 0", "alley 1", "barn/indoor 2"),
        ("0 airfield", "1 alley", "2 barn/indoor"),
        ("2: barn/indoor", "0: airfield", "1: alley"),
        ("1,airfield", "2,alley", "3,barn/indoor"),
        ("0\tairfield", "1\talley", "2\tbarn/indoor"),
        ("id;name", "0;airfield", "1;alley", "2;barn/indoor"),
        ("index,class", "1,alley", "0,airfield", "2,barn/indoor"),
    ],
)
def test_the_forms_that_places_and_tables_have(tmp_path: Path, lines: tuple[str, ...]) -> None:
    assert read(tmp_path, *lines) == AIR


@pytest.mark.parametrize(
    "lines",
    [
        ("n01440764 tench, Tinca tinca", "n02012849 crane", "n03126707 crane"),
        ("n01440764 1 tench", "n02012849 2 crane", "n03126707 3 crane"),
        ("n01440764\ttench", "n02012849\tcrane", "n03126707\tcrane"),
    ],
)
def test_synsets_keep_their_number_behind_their_word(tmp_path: Path, lines: tuple[str, ...]) -> None:
    assert read(tmp_path, *lines) == ("tench (n01440764)", "crane (n02012849)", "crane (n03126707)")


@pytest.mark.parametrize(
    "lines",
    [
        ("tench, Tinca tinca", "goldfish, Carassius auratus"),
        ("digit 0", "digit 1", "digit 2"),
        ("5 euro", "10 euro", "20 euro"),
        ("7", "8", "9"),
        ("n01440764", "n02012849"),
        ("route 66", "alley"),
    ],
)
def test_what_looks_like_a_number_may_be_a_part_of_the_name(tmp_path: Path, lines: tuple[str, ...]) -> None:
    assert read(tmp_path, *lines) == lines


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("1;red box;object", "2;green box;part"), "looks like a table"),
        (("0,red box,object", "1,green box,part"), "looks like a table"),
        (("id,name", "0,alley", "2,barn"), "the ids of a table of classes are 0, 1, 2"),
        (("id,nom", "0,alley"), "the headings 'id,nom' are not enough; expected one class name a line"),
        (("{0: 'tench, Tinca tinca',", " 1: 'goldfish'}"), "looks like JSON or Python"),
        (("alley", "", "barn"), "line 2 is empty"),
    ],
)
def test_what_is_no_list_of_names_is_refused(tmp_path: Path, lines: tuple[str, ...], words: str) -> None:
    with pytest.raises(ModelError, match=rf"classes\.txt: .*{words}"):
        read(tmp_path, *lines)
