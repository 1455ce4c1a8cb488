"""Findings survive the disk exactly, and damaged ones are refused with the remedy."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from dissect_report.errors import FindingsError, StorageError
from dissect_report.findings.disk import write_atomically
from dissect_report.findings.records import SCHEMA_VERSION
from dissect_report.findings.store import read_record, to_json, write_arrays, write_record
from dissect_report.findings.units import Dissection

EMPTY = Dissection(SCHEMA_VERSION, "conv1", 0.04, (), {"object": 0.25})


def test_a_record_comes_back_as_it_was(tmp_path):
    write_record(tmp_path / "d.json", EMPTY)
    assert read_record(tmp_path / "d.json", Dissection) == EMPTY


def test_nan_never_reaches_the_disk():
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json(Dissection(SCHEMA_VERSION, "conv1", math.nan, (), {}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema_version": SCHEMA_VERSION + 1}, "update dissect-report"),
        ({"schema_version": 0}, "run `dissect-report analyze` again"),
        ({"iou_threshold": "0.04"}, "iou_threshold"),
        ({"surprise": 1}, "surprise"),
        ({"units": None}, "units"),
    ],
)
def test_what_is_not_as_written_is_refused_with_the_remedy(tmp_path, change, message):
    path = tmp_path / "d.json"
    path.write_text(json.dumps({**json.loads(to_json(EMPTY)), **change}), encoding="utf-8")
    with pytest.raises(FindingsError, match=message) as raised:
        read_record(path, Dissection)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_torn_files_are_refused(tmp_path, text):
    path = tmp_path / "d.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FindingsError, match="analyze"):
        read_record(path, Dissection)


def test_float32_numbers_survive_the_text_exactly():
    for value in np.random.default_rng(0).standard_normal(1000).astype(np.float32) * 1e3:
        written = json.loads(to_json(Dissection(SCHEMA_VERSION, "x", float(value), (), {})))
        assert np.float32(written["iou_threshold"]) == value


def test_arrays_have_the_same_bytes_for_the_same_numbers(tmp_path):
    for name in ("a.npz", "b.npz"):
        write_arrays(tmp_path / name, {"mask": np.arange(6).reshape(2, 3), "level": np.array([0.5, np.nan])})
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_a_write_that_fails_leaves_the_old_file_and_names_it(tmp_path):
    path = tmp_path / "file"
    write_atomically(path, b"old")
    with pytest.raises(StorageError, match="cannot be written"):
        write_atomically(path / "below-a-file", b"new")
    with pytest.raises(TypeError):
        write_atomically(path, "text")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
