from __future__ import annotations

import gzip
import os
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from dissect_report.cli.serve import built_site, serve
from dissect_report.errors import PublishError
from dissect_report.publish.folders import COMPLETE, UNFINISHED, mark
from dissect_report.publish.server import SiteServer, address_of, make_server


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    (folder / "run").mkdir(parents=True)
    (folder / "index.html").write_text("<h1>home</h1>")
    (folder / "run" / "data.js").write_text("1")
    return folder


def test_it_serves_the_site_on_this_machine(site: Path):
    with make_server(site, 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = address_of(server)
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(address) as answer:
            assert answer.read() == b"<h1>home</h1>"
        with urllib.request.urlopen(f"{address}run/data.js") as answer:
            assert answer.headers["Content-Type"] == "text/javascript"
        server.shutdown()


def test_texts_are_compressed_for_who_takes_it_and_new_after_a_change(site: Path):
    with make_server(site, 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for address, file in (("", "index.html"), ("run/data.js", "run/data.js")):
            for text in ("one", "two" * 500):
                (site / file).write_text(text)
                os.utime(site / file, (1_000_000, 1_000_000 + len(text)))
                asked = urllib.request.Request(
                    address_of(server) + address, headers={"Accept-Encoding": "gzip"}
                )
                with urllib.request.urlopen(asked) as answer:
                    assert answer.headers["Content-Encoding"] == "gzip"
                    assert gzip.decompress(answer.read()).decode() == text
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(
                urllib.request.Request(address_of(server) + "no.js", headers={"Accept-Encoding": "gzip"})
            )
        server.shutdown()


def test_a_port_in_use_gives_another(site: Path):
    with make_server(site, 0) as first, make_server(site, first.server_port) as second:
        assert second.server_port not in (0, first.server_port)


def test_an_impossible_port_gives_a_free_one(site: Path):
    with make_server(site, 99999) as server:
        assert server.server_port > 0


def test_a_missing_site_names_the_remedy(tmp_path: Path):
    with pytest.raises(PublishError, match="no built site here; run `dissect-report render`"):
        make_server(tmp_path, 0)


def test_the_site_is_found_from_its_folder_and_from_its_configuration(site: Path):
    for named in (site, site.parent, site.parent / "dissect.toml"):
        assert built_site(named) == site


@pytest.mark.parametrize(("state", "said"), [(UNFINISHED, True), (COMPLETE, False), (None, False)])
def test_a_site_whose_build_was_interrupted_is_served_with_a_note(
    site: Path,
    state: str | None,
    said: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    if state:
        mark(site, state)
    monkeypatch.setattr(SiteServer, "serve_forever", lambda server: None)
    serve(site, port=0, no_open=True)
    printed = capsys.readouterr().out
    assert "http://127.0.0.1:" in printed
    assert ("did not finish" in printed) == said
