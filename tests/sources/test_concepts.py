from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dissect_report.errors import SegmenterError
from dissect_report.sources.concepts import Concept, look_up, position_table, read_catalogue


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
