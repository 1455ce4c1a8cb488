"""The library that draws figures is the one that npm has, under its licence."""

from __future__ import annotations

import gzip
import hashlib

from dissect_report.report.plotly import DIGEST, FILE, VERSION, plotly_script
from dissect_report.report.templating import templates_folder


def test_the_vendored_library_is_the_published_one_under_its_licence():
    held = (templates_folder() / "assets" / "plotly" / f"{FILE}.gz").read_bytes()
    assert hashlib.sha256(gzip.decompress(held)).hexdigest() == DIGEST
    script = plotly_script().decode("utf-8")
    assert "Permission is hereby granted" in script[:1200]
    assert f"plotly.js (cartesian - minified) v{VERSION}" in script[:1600]


def test_it_draws_every_kind_of_trace_that_figures_ask_for():
    library = plotly_script().decode("utf-8")
    for kind in ("bar", "heatmap", "scatter", "violin"):
        assert f'name:"{kind}"' in library or f"name='{kind}'" in library, kind
