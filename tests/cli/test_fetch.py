"""``dissect-report fetch`` against files of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from dissect_report.cli.app import app
from dissect_report.config import parse_config
from dissect_report.errors import ModelError
from dissect_report.sources.fetching.places import place_of
from dissect_report.sources.needed import files_of, size_words
from dissect_report.sources.paper.files import COLOR, UPP

CONFIG = """
[model]
source = "net.py:factory"
[probe]
images = ["photos"]
[[segmenter]]
source = "paper:upp"
[[segmenter]]
source = "paper:color"
[fetch]
mirrors = ["dissect.csail.mit.edu={mirror}"]
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site, and a mirror that has all files of its segmenters but one."""
    for file in (*UPP.files, *COLOR.files[1:]):
        path = tmp_path / "mirror" / file.url.removeprefix("https://dissect.csail.mit.edu/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(1_500_000))
    (tmp_path / "dissect.toml").write_text(CONFIG.format(mirror=(tmp_path / "mirror").as_uri()))
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["fetch", *arguments])
    return result.exit_code, result.output


def test_sizes_come_first_the_rest_is_fetched_and_what_cannot_be_had_is_said_last(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody outside is asked
    code, output = run(str(site))
    assert code == 1
    lines = output.splitlines()
    assert lines[0].split() == ["1.5", "MB", UPP.files[0].url]
    assert "to download: 7.5 MB and what nobody says the size of, 6 of 6 files" in lines
    assert "download encoder_epoch_20.pth by hand and save it as" in lines[-1]
    there = [place_of(file.url).is_file() for file in (*UPP.files, *COLOR.files)]
    assert there == [True] * 3 + [False] + [True] * 2
    missing = place_of(COLOR.files[0].url)
    missing.write_bytes(b"by hand")
    code, output = run(str(site))
    assert code == 0
    assert f"in the cache: {missing}" in output
    assert output.splitlines()[-1] == "every file is there"


def test_offline_names_every_missing_file_and_asks_nobody(site: Path) -> None:
    code, output = run(str(site), "--offline")
    assert code == 1
    assert output.count("offline, and https://dissect.csail.mit.edu/") == 6
    assert output.count("by hand and save it as") == 6


def test_a_site_of_own_files_needs_nothing(tmp_path: Path) -> None:
    text = CONFIG.partition("[[segmenter]]")[0] + '[[segmenter]]\nsource = "color"\n'
    (tmp_path / "dissect.toml").write_text(text)
    assert run(str(tmp_path)) == (0, "nothing of this site is fetched from elsewhere\n")


def test_files_of_torchvision_are_known_too(tmp_path: Path) -> None:
    tables = {
        "model": {"source": "torchvision:resnet18@DEFAULT"},
        "probe": {"images": ["photos"]},
        "segmenter": [{"source": "color"}],
    }
    (file,) = files_of(parse_config(tables, tmp_path / "dissect.toml").runs[0])
    assert file.url.endswith(f"resnet18-{file.sha256}.pth")
    tables["model"] = {"source": "torchvision:resnet18@NONE"}
    with pytest.raises(ModelError, match="no weights called 'NONE'"):
        files_of(parse_config(tables, tmp_path / "dissect.toml").runs[0])


def test_a_size_that_nobody_says_is_no_number() -> None:
    assert (size_words(None), size_words(1_234_567_890)) == ("?", "1,234.6 MB")
