"""What runs beside the thread that measures: images read ahead of it, layers written behind it.

Only this program's own work does. Networks, segmenters and datasets are the user's code: the thread that
measures calls them, one after the other and in the order of the images, for they may keep state from call to
call, or hold what belongs to one thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")

#: Works that may be begun and not done: whoever begins another waits for the first of them.
WAITING = 2


class Reader:
    """Images decoded in a few threads, those that come next while the thread that measures is at these."""

    def __init__(self, load: Callable[[int], np.ndarray], count: int, threads: int) -> None:
        """Args:
        load: gives an image by its index; called from any thread.
        count: of all images.
        threads: that decode at the same time; with one, none is read ahead.
        """
        self._load, self._count = load, count
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="reading") if threads > 1 else None
        self._ahead: dict[int, Future[np.ndarray]] = {}

    def read(self, first: int, last: int) -> np.ndarray:
        """Stacked, the images ``first`` up to, not including, ``last``; as many behind them are begun.

        Raises:
            ProbeError: as ``load`` does.
        """
        wanted, pool = range(first, last), self._pool
        if pool is None:
            return np.stack([self._load(index) for index in wanted])
        following = range(last, min(2 * last - first, self._count))
        known, self._ahead = self._ahead, {}
        for index in set(known).difference(wanted, following):
            known.pop(index).cancel()  # another place is read now
        begun = {index: known.get(index) or pool.submit(self._load, index) for index in (*wanted, *following)}
        self._ahead = {index: begun[index] for index in following}
        return np.stack([begun[index].result() for index in wanted])


class Behind:
    """A second thread, in which what is measured is drawn and written while the first goes on.

    That is plain Python for the most part, of which only one thread runs at a time; the first is meanwhile in
    compiled loops. Inside a ``with`` block, at whose end everything is done, or after an error only what was
    at work. An error is raised by whichever call comes next.
    """

    def __init__(self, threads: int) -> None:
        """Args:
        threads: that the run may use; with one, everything is done at once, by whoever begins it.
        """
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="behind") if threads > 1 else None
        self._waiting: deque[Future[Any]] = deque()

    def __enter__(self) -> Behind:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._settle(keep=0)
        finally:
            if self._pool is not None:
                self._pool.shutdown(cancel_futures=True)

    def begin(self, work: Callable[[], T]) -> Future[T]:
        """Does ``work`` after all that was begun before it.

        Raises:
            Exception: what an earlier work raised.
        """
        if self._pool is None:
            done: Future[T] = Future()
            done.set_result(work())
            return done
        self._settle(keep=WAITING - 1)
        begun = self._pool.submit(work)
        self._waiting.append(begun)
        return begun

    def _settle(self, keep: int) -> None:
        """Waits where more than ``keep`` are not done."""
        while self._waiting and (len(self._waiting) > keep or self._waiting[0].done()):
            self._waiting[0].result()
            self._waiting.popleft()
