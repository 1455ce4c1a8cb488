from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from html import escape
from pathlib import Path

import pytest

from dissect_report.config import load_config
from dissect_report.errors import FindingsError, PublishError, StorageError
from dissect_report.findings import folders
from dissect_report.findings.paths import SitePaths
from dissect_report.publish import frames
from dissect_report.publish.builder import build_site
from dissect_report.publish.links import check_links
from dissect_report.report.render import unit_pages
from dissect_report.report.site import load_site
from tests.publish.conftest import Built, made


def pages_of(built: Built) -> list[Path]:
    return sorted(built.site.rglob("*.html"))


def title_of(text: str) -> str:
    return re.search("<title>(.*?)</title>", text, re.DOTALL).group(1)


def times(site: Path) -> dict[str, int]:
    return {
        path.relative_to(site).as_posix(): path.stat().st_mtime_ns
        for path in site.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("name", ["built", "hostile"])
def test_every_link_of_every_page_leads_somewhere(name: str, request: pytest.FixtureRequest):
    assert check_links(request.getfixturevalue(name).site) == []


def test_the_link_check_finds_a_link_planted_in_a_built_site(rebuilt: Built):
    page = rebuilt.site / "index.html"
    page.write_text(
        rebuilt.text("index.html").replace("</article>", '<a href="nowhere.html">x</a></article>')
    )
    assert [(link.page, link.target) for link in check_links(rebuilt.site)] == [
        ("index.html", "nowhere.html")
    ]


@pytest.mark.parametrize("name", ["built", "hostile"])
def test_every_unit_has_a_page_with_a_title_description_and_body_of_its_own(
    name: str, request: pytest.FixtureRequest
):
    built = request.getfixturevalue(name)
    site = load_site(load_config(built.folder))
    for run in site.runs:
        for layer in run.layers.values():
            pages = list(unit_pages(site, run, layer))
            assert len({title_of(built.text(str(page.path))) for page in pages}) == len(layer.units)
            for page in pages:
                text = built.text(str(page.path))
                assert title_of(text) == f"{escape(page.title)} · {escape(site.config.title)}"
                assert f'name="description" content="{escape(page.description)}"' in text
                assert page.body in text


@pytest.mark.parametrize("name", ["built", "hostile"])
def test_nothing_of_the_frames_is_left(name: str, request: pytest.FixtureRequest):
    built = request.getfixturevalue(name)
    for path in built.site.rglob("*"):
        assert frames.ADDRESS not in path.name
        if path.suffix in (".html", ".json", ".xml", ".js") and path.name != "plotly.min.js":
            assert "dissect-frame" not in path.read_text(encoding="utf-8"), path


def test_no_page_has_a_neighbour_of_the_theme_or_an_edit_button(built: Built):
    for path in built.site.glob("vgg16/*/[0-9]*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r'rel="?(prev|next)\b', text[: text.index("<body")])
        assert "md-footer__link" not in text
        assert 'rel="edit"' not in text


def test_a_unit_page_shows_its_layer_in_the_navigation_and_others_do_not(built: Built):
    def active(path: str) -> list[str]:
        text = built.shown(path)
        items = re.findall(r'md-nav__item--active[^"]*">\s*<a href="([^"]*)"', text)
        return [os.path.normpath(os.path.join(os.path.dirname(path), item)) for item in items]

    assert active("net2/features.conv1_2/3.html") == ["net2/features.conv1_2/index.html"]
    assert active("concepts/tree.html") in ([], ["concepts/index.html"])


def test_units_are_never_in_the_navigation(built: Built):
    navigation = re.search(
        '<nav class="md-nav md-nav--primary".*?</nav>\\s*</div>', built.text("index.html"), re.S
    )
    assert not re.search(r"/\d+\.html", navigation.group(0))


def test_hostile_names_stay_text(hostile: Built):
    for path in pages_of(hostile):
        text = path.read_text(encoding="utf-8")
        assert "<script>alert" not in text, path
        assert "49" not in title_of(text) or "7*7" not in text
    names = {re.sub(" · .*", "", title_of(path.read_text(encoding="utf-8"))) for path in pages_of(hostile)}
    assert any("&lt;/script&gt;" in name for name in names)
    assert not any("&amp;lt;" in path.read_text(encoding="utf-8") for path in pages_of(hostile))


def test_no_page_lies_outside_the_site(hostile: Built):
    assert {path.name for path in hostile.folder.iterdir()} == {
        "dissect.toml",
        "docs",
        "mkdocs.yml",
        "cache",
        "run",
        "site",
    }


def test_canonical_addresses_and_the_sitemap_name_every_page_once(hostile: Built):
    pages = {path.relative_to(hostile.site).as_posix() for path in pages_of(hostile)}
    base = "https://example.org/sub/path/"
    listed = re.findall(f"<loc>{base}(.*?)</loc>", hostile.text("sitemap.xml"))
    assert len(listed) == len(set(listed))
    assert set(listed) == pages
    for page in pages:
        assert f'rel="canonical" href="{base}{page}"' in hostile.text(page)


def test_a_site_without_an_address_has_no_sitemap(built: Built):
    assert not list(built.site.glob("sitemap*"))
    assert "canonical" not in built.text("index.html")


@pytest.mark.parametrize("name", ["built", "hostile"])
def test_search_has_one_entry_a_page_and_the_same_from_disk(name: str, request: pytest.FixtureRequest):
    built = request.getfixturevalue(name)
    index = json.loads(built.text("search/search_index.json"))
    pages = {path.relative_to(built.site).as_posix() for path in pages_of(built)}
    assert sorted(entry["location"] for entry in index["docs"]) == sorted(pages)
    assert all(entry["title"] and "<" not in entry["title"] + entry["text"] for entry in index["docs"])
    script = built.text("search/search_index.js")
    assert json.loads(script.removeprefix("var __index = ")) == index


def test_the_search_dialog_has_a_name(built: Built):
    for path in pages_of(built):
        shown = built.shown(path.relative_to(built.site).as_posix())
        assert shown.count('role="dialog" aria-label="Search"') == 1


def test_a_second_build_of_the_same_findings_changes_no_file(rebuilt: Built):
    before, sources = times(rebuilt.site), times(rebuilt.folder / "docs")
    assert "0 of" in rebuilt.build()
    markers = {folders.MARKER}
    assert {n: t for n, t in times(rebuilt.site).items() if n not in markers} == {
        n: t for n, t in before.items() if n not in markers
    }
    assert {n: t for n, t in times(rebuilt.folder / "docs").items() if n not in markers} == {
        n: t for n, t in sources.items() if n not in markers
    }


def test_another_title_rewrites_pages_and_leaves_data_and_pictures_alone(rebuilt: Built):
    before = times(rebuilt.site)
    config = rebuilt.folder / "dissect.toml"
    config.write_text(config.read_text().replace("A made-up run", "Another title"))
    rebuilt.build()
    after = times(rebuilt.site)
    changed = {name for name in before if before[name] != after[name]}
    assert {"index.html", "concepts/tree.html"} <= changed
    assert not any(
        name.endswith((".webp", ".css", ".js", ".npz"))
        for name in changed - {"search/search_index.js"}
        if Path(name).name != frames.SCRIPT
    )


def test_a_run_that_is_gone_takes_its_pages_with_it(tmp_path: Path):
    built = made(tmp_path / "two", runs=2)
    config = built.folder / "dissect.toml"
    text = config.read_text()
    config.write_text(text[: text.rindex("[[run]]")])
    built.build()
    assert not (built.site / "net2").exists()
    assert not (built.folder / "docs" / "net2").exists()
    assert check_links(built.site) == []


@pytest.mark.parametrize("name", ["site", "docs"])
def test_a_folder_of_somebody_else_is_refused_and_kept(rebuilt: Built, name: str):
    folder = rebuilt.folder / name
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(StorageError, match=f"{name}: was not made by dissect-report"):
        rebuilt.build()
    assert [path.name for path in folder.iterdir()] == ["thesis.txt"]


def test_a_mkdocs_yml_of_somebody_else_is_refused_and_kept(rebuilt: Built):
    project = rebuilt.folder / "mkdocs.yml"
    project.write_text("site_name: mine\n")
    with pytest.raises(PublishError, match=r"mkdocs\.yml: was not made by dissect-report"):
        rebuilt.build()
    assert project.read_text() == "site_name: mine\n"


def test_a_build_that_fails_leaves_the_old_site_and_no_rest(rebuilt: Built):
    before = times(rebuilt.site)
    next(rebuilt.folder.glob("run/*/thumbnails/3.webp")).unlink()
    with pytest.raises(PublishError, match=r"3\.webp: this file is missing"):
        rebuilt.build()
    assert times(rebuilt.site) == before
    assert folders.is_complete(rebuilt.site)
    assert not (rebuilt.folder / ".site-new").exists()


def test_what_mkdocs_warns_about_is_an_error_in_one_line(rebuilt: Built, monkeypatch: pytest.MonkeyPatch):
    from dissect_report.publish import project

    monkeypatch.setattr(project, "navigation", lambda pages: [{"Home": "index.md"}, {"Gone": "gone.md"}])
    with pytest.raises(PublishError, match=r"mkdocs: .*gone\.md") as caught:
        rebuilt.build()
    assert "\n" not in str(caught.value)


def test_a_site_that_was_not_analysed_says_what_to_do(tmp_path: Path):
    from rich.console import Console

    from tests.synthetic import write_synthetic_site

    config = load_config(write_synthetic_site(tmp_path, layers=1, units=2, images=4, concepts=6))
    shutil.rmtree(SitePaths(tmp_path).run(config.runs[0].name).root)
    with pytest.raises(FindingsError, match="run `dissect-report analyze` first"):
        build_site(config, Console(quiet=True))


def test_plain_mkdocs_builds_the_same_site(rebuilt: Built):
    pages = {path: rebuilt.text(path) for path in ("index.html", "vgg16/features.conv1_1/3.html")}
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "-q", "-f", str(rebuilt.folder / "mkdocs.yml")],
        check=True,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )
    assert {path: rebuilt.text(path) for path in pages} == pages
    assert check_links(rebuilt.site) == []
    assert folders.is_complete(rebuilt.site)


def test_rendering_loads_no_torch(rebuilt: Built):
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from dissect_report.cli.render import render\n"
        f"render(Path({str(rebuilt.folder)!r}))\n"
        "sys.exit('torch' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert str(rebuilt.site / "index.html") in done.stdout
