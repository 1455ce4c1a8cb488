from __future__ import annotations

from dissect_report.findings.store import COUNTS
from dissect_report.report.pages.data import data_page
from dissect_report.report.pages.methods import methods_page, parameters, written
from tests.report.reading import words


def test_every_parameter_and_digest_is_on_the_methods_page(site):
    run = site.runs[0]
    text = words(methods_page(site, run).body)
    for section, rows in parameters(run):
        assert f"[{section}]" in text
        for key, value in rows:
            assert f"{key} {value}" in text
    p = run.record.provenance
    for value in (p.key, p.model_digest, p.probe_digest, p.command, p.device, *p.notes, p.created):
        assert value in text
    assert f"batches of {p.batch_size}, {p.threads} threads" in text
    for layer in run.record.layers:
        assert layer.recorded_as in text
    for line in run.record.skipped_images:
        assert line in text


def test_every_section_of_the_configuration_is_among_the_parameters(site):
    run = site.runs[0]
    sections = {name.split()[0] for name, _ in parameters(run)}
    tables = {name for name, value in run.record.config.items() if isinstance(value, dict | list)}
    assert sections == tables


def test_the_quality_of_a_segmenter_is_shown_where_truth_is_known(site):
    run = site.runs[0]
    text = words(methods_page(site, run).body)
    assert "How good is demo ?" in text or "How good is demo?" in text
    assert "How good is color" not in text
    for name, iou in run.record.segmenters[0].quality.items():
        assert name in text
        assert ("–" if iou is None else f"{iou:.3f}") in text


def test_values_are_written_as_the_configuration_writes_them():
    assert written(True) == "true"
    assert written("") == "(empty)"
    assert written((0.5, 1.0)) == "0.5, 1.0"
    assert written(()) == "(none)"


def test_the_data_page_names_every_file_and_array(site):
    run = site.runs[0]
    page = data_page(site, run)
    text = words(page.body)
    for name, meaning in COUNTS.items():
        assert name in text
        assert meaning in text
    for layer in run.record.layers:
        for file in ("units.csv", "dissection.json.gz", "counts.npz"):
            assert f'href="{layer.folder}/{file}"' in page.body
