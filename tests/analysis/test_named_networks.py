"""A run of nothing but names: network, segmenter and pictures say the rest themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dissect_report.analysis.dissection import dissect
from dissect_report.cli.app import app
from dissect_report.findings.paths import SitePaths
from tests.saved_networks import save, segformer, vit

transformers = pytest.importorskip("transformers", reason="needs the extra hf")

PROCESSOR = {
    "image_processor_type": "ViTImageProcessor", "do_resize": True, "size": {"height": 32, "width": 32},
    "resample": 3, "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True,
    "image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.3, 0.4],
}  # fmt: skip
NAMES = ("cat", "dog", "sea")
CONFIG = """
[model]
source = "hf:{folder}/vit"
layers = ["vit.layers.1"]
[probe]
images = "demo"
limit = 6
[[segmenter]]
source = "hf:seg"
"""


def test_a_run_of_names_takes_and_tells_what_they_know(tmp_path: Path) -> None:
    save(vit(transformers, id2label=dict(enumerate(NAMES))), tmp_path / "vit", PROCESSOR)
    save(segformer(transformers), tmp_path / "seg", PROCESSOR)
    (tmp_path / "dissect.toml").write_text(CONFIG.format(folder=tmp_path))
    (run,) = dissect(tmp_path)
    record = run.record
    assert record.name == "vit"
    assert record.classes == NAMES
    assert {concept.name for concept in record.concepts} == {"wall", "building", "sky"}
    model, probe = record.config["model"], record.config["probe"]
    assert (list(model["mean"]), list(model["std"])) == ([0.5, 0.4, 0.3], [0.2, 0.3, 0.4])
    assert [probe[key] for key in ("resize", "crop", "resize_mode", "interpolation")] == [
        32,
        32,
        "squash",
        "bicubic",
    ]
    assert record.crop == 32
    assert [
        note for note in record.provenance.notes if "says of itself: classes 3 names, mean [0.5, 0.4" in note
    ]
    assert "transformers" in record.provenance.versions
    assert str(tmp_path) not in SitePaths(tmp_path).run("vit").run.read_text()


def test_layers_are_listed_of_a_source_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(
        "import torch\ndef make(units=3):\n    return torch.nn.Sequential(torch.nn.Conv2d(3, units, 1))\n"
    )
    changes = ["--set", "model.args.units=5", "--set", "probe.crop=32"]
    found = CliRunner().invoke(app, ["layers", "net.py:make", "--json", *changes])
    (run,) = json.loads(found.stdout)["runs"]
    assert (run["name"], run["layers"][0]["units"], run["layers"][0]["map"]) == ("make", 5, [32, 32])
