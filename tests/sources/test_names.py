"""Every name its own, wherever it comes from."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissect_report.config import ModelConfig
from dissect_report.sources.concepts import read_catalogue
from dissect_report.sources.knowledge import Knowledge
from dissect_report.sources.models import load_classes
from dissect_report.sources.names import number_twins

TWINS = ["crane", "crow", "crane", "crane (2)", "crane"]
APART = ["crane", "crow", "crane (3)", "crane (2)", "crane (4)"]


def test_twins_are_numbered_and_no_number_makes_a_new_twin() -> None:
    assert list(number_twins(["crane", "crow", "crane"])) == ["crane", "crow", "crane (2)"]
    assert list(number_twins(TWINS)) == APART


@given(st.lists(st.sampled_from(["a", "b", "a (2)", "a (2) (2)", "a (3)"]), max_size=12))
def test_names_end_up_different_and_the_first_of_each_keeps_its_own(names: list[str]) -> None:
    apart = number_twins(names)
    assert len(set(apart)) == len(names)
    for place, (old, new) in enumerate(zip(names, apart, strict=True)):
        assert new == old if old not in names[:place] else new.startswith(f"{old} (")


def test_twins_of_a_file_of_classes_are_numbered(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("\n".join(TWINS))
    config = ModelConfig(source="n.py:n", classes="names.txt")
    assert list(load_classes(config, tmp_path, Knowledge())) == APART


def test_twins_among_the_categories_of_published_weights_are_numbered(tmp_path: Path) -> None:
    assert list(load_classes(ModelConfig(source="timm:x"), tmp_path, Knowledge(tuple(TWINS)))) == APART


@pytest.mark.parametrize("text", ["other\nwall\nwall\nsea\n", "id,name\n1,wall\n2,wall\n3,sea\n"])
def test_twins_of_a_list_of_concepts_are_numbered(tmp_path: Path, text: str) -> None:
    (tmp_path / "names.txt").write_text(text)
    catalogue = read_catalogue(tmp_path / "names.txt")
    assert [(c.id, c.name) for c in catalogue] == [(1, "wall"), (2, "wall (2)"), (3, "sea")]


def test_a_single_name_is_that_of_a_yes_no_concept(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("road\n")
    assert [(c.id, c.name) for c in read_catalogue(tmp_path / "names.txt")] == [(1, "road")]
    assert [(c.id, c.name) for c in read_catalogue(tmp_path / "names.txt", 255)] == [(0, "road")]
