"""What is read out of an output is what stands there, and what is written back is what was read."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from reference_tokens import maps_by_hand
from token_networks import WIDTH, Transformer, pictures

from dissect_report.activations.interventions import ablated
from dissect_report.activations.layers import LayerInfo, list_layers
from dissect_report.activations.linear_step import find_linear_step
from dissect_report.activations.readings import MAP, channels_last, tokens_on_grid
from dissect_report.activations.recording import record
from dissect_report.activations.tail import split_tail
from dissect_report.errors import LayerError

sizes = st.integers(1, 4)


@given(sizes, sizes, sizes, st.integers(0, 3), st.booleans(), st.booleans(), st.integers(0, 1))
def test_tokens_are_laid_out_as_by_hand_and_written_back(
    rows: int, columns: int, units: int, extra: int, first: bool, by_columns: bool, image: int
) -> None:
    count = rows * columns + extra
    reading = tokens_on_grid((count, units), 1, image, (rows, columns), extra, first, by_columns)
    tokens = torch.randn(2, count, units)
    output = tokens.transpose(0, 1) if image else tokens
    truth = maps_by_hand(tokens.numpy(), rows, columns, extra, first, by_columns)
    np.testing.assert_array_equal(reading.read(output).numpy(), truth)
    assert torch.equal(reading.write(reading.spread(output)), output)
    assert (reading.unit_count(output), reading.map_size(output)) == (units, (rows, columns))


@given(sizes, sizes, sizes)
def test_channels_last_and_heads_are_written_back(rows: int, columns: int, units: int) -> None:
    output = torch.randn(2, rows, columns, units)
    reading = channels_last(output.shape[1:])
    assert torch.equal(reading.read(output), output.permute(0, 3, 1, 2))
    assert torch.equal(reading.write(reading.spread(output)), output)
    heads = torch.randn(2, 3, rows * columns, units)
    reading = tokens_on_grid(heads.shape[1:], 2, 0, (rows, columns))
    maps = reading.read(heads)
    assert maps.shape == (2, 3 * units, rows, columns)
    assert torch.equal(maps[:, units : 2 * units].flatten(2), heads[:, 1].transpose(1, 2))
    assert torch.equal(reading.write(maps), heads)


def test_a_map_is_read_as_it_stands() -> None:
    output = torch.randn(2, 3, 4, 5)
    assert MAP.read(output) is output
    assert MAP.write(output) is output
    assert MAP.map_size(output) == (4, 5)


@pytest.fixture(scope="module")
def network() -> Transformer:
    return Transformer().eval()


@pytest.fixture(scope="module")
def layers(network: Transformer) -> dict[str, LayerInfo]:
    return {info.name: info for info in list_layers(network, pictures(2))}


def outputs(network: Transformer, name: str, images: torch.Tensor) -> torch.Tensor:
    """Of a module, by a hook of the test's own."""
    kept: list[torch.Tensor] = []
    handle = network.get_submodule(name).register_forward_hook(lambda _m, _i, output: kept.append(output))
    with torch.no_grad():
        network(images)
    handle.remove()
    return kept[0]


@pytest.mark.parametrize("name", ["blocks.0", "norm", "token_first", "blocks.1.act"])
def test_recorded_maps_are_the_tokens_of_the_picture(network, layers, name: str) -> None:
    images = pictures()
    with record(network, [layers[name]]) as recorder, torch.no_grad():
        network(images)
        maps = recorder.take()[name]
    tokens = outputs(network, name, images)
    tokens = tokens.transpose(0, 1) if name == "token_first" else tokens
    np.testing.assert_allclose(maps.numpy(), maps_by_hand(tokens.numpy(), 12, 12, 3), rtol=1e-4, atol=1e-5)


def test_the_hidden_layer_of_an_mlp_is_recorded_behind_its_activation(layers) -> None:
    assert layers["blocks.0.fc1"].recorded_as == (
        "blocks.0.fc1 -> blocks.0.act (GELU) (12 x 12 tokens behind 3 without a place)"
    )
    assert layers["blocks.0.act"].same_as == "blocks.0.fc1"


@pytest.mark.parametrize("name", ["blocks.0", "blocks.0.fc1", "token_first", "unit_first"])
def test_removed_units_are_gone_from_tokens_without_a_place_too(network, layers, name: str) -> None:
    images, units = pictures(), [0, 5, 7]
    module = "blocks.0.act" if name.endswith("fc1") else name
    axis = 1 if name == "unit_first" else 2

    def clear(_module: object, _inputs: object, output: torch.Tensor) -> torch.Tensor:
        output = output.clone()
        output.index_fill_(axis, torch.tensor(units), 0.0)
        return output

    handle = network.get_submodule(module).register_forward_hook(clear)
    with torch.no_grad():
        truth = network(images)
        handle.remove()
        with ablated(network, layers[name], units):
            torch.testing.assert_close(network(images), truth)
        assert not torch.allclose(network(images), truth)


@pytest.mark.parametrize("path", ["fx", "export", "full"])
@pytest.mark.parametrize("name", ["blocks.0", "blocks.1.fc1", "norm"])
def test_a_tail_starts_from_all_tokens(network, layers, name: str, path: str) -> None:
    images = pictures()
    tail = split_tail(network, layers[name], images, [path])
    held = tail.head(images)
    assert held.recorded.shape == (3, layers[name].units, 12 * 12 + 3, 1)
    maps = held.recorded.clone()
    maps[:, 3] = 0
    with torch.no_grad(), ablated(network, layers[name], [3]):
        torch.testing.assert_close(tail.run(maps, held.kept), network(images))


@pytest.mark.parametrize("pooled", [False, True])
@pytest.mark.parametrize("path", ["fx", "export"])
def test_behind_the_last_normalisation_units_are_subtracted_from_the_logits(pooled: bool, path: str) -> None:
    network, images = Transformer(pooled=pooled, turned=False).eval(), pictures()
    layer = next(info for info in list_layers(network, pictures(2)) if info.name == "norm")
    step = find_linear_step(split_tail(network, layer, images, [path]), images)
    assert step is not None
    assert step.units_weight is not None
    torch.testing.assert_close(step.units_weight[:, :, 0], network.head.weight)


def test_in_front_of_a_normalisation_they_are_not(network, layers) -> None:
    tail = split_tail(network, layers["blocks.1"], pictures(), ["fx"])
    assert find_linear_step(tail, pictures()) is None


def test_another_number_of_tokens_is_refused(network, layers) -> None:
    line = r"its output is \[67, 24\] an image here and \[147, 24\] at first"
    with record(network, [layers["blocks.0"]]), pytest.raises(LayerError, match=line):
        network(pictures(2, 64, 64))


def test_units_are_the_channels_of_tokens(layers) -> None:
    assert (layers["blocks.0"].units, layers["blocks.0"].map_size) == (WIDTH, (12, 12))
    assert layers["head"].obstacle
