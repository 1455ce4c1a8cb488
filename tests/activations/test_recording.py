from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from dissect_report.activations.layers import LayerInfo, list_layers, select_layers
from dissect_report.activations.recording import record
from dissect_report.errors import LayerError

EXAMPLE = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def plain(name: str) -> LayerInfo:
    return LayerInfo(name, "Conv2d", 4, (8, 8), name)


def net(inplace: bool) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(inplace=inplace), nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4)
    )


@pytest.mark.parametrize("inplace", [True, False])
def test_the_recorded_value_does_not_depend_on_working_in_place(inplace: bool) -> None:
    model = net(inplace).eval()
    layers = select_layers(list_layers(model, EXAMPLE), ["0"])
    with record(model, layers) as recorder:
        model(EXAMPLE)
        found = recorder.take()["0"]
    expected = torch.relu(model[0](EXAMPLE)).detach()
    assert torch.equal(found, expected)


def test_an_output_recorded_as_it_is_is_copied_before_anything_in_place_touches_it() -> None:
    model = net(inplace=True).eval()
    with record(model, [plain("0")]) as recorder:
        model(EXAMPLE)
        found = recorder.take()["0"]
    assert torch.equal(found, model[0](EXAMPLE).detach())
    assert (found < 0).any()


def test_layers_before_a_shared_activation_each_get_their_own_values() -> None:
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two, self.relu = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 4, 1), nn.ReLU(inplace=True)

        def forward(self, x: Tensor) -> Tensor:
            return self.relu(self.two(self.relu(self.one(x))))

    model = Shared().eval()
    with record(model, select_layers(list_layers(model, EXAMPLE), ["one", "two"])) as recorder:
        output = model(EXAMPLE)
        maps = recorder.take()
    assert torch.equal(maps["two"], output)
    assert torch.equal(maps["one"], torch.relu(model.one(EXAMPLE)).detach())


def test_maps_are_detached_float32_and_handed_out_once() -> None:
    model = net(inplace=True).to(torch.bfloat16)
    with record(model, [plain("2")]) as recorder:
        model(EXAMPLE.to(torch.bfloat16))
        maps = recorder.take()
        assert maps["2"].dtype == torch.float32
        assert not maps["2"].requires_grad
        with pytest.raises(LayerError, match="'2' did not run"):
            recorder.take()


def test_the_model_is_left_as_found() -> None:
    model = net(inplace=True).train()
    model[3].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with record(model, [plain("0"), plain("2")]) as recorder:
        assert not model.training
        assert not torch.is_grad_enabled()
        model(EXAMPLE)
        recorder.take()
    assert model.training
    assert model[0].training
    assert not model[3].training
    assert torch.is_grad_enabled()
    assert not any(module._forward_hooks for module in model.modules())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_an_exception_inside_leaves_no_hook_behind() -> None:
    model = net(inplace=True).train()
    with pytest.raises(KeyError), record(model, [plain("0")]):
        raise KeyError
    assert model.training
    assert not any(module._forward_hooks for module in model.modules())


def test_recording_does_not_change_the_output() -> None:
    model = net(inplace=True).eval()
    expected = model(EXAMPLE)
    with record(model, select_layers(list_layers(model, EXAMPLE), ["*"])):
        assert torch.equal(model(EXAMPLE), expected)


def test_an_unknown_layer_and_one_that_runs_twice_are_refused() -> None:
    model = net(inplace=True)
    with pytest.raises(LayerError, match="no layer 'nine'"), record(model, [plain("nine")]):
        pass
    with record(model, [plain("0")]):
        model(EXAMPLE)
        with pytest.raises(LayerError, match="'0' ran twice"):
            model(EXAMPLE)


def test_recording_works_under_inference_mode() -> None:
    model = net(inplace=True)
    with torch.inference_mode(), record(model, [plain("2")]) as recorder:
        model(EXAMPLE)
        assert recorder.take()["2"].shape == (2, 4, 8, 8)


@pytest.mark.parametrize("catches", [False, True])
def test_a_pass_may_end_behind_the_last_recorded_layer(catches: bool) -> None:
    ran: list[str] = []

    class Careful(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two, self.end = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 4, 1), nn.Conv2d(4, 2, 1)

        def forward(self, x: Tensor) -> Tensor:
            try:
                maps = torch.relu(self.two(torch.relu(self.one(x))))
            except BaseException:
                if not catches:
                    raise
                maps = torch.zeros(len(x), 4, 8, 8)
            ran.append("end")
            return self.end(maps)

    torch.manual_seed(0)
    model = Careful().eval()
    layers = select_layers(list_layers(model, EXAMPLE), ["one", "two"])
    with record(model, layers) as recorder:
        model(EXAMPLE)
        whole = recorder.take()
        ran.clear()
        with recorder.stopping():
            model(EXAMPLE)
        stopped = recorder.take()
        assert ran == ["end"] * catches
        model(EXAMPLE)
        recorder.take()
    assert ran == ["end"] * (catches + 1), "the next pass runs to its end"
    for layer in layers:
        assert torch.equal(whole[layer.name], stopped[layer.name])


def test_a_layer_that_does_not_run_is_named_where_the_pass_may_end_early() -> None:
    model = net(inplace=False).eval()
    with record(model, [plain("0"), plain("2")]) as recorder:
        with recorder.stopping():
            model[:2](EXAMPLE)
        with pytest.raises(LayerError, match="'2'"):
            recorder.take()


@pytest.mark.parametrize("names", [["0"], ["2"], ["0", "2", "3"]])
@pytest.mark.parametrize("inplace", [True, False])
def test_what_is_made_of_maps_sees_what_a_copy_would_hold(names: list[str], inplace: bool) -> None:
    model = net(inplace).eval()
    layers = [*select_layers(list_layers(model, EXAMPLE), names), plain("0")][: len(names)]
    with record(model, layers) as recorder:
        model(EXAMPLE)
        copies = recorder.take()
    with record(model, layers, make=lambda layer, maps: (layer.name, maps.tolist())) as recorder:
        model(EXAMPLE)
        made = recorder.take()
    assert made == {name: (name, maps.tolist()) for name, maps in copies.items()}


def test_what_is_made_of_an_output_is_made_before_anything_in_place_touches_it() -> None:
    model = net(inplace=True).eval()
    with record(model, [plain("0")], make=lambda _layer, maps: float(maps.min())) as recorder:
        model(EXAMPLE)
        assert recorder.take() == {"0": float(model[0](EXAMPLE).min())}
