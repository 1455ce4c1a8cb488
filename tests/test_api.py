"""The names that a library caller uses."""

from __future__ import annotations

import doctest
import subprocess
import sys

import pytest

import dissect_report
from tests.small_site import write_small_site


def test_the_example_of_the_package_is_true(tmp_path):
    write_small_site(tmp_path)
    results = doctest.testmod(dissect_report, extraglobs={"site": tmp_path})
    assert results.attempted >= 5
    assert results.failed == 0


def test_every_exported_name_is_there_and_documented():
    for name in dissect_report.__all__:
        value = getattr(dissect_report, name)
        assert name == "__version__" or value.__doc__
    assert len(dissect_report.__all__) <= 15


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'disect'"):
        _ = dissect_report.disect


def test_findings_load_without_torch(tmp_path):
    dissect_report.dissect(write_small_site(tmp_path, images=4))
    code = (
        "import sys; from dissect_report import load_run\n"
        f"run = load_run({str(tmp_path / 'run' / 'factory')!r})\n"
        "assert run.layers['conv2'].units[3].iou is not None\n"
        "assert run.layers['conv2'].arrays['level'].shape == (8,)\n"
        "assert 'torch' not in sys.modules and 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
