"""A network that takes more than one tensor is given it out of one, under its own names."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from dissect_report.config.reading import parse_config
from dissect_report.errors import ConfigError
from dissect_report.sources.feeding import Fed, Feeding, with_classes


class Styled(nn.Module):
    """As StyleGAN's generators are called."""

    def __init__(self) -> None:
        super().__init__()
        self.mapping, self.scale = nn.Linear(4, 3), nn.Parameter(torch.ones(3))
        self.register_buffer("average", torch.full((3,), 0.25))
        self.seen: dict[str, Any] = {}

    def forward(self, z: Tensor, c: Tensor, psi: float = 1.0, mode: str = "random") -> Tensor:
        self.seen = {"z": z, "c": c, "psi": psi, "mode": mode}
        styles = self.mapping(z.flatten(1)) * self.scale
        return self.average + psi * (styles - self.average) + c.sum() * 0


def test_constants_are_handed_on_and_lists_get_a_row_an_image():
    network = Styled()
    fed = Fed(network, Feeding(inputs={"c": [0.0, 1.0], "psi": 0.5, "mode": "const"}))
    rows = torch.randn(5, 4)
    torch.testing.assert_close(fed(rows), network(rows, torch.zeros(5, 2), 0.5))
    fed(rows)
    assert network.seen["c"].tolist() == [[0.0, 1.0]] * 5
    assert (network.seen["psi"], network.seen["mode"]) == (0.5, "const")
    Fed(network, Feeding(inputs={"c": []}))(rows)
    assert network.seen["c"].shape == (5, 0)
    Fed(network, Feeding(inputs={"c": [[1, 2], [3, 4]]}))(rows)
    assert network.seen["c"].shape == (5, 2, 2)


@pytest.mark.parametrize("one_hot", [0, 3])
def test_classes_stand_behind_the_latents(one_hot: int):
    latents = np.random.default_rng(0).standard_normal((5, 2, 2)).astype(np.float32)
    network = Styled()
    Fed(network, Feeding((2, 2), one_hot))(torch.from_numpy(with_classes(latents, (2, 0))))
    assert np.array_equal(network.seen["z"].numpy(), latents)
    numbers = [2, 0, 2, 0, 2]
    truth = np.eye(3)[numbers] if one_hot else np.array(numbers)
    assert np.array_equal(network.seen["c"].numpy(), truth)


def test_its_parts_are_the_networks_own():
    network = Styled().eval()
    fed = Fed(network, Feeding(inputs={"c": []}))
    assert list(fed.state_dict()) == list(network.state_dict())
    assert [name for name, _ in fed.named_modules()] == ["", "mapping"]
    assert not fed.training
    assert fed.train() is fed
    assert network.training
    assert network.mapping.training
    fed.double()
    assert network.scale.dtype == torch.float64
    twin = copy.deepcopy(fed)
    with torch.no_grad():
        twin.get_parameter("scale").zero_()
    rows = torch.randn(2, 4, dtype=torch.float64)
    torch.testing.assert_close(twin(rows), torch.zeros(2, 3, dtype=torch.float64))
    assert fed(rows).abs().sum() > 0


def test_hooks_of_the_network_itself_run():
    network = Styled()
    network.register_forward_hook(lambda module, inputs, output: output + 1)
    rows = torch.randn(2, 4)
    fed = Fed(network, Feeding(inputs={"c": []}))
    torch.testing.assert_close(fed(rows), network(rows, torch.zeros(2, 0)))


@pytest.mark.parametrize("value", [[1, "x"], [[1], [1, 2]], [True], {"a": 1}, [[1], 2]])
def test_what_cannot_be_given_to_a_forward_is_refused(value: object):
    tables = {
        "model": {"source": "net.py:net", "inputs": {"c": value}},
        "probe": {"images": "photos"},
        "segmenter": {"source": "color"},
    }
    with pytest.raises(ConfigError, match=r"\[model\] inputs c"):
        parse_config(tables, Path("dissect.toml"))
