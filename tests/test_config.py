"""The configuration says what is wrong, where, and what to write instead."""

from __future__ import annotations

import tomllib

import pytest

from dissect_report.cli.init import commented_configuration
from dissect_report.config import Config, DissectionConfig, load_config
from dissect_report.errors import ConfigError

GOOD = """
title = "A title"
[model]
source = "net.py:factory"
layers = "conv1"
[probe]
images = "photos"
[[segmenter]]
source = "color"
"""


def write(folder, text):
    path = folder / "dissect.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_small_configuration_takes_the_defaults(tmp_path):
    config = load_config(write(tmp_path, GOOD))
    (run,) = config.runs
    assert run.name == "factory"
    assert run.model.layers == ("conv1",)
    assert run.dissection == DissectionConfig()
    assert config.folder == tmp_path


def test_a_folder_stands_for_its_dissect_toml(tmp_path):
    write(tmp_path, GOOD)
    assert isinstance(load_config(tmp_path), Config)


def test_init_writes_every_default_and_reads_back_as_the_defaults(tmp_path):
    text = commented_configuration("mine")
    uncommented = "\n".join(
        line[2:] if line.startswith("# ") and " = " in line.split("  #")[0] else line
        for line in text.splitlines()
    )
    plain = load_config(write(tmp_path, text)).runs[0]
    explicit = load_config(write(tmp_path, uncommented)).runs[0]
    assert plain == explicit
    assert "iou_threshold" in tomllib.loads(uncommented)["dissection"]


def test_a_site_of_several_runs_has_one_table_a_run(tmp_path):
    run = (
        GOOD.replace('title = "A title"', "")
        .replace("[model]", "[run.model]")
        .replace("[probe]", "[run.probe]")
    )
    run = run.replace("[[segmenter]]", "[[run.segmenter]]")
    config = load_config(
        write(tmp_path, f'title = "two"\n[[run]]\nname = "a"{run}\n[[run]]\nname = "b"{run}')
    )
    assert [run.name for run in config.runs] == ["a", "b"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("[probe]", "[prob]"), r"unknown key 'prob'; did you mean 'probe'"),
        (
            ('source = "color"', 'sorce = "color"'),
            r"\[\[segmenter\]\] has no key 'sorce'; did you mean 'source'",
        ),
        (("[probe]", "[probe]\nresize_mode = 'squish'"), r"resize_mode = 'squish': did you mean 'squash'"),
        (("[probe]", "[probe]\ncrop = 'big'"), r"\[probe\] crop = 'big': expected int, not str"),
        (("[probe]", "[probe]\ncrop = true"), r"expected int, not bool"),
        (("[probe]", "[probe]\nresize = 100"), r"resize must be at least crop"),
        (("[probe]", "[dissection]\nquantile = 1.5\n[probe]"), r"quantile must lie between 0 and 1"),
        (('images = "photos"', ""), r"\[probe\] images is missing"),
        (('source = "net.py:factory"', ""), r"\[model\] source is missing"),
        (('[[segmenter]]\nsource = "color"', ""), r"\[\[segmenter\]\] is missing"),
        (("[model]", "[model]\nmean = [0.5]"), r"mean and std differ in length"),
        (("[model]", "name = 'x'\n[model]"), r"unknown key 'name'"),
        (("[model]", "[model"), r"not valid TOML"),
        (('title = "A title"', "title = 3"), r"title must be a text"),
        (("factory", "../../etc"), r"run name .* must be letters"),
        (("net.py:factory", "net.py:concepts"), r"a page of its own called 'concepts'"),
    ],
)
def test_a_mistake_is_named_with_its_remedy(tmp_path, change, message):
    path = write(tmp_path, GOOD.replace(*change))
    with pytest.raises(ConfigError, match=message) as raised:
        load_config(path)
    assert "\n" not in str(raised.value).replace(str(path), "") or "TOML" in message


def test_a_missing_file_names_the_verb_that_writes_one(tmp_path):
    with pytest.raises(ConfigError, match="dissect-report init"):
        load_config(tmp_path / "nowhere.toml")


def test_two_runs_of_one_name_are_refused(tmp_path):
    run = """
[[run]]
name = "a"
[run.model]
source = "f.py:m"
[run.probe]
images = "x"
[[run.segmenter]]
source = "color"
"""
    with pytest.raises(ConfigError, match="two runs are called 'a'"):
        load_config(write(tmp_path, run + run))


def test_an_ablation_table_switches_interventions_on(tmp_path):
    assert load_config(write(tmp_path, commented_configuration("mine"))).runs[0].ablation is None
    text = commented_configuration("mine") + (
        '[ablation]\nset_sizes = [1, "4%"]\nclasses = "alley"\n[ablation.sets]\nsnow = [12, 40]\n'
        '[ablation.class_groups]\nstreet = ["alley", "road*"]\n'
    )
    ablation = load_config(write(tmp_path, text)).runs[0].ablation
    assert ablation.set_sizes == (1, "4%")
    assert ablation.classes == ("alley",)
    assert ablation.sets == {"snow": (12, 40)}
    assert ablation.class_groups == {"street": ("alley", "road*")}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('set_sizes = ["4 percent"]', "set_sizes are numbers of units"),
        ("set_sizes = [0]", "set_sizes are numbers of units"),
        ("set_sizes = [1.5]", "set_sizes"),
        ('replacement = "noise"', "replacement"),
        ("random_draws = -1", "random_draws"),
        ("sets = 3", "must be a table"),
        ("sets = {snow = []}", "a set is empty"),
        ("class_groups = {street = []}", "a group is empty"),
    ],
)
def test_an_impossible_ablation_is_refused(tmp_path, line, message):
    text = commented_configuration("mine") + f"[ablation]\n{line}\n"
    with pytest.raises(ConfigError, match=message):
        load_config(write(tmp_path, text))


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ('kind = "rotation"', "layer is missing"),
        ('layer = "a"', "file is missing"),
        ('layer = "a"\nkind = "pca"\nfile = "b"', "for a dictionary, not for kind = 'pca'"),
        ('layer = "a"\nkind = "rotation"\ncount = 3', "a rotation has as many as the layer has channels"),
        ('layer = "a"\nfile = "b"\nactivation = "top-k"', "needs k"),
        ('layer = "a"\nfile = "b"\nactivation = "relu"\nk = 3', "k is for activation"),
        ('layer = "a"\nkind = "nmf"\ncount = 300', "at most 256 parts"),
        ('layer = "a"\nkind = "pca"\ncount = -1', "0 or more"),
        ('layer = "a"\nkind = "pca"\nname = "x(y)"', "without brackets"),
        ('layer = "a"\nkind = "pca"\nname = "channels"', "set another name"),
        ('layer = "a"\nkind = "pca"\n[[model.directions]]\nlayer = "a"\nkind = "pca"', "two are called"),
        ('layer = "a"\nkind = "pcc"', "did you mean 'pca'"),
    ],
)  # fmt: skip
def test_directions_that_cannot_be_are_one_line(tmp_path, table, line):
    text = GOOD.replace("[probe]", f"[[model.directions]]\n{table}\n[probe]")
    with pytest.raises(ConfigError, match=line):
        load_config(write(tmp_path, text))


def test_directions_are_tables_of_the_model(tmp_path):
    text = GOOD.replace(
        "[probe]", '[[model.directions]]\nlayer = "a.b"\nfile = "x/my (sae).safetensors"\n[probe]'
    )
    (run,) = load_config(write(tmp_path, text)).runs
    (table,) = run.model.directions
    assert (table.kind, table.layer_name) == ("dictionary", "a.b (my sae)")
