"""Training onward: from a kept copy of the weights, whose history is written down."""

import hashlib
from pathlib import Path

import pytest

from dissect_report.demo import train


def test_training_onward_begins_at_the_same_weights_when_called_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped, work = tmp_path / "shipped", tmp_path / "work"
    shipped.mkdir()
    (shipped / "segmenter.safetensors").write_bytes(b"first")
    monkeypatch.setattr(train, "WEIGHTS", shipped)
    monkeypatch.setattr(train, "written_down", lambda name: {"steps": 7, "iou": {}})
    begun = train.begun_from("segmenter", work)
    assert begun["facts"] == {"sha256": hashlib.sha256(b"first").hexdigest(), "steps": 7}
    (shipped / "segmenter.safetensors").write_bytes(b"exported since")
    again = train.begun_from("segmenter", work)
    assert again == begun
    assert again["path"].read_bytes() == b"first"


def test_only_the_segmenter_goes_onward(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["train", "classifier", "--onward"])
    with pytest.raises(SystemExit):
        train.main()
    assert "--onward is for the segmenter" in capsys.readouterr().err
