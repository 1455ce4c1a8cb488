"""Every table of the configuration refuses what it cannot have, also where Python wrote it."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest

from dissect_report.config import (
    SECTIONS,
    Config,
    DissectionConfig,
    ModelConfig,
    ProbeConfig,
    RunConfig,
    SegmenterConfig,
    SiteConfig,
    TokensConfig,
)
from dissect_report.errors import ConfigError

TABLES = {**SECTIONS, "site": SiteConfig, "tokens": TokensConfig}
KEYS = [(name, field.name) for name, kind in TABLES.items() for field in dataclasses.fields(kind)]
ODD = [
    object(),
    None,
    -1,
    10**30,
    math.nan,
    math.inf,
    True,
    "",
    "words",
    [],
    [object()],
    {},
    {"a": 1},
    (0.5, 1),
]


@pytest.mark.parametrize(("table", "key"), KEYS)
def test_whatever_a_key_is_given_it_is_taken_or_refused_by_name(table, key):
    for value in ODD:
        made, refusal = None, key
        try:
            made = TABLES[table](**{key: value})
        except ConfigError as error:
            refusal = str(error)
        assert made is None or not isinstance(getattr(made, key), list)
        assert table == "tokens" or key in refusal or "mean" in refusal
        assert "\n" not in refusal
    with pytest.raises(ConfigError, match=key):
        TABLES[table](**{key: object()})


def test_no_table_takes_no_pictures_from_python():
    with pytest.raises(ConfigError, match=r"\[dissection\] top_images must be 1 to 100"):
        DissectionConfig(top_images=0)
    with pytest.raises(ConfigError, match=r"\[probe\] crop = 'big': expected int, not str"):
        ProbeConfig(crop="big")


def test_python_may_write_one_value_for_a_list_paths_and_numbers_of_numpy():
    probe = ProbeConfig(images=Path("photos"), limit=np.int64(3), full_scale=np.float32(2))
    assert probe == ProbeConfig(images=("photos",), limit=3, full_scale=2.0)
    assert type(probe.limit) is int
    assert ModelConfig(layers="conv1", mean=[0.5], std=[1]) == ModelConfig(
        layers=("conv1",), mean=(0.5,), std=(1.0,)
    )
    assert SegmenterConfig(unlabelled=255).unlabelled == (255,)
    assert ModelConfig(tokens={"grid": [14, 14], "extra": 1}).tokens == TokensConfig((14, 14), 1)
    with pytest.raises(ConfigError, match="tokens has no key 'grd'; did you mean 'grid'"):
        ModelConfig(tokens={"grd": [14, 14]})


def run(name: str) -> RunConfig:
    return RunConfig(name, ModelConfig(source="n.py:n"), ProbeConfig(images="x"), (SegmenterConfig("color"),))


def test_runs_and_sites_check_their_names_themselves(tmp_path):
    for name in ("../up", "concepts", "", 3):
        with pytest.raises(ConfigError, match=r"called|run name"):
            run(name)
    for names, words in (
        (["a", "a"], "two runs are called 'a'"),
        (["a", "A"], "upper and lower"),
        ([], "one run"),
    ):
        with pytest.raises(ConfigError, match=words):
            Config(tmp_path, "t", tuple(map(run, names)))
    with pytest.raises(ConfigError, match="title must be a text"):
        Config(tmp_path, " ", (run("a"),))
