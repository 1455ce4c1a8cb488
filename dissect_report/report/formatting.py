"""Numbers as a reader sees them. Undefined is a dash, never a number."""

from __future__ import annotations

import math

#: What stands where a number is undefined.
DASH = "–"


def score(value: float | None) -> str:
    """An IoU or another score in [0, 1] with three decimals."""
    return DASH if value is None else f"{value:.3f}"


def at_least(value: float) -> str:
    """A score that is kept or exceeded: rounded down, for what is said to be kept must be."""
    return f"{math.floor(value * 1000 + 1e-9) / 1000:.3f}"


def score_below(value: float, bound: float) -> str:
    """A score up to ``bound`` in as many decimals as it takes not to look like more than that."""
    digits = next((d for d in range(3, 9) if round(value, d) < bound), 3)
    return f"{value:.{digits}f}"


def number(value: float | None) -> str:
    """Three significant digits; large numbers in full."""
    if value is None:
        return DASH
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def fine(value: float | None) -> str:
    """A small score with four decimals."""
    if value is None:
        return DASH
    return "<0.0001" if 0 < value < 0.00005 else f"{value:.4f}"


def count(value: int | None) -> str:
    """A whole number with its thousands marked."""
    return DASH if value is None else f"{value:,}"


def share(value: float | None) -> str:
    """A fraction as a percentage: 34 %, 0.4 %, <0.1 %. Number and sign stay on one line."""
    if value is None:
        return DASH
    percent = 100 * value
    if 0 < percent < 0.1:
        return "<0.1\N{NO-BREAK SPACE}%"
    digits = f"{percent:.0f}" if percent >= 10 or percent == 0 else f"{percent:.1f}"
    return f"{digits}\N{NO-BREAK SPACE}%"


def plural(amount: int, noun: str, many: str = "") -> str:
    """``1 unit``, ``2 units``."""
    return f"{count(amount)} {noun if amount == 1 else many or noun + 's'}"


def listing(words: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def percent(value: float | None) -> str:
    """A share of images with one decimal: 81.4 %."""
    return DASH if value is None else f"{100 * value:.1f}\N{NO-BREAK SPACE}%"


def points(value: float | None) -> str:
    """A change of such a share in percentage points, always with its sign: +1.2, \N{MINUS SIGN}3.0, 0.0."""
    if value is None:
        return DASH
    text = f"{100 * value:+.1f}".replace("-", "\N{MINUS SIGN}")
    return text[1:] if text[1:] == "0.0" else text


def lost(value: float | None) -> str:
    """A loss in percentage points: 3.2, or \N{MINUS SIGN}0.5 for what is a gain."""
    return points(value).removeprefix("+")


def signed(value: float, digits: int = 3) -> str:
    """A difference of scores, or a correlation, always with its sign: +0.016, \N{MINUS SIGN}0.020, 0.000."""
    text = f"{value:+.{digits}f}".replace("-", "\N{MINUS SIGN}")
    return text if float(text[1:]) else text[1:]


def at_most(value: float) -> str:
    """The bound of a loss in percentage points, never 0 for what is more: at most 3.2, less than 0.1."""
    return "less than 0.1" if 0 < value < 0.0005 else f"at most {lost(value)}"


def fallen(value: float) -> str:
    """A loss above 0 in percentage points, never 0 for what is more: 3.2 points, less than 0.1 points."""
    return "less than 0.1 points" if 0 < value < 0.0005 else f"{lost(value)} points"


def moved(what: str, loss: float) -> str:
    """``what`` falls by 3.2 points, or rises by 0.5 points where the loss is a gain."""
    return f"{what} {'falls' if loss > 0 else 'rises'} by {fallen(abs(loss))}"


def span(low: float | None, high: float | None) -> str:
    """An interval of such changes: \N{MINUS SIGN}3.0 to +1.2."""
    return DASH if low is None or high is None else f"{points(low)} to {points(high)}"


def change(value: int | None) -> str:
    """A change of a whole number, always with its sign: +3, \N{MINUS SIGN}4, 0."""
    if value is None:
        return DASH
    return f"{value:+,}".replace("-", "\N{MINUS SIGN}") if value else "0"


def ordinal(place: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th."""
    ending = "th" if place % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{count(place)}{ending}"
