from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dissect_report.errors import SegmenterError
from dissect_report.sources.concepts import (
    Concept,
    look_up,
    position_table,
    read_catalogue,
    read_concepts,
)


def write(folder: Path, text: str) -> Path:
    path = folder / "concepts.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_gives_ids_names_and_categories_in_the_order_of_ids(tmp_path: Path) -> None:
    path = write(tmp_path, 'id,name,category\n7,"café, open",scene\n\n3,snow,material\n0,nothing,object\n')
    assert read_catalogue(path) == (Concept(3, "snow", "material"), Concept(7, "café, open", "scene"))


def test_columns_are_found_by_their_headings_and_category_may_be_missing(tmp_path: Path) -> None:
    assert read_catalogue(write(tmp_path, "name,ID\nsky,4\n")) == (Concept(4, "sky", "object"),)


def test_in_a_plain_list_the_line_number_minus_one_is_the_id(tmp_path: Path) -> None:
    path = write(tmp_path, "other\nwall\nsky\n")
    assert read_catalogue(path) == (Concept(1, "wall", "object"), Concept(2, "sky", "object"))
    assert [c.id for c in read_catalogue(path, unlabelled=255)] == [0, 1, 2]
    assert [c.name for c in read_catalogue(path, unlabelled=1)] == ["other", "sky"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,name,category\n1,sky,objekt\n", "unknown category 'objekt'; did you mean 'object'"),
        ("id,name,category\n1,sky,object\n1,sea,object\n", "the id 1 stands twice"),
        ("id,name,category\n-1,sky,object\n", "line 2: id '-1' is not a whole number"),
        ("id,name,category\n16777216,sky,object\n", "id '16777216' is not .* up to 16777215"),
        ("id,name,color\n1,sky,blue\n", "line 2: the colour 'blue' is neither"),
        ("id,name,color\n1,sky,0 0 256\n", "line 2: the colour '0 0 256' is neither"),
        ("id,name,color\n1,sky,#0000ff\n2,sea,#0000FF\n", "line 3: the colour '#0000FF' stands twice"),
        ("id,name,category\n1,sky\n", "line 2: 2 values under 3 headings"),
        ("id,name,category\n1,,object\n", "the concept with id 1 has no name"),
        ("other\nwall\n\nsky\n", "the concept with id 2 has no name"),
        ("id,name,category\n", "not one concept"),
        ("", "not one concept"),
    ],
)
def test_a_bad_catalogue_is_one_clear_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SegmenterError, match=f"concepts.csv.*{words}"):
        read_catalogue(write(tmp_path, text))


SKY_AND_SEA = (Concept(1, "sky", "object"), Concept(2, "sea", "part"))


