"""Generators whose edits are odd: hostile names, a single latent, nothing edited, no pictures."""

from __future__ import annotations

import pytest

from dissect_report.config import load_config
from dissect_report.report import render
from dissect_report.report.generation.experiment import GenerationExperiment
from dissect_report.report.generation.summary import generation_headline
from dissect_report.report.generation.view import generation_views
from dissect_report.report.generation.words import removal_sentence
from dissect_report.report.site import load_site
from tests.report import test_whole_site as whole_site
from tests.report.reading import spaced, words
from tests.synthetic_generation import write_synthetic_generator

VARIANTS = {
    "several layers": {"concepts": 14, "every_layer": True},
    "hostile names": {
        "hostile": True,
        "every_layer": True,
        "layers": 3,
        "units": 6,
        "concepts": 9,
        "latents": 4,
    },
    "one latent": {"latents": 1, "concepts": 14},
    "no concept": {"edited": 0},
    "no unit alone": {"one_by_one": False},
    "one inserted": {"grid_latents": 1, "insert_latents": 1, "concepts": 14},
    "beside a classifier": {"kinds": ("classifier", "generator"), "concepts": 14, "units": 12},
}


@pytest.fixture(scope="module", params=VARIANTS)
def variant(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> whole_site.Everything:
    folder = tmp_path_factory.mktemp("variant")
    config = write_synthetic_generator(folder, **VARIANTS[request.param])
    return whole_site.everything(load_site(load_config(config)))


def test_no_link_of_any_variant_is_broken_and_every_picture_exists(variant):
    whole_site.test_every_link_of_every_page_leads_to_something_that_the_site_has(variant)
    whole_site.test_no_address_leaves_the_site_or_is_given_twice(variant)
    whole_site.test_pictures_and_downloads_exist(variant.site)


def test_every_page_of_any_variant_keeps_the_rules(variant):
    whole_site.test_every_page_has_one_heading_of_the_first_rank_and_no_id_twice(variant)
    whole_site.test_every_picture_has_a_size_and_a_text(variant)
    whole_site.test_pages_say_threshold_only_in_the_name_of_the_iou_threshold(variant)
    whole_site.test_names_never_become_markup(variant)


def test_a_single_latent_has_dashes_that_say_why(tmp_path):
    site = load_site(load_config(write_synthetic_generator(tmp_path, latents=1, concepts=14)))
    bodies = [page.body for page in GenerationExperiment().pages(site, site.runs[0])]
    for body in bodies:
        assert 'title="No interval: fewer than 12 latents show a change">–<' in body
    assert "too few latents change for an interval" in bodies[0].replace("\N{NO-BREAK SPACE}", " ")


def test_a_run_without_edited_concepts_says_so(tmp_path):
    site = load_site(load_config(write_synthetic_generator(tmp_path, edited=0)))
    pages = list(GenerationExperiment().pages(site, site.runs[0]))
    assert len(pages) == 3
    for page in pages:
        assert "No concept was edited in" in words(page.body)
    assert generation_headline(site, site.runs[0]) is None


def test_a_site_without_pictures_keeps_the_numbers(tmp_path):
    config = write_synthetic_generator(tmp_path, concepts=14)
    config.write_text(config.read_text() + "\n[site]\nimages = false\n")
    site = load_site(load_config(config))
    targets = [target for _, target in render.copies(site)]
    assert not [target for target in targets if target.suffix == ".webp"]
    for page in whole_site.every_page(site):
        assert "<img" not in page.body, page.path
    (edits,) = generation_views(site, site.runs[0])
    text = words(next(GenerationExperiment().pages(site, site.runs[0])).body)
    assert "Probe pictures are left out of this site." in text
    assert (
        spaced(removal_sentence(edits.name(edits.record.concepts[0].concept), edits.record.concepts[0]))
        in text
    )
