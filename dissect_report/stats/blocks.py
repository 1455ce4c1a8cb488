"""Units are independent of each other: the work on a layer is cut into blocks of them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

UNITS_PER_BLOCK = 32
"""Small enough that a block's counters stay in the processor's cache. No result depends on it."""


def over_units(units: int, work: Callable[[slice], T], threads: int = 1) -> list[T]:
    """``work`` on every block of units, in unit order, on several threads if asked to."""
    return over_blocks(units, UNITS_PER_BLOCK, work, threads)


def over_blocks(count: int, size: int, work: Callable[[slice], T], threads: int = 1) -> list[T]:
    """``work`` on every block of ``size`` items, in their order, on several threads if asked to."""
    blocks = [slice(first, min(first + size, count)) for first in range(0, count, size)]
    if threads <= 1 or len(blocks) <= 1:
        return [work(block) for block in blocks]
    with ThreadPoolExecutor(max_workers=threads, thread_name_prefix="blocks") as pool:
        return list(pool.map(work, blocks))
