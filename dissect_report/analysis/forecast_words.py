"""Durations in words."""


def duration(seconds: float) -> str:
    """For a forecast: no finer than it is known."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
