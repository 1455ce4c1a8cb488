"""The documentation builds, and every link of it leads somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest

from dissect_report.publish.links import check_links
from tests.docs.conftest import DOCS, ROOT

pytestmark = pytest.mark.docs


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documentation, built as ``nox -s docs`` builds it."""
    folder = tmp_path_factory.mktemp("docs") / "site"
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "-q",
        "-f",
        str(DOCS / "mkdocs.yml"),
        "-d",
        str(folder),
    ]
    done = subprocess.run(
        command, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def test_every_link_leads_somewhere_and_no_page_asks_another_server(site):
    assert check_links(site) == []


def test_every_page_has_its_title_and_one_heading(site):
    pages = sorted(path for path in site.rglob("*.html"))
    assert len(pages) == 18
    titles = set()
    for path in pages:
        text = path.read_text(encoding="utf-8")
        assert text.count("<h1") == 1, path
        titles.add(text.partition("<title>")[2].partition("</title>")[0].strip())
    assert len(titles) == len(pages)
    assert "Configuration · dissect-report" in titles


def test_files_of_the_repository_are_shown_whole(site):
    shown = re.sub(r"<[^>]+>", "", (site / "tutorial" / "generator.html").read_text(encoding="utf-8"))
    assert "# the file" not in shown
    for name in ("countryside.py", "dissect.toml"):
        text = (ROOT / "sites" / "generator" / name).read_text(encoding="utf-8")
        assert text.strip() in unescape(shown), name


def test_the_search_finds_a_key_and_a_command(site):
    index = (site / "search" / "search_index.json").read_text(encoding="utf-8")
    assert "iou_threshold" in index
    assert "--dry-run" in index


def test_what_the_readme_says_about_setting_up_stands_in_the_documentation():
    command = "pip install -c constraints.txt . && dissect-report build\n"
    for path in (ROOT / "README.md", DOCS / "pages" / "index.md"):
        assert command in path.read_text(encoding="utf-8"), path
