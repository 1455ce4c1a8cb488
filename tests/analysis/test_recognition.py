"""Up to date is what computes the same: known by its digest, by declared files, and by what it puts out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from dissect_report import dissect, load_config
from dissect_report.analysis.progress import Silent
from dissect_report.analysis.recognition import Recognition, agree, noise_of, sample
from dissect_report.analysis.setup import set_up
from dissect_report.errors import ModelError, SegmenterError, SourceError
from tests.small_site import change, write_small_site

GENERATOR = torch.Generator().manual_seed(0)
LOGITS = torch.randn(2, 1000, generator=GENERATOR)


def test_outputs_agree_within_the_noise_of_processors_and_no_further() -> None:
    known = sample({"out": LOGITS, "ids": torch.arange(400)})
    near = sample({"out": LOGITS * (1 + 3e-5), "ids": torch.arange(400)})
    assert agree(near, known)
    assert near != known, "they are compared, not hashed"
    for other in (
        {"out": LOGITS * 1.01, "ids": torch.arange(400)},
        {"out": LOGITS[:, :999], "ids": torch.arange(400)},
        {"out": LOGITS},
        {"out": LOGITS, "ids": torch.arange(400) + (torch.arange(400) % 20 == 0)},
        {"out": LOGITS.where(LOGITS < 2, torch.nan), "ids": torch.arange(400)},
    ):
        assert not agree(sample(other), known)
    stray = torch.arange(400)
    stray[400 * 100 // 256] += 1
    assert agree(sample({"out": LOGITS, "ids": stray}), known), "a label on a boundary may fall either way"


@pytest.mark.parametrize("made", [LOGITS.to_sparse(), LOGITS.to("meta")])
def test_numbers_that_cannot_be_read_are_refused_in_a_line(made: torch.Tensor) -> None:
    with pytest.raises(SourceError, match="make it dense"):
        sample({"out": made})


def test_coarse_numbers_have_more_noise() -> None:
    assert noise_of(torch.nn.Linear(2, 2)) < 1e-3 < noise_of(torch.nn.Linear(2, 2).bfloat16())


def test_what_agrees_is_taken_for_what_is_known_wherever_it_is_kept(tmp_path: Path) -> None:
    def token(scale: float) -> str:
        found = sample(LOGITS * scale)
        return Recognition(tmp_path / "run.json", tmp_path / "outputs.json").recognise("network", found, 2e-4)

    first = token(1.0)
    assert token(1.0) == first
    assert token(1 + 3e-5) == first, "another processor"
    assert token(1.1) != first
    assert token(1.0) == first, "and back"


READING = """

class Read(Net):
    def forward(self, x):
        from pathlib import Path
        return super().forward(x * float((Path(__file__).parent / "gain.txt").read_text()))

def reading():
    return Read().eval()

class Kept(Net):
    def __init__(self):
        super().__init__()
        from pathlib import Path
        gain = float((Path(__file__).parent / "gain.txt").read_text())
        self.register_buffer("gain", torch.full((1, 3, 1, 1), gain), persistent=False)

    def forward(self, x):
        return super().forward(x * self.gain)

def kept():
    return Kept().eval()

class Late:
    def segment(self, images):
        from pathlib import Path
        gain = float((Path(__file__).parent / "gain.txt").read_text())
        return (images.amax(1) > 0.4).long() + (images.amax(1) > 0.9 - gain / 10).long()

def late():
    return Late()
