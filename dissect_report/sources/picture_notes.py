"""What a reader should know of how the pictures of a probe were read, counted over all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from dissect_report.sources.pictures import Traits
from dissect_report.sources.pixel_depth import WHITE

#: Where no picture is brighter than this share of white, the scale is likely another.
DARK = 0.1

#: Below this difference a sample is rounding beyond the scale, no other scale.
BEYOND = 1e-3


@dataclass
class DeepTally:
    """Pictures whose samples have more than 8 bits and are of one type.

    Attributes:
        count: how many.
        low: their lowest sample.
        high: their highest.
        outside: how many hold samples below black or above white.
    """

    count: int = 0
    low: float = 0.0
    high: float = 0.0
    outside: int = 0


@dataclass
class Tally:
    """Counts over the pictures read so far.

    Attributes:
        pictures: all of them.
        turned: by their EXIF orientation.
        transparent: laid over white.
        several: with more frames or pages than the one taken.
        brightest: the highest 8-bit value of any crop.
        deep: by type of the samples.
    """

    pictures: int = 0
    turned: int = 0
    transparent: int = 0
    several: int = 0
    brightest: int = 0
    deep: dict[str, DeepTally] = field(default_factory=dict)

    def add(self, traits: Traits, brightest: int, full_scale: float) -> None:
        """Counts one picture whose crop is nowhere brighter than ``brightest``, 0 to 255."""
        self.pictures += 1
        self.turned += traits.turned
        self.transparent += traits.transparent
        self.several += traits.several
        self.brightest = max(self.brightest, brightest)
        if traits.deep:
            white = full_scale or WHITE[traits.deep]
            deep = self.deep.setdefault(traits.deep, DeepTally(low=traits.low, high=traits.high))
            deep.count += 1
            deep.low, deep.high = min(deep.low, traits.low), max(deep.high, traits.high)
            deep.outside += traits.low < -BEYOND * white or traits.high > (1 + BEYOND) * white

    def notes(self, full_scale: float) -> Iterator[str]:
        """One line for whatever there is to say."""
        if self.turned:
            yield (
                f"{self.turned} of {self.pictures} pictures are turned upright by their EXIF orientation; "
                "masks are taken as drawn on the upright picture"
            )
        if self.transparent:
            yield f"{self.transparent} of {self.pictures} pictures are transparent in parts: laid over white"
        if self.several:
            yield f"{self.several} of {self.pictures} pictures have several frames: the first is taken"
        for kind, deep in self.deep.items():
            yield from _scale_notes(kind, deep, full_scale)
        if not self.deep and self.pictures and self.brightest <= DARK * 255:
            yield f"no picture is brighter than {self.brightest / 255:.0%} of white: are these photos?"

    def stored(self) -> dict[str, Any]:
        """The counts as JSON has them."""
        return asdict(self)

    @classmethod
    def restored(cls, stored: dict[str, Any]) -> Tally:
        """The counts that ``stored`` gave."""
        deep = {kind: DeepTally(**counts) for kind, counts in stored["deep"].items()}
        return cls(**{**stored, "deep": deep})


def _scale_notes(kind: str, deep: DeepTally, full_scale: float) -> Iterator[str]:
    """Where the scale of pictures of more than 8 bits does not look like theirs."""
    white = full_scale or WHITE[kind]
    told = f"{deep.count} pictures hold {kind} of more than 8 bits, from {deep.low:g} to {deep.high:g}"
    remedy = f"set [probe] full_scale to the value that is white (now {white:g})"
    if deep.high <= DARK * white:
        yield f"{told}: none is brighter than {max(deep.high, 0) / white:.1%} of white; {remedy}"
    elif deep.outside:
        yield f"{told}: {deep.outside} of them go beyond black or white and are clipped; {remedy}"
