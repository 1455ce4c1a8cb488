"""The one door to numba: how this package compiles its loops."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compiles a loop over numpy arrays at its first call, for threads that run side by side.

    Never with fastmath: it may reorder or fuse the multiply-adds of the bilinear formula, and the same
    pixel must have the same bits in every kernel (and in numpy) for counts and levels to be exact.
    The machine code is kept beside the source, or in the user's cache folder, so that the second
    start costs nothing; where neither can be written it is compiled anew, with the same results.
    """
    # A type checker's wrapper (one is put around every function in some test runs) cannot be compiled.
    function = inspect.unwrap(function)
    try:
        kernel = numba.njit(nogil=True, cache=True, error_model="numpy")(function)
    except RuntimeError:  # numba found no folder to keep the machine code in
        kernel = numba.njit(nogil=True, error_model="numpy")(function)
    return cast(F, kernel)
