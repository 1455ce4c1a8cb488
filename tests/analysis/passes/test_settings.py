"""What a changed setting costs: what depends on it is made again, and nothing else."""

from __future__ import annotations

from pathlib import Path

from dissect_report import dissect
from tests.analysis.passes.conftest import Forwards
from tests.small_site import change, write_small_site


def test_a_pass_for_other_units_ends_behind_the_last_layer(tmp_path: Path, forwards: Forwards) -> None:
    config = write_small_site(tmp_path, 8)
    change(config, "batch_size = 5", "batch_size = 8\ncache_gb = 0.0")
    dissect(config)
    assert forwards.head.count(8) < forwards.first.count(8)
    forwards.clear()
    change(config, "quantile = 0.05", "quantile = 0.06")
    dissect(config)
    assert forwards.first.count(8) > 0
    assert not forwards.head.count(8), "the answers are kept"
