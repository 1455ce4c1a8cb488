"""How outputs that are no maps lie over the picture: which axis is what, which token stands where.

Found, never assumed. Stripes of the picture are changed one after another, and every place of an output is
asked which of them it answers to: the centre of what moves it. Laid on the right grid, in the right order and
without the tokens that have no place, these centres rise with rows and columns; of shuffled tokens, and of
axes that are something else, they do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import isqrt, prod

import numpy as np
from torch import Tensor, nn

from dissect_report.activations.modes import quiet
from dissect_report.activations.readings import Reading, channels_last, tokens_on_grid
from dissect_report.activations.responses import (
    STRIPES,
    Places,
    Responses,
    each_stripe,
    responding,
    stripe_edges,
)
from dissect_report.activations.stripes import draw_picture, each_batch
from dissect_report.config import TokensConfig
from dissect_report.errors import LayerError, ModelError

#: Correlation of the centres with rows and with columns, the lower of both, from which on a reading is right.
SURE = 0.85

#: The same where another output is known to hold the very same tokens: attention alone blurs them.
LIKELY = 0.4

#: Readings whose correlations differ by less fit alike.
ALIKE = 0.03

#: Tokens without a place at most.
MOST_EXTRA = 32

#: The same on other axes, from which on it is not clear which hold the places.
RIVAL = 0.75

#: On so few places centres may rise by chance: every one of several pictures must show it.
FEW = 16

#: Pictures tried where the first leaves an output open.
DRAWS = 3

#: Rows to columns of the tokens may differ by this factor from the picture's: a padded picture.
STRETCH = 1.25


@dataclass(frozen=True)
class Fit:
    """A reading of an output, and how well it fits what was seen.

    Attributes:
        reading: the best of those that its shape allows.
        score: correlation, see ``SURE``.
    """

    reading: Reading
    score: float

    @property
    def order(self) -> tuple[object, ...]:
        """What outputs of the same tokens share."""
        reading = self.reading
        return reading.grid, reading.extra, reading.first or not reading.extra, reading.by_columns

    @property
    def few(self) -> bool:
        """Whether it has so few places that chance may order them."""
        return self.reading.grid[0] * self.reading.grid[1] < FEW


def find_readings(model: nn.Module, example: Tensor, names: Iterable[str]) -> dict[str, Reading]:
    """Of the outputs of the layers ``names``, those that lie over the picture, and how.

    Costs 15 inputs where all that follow any order follow it clearly, at most three times as many.

    Args:
        model: left to the caller to restore.
        example: inputs [image, channel, y, x]; as many as the network takes.
        names: layers whose output is one tensor, each run once.

    Raises:
        ModelError: the model fails on a drawn picture.
    """
    wanted, draws = list(names), list[Responses]()
    fits: list[dict[str, Fit]] = []
    found: dict[str, Reading] = {}
    side = (int(example.shape[2]), int(example.shape[3]))
    while wanted and len(draws) < DRAWS:
        draws.append(_draw(model, example, wanted, len(draws)))
        fits.append({name: fit for name in wanted if (fit := _best(draws[-1:], name, side))})
        joint = {name: fit for name in wanted if (fit := _best(draws, name, side))}
        sure = {name: fit for name, fit in joint.items() if _is_sure(name, fit, fits)}
        found |= {name: fit.reading for name, fit in sure.items()}
        known = {Fit(reading, 1.0).order for reading in found.values()}
        for name, fit in joint.items():
            if fit.score > LIKELY and not fit.few and fit.order in known:
                found[name] = fit.reading
        wanted = [name for name, fit in joint.items() if name not in found and fit.score > LIKELY]
    return found


def stated_readings(
    shapes: Mapping[str, tuple[int, ...]], images: int, tokens: TokensConfig
) -> dict[str, Reading]:
    """Of the outputs [image, token, unit] that hold as many tokens as is said, their reading.

    Args:
        shapes: by layer.
        images: in the batch that they are of.
        tokens: how they lie.

    Raises:
        LayerError: no output holds so many.
    """
    rows, columns = tokens.grid
    count, found = rows * columns + tokens.extra, {}
    for name, shape in shapes.items():
        image = 0 if shape[0] == images else 1
        rest = (*shape[:image], *shape[image + 1 :])
        if len(rest) == 2 and rest[0] == count:
            grid, extra = (rows, columns), tokens.extra
            found[name] = tokens_on_grid(rest, 1, image, grid, extra, tokens.first)
    if not found:
        raise LayerError(
            f"[model] tokens: no layer puts out {rows} x {columns} + {tokens.extra} = {count} tokens "
            "[image, token, unit]; `dissect-report layers` without the key shows what there is"
        )
    return found


def _is_sure(name: str, fit: Fit, fits: Sequence[Mapping[str, Fit]]) -> bool:
    if not fit.few:
        return fit.score > SURE
    alone = [draw[name] for draw in fits if name in draw]
    return len(alone) == DRAWS and all(one.order == fit.order and one.score > SURE for one in alone)


def _draw(model: nn.Module, example: Tensor, names: Sequence[str], number: int) -> Responses:
    """What stripes of a drawn picture change."""
    base, other = (draw_picture(example, 2 * number + k) for k in (0, 1))
    responses = Responses(len(example))
    try:
        with quiet(model), responding(model, names, responses):
            each_batch(each_stripe(base, other), len(example), model)
    except Exception as error:  # the network's own code: it may raise anything at all
        line = " ".join(str(error).split())
        raise ModelError(f"the model fails on a drawn picture: {type(error).__name__}: {line}") from error
    return responses


def _best(draws: Sequence[Responses], name: str, side: tuple[int, int]) -> Fit | None:
    """The reading of an output that fits best; None where its shape allows none, or it was not seen."""
    seen = [draw.of(name) for draw in draws]
    if not all(seen):
        return None
    shape, image = draws[-1].shapes[name], draws[-1].image_axes[name]
    fits: dict[Places, list[Fit]] = {}
    for places in seen[0]:
        centres = np.stack(_centres([draw[places] for draw in seen], side))
        candidates = _candidates(places, shape, image, side)
        fits[places] = [Fit(reading, min(_correlations(centres, reading))) for reading in candidates]
    scores = {places: max((fit.score for fit in each), default=0.0) for places, each in fits.items()}
    axes = max(scores, key=lambda places: scores[places])
    if not fits[axes] or any(_rivals(axes, other, score, shape) for other, score in scores.items()):
        return None
    good = scores[axes] - ALIKE
    return min((fit for fit in fits[axes] if fit.score >= good), key=lambda fit: _strangeness(fit, side))


def _rivals(axes: Places, other: Places, score: float, shape: tuple[int, ...]) -> bool:
    """Whether the picture lies on other axes too: attention weights, between all tokens and all tokens."""
    if set(other) & set(axes):
        return False
    one, two = (prod(shape[axis - 1] for axis in each) for each in (axes, other))
    return score > (LIKELY if one == two else RIVAL)


def _strangeness(fit: Fit, side: tuple[int, int]) -> tuple[bool, int, float]:
    """For whole rows may be taken for tokens without a place: the picture's own shape, and most places."""
    rows, columns = fit.reading.grid
    return rows * side[1] != columns * side[0], fit.reading.extra, -fit.score


