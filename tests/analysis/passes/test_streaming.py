"""Maps that the disk does not hold: two rounds at any size, or a few more, and the same bytes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

import dissect_report.analysis.dissection as dissection
import dissect_report.analysis.layer_numbers as layer_numbers
import dissect_report.analysis.mask_store as mask_store
import dissect_report.analysis.rounds as rounds
import dissect_report.analysis.settling as settling
import dissect_report.analysis.streaming as streaming
from dissect_report import dissect
from dissect_report.activations.recording import Recorder
from dissect_report.analysis.forecast import forecast
from dissect_report.analysis.passes import filling
from dissect_report.analysis.progress import Silent
from dissect_report.analysis.setup import set_up
from dissect_report.analysis.storage import storage
from dissect_report.config import load_config
from dissect_report.errors import ModelError
from tests.analysis.passes.conftest import Work
from tests.analysis.test_dissection import Log
from tests.generation_site import write_generator_site
from tests.same_findings import findings
from tests.small_site import change, write_small_site

FIVE = '''
class Five(nn.Module):
    """Five layers, the first with maps larger than the grid, the last of leaky, partly broken units."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(5)
        wide = [3, 4, 6, 6, 7, 5]
        self.steps = nn.ModuleList(
            nn.Conv2d(i, o, 3, stride=1 + (k > 1), padding=1) for k, (i, o) in enumerate(zip(wide, wide[1:]))
        )
        self.head = nn.Linear(5, 3)
        with torch.no_grad():
            self.steps[3].bias[2] = -100
            self.steps[2].weight[1] = self.steps[2].weight[0]
            self.steps[2].bias[1] = self.steps[2].bias[0]

    def forward(self, x):
        for k, step in enumerate(self.steps):
            x = step(x)
            x = nn.functional.leaky_relu(x, 0.1) if k == 4 else torch.relu(x)
        return self.head(x.mean((2, 3)))

def five():
    return Five().eval()

def broken():
    model = Five().eval()
    with torch.no_grad():
        model.steps[4].bias[1] = float("inf")
    return model
