"""Trying a photo in real Chromium: what the page shows is what Python finds on the same pixels."""

from __future__ import annotations

import io
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from rich.console import Console

from dissect_report.activations.upsampling import plan_upsampling, upsample
from dissect_report.analysis.photo.experiment import check
from dissect_report.analysis.photo.parity import ask_network, ask_without
from dissect_report.analysis.setup import Setup
from dissect_report.config import ProbeConfig, load_config
from dissect_report.findings.store import LoadedLayer, load_run
from dissect_report.publish.builder import build_site
from dissect_report.publish.server import address_of, make_server
from dissect_report.sources.pictures import cut_picture
from tests.ablation_site import set_up_site
from tests.browser.conftest import opened
from tests.photo_site import dissected

PAGE = "network/photo/index.html"
SIDE = 32


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = dissected(tmp_path_factory.mktemp("tried"))
    build_site(load_config(made), Console(quiet=True))
    return made


@pytest.fixture(scope="module")
def layer(path: Path) -> LoadedLayer:
    return load_run(path.parent / "run" / "network").layers["2"]


@pytest.fixture(scope="module")
def setup(path: Path) -> Setup:
    return set_up_site(path)


@pytest.fixture(scope="module")
def served(path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("root")
    (folder / "index.html").write_text("another site")
    (folder / "some").mkdir()
    shutil.copytree(path.parent / "site", folder / "some" / "path")
    with make_server(folder, 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"{address_of(server)}some/path/"
        server.shutdown()


@pytest.fixture(params=["http", "file"])
def root(request: pytest.FixtureRequest, path: Path) -> str:
    """Where the site lies, with a slash at the end."""
    if request.param == "http":
        return str(request.getfixturevalue("served"))
    return f"{(path.parent / 'site').as_uri()}/"


@pytest.fixture
def disk(chromium: Any, path: Path) -> Iterator[Any]:
    yield from opened(chromium, "file:")


def answer(page: Any) -> np.ndarray:
    """Logits, once the page shows them and has nothing left to do."""
    page.wait_for_function(
        "/ s on this device/.test(document.querySelector('[data-state]').textContent)", timeout=60_000
    )
    return np.array(json.loads(page.get_attribute("[data-says]", "data-scores")), np.float32)


def fires(page: Any) -> dict[int, tuple[float, float]]:
    """Peak and lit share of every unit that is listed."""
    return {u: (p, a) for u, p, a in json.loads(page.get_attribute("[data-fires]", "data-units"))}


def photo(seed: int, size: tuple[int, int] = (90, 70)) -> np.ndarray:
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 256, (9, 11, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC))


def file(pixels: np.ndarray, name: str = "mine.png", **options: Any) -> dict[str, Any]:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, name.rpartition(".")[2].replace("jpg", "jpeg"), **options)
    return {"name": name, "mimeType": f"image/{name.rpartition('.')[2]}", "buffer": stream.getvalue()}


def give(page: Any, given: dict[str, Any]) -> np.ndarray:
    page.locator("[data-file]").first.set_input_files(given)
    return answer(page)


def near(found: np.ndarray, truth: np.ndarray) -> bool:
    return bool(np.abs(found - truth).max() <= 0.01 * (truth.max() - truth.min()))


def cut(pixels: np.ndarray) -> np.ndarray:
    """As the run itself would."""
    config = ProbeConfig(images=("photos",), resize=SIDE, crop=SIDE)
    return np.asarray(cut_picture(Image.fromarray(pixels), config))


def check_units(
    setup: Setup, layer: LoadedLayer, pixels: np.ndarray, found: dict[int, tuple[float, float]]
) -> None:
    """Peaks within a hundredth of the maps' range; the same units fire where that does not decide it."""
    maps = ask_network(setup, check(setup), pixels).maps[0]
    bound = 0.01 * (maps.max() - maps.min())
    grid = upsample(maps, plan_upsampling(maps.shape[1:], setup.grid, "border"))
    for unit, record in enumerate(layer.units):
        if record.level is None or record.dead:
            assert unit not in found
            continue
        highest = float(grid[unit].max())
        if abs(highest - record.level) > bound:
            assert (unit in found) == (highest > record.level)
        if unit in found:
            peak, area = found[unit]
            assert abs(peak - maps[unit].max()) <= bound
            low, high = (float((grid[unit] > record.level + way * bound).mean()) for way in (1, -1))
            assert low <= area <= high