def _centres(draws: Sequence[np.ndarray], side: tuple[int, int]) -> list[np.ndarray]:
    """Of rows and of columns, where the stripes lie that move each place: float64 [place ...], in pixels.

    NaN for what no stripe moves. A stripe that moves everything more than others do counts no more.
    """
    found = []
    for axis in range(2):
        edges = stripe_edges(side[axis])
        middle = (edges[:-1] + edges[1:]) / 2
        parts = [_evened(seen[axis * STRIPES : (axis + 1) * STRIPES]) for seen in draws]
        strength = np.sum(parts, axis=0)
        whole = strength.sum(0)
        moments = np.tensordot(middle, strength, 1)
        found.append(np.divide(moments, whole, out=np.full(whole.shape, np.nan), where=whole > 0))
    return found


def _evened(seen: np.ndarray) -> np.ndarray:
    mean = seen.reshape(STRIPES, -1).mean(1).reshape(STRIPES, *[1] * (seen.ndim - 1))
    evened: np.ndarray = np.divide(seen, mean, out=np.zeros_like(seen), where=mean > 0)
    return evened


@lru_cache(256)
def _candidates(
    places: Places, shape: tuple[int, ...], image: int, side: tuple[int, int]
) -> tuple[Reading, ...]:
    return tuple(_readings(places, shape, image, side))


def _readings(places: Places, shape: tuple[int, ...], image: int, side: tuple[int, int]) -> Iterator[Reading]:
    """Of an output of ``shape`` (without images) whose places lie on the axes ``places``."""
    if len(places) == 2:
        if min(shape[:2]) > 1:
            yield channels_last(shape)
            if shape[0] == shape[1]:
                yield replace(channels_last(shape), cells=(2, 1), label="[image, x, y, unit]")
        return
    count = shape[places[0] - 1]
    for extra in range(min(MOST_EXTRA, count - 9) + 1):
        for grid in _grids(count - extra, side):
            for first in (True, False) if extra else (True,):
                for by_columns in (False, True):
                    yield tokens_on_grid(shape, places[0], image, grid, extra, first, by_columns)


def _grids(count: int, side: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Rows and columns of so many tokens, shaped as the picture is: about so, where that is no square."""
    if side[0] == side[1]:
        rows = isqrt(count)
        if rows * rows == count:
            yield rows, rows
        return
    wanted = count * side[0] / side[1]
    for rows in range(isqrt(int(wanted / STRETCH)), isqrt(int(wanted * STRETCH)) + 1):
        if rows > 2 and count % rows == 0 and count // rows > 2:
            yield rows, count // rows


def _correlations(centres: np.ndarray, reading: Reading) -> tuple[float, float]:
    """Of the centres [rows or columns, place ...] with the rows, and with the columns, of the grid."""
    rows, columns = reading.grid
    placed = centres.swapaxes(1, 2) if reading.cells == (2, 1) else centres
    placed = placed.reshape(2, -1)
    if reading.extra:
        placed = placed[:, reading.extra :] if reading.first else placed[:, : -reading.extra]
    if reading.by_columns:
        placed = placed.reshape(2, columns, rows).swapaxes(1, 2).reshape(2, -1)
    y, x = np.indices((rows, columns)).reshape(2, -1)
    return _correlation(placed[0], y), _correlation(placed[1], x)


def _correlation(centres: np.ndarray, places: np.ndarray) -> float:
    """0 where most places are not moved at all, or all alike."""
    seen = np.isfinite(centres)
    if seen.mean() < 0.5:
        return 0.0
    one, two = centres[seen] - centres[seen].mean(), places[seen] - places[seen].mean()
    size = float(np.sqrt((one @ one) * (two @ two)))
    return float(one @ two) / size if size > 1e-9 else 0.0
