from __future__ import annotations

from pathlib import Path

import pytest

from dissect_report.publish.links import check_links, main


def site(folder: Path, body: str, **others: str) -> Path:
    files = {"index.html": body, "a/page.html": '<h1 id="top">a</h1>', "a/pic.webp": "x", **others}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('<a href="missing.html">', "no such file"),
        ('<img src="a/none.webp">', "no such file"),
        ('<img srcset="a/pic.webp 1x, a/none.webp 2x">', "no such file"),
        ('<video poster="none.webp">', "no such file"),
        ('<use xlink:href="none.svg">', "no such file"),
        ('<object data="none.svg">', "no such file"),
        ('<div style="background: url(none.webp)">', "no such file"),
        ('<a href="a/page.html#nowhere">', "no such place"),
        ('<a href="#nowhere">', "no such place"),
        ('<a href="a/">', "a folder"),
        ('<a href="a">', "a folder"),
        ('<a href="../outside.html">', "leaves the site"),
        ('<a href="/a/page.html">', "server's root"),
        ('<script src="https://cdn.example/x.js">', "another server"),
        ('<link rel="stylesheet" href="//cdn.example/x.css">', "another server"),
        ('<a href="ftp://example.org/x">', "unknown kind"),
    ],
)
def test_a_broken_link_is_found(tmp_path: Path, body: str, reason: str):
    (broken,) = check_links(site(tmp_path, body))
    assert broken.page == "index.html"
    assert reason in broken.reason


@pytest.mark.parametrize(
    "body",
    [
        '<a href="a/page.html#top">',
        '<a href="a/page.html?sort=iou#top">',
        '<a href="a/page.html#sort=iou&amp;q=x">',
        '<p id="é"></p><a href="#%C3%A9">',
        '<a href="https://example.org">',
        '<link rel="canonical" href="https://example.org/index.html">',
        '<img src="data:image/png;base64,AAAA">',
        '<a data="none">',
        '<img src="a/%70ic.webp" srcset="a/pic.webp 2x">',
    ],
)
def test_a_good_link_is_not(tmp_path: Path, body: str):
    assert check_links(site(tmp_path, body)) == []


def test_style_sheets_are_read_too(tmp_path: Path):
    sheets = {
        "a/x.css": "@import 'none.css'; p {background: url(pic.webp)} q {background: url('https://x.y/z')}"
    }
    broken = check_links(site(tmp_path, "", **sheets))
    assert [(link.page, link.target) for link in broken] == [
        ("a/x.css", "https://x.y/z"),
        ("a/x.css", "none.css"),
    ]


def test_the_command_prints_what_is_broken_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main([str(site(tmp_path, '<a href="missing.html">'))]) == 1
    assert "index.html: missing.html: no such file" in capsys.readouterr().out
    (tmp_path / "index.html").write_text("")
    assert main([str(tmp_path)]) == 0
    assert main([str(tmp_path / "a")]) == 2
