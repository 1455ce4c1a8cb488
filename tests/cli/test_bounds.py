"""Values that no machine holds are refused as values, in one line, before anything is loaded."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from dissect_report.config import SECTIONS, load_config
from dissect_report.config.keys import MOST
from dissect_report.errors import ConfigError, SourceError
from dissect_report.sources.class_lists import read_class_names
from dissect_report.sources.concepts import read_catalogue
from dissect_report.sources.groups import read_groups
from tests.small_site import change, write_small_site

HUGE = "1" + "0" * 11


@pytest.mark.parametrize(
    "line",
    [
        f"[compute]\nbatch_size = {HUGE}",
        "[compute]\ncache_gb = 1e300",
        f"[probe]\ncrop = {HUGE}\nresize = {HUGE}",
        "[probe]\ncrop = 100_000\nresize = 100_000",
        f"[probe]\nlimit = {HUGE}",
        f"[model]\nlatent_shape = [{HUGE}]",
        "[model]\nlatent_shape = [10_000, 10_000]",
        f"[model]\nmean = [{HUGE}.0, 0.0, 0.0]",
        f"[ablation]\nrandom_draws = {HUGE}",
        f"[segmenter]\nunlabelled = [0, {HUGE}]",
        "[compute]\nbatch_size = 1" + "0" * 5000,
        "[compute]\nbatch_size = " + "[" * 5000 + "]" * 5000,
    ],
    ids=lambda text: text[:40],
)
def test_a_number_beyond_any_machine_is_a_line_of_the_configuration(tmp_path: Path, line: str):
    config = tmp_path / "dissect.toml"
    config.write_text(line)
    with pytest.raises(ConfigError) as raised:
        load_config(config)
    assert "\n" not in str(raised.value)
    assert "missing" not in str(raised.value), "the table's own values come first"


def test_every_number_of_a_configuration_has_a_largest_value():
    for section in SECTIONS.values():
        for known in dataclasses.fields(section):
            assert 0 < known.metadata.get("most", MOST) < 2**63
            if isinstance(known.default, int | float):
                assert known.default <= known.metadata.get("most", MOST)
    assert MOST > 36_500 * 100, "a probe larger than any so far fits"


@pytest.mark.parametrize(
    "rows",
    [
        f"{HUGE},red,object",
        "1" + "0" * 5000 + ",red,object",
        f"1,{'x' * 3_000_000},object",
        '1,"' + "x\n" * 100_000,
    ],
    ids=["id", "digits", "megabytes", "quotation mark"],
)
def test_a_list_with_a_cell_that_nothing_reads_names_file_and_fault(tmp_path: Path, rows: str):
    path = tmp_path / "list.csv"
    path.write_text(f"id,name,category\n{rows}\n")
    with pytest.raises(SourceError) as concepts:
        read_catalogue(path)
    assert str(path) in str(concepts.value)
    assert len(str(concepts.value)) < 400
    with pytest.raises(SourceError):
        read_class_names(path)
    path.write_text(f"image,group\n{rows[:-1]}\n")
    with pytest.raises(SourceError):
        read_groups(path, ["0.png"])


def test_a_deep_list_of_classes_is_a_line(tmp_path: Path):
    path = tmp_path / "classes.json"
    path.write_text("\n".join("[" * 90 for _ in range(1000)))
    with pytest.raises(SourceError) as raised:
        read_class_names(path)
    assert "\n" not in str(raised.value)


def test_a_head_of_one_row_whatever_the_batch_is_told(tmp_path: Path):
    from dissect_report.analysis.dissection import dissect

    config = write_small_site(tmp_path, images=6)
    head = "return self.head(x.mean((2, 3)))"
    change(tmp_path / "net.py", head, f"{head}[:1]")
    (run,) = dissect(load_config(config))
    assert any("gives [1, 3]" in note for note in run.record.provenance.notes), run.record.provenance.notes
