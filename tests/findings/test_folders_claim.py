"""A folder that a killed process had just begun is no stranger's."""

from __future__ import annotations

from pathlib import Path

import pytest

from dissect_report.analysis.cache import Cache
from dissect_report.errors import StorageError
from dissect_report.findings.disk import PART
from dissect_report.findings.folders import claim, is_ours


def test_a_folder_with_nothing_but_a_half_written_marker_is_taken(tmp_path: Path) -> None:
    (tmp_path / f"..dissect-report.0123{PART}").write_bytes(b"Made by")
    claim(tmp_path)
    assert is_ours(tmp_path)


def test_a_cache_with_nothing_but_a_half_written_marker_is_taken(tmp_path: Path) -> None:
    (tmp_path / f".dissect-report-cache.txt.0123{PART}").write_bytes(b"Acti")
    Cache(tmp_path).prepare()
    assert not list(tmp_path.glob(f".*{PART}"))


def test_a_folder_with_one_file_more_is_somebodys(tmp_path: Path) -> None:
    (tmp_path / f"..dissect-report.0123{PART}").write_bytes(b"Made by")
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(StorageError, match="was not made by"):
        claim(tmp_path)