def test_a_photo_of_the_run_gives_what_the_run_found(page: Any, root: str, setup: Setup, layer: LoadedLayer):
    page.goto(root + PAGE)
    page.click("[data-pick='1']")
    assert near(answer(page), layer.photo_arrays["scores"][1])
    assert layer.photo is not None
    check_units(
        setup, layer, setup.survey.read(layer.photo.photos[1], layer.photo.photos[1] + 1)[0], fires(page)
    )


def test_a_readers_photo_is_cut_and_answered_as_the_run_would(
    page: Any, root: str, setup: Setup, layer: LoadedLayer
):
    pixels = photo(4)
    page.goto(root + PAGE)
    found = give(page, file(pixels))
    assert near(found, ask_network(setup, check(setup), cut(pixels)).scores[0])
    check_units(setup, layer, cut(pixels), fires(page))
    said = setup.network.classes[int(found.argmax())]
    assert page.inner_text("[data-said]").startswith(f"It says {said} (")
    assert page.inner_text(".say.said .text").startswith(said)


def test_ticked_units_are_removed_and_put_back(page: Any, root: str, setup: Setup):
    pixels = photo(5)
    page.goto(root + PAGE)
    intact = give(page, file(pixels))
    boxes = page.locator(".tick-off input")
    units = [int(boxes.nth(place).get_attribute("data-unit")) for place in (0, 2)]
    boxes.nth(0).check()
    boxes.nth(2).check()
    page.wait_for_function("document.querySelectorAll('[data-removed] button').length === 2")
    truth = ask_without(setup, check(setup), cut(pixels), units)[0]
    assert near(answer(page), truth)
    assert "without=" in page.evaluate("location.hash")
    assert page.locator(".fires .gone").count() == 2
    page.click("[data-back]")
    page.wait_for_function("document.querySelector('[data-without]').hidden")
    assert np.array_equal(answer(page), intact)


def test_a_class_loses_the_units_it_needs_most_with_one_click(
    page: Any, root: str, setup: Setup, layer: LoadedLayer
):
    pixels = photo(6)
    page.goto(root + PAGE)
    give(page, file(pixels))
    page.click("[data-needs='2.4']")
    page.wait_for_function("document.querySelectorAll('[data-removed] button').length === 4")
    ablation = layer.ablation
    assert ablation is not None
    target = next(place for place, own in enumerate(ablation.targets) if own.classes == (2,))
    units = layer.ablation_arrays["order"][target, :4].tolist()
    assert near(answer(page), ask_without(setup, check(setup), cut(pixels), units)[0])


def test_an_address_shows_the_same_photo_without_the_same_units(
    page: Any, root: str, setup: Setup, layer: LoadedLayer
):
    assert layer.photo is not None
    page.goto(f"{root}{PAGE}#photo=2&without=3,8,9999&class=1")
    found = answer(page)
    image = layer.photo.photos[2]
    assert near(found, ask_without(setup, check(setup), setup.survey.read(image, image + 1)[0], [3, 8])[0])
    assert page.locator("[data-class='1']").count() == 1
    assert page.locator("[data-pick='2']").get_attribute("aria-pressed") == "true"


def test_a_photo_taken_upright_is_seen_upright(disk: Any, path: Path):
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = photo(7)
    turned = np.ascontiguousarray(np.rot90(pixels))  # as a camera held on its side stores it
    disk.goto((path.parent / "site" / PAGE).as_uri())
    upright = give(disk, file(pixels, "a.jpg", quality=100, subsampling=0))
    stored = give(disk, file(turned, "b.jpg", quality=100, subsampling=0, exif=exif))
    assert np.abs(upright - stored).max() <= 0.05 * (upright.max() - upright.min())


