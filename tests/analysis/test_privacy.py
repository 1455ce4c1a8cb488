"""Where the work was done is nobody's business: a marker in the folder's name appears nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from dissect_report.analysis.dissection import dissect
from dissect_report.analysis.privacy import shortened
from dissect_report.config import load_config
from dissect_report.report import render
from dissect_report.report.site import layers_of, load_site
from tests.small_site import change, write_small_site

MARKER = "zanzibar-marker"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("cannot read /tmp/a/b.png: no such file", "cannot read b.png: no such file"),
        ("'/tmp/x/net.py:factory'", "'net.py:factory'"),
        ("/site/masks/a.png and /site/b", "masks/a.png and b"),
        ("https://example.org/tmp/a.bin", "https://example.org/tmp/a.bin"),
        ("/a/airfield", "/a/airfield"),
        ("3/4 of 1/2, and/or, ../shared/x.csv", "3/4 of 1/2, and/or, ../shared/x.csv"),
        (r"C:\Users\me\photos\a.png is dark", "a.png is dark"),
        ("/my data/two words.csv", "two words.csv"),
        ("", ""),
    ],
)
def test_a_text_keeps_the_last_part_of_a_path(text: str, wanted: str) -> None:
    assert shortened(text, ["/my data/two words.csv"], ("/site",)) == wanted


def test_nothing_that_is_published_names_the_folder_it_was_made_in(tmp_path: Path) -> None:
    folder = tmp_path / MARKER / "my site"
    config = write_small_site(folder, images=6)
    elsewhere = tmp_path / MARKER / "photos of mine"
    (folder / "photos").rename(elsewhere)
    (elsewhere / "broken.png").write_bytes(b"no picture")
    change(config, 'images = "photos"', f'images = "{elsewhere}"')
    change(config, 'source = "net.py:factory"', f'source = "{folder}/net.py:factory"')
    change(config, 'source = "net.py:blocks"', f'source = "{folder}/net.py:blocks"')
    change(config, 'concepts = "concepts.csv"', f'concepts = "{folder}/concepts.csv"')
    dissect(config, threads=1)
    written = [path for path in (folder / "run").rglob("*") if path.is_file()]
    assert written
    assert [path for path in written if MARKER.encode() in path.read_bytes()] == []
    site = load_site(load_config(config))
    texts = [page.body for page in render.pages(site)]
    texts += [page.body for run in site.runs for layer in layers_of(run)
              for page in render.unit_pages(site, run, layer)]  # fmt: skip
    texts += [file.text for file in render.data_files(site)]
    assert not [text for text in texts if MARKER in text]
    assert any("photos of mine" in text for text in texts)  # what it is called may be said
