"""From names to file names: distinct for distinct names, also where a file system takes two for one."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissect_report.config import load_config
from dissect_report.errors import ConfigError
from dissect_report.file_names import file_names
from dissect_report.findings.paths import RUN_FOLDERS, layer_files

CLOSE = st.text(alphabet="aAbB/._- :é\u0301\\", max_size=6)
ANY = st.text(max_size=40)


def as_case_folds(name: str) -> str:
    """What a file system that knows neither case nor Unicode form makes of a name."""
    return unicodedata.normalize("NFC", name).casefold()


@given(st.lists(st.one_of(CLOSE, ANY), max_size=12), st.lists(CLOSE, max_size=3))
def test_no_two_names_share_a_file_on_any_file_system(names: list[str], reserved: list[str]) -> None:
    files = file_names(names, reserved)
    assert len({as_case_folds(file) for file in files}) == len(names)
    assert not {file.casefold() for file in files} & {name.casefold() for name in reserved}
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", file) and len(file) < 120 for file in files)


@given(st.lists(CLOSE, max_size=10, unique=True), st.randoms())
def test_a_file_name_does_not_hang_on_the_order(names: list[str], dice: object) -> None:
    shuffled = list(names)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert dict(zip(names, file_names(names), strict=True)) == dict(
        zip(shuffled, file_names(shuffled), strict=True)
    )


def test_what_is_a_file_name_already_is_kept_whatever_stands_beside_it() -> None:
    names = ["features.28", "layer1.0-a", "Mixed_5b", "traffic light", "traffic-light", "features/28"]
    files = file_names(names)
    assert [files[k] for k in (0, 1, 2, 4)] == [names[k] for k in (0, 1, 2, 4)]
    assert files[5] == "features-28", "no other wants it"
    assert re.fullmatch(r"traffic-light-[0-9a-f]{8}", files[3])


@pytest.mark.parametrize(
    "twins",
    [
        ("block/conv", "block-conv"),
        ("block/conv", "block\\conv"),
        ("Conv", "conv"),
        ("caf\u00e9", "cafe\u0301"),
        ("caf\u00e9", "CAF\u00c9"),
        ("x" * 150, "x" * 151),
        ("..", "."),
    ],
)
def test_twins_are_told_apart(twins: tuple[str, str]) -> None:
    first, second = file_names(twins)
    assert as_case_folds(first) != as_case_folds(second)


def test_a_layer_never_gets_a_folder_that_the_run_has_already() -> None:
    assert not set(layer_files(["classes", "Thumbnails", "plain"])) & {*RUN_FOLDERS, "Thumbnails"}


def test_the_same_name_twice_has_two_files() -> None:
    assert len(set(file_names(["crane", "crane", "crane"]))) == 3


TWO_RUNS = """
[[run]]
name = "{0}"
[run.model]
source = "net.py:net"
[run.probe]
images = "photos"
[[run.segmenter]]
source = "color"
[[run]]
name = "{1}"
[run.model]
source = "net.py:net"
[run.probe]
images = "photos"
[[run.segmenter]]
source = "color"
"""


def test_runs_that_differ_in_case_alone_would_share_a_folder_somewhere(tmp_path) -> None:
    (tmp_path / "dissect.toml").write_text(TWO_RUNS.format("VGG", "vgg"), encoding="utf-8")
    with pytest.raises(ConfigError, match="'VGG' and 'vgg' differ in upper and lower case alone"):
        load_config(tmp_path)
    (tmp_path / "dissect.toml").write_text(TWO_RUNS.format("Search", "vgg"), encoding="utf-8")
    with pytest.raises(ConfigError, match="a page of its own called 'Search'"):
        load_config(tmp_path)


@pytest.mark.parametrize(("factory", "name"), [("net", "net"), ("modèle", "mod-le")])
def test_a_run_called_after_its_factory_has_a_file_name(tmp_path, factory: str, name: str) -> None:
    text = (
        f'[model]\nsource = "net.py:{factory}"\n[probe]\nimages = "photos"\n[[segmenter]]\nsource = "color"\n'
    )
    (tmp_path / "dissect.toml").write_text(text, encoding="utf-8")
    assert load_config(tmp_path).runs[0].name.startswith(name)