def test_every_size_is_cut_as_pillow_cuts_it(disk: Any, path: Path):
    disk.goto((path.parent / "site" / PAGE).as_uri())
    generator = np.random.default_rng(1)
    for turn in range(24):
        width, height, resize = (int(n) for n in generator.integers(20, 150, 3))
        if max(width, height) > 5 * min(width, height):
            continue
        resize = min(width, height) if turn % 6 == 0 else resize
        mode = ("short_side", "squash")[turn % 2]
        side = int(generator.integers(8, resize + 1))
        pixels = generator.integers(0, 256, (height, width, 3), dtype=np.uint8)
        config = ProbeConfig(images=("photos",), resize=resize, crop=side, resize_mode=mode)
        truth = np.asarray(cut_picture(Image.fromarray(pixels), config)).astype(int)
        made = disk.evaluate(
            "([data, width, height, options]) => [...window.dissect.photo.cropped("
            "{ data: Uint8ClampedArray.from(data), width, height }, options)]",
            [np.dstack([pixels, np.full((height, width), 255)]).ravel().tolist(), width, height,
             {"resize": resize, "mode": mode, "side": side}],
        )  # fmt: skip
        found = np.array(made).reshape(side, side, 4)[..., :3]
        # releases of Pillow before 13 always begin with the columns: the last bit may differ
        assert np.abs(found - truth).max() <= 1


@pytest.mark.parametrize("outside", ["border", "zeros"])
@pytest.mark.parametrize(("size", "grid"), [((7, 9), 14), ((13, 13), 56), ((20, 12), 16), ((1, 3), 8)])
def test_masks_have_the_very_cells_of_the_run(
    disk: Any, path: Path, outside: str, size: tuple[int, int], grid: int
):
    disk.goto((path.parent / "site" / PAGE).as_uri())
    torch.manual_seed(sum(size))
    maps = torch.randn(6, *size).numpy()
    plan = plan_upsampling(size, grid, outside)
    levels = [float(np.sort(one, axis=None)[-2]) for one in maps]
    units = [{"level": level, "maximum": float(one.max())} for level, one in zip(levels, maps, strict=True)]
    taps = {
        "y_index": plan.y.index,
        "y_weight": plan.y.weight,
        "x_index": plan.x.index,
        "x_weight": plan.x.weight,
    }
    found = disk.evaluate(
        "([maps, plan, units]) => window.dissect.photo.firing(Float32Array.from(maps), plan, units)"
        ".map(({ unit, area, far }) => [unit, area, far])",
        [maps.ravel().tolist(),
         {"size": list(size), "outside": outside, "taps": {n: v.tolist() for n, v in taps.items()}}, units],
    )  # fmt: skip
    truth = {unit: float((upsample(one, plan) > levels[unit]).mean()) for unit, one in enumerate(maps)}
    assert {unit: area for unit, area, _ in found} == {u: a for u, a in truth.items() if a > 0}
    assert [far for _, _, far in found] == sorted((far for _, _, far in found), reverse=True)


def fault(page: Any) -> str:
    page.wait_for_selector("[data-state].fault")
    return str(page.inner_text("[data-state]"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"words"}, "notes.txt is not a picture"),
        (
            {"name": "torn.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n"},
            "torn.png is not a picture that",
        ),
        (file(np.zeros((2, 200, 3), np.uint8), "thin.png"), "too thin to crop"),
    ],
)
def test_what_is_no_photo_is_one_sentence_and_the_next_one_works(
    disk: Any, path: Path, given: Any, said: str
):
    disk.goto((path.parent / "site" / PAGE).as_uri())
    disk.locator("[data-file]").first.set_input_files(given)
    assert said in fault(disk)
    give(disk, file(photo(8)))
    assert disk.locator(".fault").count() == 0


def test_a_browser_without_webassembly_says_so(disk: Any, path: Path):
    disk.add_init_script("delete window.WebAssembly")
    disk.goto((path.parent / "site" / PAGE).as_uri())
    disk.click("[data-pick='0']")
    assert "no WebAssembly" in fault(disk)


