"""Files of arrays that somebody made to fail: a line each, before anything is unpacked."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from dissect_report.errors import FindingsError
from dissect_report.findings import arrays
from dissect_report.findings.arrays import read_arrays


def fine(_heads: object) -> Iterator[str]:
    return iter(())


def packed(data: bytes, name: str = "a.npy") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return stream.getvalue()


def saved(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def promised(shape: tuple[int, ...], held: int = 0) -> bytes:
    """An array whose head promises a shape and whose file holds so many zeros."""
    stream = io.BytesIO()
    head = {"descr": "<f8", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, head)
    return stream.getvalue() + bytes(held)


def damaged() -> bytes:
    whole = bytearray(packed(saved(np.random.default_rng(1).random(500))))
    whole[200:400] = bytes(200)
    return bytes(whole)


FILES: dict[str, Callable[[], bytes]] = {
    "no zip": lambda: b"text",
    "nothing": lambda: b"",
    "no array in it": lambda: packed(b"text"),
    "half a head": lambda: packed(saved(np.zeros(3))[:20]),
    "a head of code": lambda: packed(b"\x93NUMPY\x01\x00\x10\x00__import__('x')\n "),
    "a version of its own": lambda: packed(b"\x93NUMPY\x09\x00" + bytes(20)),
    "objects": lambda: packed(saved(np.array([{}], dtype=object))),
    "all that is": lambda: packed(promised((10**9, 10**9))),
    "a shape below zero": lambda: packed(promised((-5, 3), 64)),
    "more than is there": lambda: packed(promised((100,), 24)),
    "damaged inside": damaged,
}


@pytest.mark.parametrize("name", FILES)
def test_what_is_no_file_of_arrays_is_one_line(tmp_path: Path, name: str):
    path = tmp_path / "x.npz"
    path.write_bytes(FILES[name]())
    with pytest.raises(FindingsError, match=r"x\.npz: .*analyze") as refused:
        read_arrays(path, fine)
    assert "\n" not in str(refused.value)


def test_zeros_that_swell_are_refused_before_they_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "x.npz"
    path.write_bytes(packed(saved(np.zeros(200_000))))
    assert len(read_arrays(path, fine)["a"]) == 200_000
    monkeypatch.setattr(arrays, "LARGEST_FILE", 1_000_000)
    monkeypatch.setattr(np, "load", None)
    with pytest.raises(FindingsError, match="GB of arrays"):
        read_arrays(path, fine)


def test_every_array_is_read_as_it_was_written(tmp_path: Path):
    path, random = tmp_path / "x.npz", np.random.default_rng(1)
    written = {
        "a": random.random((3, 4)),
        "b": np.array(7),
        "c": np.zeros((0, 5), np.uint8),
        "d": np.eye(3).T,
    }
    np.savez_compressed(path, **written)
    found = read_arrays(path, fine)
    assert found.keys() == written.keys()
    for name, array in written.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)
