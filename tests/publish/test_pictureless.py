"""``[site] images = false``: a site without any probe picture."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from dissect_report.publish.links import check_links
from dissect_report.report.addresses import PICTURES
from tests.publish.conftest import Built, made
from tests.report.reading import read
from tests.synthetic_generation import write_synthetic_generator

SENTENCE = "Probe pictures are left out of this site."


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Built]:
    """Sites that had their pictures and were then built without, by kind."""

    @cache
    def site(kind: str) -> Built:
        folder = tmp_path_factory.mktemp(kind)
        if kind != "generator":
            return stripped(made(folder, hostile=kind == "hostile", runs=2))
        write_synthetic_generator(folder, layers=2, units=12, images=12, concepts=20)
        built = Built(folder)
        built.build()
        return stripped(built)

    return site


@pytest.fixture(params=["plain", "hostile"])
def pictureless(request: pytest.FixtureRequest, without: Callable[[str], Built]) -> Built:
    """Classifiers."""
    return without(request.param)


@pytest.fixture(params=["plain", "hostile", "generator"])
def any_site(request: pytest.FixtureRequest, without: Callable[[str], Built]) -> Built:
    """A generator as well."""
    return without(request.param)


def stripped(built: Built) -> Built:
    """The site built again without its pictures."""
    assert of_probe(built)
    config = built.folder / "dissect.toml"
    config.write_text(f"{config.read_text(encoding='utf-8')}\n[site]\nimages = false\n", encoding="utf-8")
    built.build()
    return built


def of_probe(built: Built) -> list[Path]:
    """Files with probe images in them; the theme's own pictures lie in assets/."""
    files = [path.relative_to(built.site) for path in built.site.rglob("*") if path.is_file()]
    found = [path for path in files if path.suffix in PICTURES and path.parts[0] != "assets"]
    return found + [path for path in files if path.parts[1:2] == ("segmentation",)]


def test_no_probe_picture_is_in_it(any_site: Built):
    assert of_probe(any_site) == []
    for path in any_site.site.rglob("*.js"):
        if path.parent.name != "javascripts" and "plotly" not in path.name and "lunr" not in str(path):
            assert "data:image/" not in path.read_text(encoding="utf-8"), path


def test_every_link_leads_somewhere_and_no_page_shows_or_names_a_picture(any_site: Built):
    assert check_links(any_site.site) == []
    for path in any_site.site.rglob("*.html"):
        body = re.search(r'<div class="dissect.*</article>', path.read_text(encoding="utf-8"), re.S).group(0)
        assert "<img" not in body, path
        assert not re.search(r"\.webp|thumbnails/|segmentation/", body), path


@pytest.mark.parametrize(
    "kind", ["index.html", "vgg16/*/[0-9].html", "vgg16/*/index.html", "vgg16/data.html"]
)
def test_every_kind_of_page_with_pictures_says_once_that_they_are_left_out(pictureless: Built, kind: str):
    pages = [path for path in pictureless.site.glob(kind) if path.parent.name not in ("classes",)]
    assert pages
    for path in pages:
        assert read(path.read_text(encoding="utf-8")).words.count(SENTENCE) == 1, path


def test_concept_pages_with_cards_say_it_too(pictureless: Built):
    texts = [path.read_text(encoding="utf-8") for path in pictureless.site.glob("concepts/*.html")]
    with_cards = [text for text in texts if '<div class="cards">' in text]
    assert with_cards
    assert [text.count(SENTENCE) for text in with_cards] == [1] * len(with_cards)


def test_images_before_and_after_a_removal_are_named_instead(pictureless: Built):
    text = pictureless.text("vgg16/experiments/removing-and-keeping.html")
    assert SENTENCE in text
    names = re.findall('<span class="file-name">(.*?)</span>', text)
    assert names
    assert all(names)


def test_a_site_with_pictures_does_not_say_so(built: Built):
    for path in built.site.rglob("*.html"):
        assert SENTENCE not in path.read_text(encoding="utf-8"), path