@pytest.mark.parametrize("kept", [0.5, 0.98])
def test_a_file_that_was_cut_short_says_so(chromium: Any, path: Path, tmp_path: Path, kept: float):
    shutil.copytree(path.parent / "site", tmp_path / "site")
    network = tmp_path / "site" / "network" / "photo" / "network.js"
    text = network.read_text()
    network.unlink()  # the copy may share its bytes with the site
    start, end = text.index('"graph":"') + 9, text.rindex('"')
    whole = text[start:end]
    network.write_text(text[:start] + whole[: int(len(whole) * kept) // 4 * 4] + text[end:])
    context = chromium.new_context()
    page = context.new_page()
    page.goto((tmp_path / "site" / PAGE).as_uri())
    page.click("[data-pick='0']")
    assert "arrived damaged" in fault(page)
    context.close()


def test_a_network_that_says_something_else_here_shows_nothing(chromium: Any, path: Path, tmp_path: Path):
    shutil.copytree(path.parent / "site", tmp_path / "site")
    units = tmp_path / "site" / "network" / "photo" / "units.js"
    text = units.read_text()
    units.unlink()
    start = text.index('"scores":[') + 10
    end = text.index("]", start)
    units.write_text(text[:start] + ",".join(reversed(text[start:end].split(","))) + text[end:])
    context = chromium.new_context()
    page = context.new_page()
    page.goto((tmp_path / "site" / PAGE).as_uri())
    page.click("[data-pick='0']")
    assert "says something else in this browser than in the run" in fault(page)
    assert page.locator(".say").count() == 0
    context.close()


def test_the_keyboard_alone_picks_lights_and_removes(disk: Any, path: Path):
    disk.goto((path.parent / "site" / PAGE).as_uri())
    disk.focus("[data-pick='0']")
    disk.keyboard.press("Enter")
    answer(disk)
    disk.locator(".look").first.focus()
    disk.keyboard.press("Enter")
    assert disk.locator(".look").first.get_attribute("aria-pressed") == "true"
    assert "lit where unit" in disk.get_attribute("[data-photo]", "aria-label")
    disk.keyboard.press("Escape")
    assert disk.locator(".look").first.get_attribute("aria-pressed") == "false"
    disk.locator(".tick-off input").first.focus()
    disk.keyboard.press("Space")
    disk.wait_for_function("document.querySelectorAll('[data-removed] button').length === 1")
    answer(disk)


def test_a_phone_shows_all_of_it_without_scrolling_sideways(chromium: Any, path: Path):
    for phone in opened(chromium, "file:", viewport={"width": 390, "height": 844}, has_touch=True):
        phone.goto((path.parent / "site" / PAGE).as_uri())
        phone.tap("[data-pick='0']")
        answer(phone)
        phone.tap(".look >> nth=0")
        phone.tap(".tick-off input >> nth=0")
        phone.wait_for_function("document.querySelectorAll('[data-removed] button').length === 1")
        answer(phone)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390
        assert phone.locator(".say .text").first.bounding_box()["height"] < 60


def test_a_dropped_and_a_pasted_photo_are_read(disk: Any, path: Path, setup: Setup):
    disk.goto((path.parent / "site" / PAGE).as_uri())
    for kind, seed in (("drop", 9), ("paste", 10)):
        pixels = photo(seed)
        disk.evaluate(
            "([kind, bytes]) => { const carried = new DataTransfer();"
            " carried.items.add(new File([Uint8Array.from(bytes)], 'mine.png', { type: 'image/png' }));"
            " const init = { bubbles: true, cancelable: true, dataTransfer: carried,"
            " clipboardData: carried };"
            " document.body.dispatchEvent("
            "kind === 'drop' ? new DragEvent('drop', init) : new ClipboardEvent('paste', init)); }",
            [kind, list(file(pixels)["buffer"])],
        )
        disk.wait_for_function("!document.querySelector('[data-firing]').hidden")
        assert near(answer(disk), ask_network(setup, check(setup), cut(pixels)).scores[0])
        disk.evaluate("document.querySelector('[data-state]').textContent = ''")


def test_classes_decided_alone_have_a_probability_each(disk: Any, path: Path):
    disk.goto((path.parent / "site" / PAGE).as_uri())
    logits = [2.0, -1.0, 0.5, -30.0]
    shares = disk.evaluate(
        "logits => window.dissect.photo.probabilities(Float32Array.from(logits), true)", logits
    )
    assert shares == pytest.approx([1 / (1 + np.exp(-z)) for z in logits])
    assert disk.evaluate("shares => window.dissect.photo.decided(shares, true)", shares) == [0, 2]
    assert disk.evaluate("shares => window.dissect.photo.decided(shares, true)", [0.1, 0.5]) == []
    together = disk.evaluate(
        "logits => window.dissect.photo.probabilities(Float32Array.from(logits), false)", logits
    )
    assert together == pytest.approx((np.exp(logits) / np.exp(logits).sum()).tolist())
    assert disk.evaluate("shares => window.dissect.photo.decided(shares, false)", together) == [0]
