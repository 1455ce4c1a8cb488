"""Speed of removing units, against the same work by full forward passes in the same run."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from dissect_report.activations.interventions import ablated
from dissect_report.activations.layers import LayerInfo, list_layers
from dissect_report.activations.linear_step import find_linear_step, plain_step
from dissect_report.activations.tail import Held, split_tail
from dissect_report.analysis.ablation.experiment import CPU_BYTES
from dissect_report.analysis.ablation.removals import Nest, Remover
from dissect_report.analysis.ablation.set_plans import plan_sets
from dissect_report.sources.torchvision_import import import_torchvision
from tests.bench.rows import row, seconds

IMAGES, BATCH, BLOCK = 200, 8, 80
SIZES = (1, 2, 3, 4, 5, 20, 64, 128, 256)

#: Images of one unit's full forward passes that are timed; the rest is extrapolated.
TIMED = 16


def main() -> None:
    """Prints the rows; on a GPU one more."""
    _network("vgg16", "features.28", "60 s, 400x", table="30 s")
    _network("resnet18", "layer4", "1000x", table="")
    if torch.cuda.is_available():
        _network("vgg16", "features.28", "", table="", images=5000, device="cuda")


def _network(
    name: str, layer_name: str, target: str, table: str, images: int = IMAGES, device: str = "cpu"
) -> None:
    torch.manual_seed(0)
    model: nn.Module = getattr(import_torchvision().models, name)(weights=None).eval().to(device)
    inputs = torch.randn(images, 3, 224, 224)
    layer = next(info for info in list_layers(model, inputs[:2].to(device)) if info.name == layer_name)
    tail = split_tail(model, layer, inputs[:3].to(device))
    step = find_linear_step(tail, inputs[:3].to(device)) or plain_step(tail)
    remover = Remover(tail, step, torch.zeros(layer.units, device=device), CPU_BYTES)
    held = _store(tail.head, inputs, device)
    singles = [Nest(np.array([unit]), (1,)) for unit in range(layer.units)]
    labels = np.arange(images) % 6
    took = seconds(lambda: _blocks(remover, held, labels, singles, device))
    full = _full(model, layer, inputs, device) / TIMED * images * layer.units
    row(
        f"{name} `{layer_name}`, {images} images x {layer.units} units alone, maps stored ({device})",
        f"{took:.1f} s; full forwards {full:.0f} s (one unit on {TIMED} images timed, extrapolated): "
        f"{full / took:.0f}x; {step.label}",
        target,
    )
    if device == "cpu":
        generator = np.random.default_rng(0)
        order = np.stack([generator.permutation(layer.units) for _ in range(6)])
        random = np.stack([generator.permutation(layer.units) for _ in range(5)])
        plan = plan_sets(order, random, SIZES, {}, combine=False)
        took = seconds(lambda: _blocks(remover, held, labels, plan.nests, device))
        row(
            f"{name} `{layer_name}`, set table: 6 classes x 9 sizes x (remove, keep, 5 random)",
            f"{took:.1f} s",
            table,
        )


def _store(head: object, inputs: Tensor, device: str) -> Tensor:
    """The maps of all images, in memory."""
    assert callable(head)
    with torch.inference_mode():
        return torch.cat([head(part.to(device)).recorded.cpu() for part in inputs.split(BATCH)])


def _blocks(
    remover: Remover, held: Tensor, labels: np.ndarray, nests: list[Nest] | tuple[Nest, ...], device: str
) -> None:
    for first in range(0, len(held), BLOCK):
        part = held[first : first + BLOCK].to(device)
        remover.predict(Held(part, ()), labels[first : first + BLOCK], nests)


def _full(model: nn.Module, layer: LayerInfo, inputs: Tensor, device: str) -> float:
    """Seconds of full forward passes with one unit ablated."""

    def forward() -> None:
        with torch.inference_mode(), ablated(model, layer, [layer.units // 2]):
            for part in inputs[:TIMED].split(BATCH):
                model(part.to(device))
        if device == "cuda":
            torch.cuda.synchronize()

    forward()
    return seconds(forward)
