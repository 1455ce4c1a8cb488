"""Directions are what they are by hand, at every place, and removing one is subtracting its part."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from reference_directions import latents_slowly, project_slowly, removed_slowly, vectors, weights_slowly
from reference_tokens import maps_by_hand
from token_networks import WIDTH, Transformer, pictures
from torch import nn

from dissect_report.activations.directions import (
    Basis,
    Dictionary,
    DirectionsReading,
    Latents,
    Parts,
    jump_relu,
    relu,
    top_k,
)
from dissect_report.activations.directions_tail import open_step, open_tail
from dissect_report.activations.interventions import ablated
from dissect_report.activations.layers import LayerInfo, list_layers
from dissect_report.activations.readings import MAP
from dissect_report.activations.recording import record
from dissect_report.errors import LayerError
from dissect_report.stats.directions import random_rotation

CHANNELS, UNITS = 4, 7


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


MAPS = drawn(2, CHANNELS, 3, 2)
FILE = {
    "encoder.weight": drawn(UNITS, CHANNELS, seed=1),
    "encoder.bias": drawn(UNITS, seed=2).abs() + 1,
    "b_pre": drawn(CHANNELS, seed=3),
    "threshold": drawn(UNITS, seed=4).abs(),
}
DECODER = drawn(UNITS, CHANNELS, seed=5)
ROTATION = Basis(torch.from_numpy(random_rotation(CHANNELS, 0)).float())
PARTS = Parts(torch.eye(3, CHANNELS) + 0.3 * drawn(3, CHANNELS, seed=6).abs())


def autoencoder(activation: str = "relu") -> Latents:
    made = {"relu": relu, "top-k": top_k(2), "jump-relu": jump_relu(FILE["threshold"])}[activation]
    return Latents(FILE["encoder.weight"], FILE["encoder.bias"], FILE["b_pre"], made, DECODER)


def by_place(maps: torch.Tensor) -> np.ndarray:
    return vectors(maps.numpy())


def test_a_basis_is_projected_on() -> None:
    truth = project_slowly(ROTATION.rows.numpy(), by_place(MAPS))
    np.testing.assert_allclose(by_place(ROTATION.encode(MAPS)), truth, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(by_place(ROTATION.decode(ROTATION.encode(MAPS))), by_place(MAPS), atol=1e-5)


@pytest.mark.parametrize("activation", ["relu", "top-k", "jump-relu"])
def test_latents_are_those_of_the_autoencoder_by_hand(activation: str) -> None:
    file = {name: tensor.double().numpy() for name, tensor in FILE.items()}
    if activation != "jump-relu":
        del file["threshold"]
    truth = latents_slowly(file, by_place(MAPS), 2 if activation == "top-k" else 0, "b_pre")
    np.testing.assert_allclose(by_place(autoencoder(activation).encode(MAPS)), truth, rtol=1e-4, atol=1e-5)
    assert 0 < np.count_nonzero(truth) < truth.size


def test_parts_have_the_weights_of_non_negative_least_squares() -> None:
    places = by_place(MAPS.abs()).astype(np.float64)
    truth = weights_slowly(PARTS.rows.double().numpy(), places)
    np.testing.assert_allclose(by_place(PARTS.encode(MAPS.abs())), truth, atol=1e-4)
    assert np.count_nonzero(truth) < truth.size


@pytest.mark.parametrize("dictionary", [ROTATION, Basis(ROTATION.rows[:2]), PARTS, autoencoder("top-k")])
def test_a_removed_direction_is_subtracted_and_the_rest_stays(dictionary: Dictionary) -> None:
    maps = MAPS.abs()
    gone = dictionary.encode(maps).abs().sum((0, 2, 3)).topk(2).indices.tolist()
    rows = dictionary.decoder if isinstance(dictionary, Latents) else dictionary.rows  # type: ignore[attr-defined]
    truth = removed_slowly(by_place(maps), by_place(dictionary.encode(maps)), rows.numpy(), gone)

    def clear(units: torch.Tensor) -> torch.Tensor:
        units[:, gone] = 0
        return units

    found = DirectionsReading.of(MAP, dictionary).changed(maps, clear)
    np.testing.assert_allclose(by_place(found), truth, atol=1e-5)
    assert not np.allclose(truth, by_place(maps))


def test_what_is_projected_out_is_gone() -> None:
    def clear(units: torch.Tensor) -> torch.Tensor:
        return units.index_fill(1, torch.tensor([2]), 0.0)

    left = DirectionsReading.of(MAP, ROTATION).changed(MAPS, clear)
    np.testing.assert_allclose(ROTATION.encode(left)[:, 2].numpy(), 0, atol=1e-6)


def on(info: LayerInfo, dictionary: Dictionary) -> LayerInfo:
    reading = DirectionsReading.of(info.reading, dictionary)
    return LayerInfo(
        f"{info.name} (x)",
        "x",
        dictionary.directions,
        info.map_size,
        "x",
        info.follows,
        reading=reading,
        base=info,
    )


def network() -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(3, CHANNELS, 3, 2), nn.ReLU(inplace=True), nn.Conv2d(CHANNELS, 5, 3),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(5, 3),
    ).eval()  # fmt: skip


@pytest.mark.parametrize("dictionary", [ROTATION, PARTS, autoencoder()])
def test_the_network_without_a_direction_is_what_a_hook_makes_of_it(dictionary: Dictionary) -> None:
    model, images = network(), drawn(3, 3, 16, 16, seed=8)
    info = on(list_layers(model, images)[0], dictionary)
    rows = dictionary.decoder if isinstance(dictionary, Latents) else dictionary.rows  # type: ignore[attr-defined]

    def subtract(_module: nn.Module, _inputs: object, output: torch.Tensor) -> torch.Tensor:
        part = dictionary.encode(output)[:, 1]
        return output - torch.einsum("nyx,c->ncyx", part, rows[1])

    handle = model[1].register_forward_hook(subtract)
    with torch.no_grad():
        truth = model(images)
    handle.remove()
    with torch.no_grad(), ablated(model, info, [1]):
        torch.testing.assert_close(model(images), truth, rtol=1e-4, atol=1e-5)
    with torch.no_grad():
        tail = open_tail(model, info, images)
        held, step = tail.head(images), open_step(tail, images)
        without = held.recorded.index_fill(1, torch.tensor([1]), 0.0)
        torch.testing.assert_close(tail.run(without, held.kept), truth, rtol=1e-4, atol=1e-5)
        chosen = torch.tensor([1])
        value = step.whole(step.parts(held.recorded)) - step.apply(held.recorded[:, chosen], chosen)
        torch.testing.assert_close(step.rest(value, held.kept), truth, rtol=1e-4, atol=1e-5)
    with torch.no_grad():
        assert not torch.allclose(model(images), truth)


def test_directions_of_tokens_are_recorded_where_they_lie_and_removed_from_all() -> None:
    model, images = Transformer().eval(), pictures(2)
    base = {info.name: info for info in list_layers(model, images)}["blocks.0"]
    basis = Basis(torch.from_numpy(random_rotation(WIDTH, 2)).float())
    info, tokens = on(base, basis), []
    model.blocks[0].register_forward_hook(lambda _m, _i, output: tokens.append(output))
    with record(model, [base, info]) as recorder:
        model(images)
        found = recorder.take()
    turned = (tokens[0] @ basis.rows.T).numpy()
    np.testing.assert_allclose(found[info.name].numpy(), maps_by_hand(turned, 12, 12, 3), atol=1e-5)
    np.testing.assert_array_equal(found[base.name].numpy(), maps_by_hand(tokens[0].numpy(), 12, 12, 3))
    with torch.no_grad(), ablated(model, info, [4]):
        model(images)
    left = tokens[1]  # seen before the change, which comes behind
    tail = open_tail(model, info, images)
    held = tail.head(images)
    assert held.recorded.shape == (2, WIDTH, 12 * 12 + 3, 1)
    np.testing.assert_allclose(
        held.recorded[..., 0].transpose(1, 2).numpy(), (left @ basis.rows.T).numpy(), atol=1e-4
    )


def test_without_a_decoder_latents_are_read_and_not_removed() -> None:
    alone = Latents(FILE["encoder.weight"], FILE["encoder.bias"], FILE["b_pre"], relu, None)
    model, images = network(), drawn(3, 3, 16, 16)
    info = on(list_layers(model, images)[0], alone)
    with record(model, [info]) as recorder:
        model(images)
        assert recorder.take()[info.name].shape[1] == UNITS
    with pytest.raises(LayerError, match="has no decoder"):
        open_tail(model, info, images)
