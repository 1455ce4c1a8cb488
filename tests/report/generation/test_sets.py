"""Pages of units chosen by effect: sets side by side, in table, figure and pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from dissect_report.config import load_config
from dissect_report.report.generation.experiment import EditedConcepts, GenerationExperiment
from dissect_report.report.generation.sets import choice_sentence, gains_figure, set_rows, set_sheet
from dissect_report.report.generation.view import GenerationView, generation_views, removed_point
from dissect_report.report.pages.methods import methods_page
from dissect_report.report.site import SiteFindings, load_site
from tests.report.reading import spaced, words
from tests.synthetic_generation import write_synthetic_generator


@pytest.fixture(scope="module")
def chosen_site(tmp_path_factory: pytest.TempPathFactory) -> SiteFindings:
    folder = tmp_path_factory.mktemp("chosen")
    return load_site(load_config(write_synthetic_generator(folder, by_effect=True, insert_latents=12)))


@pytest.fixture(scope="module")
def chosen(chosen_site: SiteFindings) -> GenerationView:
    return generation_views(chosen_site, chosen_site.runs[0])[0]


def test_every_page_says_on_which_latents_units_were_chosen(chosen_site, chosen, edits) -> None:
    assert spaced(choice_sentence(chosen)) == (
        "Units were chosen by effect: how far each is moved was learned in 25 steps on latents 12 to 75. "
        "Everything shown is measured on others, latents 0 to 11."
    )
    assert 'choose_by = "effect" learns instead' in choice_sentence(edits)
    for page in GenerationExperiment().pages(chosen_site, chosen_site.runs[0]):
        assert choice_sentence(chosen) in words(page.body)
    assert "by effect, strengths learned in 25 steps on latents 12 to 75" in spaced(
        words(methods_page(chosen_site, chosen_site.runs[0]).body)
    )


def test_sets_stand_side_by_side_with_their_intervals(chosen_site, chosen) -> None:
    removing, inserting, _ = GenerationExperiment().pages(chosen_site, chosen_site.runs[0])
    text = spaced(words(inserting.body))
    concept = chosen.record.concepts[0]
    rows = set_rows(concept)
    assert [row["name"] for row in rows] == ["by effect", "by IoU", "by lot"]
    for row in rows:
        assert spaced(row["gained"]) in text
        assert row["gained_ends"] == "–" or spaced(row["gained_ends"]) in text
    assert rows[0]["gained_ends"] != "–"
    assert 'title="No interval: fewer than 12 latents show a change"' in inserting.body
    assert text.count("by lot") >= 2 * len(chosen.record.concepts)
    assert removed_point(concept).count == 17
    assert "by effect" in words(removing.body)
    part = str(EditedConcepts(chosen_site, chosen_site.runs[0]).above(concept.concept, inserting.path))
    assert all(spaced(row["removed"]) in spaced(words(part)) for row in rows)


def test_the_pictures_beside_each_other_are_of_one_place(chosen_site, chosen) -> None:
    path = chosen.view.run_addresses.inserting
    concept = chosen.record.concepts[0]
    sheet = set_sheet(chosen, path, concept)
    assert sheet["names"] == ["intact", "by effect", "by IoU", "by lot"]
    assert len(sheet["rows"]) == len(concept.shown_places)
    place = concept.shown_places[1]
    assert sheet["rows"][1][0]["outline"].startswith(f"M{place % 8 * 62.5:.0f} {place // 8 * 62.5:.0f}h62v62")
    assert "the place is outlined" in sheet["rows"][1][0]["words"]
    assert [cell["outline"] for cell in sheet["rows"][0][1:]] == [c.outline for c in concept.set_cells[0][1:]]
    copied = {target for _, target in GenerationExperiment().copies(chosen_site, chosen_site.runs[0])}
    assert chosen.view.addresses.set_grid(concept.concept) in copied
    sources = [source for source, _ in GenerationExperiment().copies(chosen_site, chosen_site.runs[0])]
    assert all(Path(source).is_file() for source in sources)


def test_the_figure_has_a_mark_a_set_and_concept_and_says_its_interval(chosen, edits) -> None:
    figure = gains_figure(chosen)
    assert [trace["name"] for trace in figure["data"]] == ["by effect", "by IoU", "by lot"]
    for trace, at in zip(figure["data"], range(3), strict=True):
        sets = [concept.sets[at] for concept in chosen.record.concepts]
        assert trace["y"] == [round(100 * one.gained, 2) for one in sets]
        ends = [0 if s.gained_high is None else round(100 * (s.gained_high - s.gained), 2) for s in sets]
        assert trace["error_y"]["array"] == pytest.approx(ends, abs=0.01)
    assert [trace["name"] for trace in gains_figure(edits)["data"]] == ["by IoU", "by lot"]
