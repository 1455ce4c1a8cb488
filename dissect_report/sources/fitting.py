"""Which part of a weight file is the network's: found by what fits, in names and shapes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from dissect_report.errors import ModelError, nearest
from dissect_report.sources.checkpoints import Checkpoint
from dissect_report.sources.named_tensors import Tree, branches, holds_tensor, leaves, tree_of

#: Of batch normalisation: how often it trained. Older files lack it, and at rest nothing asks for it.
COUNTER = "num_batches_tracked"

T = TypeVar("T")


class Unsaved:
    """A buffer that a state dict leaves out; older files may hold it all the same."""

    def __init__(self, value: Tensor) -> None:
        self.value = value


@dataclass(frozen=True)
class Fit:
    """A part of a weight file that covers the model.

    Attributes:
        path: its dotted name in the file; "" for the whole.
        values: by the model's own names.
    """

    path: str
    values: dict[str, Any]


def load_weights(model: nn.Module, checkpoint: Checkpoint, key: str = "") -> str:
    """Fills ``model``, all of it, from the one part of a weight file that fits it.

    Args:
        key: dotted name of the part to take, where several fit.

    Returns:
        What was taken, where it is not simply the whole file under the model's own names; else "".

    Raises:
        ModelError: nothing fits, or several parts do; what differs first is named.
    """
    own: Tree = tree_of({**_unsaved(model), **model.state_dict()})
    fits = list(_fits(own, checkpoint.tree))
    asked = [fit for fit in fits if _lies_in(fit.path, key)]
    if not asked:
        return _load_as_torch_would(model, own, checkpoint, key)
    path, values = choose([(one.path, one.values) for one in asked], checkpoint.where)
    missing = sum(name not in values for name in model.state_dict())
    other = _other_name(checkpoint, path, dict(leaves(own)) | values)
    plain = not (path or missing or other)
    _fill(model, values, checkpoint.versions if plain else None, checkpoint.where)
    return "" if plain and not checkpoint.kind else _taken(checkpoint, path, missing, other)


def _unsaved(model: nn.Module) -> dict[str, Unsaved]:
    saved = model.state_dict()
    return {name: Unsaved(value) for name, value in model.named_buffers() if name not in saved}


def _other_name(checkpoint: Checkpoint, path: str, values: dict[str, Any]) -> str:
    """The first tensor of a part that has another name in the file than in the model; "" for none."""
    part = dict(branches(checkpoint.tree))[path]
    return next((n for n, value in leaves(part) if n not in values and isinstance(value, Tensor)), "")


def _taken(checkpoint: Checkpoint, path: str, missing: int, other: str) -> str:
    said = [checkpoint.kind] if checkpoint.kind else []
    said.append(f"the weights under {path!r} were taken" if path else "its weights were taken")
    if other:
        said.append(f"a wrapper inside was undone, first at {other!r}")
    if missing:
        said.append(f"it lacks {missing} x {COUNTER}, of which no number depends")
    return f"{checkpoint.name}: {', '.join(said)}"


def choose(fits: Sequence[tuple[str, T]], where: str) -> tuple[str, T]:
    """The one part that fits; of several with the very same tensors, the first.

    Raises:
        ModelError: several differ.
    """
    first = fits[0]
    others = [path for path, values in fits[1:] if not _same(first[1], values)]
    if others:
        listed = " and ".join(repr(path or "(the whole file)") for path in (first[0], *others))
        raise ModelError(
            f"{where} holds several sets of weights that fit the model, under {listed}: choose one with "
            f"[model] weights_key = {others[0] or first[0]!r}"
        )
    return first


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, nn.Module) and isinstance(other, nn.Module):
        return _same(one.state_dict(), other.state_dict())
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return one is other or (
            one.shape == other.shape and one.dtype == other.dtype and torch.equal(one, other)
        )
    return one is other or bool(one == other)


def _lies_in(path: str, key: str) -> bool:
    """Whether the parts of ``key`` stand in ``path``, in a row: "ema" is in "state.ema.module"."""
    return not key or f".{key}." in f".{path}."


def parts(checkpoint: Checkpoint, key: str, fits: Callable[[Tree], T | None]) -> list[tuple[str, T]]:
    """What ``fits`` makes of the file's parts below ``key``, where it makes anything of them."""
    found = []
    for path, branch in branches(checkpoint.tree):
        if _lies_in(path, key):
            made = fits(branch)
            if made is not None:
                found.append((path, made))
    return found


def _fits(own: Tree, given: Tree) -> Iterator[Fit]:
    """Every part of the file that covers the model, or the one network that the model wraps."""
    wrapped = [("", own)]
    while (inner := _lone(wrapped[-1][1])) and any(isinstance(below, dict) for below in inner[1].values()):
        before, name = wrapped[-1][0], inner[0]
        wrapped.append((f"{before}{name}.", inner[1]))
    for path, branch in branches(given):
        for before, mine in wrapped:
            values = _fit_here(mine, branch)
            if values is not None:
                yield Fit(path, {f"{before}{name}": value for name, value in values.items()})
                break


