"""Beside the thread that measures: the same images, the same order, and the first error."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from dissect_report import dissect
from dissect_report.analysis import dissection
from dissect_report.analysis.passes.ahead import WAITING, Behind, Reader
from dissect_report.errors import ProbeError, StorageError
from tests.same_findings import findings
from tests.small_site import change, write_small_site


def image(index: int) -> np.ndarray:
    if index == 7:
        raise ProbeError("7.png: is gone")
    return np.full((2, 2), index, np.uint8)


def test_images_that_are_read_ahead_are_those_that_are_asked_for() -> None:
    asked: list[int] = []

    def load(index: int) -> np.ndarray:
        asked.append(index)
        return image(index)

    reader = Reader(load, 23, threads=3)
    for first, last in [(0, 3), (3, 6), (8, 12), (12, 16), (20, 23), (1, 2), (0, 3), (22, 23), (9, 12)]:
        assert reader.read(first, last)[:, 0, 0].tolist() == list(range(first, last))
    assert asked.count(3) == 2, "read ahead once, and after (1, 2)"
    assert max(asked) == 22


def test_an_image_that_is_read_ahead_fails_when_its_turn_comes() -> None:
    reader = Reader(image, 10, threads=2)
    assert len(reader.read(0, 4)) == 4
    with pytest.raises(ProbeError, match="is gone"):
        reader.read(4, 8)
    assert len(reader.read(8, 10)) == 2


def test_what_is_done_behind_is_done_in_order_and_not_all_at_once() -> None:
    done: list[int] = []
    ready = threading.Event()

    def work(number: int) -> int:
        ready.wait(10)
        done.append(number)
        return number

    with Behind(2) as behind:
        begun = [behind.begin(lambda k=k: work(k)) for k in range(WAITING)]
        assert done == []
        ready.set()
        begun += [behind.begin(lambda k=k: work(k)) for k in range(WAITING, 9)]
        assert len(done) >= 9 - WAITING
    assert done == list(range(9)) == [each.result() for each in begun]


def test_one_thread_does_everything_at_once() -> None:
    threads: list[int] = []

    def load(index: int) -> np.ndarray:
        threads.append(threading.get_ident())
        return image(index)

    with Behind(1) as behind:
        assert behind.begin(lambda: load(3)).result()[0, 0] == 3
    assert Reader(load, 9, threads=1).read(2, 4)[:, 0, 0].tolist() == [2, 3]
    assert threads == [threading.get_ident()] * 3


def fail() -> None:
    raise StorageError("no space")


def begin_after_a_failure(later: bool) -> None:
    with Behind(2) as behind:
        failed = behind.begin(fail)
        if later:
            while not failed.done():
                time.sleep(0.001)
            behind.begin(lambda: pytest.fail("was begun"))


@pytest.mark.parametrize("later", [True, False])
def test_an_error_behind_ends_the_work(later: bool) -> None:
    with pytest.raises(StorageError, match="no space"):
        begin_after_a_failure(later)


def be_interrupted(done: list[int]) -> None:
    with Behind(2) as behind:
        behind.begin(lambda: time.sleep(0.05))
        behind.begin(lambda: done.append(1))
        raise KeyboardInterrupt


def test_after_an_error_nothing_more_is_begun() -> None:
    done: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        be_interrupted(done)
    assert not done


def test_neither_threads_nor_what_is_read_again_change_a_byte(tmp_path: Path) -> None:
    whole, again = (write_small_site(tmp_path / name, 8) for name in ("whole", "again"))
    dissect(whole, threads=1)
    dissect(change(again, "batch_size = 5", "batch_size = 5\ncache_gb = 0.00001"), threads=3)
    assert not list((tmp_path / "again/cache").rglob("pixels.u8"))
    assert findings(tmp_path / "again") == findings(tmp_path / "whole")


def test_users_code_is_called_by_one_thread_and_a_layer_that_cannot_be_written_is_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write_small_site(tmp_path, 6)
    code = tmp_path / "net.py"
    code.write_text(
        code.read_text() + "\nimport threading\nclass Watched(Net):\n    def forward(self, x):\n"
        "        assert threading.current_thread() is threading.main_thread()\n"
        "        return super().forward(x)\n\ndef watched():\n    return Watched().eval()\n"
    )
    change(config, "net.py:factory", "net.py:watched")

    def full(*given: object) -> object:
        raise StorageError("no space")

    with monkeypatch.context() as patched:
        patched.setattr(dissection, "write_layer", full)
        with pytest.raises(StorageError, match="no space"):
            dissect(config, threads=2)
    dissect(config, threads=2)
