"""Recording what chosen layers put out, without a trace left on the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import Tensor, nn

from dissect_report.activations.handover import Handover, handing_over
from dissect_report.activations.layers import LayerInfo
from dissect_report.activations.modes import quiet
from dissect_report.errors import LayerError

#: Makes of a layer's maps, float32 [image, unit, y, x], what is kept of them.
Make = Callable[[LayerInfo, Tensor], Any]


class _Enough(BaseException):
    """Every layer is recorded: not an error, and no business of the network's own ``except Exception``."""


class Recorder:
    """What the layers put out during the latest forward pass.

    Attributes:
        layers: those that are recorded.
        whole: whether all that units hold is kept, not the maps alone, see ``Reading``.
        make: what is kept of a layer's maps in place of a copy of them.
    """

    def __init__(self, layers: Sequence[LayerInfo], whole: bool = False, make: Make | None = None) -> None:
        self.layers = tuple(layers)
        self.whole = whole
        self.make = make
        self.handover: Handover | None = None
        self._maps: dict[str, Any] = {}
        self._running: set[str] = set()
        self._stops = False

    @contextmanager
    def stopping(self) -> Iterator[None]:
        """Inside, a forward pass ends behind the last of the layers: nothing that it would give is there."""
        self._stops = True
        try:
            yield
        except _Enough:
            pass
        finally:
            self._stops = False

    def take(self) -> dict[str, Any]:
        """Layer name -> float32 maps of the latest forward pass, on the model's device; handed out once.

        Or what ``make`` made of them.

        Raises:
            LayerError: a layer has not run since the last time, or its activation has not.
        """
        maps, self._maps = self._maps, {}
        self._running.clear()
        if self.handover is not None:
            self.handover.check()
        for layer in self.layers:
            if layer.name not in maps:
                raise LayerError(f"layer {layer.name!r} did not run in this forward pass")
        return {layer.name: maps[layer.name] for layer in self.layers}

    def meet(self, layer: LayerInfo, output: Any) -> None:
        """Takes what ``layer`` put out, or waits for what its activation makes of it.

        Raises:
            LayerError: the output cannot be read as it could at first, or the layer runs a second time.
        """
        if obstacle := layer.reading.obstacle(output):
            raise LayerError(f"layer {layer.name!r} cannot be dissected: {obstacle}")
        if layer.name in self._running:
            raise LayerError(f"layer {layer.name!r} ran twice before its maps were taken")
        if (size := layer.reading.map_size(output)) != layer.map_size:
            now, before = (" x ".join(map(str, each)) for each in (size, layer.map_size))
            raise LayerError(f"layer {layer.name!r} gives maps of {now} here and of {before} at first")
        self._running.add(layer.name)
        if layer.follows is None or self.handover is None:
            self.keep(layer, output)
        else:
            self.handover.expect(layer, output)

    def keep(self, layer: LayerInfo, output: Tensor) -> None:
        """Stores a copy of what ``output`` holds, before anything in place can touch it."""
        read = layer.reading.spread if self.whole else layer.reading.read
        held = read(output.detach())
        if not layer.reading.is_map:
            held = held.contiguous()
        self._maps[layer.name] = self.make(layer, held.float()) if self.make else held.clone().float()
        if self._stops and len(self._maps) == len(self.layers):
            self._stops = False
            raise _Enough


@contextmanager
def record(
    model: nn.Module, layers: Sequence[LayerInfo], whole: bool = False, make: Make | None = None
) -> Iterator[Recorder]:
    """Inside, every forward pass leaves its maps in the recorder; eval mode, no gradients.

    With ``whole`` it leaves all that units hold, tokens without a place included, see ``Reading``.

    ::

        with record(model, layers) as recorder:
            model(images)
            maps = recorder.take()["features.28"]

    Inside ``recorder.stopping()`` a pass ends behind the last of the layers.

    A copy of early maps costs as much as the convolution that made them. ``make``, where it is given, is
    called with a layer and its maps as they stand, float32, and what it returns is kept in their place: it
    must hold on to no part of them, which the network may write into at once.

    Raises:
        LayerError: the model has no module of that name.
    """
    modules = dict(model.named_modules())
    recorder = Recorder(layers, whole, make)
    for layer in recorder.layers:
        if layer.module not in modules:
            raise LayerError(f"the model has no layer {layer.module!r}")
    with quiet(model), ExitStack() as stack:
        for layer in recorder.layers:
            hook = modules[layer.module].register_forward_hook(_meeter(recorder, layer))
            stack.callback(hook.remove)
        recorder.handover = stack.enter_context(handing_over(model, recorder.layers, recorder.keep))
        yield recorder


def _meeter(recorder: Recorder, layer: LayerInfo) -> Any:
    """A hook of its own per layer: a shared one would see the loop's last layer."""

    def meet(_module: nn.Module, _inputs: Any, output: Any) -> None:
        recorder.meet(layer, output)

    return meet
