"""Addresses, numbers and templates: what all page kinds are written with."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from jinja2 import UndefinedError

from dissect_report.report.addresses import link
from dissect_report.report.formatting import DASH, count, fine, listing, number, plural, score, share
from dissect_report.report.templating import environment, script_json


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("index.html", "index.html", "index.html"),
        ("index.html", "a/b/7.html", "a/b/7.html"),
        ("a/b/7.html", "a/b/8.html", "8.html"),
        ("a/b/7.html", "a/b/edits/8.webp", "edits/8.webp"),
        ("a/b/7.html", "a/c/8.html", "../c/8.html"),
        ("a/b/7.html", "index.html", "../../index.html"),
        ("a/b/7.html", "b/b/7.html", "../../b/b/7.html"),
        ("concepts/tree.html", "concepts/a b&c.html", "a%20b%26c.html"),
    ],
)
def test_links_are_relative_to_the_page(source, target, expected):
    assert link(PurePosixPath(source), PurePosixPath(target)) == expected


def test_undefined_is_a_dash_in_every_format():
    assert {score(None), fine(None), number(None), count(None), share(None)} == {DASH}


def test_numbers_are_written_for_readers():
    assert score(0.0904) == "0.090"
    assert number(1234567.8) == "1,234,568"
    assert number(0.000123456) == "0.000123"
    assert number(12.345) == "12.3"
    assert fine(0.00386) == "0.0039"
    assert fine(0.00001) == "<0.0001"
    assert count(4224) == "4,224"
    assert share(0.341) == "34\u00a0%"
    assert share(0.0123) == "1.2\u00a0%"
    assert share(0.00001) == "<0.1\u00a0%"
    assert share(0) == "0\u00a0%"
    assert plural(1, "unit") == "1 unit"
    assert plural(2, "unit") == "2 units"
    assert listing(["a", "b", "c"]) == "a, b and c"


def test_json_in_a_script_cannot_end_it_and_means_the_same():
    import json

    text = "</script><!-- & 'x' \u2028"
    written = str(script_json({"a": text}))
    assert not set(written) & set("<>&'")
    assert "\u2028" not in written
    assert json.loads(written) == {"a": text}
    with pytest.raises(ValueError, match="not JSON compliant"):
        script_json(float("nan"))


def test_a_template_escapes_and_refuses_what_it_does_not_know():
    template = environment().from_string("{{ x }}{{ y }}")
    assert template.render(x="<b>", y="&") == "&lt;b&gt;&amp;"
    with pytest.raises(UndefinedError):
        template.render(x=1)


def test_a_template_of_the_users_wins_over_ours(tmp_path):
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "home.html").write_text("mine", encoding="utf-8")
    assert environment(tmp_path).get_template("pages/home.html").render() == "mine"
    assert environment(tmp_path).get_template("partials/card.html")