@pytest.mark.parametrize("parted", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line", ["\n", "\r\n", "\r"])
def test_a_table_is_read_however_it_was_saved(tmp_path: Path, parted: str, encoding: str, line: str) -> None:
    rows = [("ID", "Name", "Category"), ("1", "sky", "object"), ("2", "sea", "part")]
    text = line.join([*(parted.join(row) for row in rows), ""])
    path = tmp_path / "concepts.csv"
    path.write_bytes(text.encode(encoding))
    assert read_catalogue(path) == SKY_AND_SEA


def test_what_spreadsheets_add_to_a_table_does_no_harm(tmp_path: Path) -> None:
    assert read_catalogue(write(tmp_path, 'sep=;\n"id";"name";"category"\n1;sky;object;;\n2;sea;part\n;;\n'))


def test_the_headings_of_other_tools_are_known(tmp_path: Path) -> None:
    ade = "Idx\tRatio\tTrain\tVal\tStuff\tName\n1\t0.15\t9\t9\t1\twall\t\n"
    found = read_catalogue(
        write(tmp_path, ade + "2\t0.1\t9\t9\t1\tbuilding, edifice\n3\t.1\t9\t9\t0\tbed \n")
    )
    assert [(c.id, c.name) for c in found] == [(1, "wall"), (2, "building"), (3, "bed")]
    csv = "Idx,Stuff,Name\n1,0,stairs;steps\n2,0,stairs;flight\n3,1,sky;air\n"
    assert [c.name for c in read_catalogue(write(tmp_path, csv))] == ["stairs;steps", "stairs;flight", "sky"]
    aligned = "Idx  Ratio  Name\n1    0.1    chest of drawers\n"
    assert read_catalogue(write(tmp_path, aligned))[0].name == "chest of drawers"
    assert read_catalogue(write(tmp_path, "label,class\n4,sky\n")) == (Concept(4, "sky", "object"),)


@pytest.mark.parametrize(
    "text",
    [
        "1;red box;object\n2;green box;part\n",
        "nummer;bezeichnung\n1;red box\n",
        "1,red box,object\n2,green box,part\n",
        "kennung,wort\n1,red box\n2,green box\n",
        "red box,object\ngreen box,part\n",
        "1\tred box\n2\tgreen box\n",
        "0 background\n1 red box\n",
        "0: background\n1: red box\n",
        "name,category\nred box,object\n",
        "id,nom,categorie\n1,red box,object\n",
        "background\n1;red box;object\n",
        '{"1": "red box"}',
        "{0: 'background',\n 1: 'red box'}",
    ],
)
def test_rows_are_never_taken_for_names(tmp_path: Path, text: str) -> None:
    with pytest.raises(SegmenterError, match=r"concepts\.csv: .*expected a first line id,name,category"):
        read_catalogue(write(tmp_path, text))


def test_names_may_hold_commas_and_numbers(tmp_path: Path) -> None:
    names = ["other", "tench, Tinca tinca", "Dr. 3", "a car, red, old", "[mask]"]
    assert [c.name for c in read_catalogue(write(tmp_path, "\n".join(names)))] == names[1:]
    assert [c.name for c in read_catalogue(write(tmp_path, "other\nsky;heaven\n"))] == ["sky"]


def test_several_ids_or_none_may_mean_no_label(tmp_path: Path) -> None:
    path = write(tmp_path, "background\nsky\nborder\n")
    assert [c.name for c in read_catalogue(path, (0, 2))] == ["sky"]
    assert [c.name for c in read_catalogue(path, (-1,))] == ["background", "sky", "border"]
    table = position_table((Concept(1, "sky", "object"),), (0, 255))
    assert look_up(np.array([0, 1, 255]), table, "here").tolist() == [0, 1, 0]
    with pytest.raises(SegmenterError, match=r"the id 7 .* set `unlabelled` = \[0, 255, 7\]"):
        look_up(np.array([7]), table, "here")
    none = position_table((Concept(0, "sky", "object"),), -1)
    assert look_up(np.array([0]), none, "here").tolist() == [1]


def test_colours_come_in_one_column_or_in_three(tmp_path: Path) -> None:
    wanted = {0x800000: 1, 0x0000FF: 2, 0xE0E0C0: 255}
    for rows in (
        ("id,name,color", "1,sky,#800000", "2,sea,0 0 255", "255,border,#e0e0c0"),
        ("color;id;name", "(128, 0, 0);1;sky", "[0,0,255];2;sea", "E0E0C0;255;border"),
        ("id,name,r,g,b", "1,sky,128,0,0", "2,sea,0,0,255", "255,border,224,224,192"),
    ):
        found = read_concepts(write(tmp_path, "\n".join(rows)), (0, 255))
        assert found.colors == wanted
        assert [c.name for c in found.catalogue] == ["sky", "sea"]
    camvid = read_concepts(write(tmp_path, "name,r,g,b\nAnimal,64,128,64\nVoid,0,0,0\n"), 2)
    assert camvid.catalogue == (Concept(1, "Animal", "object"),), "without ids, rows are numbered from 1"
    assert camvid.colors == {0x408040: 1, 0: 2}
    twice = "id,name,color\n0,none,#000000\n255,border,#000000\n1,sky,#0000ff\n"
    assert read_concepts(write(tmp_path, twice), (0, 255)).colors[0] == 0


def test_a_missing_file_and_one_that_is_not_text_are_named(tmp_path: Path) -> None:
    with pytest.raises(SegmenterError, match=r"none\.csv: no such list"):
        read_catalogue(tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(SegmenterError, match=r"bytes\.csv: .* UTF-8"):
        read_catalogue(tmp_path / "bytes.csv")


def test_ids_become_positions_and_a_stray_id_is_named() -> None:
    catalogue = (Concept(0, "a", "object"), Concept(7, "b", "object"))
    table = position_table(catalogue, unlabelled=255)
    assert look_up(np.array([[0, 7], [255, 7]]), table, "here").tolist() == [[1, 2], [0, 2]]
    for stray in (3, 256, -1):
        with pytest.raises(SegmenterError, match=f"here: the id {stray} is not in the catalogue"):
            look_up(np.array([7, stray]), table, "here")


def test_the_zoo_files_read_as_they_are_meant(zoo: Path) -> None:
    ade = read_catalogue(zoo / "ade31_labels.txt")
    assert (len(ade), ade[0]) == (31, Concept(1, "wall", "object"))
    assert len(read_catalogue(zoo / "face_labels.txt")) == 18
    coco = read_catalogue(zoo / "coco" / "concepts.csv")
    assert (len(coco), coco[0], coco[-1].id) == (129, Concept(1, "person", "object"), 200)
    assert sum(concept.category == "material" for concept in coco) == 6
