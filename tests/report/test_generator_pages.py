"""A generator has latents and makes images: no page of it speaks of photos, classes or accuracy."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from dissect_report.config import load_config
from dissect_report.report import render
from dissect_report.report.formatting import plural
from dissect_report.report.page import Page
from dissect_report.report.pages.concept import ConceptPages
from dissect_report.report.pages.home import home_page
from dissect_report.report.pages.methods import methods_page, parameters
from dissect_report.report.site import SiteFindings, load_site
from tests.report.reading import read, words
from tests.synthetic import write_synthetic_site

#: Words of a classifier's pages.
FOREIGN = re.compile(r"\b(accuracy|predict\w*|probe images?|photos?|classes|class label|labelled|crops)\b")


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> SiteFindings:
    """A site of a generator alone."""
    folder = tmp_path_factory.mktemp("generator")
    return load_site(load_config(write_synthetic_site(folder, kinds=("generator",), units=12, images=20)))


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> SiteFindings:
    """A classifier beside a generator."""
    folder = tmp_path_factory.mktemp("beside")
    kinds = ("classifier", "generator")
    return load_site(load_config(write_synthetic_site(folder, kinds=kinds, images=20)))


def every_page(site: SiteFindings) -> Iterator[Page]:
    yield from render.pages(site)
    for run in site.runs:
        for layer in run.layers.values():
            yield from render.unit_pages(site, run, layer)


def test_no_page_of_a_generator_speaks_of_classifying(generator):
    for page in every_page(generator):
        if page.path.name != "data.html":  # its JSON schemas are those of every run
            text = words(page.body).lower() + page.description.lower()
            assert not FOREIGN.search(text), page.path


def test_the_home_page_counts_latents(generator):
    text = words(home_page(generator).body)
    assert "latents, an image made from each" in text
    assert "probe images" not in text


def test_the_methods_page_says_how_the_images_came_about(generator):
    run = generator.runs[0]
    text = words(methods_page(generator, run).body)
    made = run.record.generator
    assert "The generator progan:church.pth made 20 images of 112 × 112 pixels" in text
    assert f"A latent has the shape {made.latent_shape[0]}; the seed is {made.seed}." in text
    assert "-1 counts as black and 1 as white; its values lay between -1.25 and 1.12" in text
    assert "3.1 % of them outside that range" in text.replace("\N{NO-BREAK SPACE}", " ")
    assert "skipped" not in text


def test_parameters_of_the_other_kind_of_network_are_left_out(beside):
    classifier, generator = (
        {f"{s}.{k}" for s, rows in parameters(run) for k, _ in rows} for run in beside.runs
    )
    of_generators = {"model.latent_shape", "model.output_range", "probe.latents", "probe.seed"}
    of_classifiers = {
        "model.mean",
        "model.std",
        "model.classes",
        "probe.images",
        "probe.resize",
        "probe.crop",
    }
    assert of_generators <= generator
    assert of_classifiers <= classifier
    assert not of_generators & classifier
    assert not of_classifiers & generator
    assert {"model.source", "model.layers", "dissection.quantile"} <= classifier & generator


def test_a_home_of_two_runs_tells_both_kinds_and_leads_to_their_comparison(beside):
    body = home_page(beside).body
    text = words(body)
    assert "Neural networks taken apart" in text
    assert "vgg16 a classifier" in text
    assert "progan a generator" in text
    assert 'href="compare.html"' in body
    assert body.index("compare.html") < body.index('id="run-vgg16"')


def test_a_home_of_one_run_has_no_comparison(generator):
    body = home_page(generator).body
    assert "compare.html" not in body
    assert "A neural network taken apart" in words(body)


def test_a_concept_page_sets_the_runs_side_by_side_on_one_axis(beside):
    pages = ConceptPages(beside)
    both = [
        name
        for name, records in beside.concepts.items()
        if all(pages.units.get((run, concept.id)) for run, concept in records.items())
    ]
    assert both
    for name in both:
        body = pages.page(name).body
        figures = [json.loads(script) for script in read(body).scripts]
        axes = [figure["layout"]["yaxis"]["range"] for figure in figures]
        points = [iou for figure in figures for trace in figure["data"] for iou in trace["y"]]
        assert len(axes) == 2
        assert axes[0] == axes[1]
        assert max(points) <= axes[0][1]
        assert 'class="runs several"' in body
        assert "../compare.html" in body
        for run in beside.runs:
            named = pages.units[run.record.name, beside.concepts[name][run.record.name].id]
            found = sum(u.detector for _, u in named)
            strong = sum(u.grade == "strong" for _, u in named)
            head = plural(found, "unit") + (f", {strong} strong" if found else "")
            assert head in words(
                body.split(f"#run-{run.record.name}")[1].split("</h2>")[1].split("</div>")[0]
            )


def test_a_concept_that_one_run_does_not_look_for_says_so(tmp_path):
    config = write_synthetic_site(tmp_path, kinds=("classifier", "generator"), apart=True, ablation=False)
    site = load_site(load_config(config))
    text = words(ConceptPages(site).page("progan tree").body)
    assert "Not looked for in vgg16." in text
    assert "progan a generator" in text


def test_a_generator_never_draws_what_a_classifier_never_sees(beside):
    pages = ConceptPages(beside)
    for run, images in zip(beside.runs, ("probe images", "generated images"), strict=True):
        never = next(c for c in run.record.concepts if c.pixels == 0)
        assert f"Never seen in the {images}" in words(pages.page(never.name).body)