"""


class Log(Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)


def site(folder: Path, factory: str = "factory", segmenter: str = "blocks") -> Path:
    config = write_small_site(folder, images=6)
    (folder / "net.py").write_text((folder / "net.py").read_text() + READING, encoding="utf-8")
    change(config, "net.py:factory", f"net.py:{factory}")
    change(config, "net.py:blocks", f"net.py:{segmenter}")
    (folder / "gain.txt").write_text("1.0")
    return config


def is_left_alone(config: Path) -> bool:
    log = Log()
    dissect(config, log)
    return any("up to date" in note for note in log.notes)


@pytest.mark.parametrize(
    ("factory", "segmenter"), [("kept", "blocks"), ("reading", "blocks"), ("factory", "late")]
)
def test_a_file_that_changes_what_is_computed_means_measuring_again(
    tmp_path: Path, factory: str, segmenter: str
) -> None:
    config = site(tmp_path, factory, segmenter)
    assert not is_left_alone(config)
    assert is_left_alone(config)
    (tmp_path / "gain.txt").write_text("-2.0")
    assert not is_left_alone(config)
    assert is_left_alone(config)


def test_findings_of_another_processor_are_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The outputs differ in their last bits, and the cache was not brought along."""
    config = site(tmp_path)
    dissect(config)
    (tmp_path / "cache").rename(tmp_path / "elsewhere")
    import dissect_report.analysis.networks as networks

    monkeypatch.setattr(networks, "sample", lambda output: sample(output * (1 + 3e-5)))
    assert is_left_alone(config)


def test_an_interrupted_run_knows_its_own_outputs_again(tmp_path: Path) -> None:
    config = load_config(site(tmp_path))
    setups = [set_up(config, config.runs[0], Silent(), 1) for _ in range(2)]
    assert setups[0].network.digest == setups[1].network.digest
    assert setups[0].stages.labels() == setups[1].stages.labels()
    assert set(setups[0].outputs) == {"network", "segmenter 1"}


def test_label_maps_belong_to_the_versions_that_made_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = load_config(site(tmp_path))
    setup = set_up(config, config.runs[0], Silent(), 1)
    before = setup.stages.labels()
    import dissect_report.analysis.passes.stages as module

    monkeypatch.setattr(module, "versions", lambda run: {"pillow": "another"})
    assert setup.stages.labels() != before


def test_declared_files_are_part_of_what_is_measured(tmp_path: Path) -> None:
    config = site(tmp_path)
    change(config, 'layers = ["conv1", "conv2"]', 'layers = ["conv1"]\ndepends = ["gain.txt", "tables"]')
    change(config, 'concepts = "concepts.csv"', 'concepts = "concepts.csv"\ndepends = "words/**/*.txt"')
    with pytest.raises(SegmenterError, match=r"\[\[segmenter\]\] depends: nothing is called 'words/"):
        dissect(config)
    (tmp_path / "words" / "en").mkdir(parents=True)
    (tmp_path / "words" / "en" / "w.txt").write_text("a")
    with pytest.raises(ModelError, match=r"\[model\] depends: nothing is called 'tables' in"):
        dissect(config)
    (tmp_path / "tables" / "deep").mkdir(parents=True)
    with pytest.raises(ModelError, match=r"\[model\] depends: 'tables' is a folder without a file"):
        dissect(config)
    (tmp_path / "tables" / "deep" / "a.bin").write_bytes(b"one")
    assert not (tmp_path / "run").exists()
    loaded = load_config(config)

    def keys() -> tuple[str, str]:
        setup = set_up(loaded, loaded.runs[0], Silent(), 1)
        return setup.network.digest, setup.segmenter.digest

    before = keys()
    assert keys() == before
    (tmp_path / "tables" / "deep" / "a.bin").write_bytes(b"two")
    network, segmenter = keys()
    assert network != before[0]
    assert segmenter == before[1]
    (tmp_path / "words" / "en" / "w.txt").rename(tmp_path / "words" / "en" / "v.txt")
    assert keys()[1] != before[1], "a name is a part of what is read"


def test_the_findings_say_by_which_outputs_they_are_known(tmp_path: Path) -> None:
    (run,) = dissect(site(tmp_path))
    (logits,) = run.record.provenance.outputs["network"]
    assert logits.shape == (2, 3)
    assert not logits.whole
    assert len(logits.values) == 6
    (ids,) = run.record.provenance.outputs["segmenter 1"]
    assert ids.whole
    assert np.isin(ids.values, range(7)).all()
