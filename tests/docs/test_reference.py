"""The reference pages say everything that the program knows, and nothing of their own."""

from __future__ import annotations

import dataclasses
import re
from html import unescape

import pytest
import typer

import dissect_report
from dissect_report.cli.app import app
from dissect_report.config import OF_THE_SITE, SECTIONS, load_config
from dissect_report.findings.ablation import ARRAYS
from dissect_report.findings.generation import GENERATION_ARRAYS
from dissect_report.findings.store import COUNTS
from dissect_report.findings.units import UnitRecord

ALL = {**SECTIONS, **OF_THE_SITE}
COMMANDS = typer.main.get_command(app).commands


def plain(page: str) -> str:
    """A page without its markup."""
    return unescape(re.sub(r"</?(code|span)[^>]*>", "", page)).replace("\\|", "|").replace("\\*", "*")


def row_of(page: str, key: str) -> list[str]:
    """The cells of the one table row with the anchor ``key``."""
    (line,) = [line for line in page.splitlines() if f'id="{key}"' in line]
    return [plain(cell).strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


@pytest.mark.parametrize("section", ALL)
def test_every_key_stands_with_type_default_and_meaning(docs_module, section):
    page = docs_module("configuration_reference").configuration_page()
    for field in dataclasses.fields(ALL[section]):
        name, kind, default, meaning = row_of(page, f"{section}.{field.name}")
        assert name == field.name
        assert kind
        assert " ".join(field.metadata["help"].split()) == meaning
        if isinstance(field.default, bool):
            assert default == str(field.default).lower()
        elif isinstance(field.default, int | float):
            assert default == str(field.default)
        elif isinstance(field.default, str):
            assert default == (f'"{field.default}"' if field.default else "–")


def test_no_key_stands_that_the_program_does_not_know(docs_module):
    page = docs_module("configuration_reference").configuration_page()
    said = set(re.findall(r'id="([a-z]+\.\w+)"', page))
    assert said == {
        f"{name}.{field.name}" for name, kind in ALL.items() for field in dataclasses.fields(kind)
    }


def test_the_keys_above_the_sections_are_those_that_are_read(docs_module, tmp_path):
    rows = docs_module("configuration_reference").TOP_LEVEL
    assert [row[0] for row in rows] == ["title", "[[run]]", "name"]
    text = 'title = "t"\n[[run]]\nname = "n"\n[run.model]\nsource = "a.py:b"\n[run.probe]\nimages = "demo"\n'
    path = tmp_path / "dissect.toml"
    path.write_text(text + '[[run.segmenter]]\nsource = "color"\n')
    config = load_config(path)
    assert (config.title, config.runs[0].name) == ("t", "n")


def test_a_type_without_words_stops_the_build(docs_module):
    words = docs_module("configuration_reference").type_words
    assert words(dict[str, tuple[int, ...]]) == "table of lists of whole numbers"
    assert words(tuple[int | str, ...]) == "list of whole numbers or texts"
    with pytest.raises(TypeError, match="no words yet"):
        words(bytes)


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_command_stands_with_every_argument_and_option(docs_module, verb):
    page = plain(docs_module("command_reference").command_page())
    (part,) = re.findall(rf"^## {verb}\n(.*?)(?=^## )", page, re.MULTILINE | re.DOTALL)
    assert " ".join(COMMANDS[verb].help.split()) in part
    assert f"dissect-report {verb}" in part
    for parameter in COMMANDS[verb].params:
        assert " ".join(parameter.help.split()) in part
        if parameter.param_type_name == "option":
            for spelled in parameter.opts:
                assert spelled in part


def test_required_arguments_and_defaults_are_told_apart(docs_module):
    page = plain(docs_module("command_reference").command_page())
    assert "dissect-report init [OPTIONS] FOLDER\n" in page
    assert "dissect-report build [OPTIONS] [CONFIG]\n" in page
    assert "| FOLDER | required |" in page
    assert "| --port NUMBER | 8000 |" in page
    assert "| --output FILE, -o FILE | – |" in page
    assert "--version" in page


def test_every_public_name_stands_with_what_its_docstring_says(docs_module):
    page = docs_module("api_reference").python_page()
    for name in dissect_report.__all__:
        assert f"## `{name}` {{ #{name.strip('_')} }}" in page
    text = plain(page)
    assert "measure again even where the findings are up to date." in text
    assert "The folder of the site's own templates" in text, "properties are members, too"
    assert "``" not in text.replace("```", "")


def test_every_attribute_of_every_record_has_a_meaning(docs_module):
    page = plain(docs_module("api_reference").findings_page())
    for field in dataclasses.fields(UnitRecord):
        assert re.search(rf"^\| {field.name} \| [^|]+(\| None)? \| \S", page, re.MULTILINE), field.name
    for array in (*COUNTS, *ARRAYS, *GENERATION_ARRAYS):
        assert f"| {array} |" in page
    empty = re.findall(r"^\| (\w+) \| .* \|  \|$", page, re.MULTILINE)
    assert empty == []


def test_writing_a_page_again_changes_nothing(docs_module):
    for path, page in docs_module("hooks").GENERATED.items():
        assert page() == page(), path
        assert not re.search(r" at 0x[0-9a-f]+|/(home|root|tmp|work)/", page()), path
