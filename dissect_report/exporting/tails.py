"""What lies behind a layer, as a graph of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from dissect_report.activations.cutting import stand_in
from dissect_report.activations.tail import GraphTail, Held, Tail
from dissect_report.errors import ExportError
from dissect_report.exporting.graph import export_graph

#: Names of a tail's inputs: the layer's maps, then what else passes by the layer.
MAPS, KEPT = "maps", "kept"
#: Name of its output.
IMAGE = "image"


class TailModule(nn.Module):
    """A tail as a module of one image: maps [1, unit, y, x] and what passes by -> image [1, 3, y, x]."""

    def __init__(self, tail: GraphTail) -> None:
        super().__init__()
        self.behind = tail.behind
        self._tail = [tail]  # in a list: the network itself is no part of this module

    def forward(self, maps: Tensor, *kept: Tensor) -> Tensor:
        """The image, in the network's own range."""
        tail = self._tail[0]
        flow, cut = tail.flow, tail.cut
        sized = [stand_in(flow, node, len(maps), maps) for node in cut.sized]
        maps = tail.layer.reading.write(maps.to(flow.types[cut.node]))
        passing = [value.to(flow.types[node]) for node, value in zip(cut.kept, kept, strict=True)]
        return tail.read(lambda: flow.finish(self.behind(maps, *passing, *sized)))


@dataclass(frozen=True)
class ExportedTail:
    """A tail as a graph.

    Attributes:
        graph: serialised ONNX; takes ``MAPS`` and ``KEPT`` + number, gives ``IMAGE``.
        module: computes the same.
    """

    graph: bytes
    module: TailModule


def named_inputs(held: Held) -> Mapping[str, Tensor]:
    """What a pass left for the tail, by the names of the graph's inputs."""
    return {MAPS: held.recorded} | {f"{KEPT}{place}": value for place, value in enumerate(held.kept)}


def export_tail(tail: Tail, held: Held) -> ExportedTail:
    """The graph of ``tail`` for one image.

    Args:
        held: of one image, on the CPU or wherever the network is.

    Raises:
        ExportError: naming what stands in the way.
    """
    if tail.layer.base is not None:
        raise ExportError(f"the units of {tail.layer.name!r} are directions among those of another layer")
    if not isinstance(tail, GraphTail):
        raise ExportError(
            f"no graph can be made of what lies behind {tail.layer.name!r}: the network branches on its data"
        )
    module = TailModule(tail)
    inputs = named_inputs(held)
    # what passes by the layer may be for another output than the image: styles beside it, features
    idle = [name for name in inputs if name != MAPS]
    return ExportedTail(export_graph(module, inputs, [IMAGE], idle=idle), module)
