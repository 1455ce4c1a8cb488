"""Pipes and devices where a file is meant: they are refused or passed over, and nobody waits for them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dissect_report.errors import ModelError, SegmenterError
from dissect_report.sources.dependencies import check_dependencies
from dissect_report.sources.folders import list_folder
from dissect_report.sources.segmenters.headers import read_header
from dissect_report.sources.text_tables import read_text

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def test_among_images_it_is_passed_over(pipe: Path):
    found = list_folder(pipe.parent)
    assert not found.pictures
    assert not list(found.notes())


def test_as_a_mask_it_is_refused(pipe: Path):
    with pytest.raises(SegmenterError, match="pipe: a mask that is no file"):
        read_header(pipe)


def test_as_a_list_it_is_refused(pipe: Path):
    with pytest.raises(SegmenterError, match="pipe: is no file"):
        read_text(pipe, "a list of concepts", SegmenterError)


@pytest.mark.parametrize("name", ["pipe", "/dev/zero", "p*"])
def test_as_what_code_depends_on_it_is_refused(pipe: Path, name: str):
    with pytest.raises(ModelError, match=r"\[model\] depends: .* is no file"):
        check_dependencies([name], pipe.parent, "[model] depends", ModelError)


def test_a_name_that_none_can_be_is_refused(tmp_path: Path):
    with pytest.raises(SegmenterError, match="cannot be read"):
        read_text(tmp_path / "a\0b", "a list of concepts", SegmenterError)