def _fit(own: Any, given: Any) -> dict[str, Any] | None:
    """``given`` under ``own``'s names ("" for a leaf); None if it does not fit.

    A branch of one may lie between: a module inside was saved in a wrapper, or is wrapped here.
    """
    if isinstance(own, Unsaved):
        return {} if isinstance(given, Tensor) and _same(own.value, given) else None
    if not isinstance(own, dict) or not isinstance(given, dict):
        return {"": given} if _fit_leaf(own, given) else None
    values = _fit_here(own, given)
    if values is None and (inner := _lone(given)):
        values = _fit(own, inner[1])
    if values is None and (inner := _lone(own)):
        below = _fit(inner[1], given)
        values = below and {f"{inner[0]}.{name}": value for name, value in below.items()}
    return values


def _fit_here(own: Tree, given: Tree) -> dict[str, Any] | None:
    if any(name not in own and holds_tensor(value) for name, value in given.items()):
        return None
    if any(name not in given and name != COUNTER and not isinstance(own[name], Unsaved) for name in own):
        return None
    values: dict[str, Any] = {}
    for name, mine in own.items():
        if name in given:
            below = _fit(mine, given[name])
            if below is None:
                return None
            values |= {f"{name}.{inner}" if inner else name: value for inner, value in below.items()}
    return values


def _fit_leaf(own: Any, given: Any) -> bool:
    if isinstance(own, dict) or isinstance(given, dict):
        return False
    if not isinstance(own, Tensor):
        return not isinstance(given, Tensor)
    return isinstance(given, Tensor) and (is_lazy(own) or _fit_shape(own, given))


def _fit_shape(own: Tensor, given: Tensor) -> bool:
    """A single number may be a list of one, as in files of torch 0.3."""
    return own.shape == given.shape or (own.ndim == 0 and given.shape == (1,))


def _lone(tree: Tree) -> tuple[str, Tree] | None:
    """The one branch below that holds tensors, where nothing else does."""
    holding = [(name, below) for name, below in tree.items() if holds_tensor(below)]
    if len(holding) == 1 and isinstance(holding[0][1], dict):
        return holding[0]
    return None


def _fill(model: nn.Module, values: dict[str, Any], versions: Any, where: str) -> None:
    state = OrderedDict(values)
    if versions is not None:
        state._metadata = versions  # type: ignore[attr-defined]
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise ModelError(f"{where} does not fit the model: {' '.join(str(error).split())}") from None


def _load_as_torch_would(model: nn.Module, own: Tree, checkpoint: Checkpoint, key: str) -> str:
    """For a network that renames what older files of it hold, else the reason why nothing fits.

    Raises:
        ModelError: always but then.
    """
    where, names = checkpoint.where, {n: v for n, v in leaves(own) if not isinstance(v, Unsaved)}
    asked = [(p, dict(leaves(b))) for p, b in branches(checkpoint.tree) if _lies_in(p, key)]
    if not asked:
        known = [path for path, _ in branches(checkpoint.tree) if path]
        raise ModelError(f"[model] weights_key = {key!r}: {where} has no such part; {nearest(key, known)}")
    shared = [sum(name in values for name in names) for _, values in asked]
    path, values = asked[shared.index(max(shared))]
    try:
        state = OrderedDict(values)
        state._metadata = checkpoint.versions  # type: ignore[attr-defined]
        model.load_state_dict(state)
    except Exception:  # the network's own code takes the names; why they do not fit is said below
        raise ModelError(_difference(names, values, path, where, checkpoint)) from None
    return _taken(checkpoint, path, 0, "")


def _difference(
    names: dict[str, Any], values: dict[str, Any], path: str, where: str, checkpoint: Checkpoint
) -> str:
    here = f"{where} ({path!r} in it)" if path else where
    missing = [name for name in names if name not in values and not name.endswith(COUNTER)]
    unexpected = [name for name, value in values.items() if name not in names and isinstance(value, Tensor)]
    if missing and len(missing) == sum(not name.endswith(COUNTER) for name in names):
        listed = [name for name, below in checkpoint.tree.items() if holds_tensor(below)]
        shown = ", ".join(map(repr, listed[:8])) + (f" and {len(listed) - 8} more" if len(listed) > 8 else "")
        return (
            f"{where} does not fit the model: it holds tensors under {shown}, the model's first is "
            f"{missing[0]!r} of {len(names)}"
        )
    if missing or unexpected:
        problems = []
        if missing:
            problems.append(f"{len(missing)} parameters are missing, first {missing[0]!r}")
        if unexpected:
            problems.append(f"{len(unexpected)} are unexpected, first {unexpected[0]!r}")
        return f"{here} does not fit the model: {'; '.join(problems)}"
    for name, mine in names.items():
        given = values.get(name)
        if isinstance(mine, Tensor) and isinstance(given, Tensor) and not _fit_shape(mine, given):
            return (
                f"{here} does not fit the model: {name!r} is {list(given.shape)}, "
                f"the model has {list(mine.shape)}"
            )
    return f"{here} does not fit the model"
