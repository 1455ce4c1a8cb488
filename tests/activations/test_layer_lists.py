"""The layers of ten networks: which are listed, with how many units, how large, recorded as what.

The lists lie in ``layer_lists.txt``, one layer a line: name, units, map size, then the activation it
is recorded after (``-> ...``) and the earlier layer whose values it repeats (``= ...``), if any. Where a
change of the lists is meant, write them anew with ``python -m tests.activations.test_layer_lists``.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from dissect_report.activations.layers import LayerInfo, list_layers
from dissect_report.sources.torchvision_import import import_torchvision

LISTS = Path(__file__).with_name("layer_lists.txt")

NETWORKS = (
    "alexnet", "squeezenet1_1", "resnet18", "mobilenet_v2", "mobilenet_v3_small", "shufflenet_v2_x0_5",
    "efficientnet_b0", "densenet121", "googlenet", "regnet_y_400mf",
)  # fmt: skip


def line(info: LayerInfo) -> str:
    height, width = info.map_size
    words = [info.name, str(info.units), f"{height}x{width}"]
    words += [info.recorded_as.removeprefix(f"{info.name} ")] if info.recorded_as != info.name else []
    words += [f"= {info.same_as}"] if info.same_as else []
    return " ".join(words)


def lines_now(network: str) -> list[str]:
    torch.manual_seed(0)
    words = {"init_weights": False} if network == "googlenet" else {}
    model = getattr(import_torchvision().models, network)(weights=None, **words).eval()
    example = torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    return [line(info) for info in list_layers(model, example) if not info.obstacle]


def lines_held() -> dict[str, list[str]]:
    lists: dict[str, list[str]] = {}
    for text in LISTS.read_text(encoding="utf-8").splitlines():
        if text.startswith("# "):
            lists[text[2:]] = []
        else:
            lists[list(lists)[-1]].append(text)
    return lists


@pytest.mark.parametrize("network", NETWORKS)
def test_the_layers_of_a_known_network_stay_as_they_were(network: str) -> None:
    assert lines_now(network) == lines_held()[network]


if __name__ == "__main__":
    parts = ["\n".join([f"# {network}", *lines_now(network), ""]) for network in NETWORKS]
    LISTS.write_text("".join(parts), encoding="utf-8")
