from __future__ import annotations

import io
import sys
from dataclasses import replace

import pytest

from dissect_report.errors import PublishError
from dissect_report.report.cards import LayerView
from dissect_report.report.pages.data import data_page
from dissect_report.report.pages.layer import layer_page
from dissect_report.report.parquet import FILE, parquet_files
from tests.report.reading import read


@pytest.fixture(scope="module")
def asking(site):
    """The made-up site, had its author asked for Parquet."""
    return replace(site, config=replace(site.config, site=replace(site.config.site, parquet=True)))


def test_a_site_that_does_not_ask_has_none(site):
    assert list(parquet_files(site)) == []


def test_the_table_holds_every_number_of_the_findings(asking):
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow: pip install '.[parquet]'")
    (run,) = asking.runs
    found = dict(parquet_files(asking))
    assert len(found) == len(run.layers)
    for layer in run.layers.values():
        (data,) = [data for path, data in found.items() if path.parent.name == layer.summary.folder]
        rows = parquet.read_table(io.BytesIO(data)).to_pylist()
        for row, unit in zip(rows, layer.units, strict=True):
            names = [c.name for c in run.record.concepts if c.id == unit.concept]
            assert row.pop("concept") == (names[0] if names else None)
            assert (row.pop("category") is None) == (not names)
            assert row == {name: getattr(unit, name) for name in row}


def test_without_pyarrow_it_says_what_to_install(asking, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(PublishError, match=r"dissect-report\[parquet\]"):
        list(parquet_files(asking))


def test_the_pages_offer_it_only_where_it_is(site, asking):
    for findings, offered in ((site, False), (asking, True)):
        run = findings.runs[0]
        layer = LayerView(findings, run, next(iter(run.layers.values())))
        assert (FILE in read(layer_page(layer).body).links) is offered
        assert any(link.endswith(FILE) for link in read(data_page(findings, run).body).links) is offered
