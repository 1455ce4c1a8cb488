"""The layers that are dissected where none is named: the outputs of a network's stages.

A stage ends where the map's size or its number of units changes; of a transformer every block is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from torch import nn

from dissect_report.activations.layers import LayerInfo, select_layers

#: A row of modules that spans so many sizes of maps is several stages; of fewer, as a stem, one.
SEVERAL = 3

#: What holds modules in a row and adds nothing of its own.
ROWS = (nn.Sequential, nn.ModuleList)

#: A module of its own make that holds this share of all layers is a shell around the stages.
SHELL = 0.5


@dataclass(frozen=True)
class _Part:
    """A part of the network's trunk.

    Attributes:
        info: of its output.
        block: whether it is one of a row of a transformer's blocks.
        learnt: whether it has weights: a pool repeats what it was given.
    """

    info: LayerInfo
    block: bool
    learnt: bool

    @property
    def size(self) -> tuple[int, tuple[int, int]]:
        """Units, and rows and columns of the map."""
        return self.info.units, self.info.map_size

    @property
    def repeats(self) -> bool:
        """Whether another module, that is no part of it, puts out the same."""
        return bool(self.info.same_as) and not self.info.same_as.startswith(f"{self.info.name}.")


def find_stages(model: nn.Module, infos: Sequence[LayerInfo]) -> tuple[LayerInfo, ...]:
    """Outputs of the stages of ``model``, in execution order; where it has none, all layers that differ.

    Raises:
        LayerError: no layer can be dissected.
    """
    usable = {info.name: info for info in infos if not info.obstacle}
    order = {name: place for place, name in enumerate(usable)}
    parts = sorted(_Trunk(model, usable).parts(), key=lambda part: order[part.info.name])
    found: set[str] = set()
    for _, same in groupby(parts, key=lambda part: part.size):
        run = list(same)
        blocks = [part for part in run if part.block]
        learnt = [part for part in run if part.learnt and not part.repeats]
        found.update(part.info.name for part in blocks or learnt[-1:])
    return select_layers(infos, sorted(found) or ("*",))


@dataclass(frozen=True)
class _Trunk:
    """A network, and which of its modules put out what can be dissected."""

    model: nn.Module
    usable: Mapping[str, LayerInfo]

    def parts(self) -> Iterator[_Part]:
        """In the order in which modules were registered."""
        yield from self._below(self.model, "")

    def _below(self, module: nn.Module, name: str) -> Iterator[_Part]:
        children = {f"{name}.{key}" if name else key: child for key, child in module.named_children()}
        blocks = _are_blocks(module, [self.usable.get(key) for key in children])
        blocks = blocks and not any(self._holds_blocks(child, key) for key, child in children.items())
        for key, child in children.items():
            info = self.usable.get(key)
            if info is None or (not blocks and self._spans_stages(child, key)):
                yield from self._below(child, key)
            else:
                yield _Part(info, blocks, next(child.parameters(), None) is not None)

    def _spans_stages(self, module: nn.Module, name: str) -> bool:
        """Whether a module is looked into, for its output is not that of one stage."""
        if self._holds_blocks(module, name):
            return True
        if not isinstance(module, nn.Sequential):
            inside = [other for other in self.usable if other.startswith(f"{name}.")]
            return len(inside) > SHELL * len(self.usable)
        own = [info for info in self._outputs(module, name) if info is not None]
        return len({(info.units, info.map_size) for info in own}) >= SEVERAL

    def _holds_blocks(self, module: nn.Module, name: str) -> bool:
        """Whether it is, or holds, a row of a transformer's blocks."""
        parts = {f"{name}.{key}" if key else name: part for key, part in module.named_modules()}
        return any(_are_blocks(part, self._outputs(part, key)) for key, part in parts.items())

    def _outputs(self, module: nn.Module, name: str) -> list[LayerInfo | None]:
        """Of its children."""
        return [self.usable.get(f"{name}.{key}" if name else key) for key, _ in module.named_children()]


def _are_blocks(module: nn.Module, outputs: Sequence[LayerInfo | None]) -> bool:
    """Whether a module's children are blocks of a transformer: of a kind, in a row, tokens in and out."""
    children = list(module.children())
    if not isinstance(module, ROWS) or not children or isinstance(children[0], ROWS):
        return False
    composed = all(next(child.children(), None) is not None for child in children)
    alike = len({type(child) for child in children}) == 1
    return composed and alike and all(info is not None and not info.reading.is_map for info in outputs)
