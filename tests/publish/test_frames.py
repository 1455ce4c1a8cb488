from __future__ import annotations

import json
from pathlib import PurePosixPath

import pytest

from dissect_report.errors import PublishError
from dissect_report.publish.frames import TITLE, Frame
from dissect_report.publish.sources import frame_page
from dissect_report.report.page import Page

SHELL = (
    "<title>{title}</title><meta content='{description}'><link rel=canonical href=x/{address}.html>"
    "<span>{title}</span><main>{body}</main>"
)


def shell() -> str:
    page = frame_page(PurePosixPath("run/layer"))
    return SHELL.format(
        title=page.title, description=page.description, body=page.body, address=page.path.stem
    )


def page(**changes: object) -> Page:
    fields = {"title": "unit 3", "description": "a cat", "body": "<h1>3</h1>", "search": "", "nav": None}
    return Page(path=PurePosixPath("run/layer/3.html"), **{**fields, **changes})


def test_a_page_takes_every_place_of_its_frame():
    expected = SHELL.format(title="unit 3", description="a cat", body="<h1>3</h1>", address="3")
    assert Frame.parse(shell()).fill(page()) == expected


def test_header_and_sidebars_go_into_a_script_that_puts_them_back():
    header = f"<header>{TITLE} &amp; more</header>"
    bar = '<div class="md-sidebar md-sidebar--{}"><div><div><nav>{}</nav></div></div></div>'
    menu = bar.format("primary", "<nav>inner</nav>") + bar.format("secondary", "")
    shown = shell().replace("<main>", f"{header}<div>{menu}</div><main>")
    frame = Frame.parse(shown)
    filled = frame.fill(page(title='a "b"'))
    assert '<script src="frame.js" data-part="0" data-title="a &quot;b&quot;"></script>' in filled
    assert '<div><script src="frame.js" data-part="1"></script></div>' in filled
    assert "<header" not in filled
    assert json.dumps([["<header>", " &amp; more</header>"], [menu]]) in frame.script


def test_titles_are_escaped_and_bodies_are_not():
    filled = Frame.parse(shell()).fill(page(title="</title>&'\"", body="<p>&amp;</p>"))
    assert "<title>&lt;/title&gt;&amp;&#x27;&quot;</title>" in filled
    assert "<main><p>&amp;</p></main>" in filled


def test_a_body_that_names_the_tokens_is_left_alone():
    body = "dissect-frame-title dissect-frame-body"
    assert f"<main>{body}</main>" in Frame.parse(shell()).fill(page(body=body))


@pytest.mark.parametrize("token", ["dissect-frame-body", "dissect-frame-title", "dissect-frame-description"])
def test_a_theme_that_leaves_a_token_out_is_refused(token: str):
    with pytest.raises(PublishError, match="theme does not show"):
        Frame.parse(shell().replace(token, ""))