'''
LAYERS = '["steps.0", "steps.1", "steps.2", "steps.3", "steps.4"]'


def five_layers(
    folder: Path, images: int = 11, factory: str = "five", gigabytes: str = "8", more: str = ""
) -> Path:
    config = write_small_site(folder, images)
    code = folder / "net.py"
    code.write_text(code.read_text() + FIVE)
    change(config, "net.py:factory", f"net.py:{factory}")
    change(config, '["conv1", "conv2"]', LAYERS)
    change(config, "top_images = 4", f"top_images = 4\n{more}")
    return change(config, "batch_size = 5", f"batch_size = 4\ncache_gb = {gigabytes}")


@pytest.fixture(scope="module")
def kept_findings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Of five layers, their maps kept."""
    return run(tmp_path_factory.mktemp("kept"))


def run(folder: Path, **given: str) -> dict[str, bytes]:
    dissect(five_layers(folder, **given), threads=1)
    return findings(folder, given.get("factory", "five"))


@pytest.mark.parametrize(
    ("factory", "more"),
    [("five", ""), ("broken", 'upsampling = "zeros"'), ("five", "iou_threshold = 0.1\nseed = 3")],
)
def test_every_statistic_has_the_bytes_of_maps_that_are_kept(tmp_path: Path, factory: str, more: str) -> None:
    kept = run(tmp_path / "kept", factory=factory, more=more)
    streamed = run(tmp_path / "streamed", factory=factory, more=more, gigabytes="0.0")
    assert streamed == kept
    assert not list((tmp_path / "streamed/cache").rglob("*.f32")), "no map was kept"
    assert not list((tmp_path / "streamed/cache").rglob("round*")), "nor what was only on the way"


@pytest.mark.parametrize("images", [4, 24])
def test_every_image_goes_twice_through_the_network(tmp_path: Path, work: Work, images: int) -> None:
    log = Log()
    config = five_layers(tmp_path, images, gigabytes="0.000001")
    dissect(config, log)
    own = [n for n in work.first if n == 4]
    assert len(own) == 2 * images // 4
    assert any("the model ran 2 times" in note for note in log.notes)


def test_where_too_much_lies_near_the_levels_there_are_three_rounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept_findings: dict[str, bytes]
) -> None:
    monkeypatch.setattr(settling, "near_bytes", lambda *_: 1 << 40)
    log = Log()
    dissect(five_layers(tmp_path, gigabytes="0.0"), log, threads=1)
    assert any("the model ran 3 times" in note for note in log.notes)
    assert findings(tmp_path, "five") == kept_findings


def test_masks_on_disk_or_in_parts_change_nothing_but_how_often_chance_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept_findings: dict[str, bytes]
) -> None:
    kept = kept_findings
    monkeypatch.setattr(mask_store, "MEMORY_BYTES", 0)
    on_disk = run(tmp_path / "disk", gigabytes="0.0001")
    assert on_disk == kept
    assert not list((tmp_path / "disk/cache").rglob("*masks*"))
    opened: list[int] = []
    find = streaming._masks_round
    monkeypatch.setattr(streaming, "_masks_round", lambda *given: opened.append(1) or find(*given))
    in_parts = run(tmp_path / "parts", gigabytes="0.000004")
    assert len(opened) == 3, "326 bytes a unit"
    same = [name for name in kept if name.endswith((".npz", ".webp"))]
    assert {name: in_parts[name] for name in same} == {name: kept[name] for name in same}


@pytest.mark.parametrize(("stage", "rounds_", "memory"), [(1, 2, 0), (2, 2, 0), (2, 2, 1 << 27), (3, 3, 0)])
def test_a_round_that_was_interrupted_goes_on(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kept_findings: dict[str, bytes],
    stage: int,
    rounds_: int,
    memory: int,
) -> None:
    if rounds_ == 3:
        monkeypatch.setattr(settling, "near_bytes", lambda *_: 1 << 40)
    monkeypatch.setattr(filling, "NOTE_SECONDS", 0.0)
    monkeypatch.setattr(mask_store, "MEMORY_BYTES", memory)
    take, calls = Recorder.take, [0]

    def stopping(self: Recorder) -> object:
        if len(self.layers) == 5:
            calls[0] += 1
            if calls[0] == (stage - 1) * 3 + 3:
                raise KeyboardInterrupt
        return take(self)

    monkeypatch.setattr(Recorder, "take", stopping)
    monkeypatch.setattr(dissection, "check_images_alone", lambda _: None)
    config = five_layers(tmp_path / "again", gigabytes="0.0001")
    with pytest.raises(KeyboardInterrupt):
        dissect(config, threads=1)
    dissect(config, threads=1)
    assert calls[0] == 3 * rounds_ + 1, "three batches a round, and the one that was interrupted"
    assert findings(tmp_path / "again", "five") == kept_findings


@pytest.mark.parametrize(("kept", "passes"), [(False, [1, 2, 0]), (True, [1, 1, 0])])
def test_a_changed_setting_costs_the_rounds_that_depend_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: Work, kept: bool, passes: list[int]
) -> None:
    """The first round is kept where the disk holds its counts."""
    monkeypatch.setattr(layer_numbers, "fits", lambda *_: False)
    monkeypatch.setattr(dissection, "check_images_alone", lambda _: None)
    config = five_layers(tmp_path, 12, gigabytes="8" if kept else "0.0", more="quantile = 0.05")
    dissect(change(config, "grid = 16\nquantile = 0.05\n", "grid = 16\n"))
    costs = []
    for old, new in (
        ("top_images = 4", "top_images = 5"), ("quantile = 0.05", "quantile = 0.04"),
        ("quantile = 0.04", "quantile = 0.04\niou_threshold = 0.3"),
    ):  # fmt: skip
        work.clear()
        dissect(change(config, old, new))
        costs.append(sum(n == 4 for n in work.first) / 3)
        assert not [n for n in work.head if n == 4], "the answers are kept"
    assert costs == passes


def test_a_generator_makes_its_images_in_the_first_of_two_rounds(tmp_path: Path, work: Work) -> None:
    folders = [tmp_path / name for name in ("kept", "streamed")]
    for folder, more in zip(folders, ("8", "0.0"), strict=True):
        work.clear()
        config = write_generator_site(folder, None, latents=16)
        dissect(change(config, "batch_size = 8", f"batch_size = 8\ncache_gb = {more}"), threads=1)
    assert sum(n == 8 for n in work.head) == 4
    assert findings(folders[1], "Steps") == findings(folders[0], "Steps")


def test_what_is_added_twice_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels that are lost after a first round are made again, and the sums stay what they were."""
    config = write_generator_site(tmp_path, None, latents=16)
    change(config, "batch_size = 8", "batch_size = 8\ncache_gb = 0.0")
    plan: Callable[..., object] = streaming.plan_second

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(streaming, "plan_second", stop)
    with pytest.raises(KeyboardInterrupt):
        dissect(config, threads=1)
    monkeypatch.setattr(streaming, "plan_second", plan)
    for path in (tmp_path / "cache").rglob("labels.u16*"):
        path.unlink()
    dissect(config, threads=1)
    dissect(write_generator_site(tmp_path / "plain", None, latents=16), threads=1)
    assert findings(tmp_path, "Steps") == findings(tmp_path / "plain", "Steps")


def test_memory_that_runs_out_while_counting_is_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(rounds.Codes, "add", full)
    with pytest.raises(ModelError, match="out of memory while counting"):
        dissect(five_layers(tmp_path, gigabytes="0.0"))


@pytest.mark.parametrize(
    ("gigabytes", "passes"),
    [
        ("8", "1 forward pass,"),
        ("0.0", "2 forward passes (3 where very many values are as large as a unit's level),"),
    ],
)
def test_a_forecast_says_passes_memory_and_disk(tmp_path: Path, gigabytes: str, passes: str) -> None:
    config = load_config(five_layers(tmp_path, gigabytes=gigabytes))
    lines = list(forecast(config, Silent(), 1))
    assert any(f"{passes} memory at most 0." in line for line in lines)


def test_what_is_needed_grows_with_the_images_and_the_passes_do_not(tmp_path: Path) -> None:
    config = load_config(five_layers(tmp_path))
    setup = set_up(config, config.runs[0], Silent(), 1)
    small, large = (storage(setup, 512, images) for images in (11, 2_000_000))
    assert (small.passes, small.kept, large.passes, large.kept) == (1, True, 2, False)
    assert large.memory < small.memory + (1 << 28)
    little = dataclasses.replace(setup.run, compute=dataclasses.replace(setup.run.compute, cache_gb=1.0))
    parted = storage(dataclasses.replace(setup, run=little), 512, 2_000_000)
    assert parted.passes == 4
    enough = dataclasses.replace(little.compute, cache_gb=parted.for_two / 1e9)
    whole = storage(
        dataclasses.replace(setup, run=dataclasses.replace(little, compute=enough)), 512, 2_000_000
    )
    assert (whole.passes, whole.for_two) == (2, 0)
    dissect(config)
    there = sum(path.stat().st_size for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert 0.5 * there < small.cache < 2 * there
