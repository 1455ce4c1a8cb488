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
    blocks = [slice(u, min(u + UNITS_PER_BLOCK, units)) for u in range(0, units, UNITS_PER_BLOCK)]
    if threads <= 1 or len(blocks) <= 1:
        return [work(block) for block in blocks]
    with ThreadPoolExecutor(max_workers=threads, thread_name_prefix="units") as pool:
        return list(pool.map(work, blocks))
