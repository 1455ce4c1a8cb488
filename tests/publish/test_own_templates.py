"""``[site] templates``: pages and partials of the user's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from dissect_report.config import load_config
from dissect_report.errors import PublishError
from dissect_report.publish.links import check_links
from dissect_report.report import render
from dissect_report.report.site import load_site
from dissect_report.report.templating import REPLACEABLE, templates_folder
from tests.publish.conftest import Built
from tests.synthetic import write_synthetic_site


@pytest.fixture
def templates(rebuilt: Built) -> Path:
    """The folder of own templates of the site ``rebuilt``, empty."""
    config = rebuilt.folder / "dissect.toml"
    config.write_text(f'{config.read_text()}\n[site]\ntemplates = "my_templates"\n', encoding="utf-8")
    folder = rebuilt.folder / "my_templates"
    folder.mkdir()
    return folder


def write(templates: Path, name: str, text: str) -> None:
    (templates / name).parent.mkdir(parents=True, exist_ok=True)
    (templates / name).write_text(text, encoding="utf-8")


def test_the_worked_example_of_the_readme_adds_to_the_shipped_home_page(rebuilt: Built, templates: Path):
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    example = readme.split("```jinja\n")[1].split("```")[0]
    before = rebuilt.text("index.html")
    write(templates, "pages/home.html", example)
    rebuilt.build()
    after = rebuilt.text("index.html")
    added = example.splitlines()[-1]
    assert added not in before
    assert added in after
    assert "How to read this site" in after
    assert check_links(rebuilt.site) == []


def test_a_partial_of_the_users_is_used_by_every_page_and_a_change_of_it_renders_again(
    rebuilt: Built, templates: Path
):
    card = (
        "{{% macro card(c) %}}<a class='card' href='{{{{ c.href }}}}'>{} {{{{ c.name }}}}</a>{{% endmacro %}}"
    )
    write(templates, "partials/card.html", card.format("first"))
    rebuilt.build()
    assert ">first " in rebuilt.text("index.html")
    assert ">first " in rebuilt.text("vgg16/features.conv1_2/1.html")
    write(templates, "partials/card.html", card.format("second"))
    rebuilt.build()
    for path in ("index.html", "vgg16/features.conv1_2/1.html"):
        assert ">second " in rebuilt.text(path)
        assert ">first " not in rebuilt.text(path)


def test_every_page_kind_can_be_replaced(tmp_path: Path):
    config = write_synthetic_site(tmp_path, runs=2, units=4, images=12)
    config.write_text(f'{config.read_text()}\n[site]\ntemplates = "mine"\n', encoding="utf-8")
    for path in (templates_folder() / "pages").iterdir():
        write(tmp_path / "mine", f"pages/{path.name}", f"mine: {path.name}")
    site = load_site(load_config(config))
    pages = list(render.pages(site))
    for run in site.runs:
        for layer in run.layers.values():
            pages += render.unit_pages(site, run, layer)
    assert [page.path for page in pages if not page.body.startswith("mine: ")] == []


def test_a_name_that_replaces_nothing_is_an_error_that_names_the_nearest(rebuilt: Built, templates: Path):
    write(templates, "pages/hme.html", "x")
    with pytest.raises(
        PublishError, match=r"hme\.html: replaces no template.* did you mean 'pages/home.html'"
    ):
        rebuilt.build()


@pytest.mark.parametrize("name", ["home.html", "assets/css/dissect.css", "mkdocs.yml.j2", "pages/home.htm"])
def test_only_pages_and_partials_can_be_replaced(rebuilt: Built, templates: Path, name: str):
    write(templates, name, "x")
    with pytest.raises(PublishError, match="replaces no template of ours"):
        rebuilt.build()


def test_parts_of_the_users_own_and_what_an_editor_leaves_are_no_mistakes(rebuilt: Built, templates: Path):
    write(templates, "partials/_notice.html", "a notice")
    write(templates, "pages/home.html", '<h1>mine</h1>{% include "partials/_notice.html" %}')
    write(templates, "pages/.home.html.swp", "x")
    write(templates, "pages/home.html~", "x")
    rebuilt.build()
    assert "<h1>mine</h1>a notice" in rebuilt.text("index.html")


def test_a_missing_folder_is_named(rebuilt: Built, templates: Path):
    templates.rmdir()
    with pytest.raises(PublishError, match="my_templates: no such folder"):
        rebuilt.build()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("pages/home.html", "one\n{% if %}", r"home\.html: line 2: Expected an expression"),
        ("pages/unit.html", "one\ntwo\n{{ nobody }}", r"unit\.html: line 3: 'nobody' is undefined"),
        ("pages/home.html", "{{ count('many') }}", r"home\.html: line 1: "),
        ("pages/home.html", '\n{% include "pages/hom.html" %}', r"home\.html: line 2: .*hom\.html"),
    ],
)
def test_a_template_that_fails_is_one_line_with_its_place_and_the_old_site_stays(
    rebuilt: Built, templates: Path, name: str, text: str, said: str
):
    before = rebuilt.text("index.html")
    write(templates, name, text)
    with pytest.raises(PublishError, match=said) as caught:
        rebuilt.build()
    assert "\n" not in str(caught.value)
    assert rebuilt.text("index.html") == before


def test_what_may_be_replaced_is_there():
    assert all(any((templates_folder() / folder).glob("*.html")) for folder in REPLACEABLE)
