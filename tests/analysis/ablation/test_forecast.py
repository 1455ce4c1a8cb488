"""What removals will cost, before anything is measured."""

from __future__ import annotations

from pathlib import Path

import pytest
from ablation_site import CLASSES, set_up_site, write_site

from dissect_report.analysis.ablation.forecast import forecast_removals
from dissect_report.analysis.forecast import forecast
from dissect_report.analysis.progress import Silent
from dissect_report.config import load_config
from dissect_report.errors import ConfigError, ModelError


def test_a_forecast_names_the_layer_the_classes_and_what_to_lower(tmp_path: Path) -> None:
    path = write_site(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    (line,) = [line for line in forecast(load_config(path), Silent(), 1) if "removals" in line]
    assert "removals at 2: at most " in line
    assert "sets of units of at most 4 classes" in line
    assert "[ablation] classes" in line
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("labels", "ranking", "expected"),
    [
        (["alley"] * 20 + ["barn"] * 18, None, "1 class "),  # a half of 18 is 9
        (["alley"] * 10 + ["barn"] * 9, ["alley"], "2 classes "),  # all of them evaluate
        ([None] * 60, None, "3 classes "),
        ([None] * 600, None, f"{len(CLASSES)} classes "),
    ],
)
def test_no_more_classes_are_forecast_than_there_are_images_for(
    labels: list[str | None], ranking: list[str] | None, expected: str, tmp_path: Path
) -> None:
    (line,) = forecast_removals(set_up_site(write_site(tmp_path)), labels, ranking)
    assert f"of at most {expected}" in line


def test_too_few_images_of_every_class_stop_the_forecast(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no class has at least 10 evaluation images"):
        forecast_removals(set_up_site(write_site(tmp_path)), ["alley"] * 12 + ["barn"] * 12, None)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (("set_sizes", 'classes = ["ally"]\nset_sizes'), ConfigError, "is no class of the network"),
        (("made.classes = CLASSES", "made.insert(4, nn.Dropout(0.5)); made[4].forward = "
          "lambda x: nn.functional.dropout(x, 0.5, True)"), ModelError, "dropout is left on"),
    ],
)  # fmt: skip
def test_what_stops_the_removals_stops_the_forecast(
    change: tuple[str, str], error: type[Exception], words: str, tmp_path: Path
) -> None:
    path = write_site(tmp_path)
    for file in (path, tmp_path / "net.py"):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace(*change), encoding="utf-8")
    with pytest.raises(error, match=words):
        list(forecast(load_config(path), Silent(), 1))
