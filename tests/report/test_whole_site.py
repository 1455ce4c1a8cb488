"""What holds for every page of a site, whatever its kind."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import pytest

from dissect_report.report import render
from dissect_report.report.page import SCRIPTS, STYLES, Page
from dissect_report.report.site import SiteFindings
from tests.report.reading import Read, read


def every_page(site: SiteFindings) -> Iterator[Page]:
    yield from render.pages(site)
    for run in site.runs:
        for layer in run.layers.values():
            yield from render.unit_pages(site, run, layer)


@dataclass(frozen=True)
class Everything:
    """A site with all its pages, made and parsed once."""

    site: SiteFindings
    pages: dict[PurePosixPath, Page]
    parsed: dict[PurePosixPath, Read]

    def __iter__(self) -> Iterator[tuple[Page, Read]]:
        return ((self.pages[path], self.parsed[path]) for path in self.pages)


def everything(site: SiteFindings) -> Everything:
    pages = {page.path: page for page in every_page(site)}
    return Everything(site, pages, {path: read(page.body) for path, page in pages.items()})


@pytest.fixture(scope="module")
def hostile(hostile_site: SiteFindings) -> Everything:
    return everything(hostile_site)


@pytest.fixture(scope="module")
def plain(site: SiteFindings) -> Everything:
    return everything(site)


@pytest.fixture(params=["plain", "hostile"])
def whole(request: pytest.FixtureRequest) -> Everything:
    found: Everything = request.getfixturevalue(request.param)
    return found


def test_every_link_of_every_page_leads_to_something_that_the_site_has(whole):
    pages, any_site = whole.parsed, whole.site
    targets = {str(path) for path in pages}
    targets |= {str(file.path) for file in render.data_files(any_site)}
    targets |= {str(target) for _, target in render.pictures(any_site)}
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            assert not parts.scheme, f"{path}: {link} leaves the site"
            assert not parts.netloc, f"{path}: {link} leaves the site"
            target = posixpath.normpath(str(path.parent / unquote(parts.path))) if parts.path else str(path)
            assert target in targets, f"{path}: {link} leads nowhere"
            if parts.fragment:
                assert unquote(parts.fragment) in pages[PurePosixPath(target)].ids, f"{path}: {link}"


def test_no_address_leaves_the_site_or_is_given_twice(whole):
    any_site, paths = whole.site, list(whole.pages)
    paths += [file.path for file in render.data_files(any_site)]
    paths += [target for _, target in render.pictures(any_site)]
    assert len({str(path).casefold() for path in paths}) == len(paths)
    for path in paths:
        assert not path.is_absolute()
        assert ".." not in path.parts


def test_names_never_become_markup(hostile):
    for page, found in hostile:
        assert "alert(1)" not in "".join(tag for tag in found.tags)
        assert not found.handlers, page.path
        assert all(script.lstrip().startswith("{") for script in found.scripts), page.path
        for script in found.scripts:
            json.loads(script)


def test_names_are_shown_as_they_are_written(hostile):
    path = PurePosixPath("concepts/script-script-alert-1-script.html")
    page = hostile.pages[path]
    assert "</script><script>alert(1)</script>" in hostile.parsed[path].words
    assert page.title == "</script><script>alert(1)</script>"


def test_a_template_in_a_name_is_not_run(hostile):
    path = PurePosixPath("concepts/7-7.html")
    assert hostile.pages[path].title == "{{ 7*7 }}"
    assert "{{ 7*7 }}" in hostile.parsed[path].words


def test_every_page_has_one_heading_of_the_first_rank_and_no_id_twice(whole):
    for page, found in whole:
        assert found.tags.count("h1") == 1, page.path
        assert len(set(found.ids)) == len(found.ids), page.path
        assert page.description.strip(), page.path
        assert page.search.strip(), page.path


def test_every_picture_has_a_size_and_a_text(whole):
    for page, _ in whole:
        for image in page.body.split("<img ")[1:]:
            tag = image[: image.index(">")]
            # the style sheet gives tiles of a sheet, and thumbnails, their shape before they load
            shaped = 'style="--at:' in tag or "/thumbnails/" in tag
            assert shaped or ('width="' in tag and 'height="' in tag), page.path
            assert 'alt="' in tag, page.path


def test_pages_say_threshold_only_in_the_name_of_the_iou_threshold(whole):
    for page, found in whole:
        words = re.sub("iou[_ ]threshold", "", found.words.lower())
        assert "threshold" not in words, page.path


def test_every_script_registers_what_its_address_says(whole):
    scripts = [file for file in render.data_files(whole.site) if file.path.suffix == ".js"]
    assert scripts
    for file in scripts:
        start, end = "dissect.register(", ");\n"
        assert file.text.startswith(start)
        assert file.text.endswith(end)
        assert "</" not in file.text
        name, _ = json.loads("[" + file.text[len(start) : -len(end)] + "]")
        assert name == str(file.path.with_suffix(""))


def test_pictures_and_downloads_exist(site):
    for source, target in render.pictures(site):
        assert source.is_file(), target


def test_scripts_and_styles_exist(templates):
    for path in (*SCRIPTS, *STYLES):
        assert (templates / path).is_file()


def test_units_concepts_and_classes_stay_out_of_the_navigation(plain):
    for page, _ in plain:
        kept_out = page.path.name.removesuffix(".html").isdigit() or page.path.parent.name in (
            "concepts",
            "classes",
        )
        if kept_out and page.path.name != "index.html":
            assert page.nav is None
        else:
            assert page.nav


def test_the_same_findings_give_the_same_site_twice(site):
    assert [page.body for page in every_page(site)] == [page.body for page in every_page(site)]
    assert list(render.data_files(site)) == list(render.data_files(site))
