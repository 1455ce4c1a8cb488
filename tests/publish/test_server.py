from __future__ import annotations

import gzip
import os
import socket
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from dissect_report.cli.serve import built_site, serve
from dissect_report.errors import PublishError
from dissect_report.findings.folders import COMPLETE, UNFINISHED, mark
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


def asked(server: SiteServer, path: str, host: str | None = None) -> tuple[int, bytes]:
    """Status and body of a request as it is written, without the client's own tidying."""
    with socket.create_connection(server.server_address[:2], timeout=10) as line:
        name = host or f"127.0.0.1:{server.server_port}"
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def test_only_its_own_names_are_answered_and_nothing_outside_the_site(site: Path, tmp_path: Path):
    (tmp_path / "secret.txt").write_text("secret")
    (site / "link.txt").symlink_to(tmp_path / "secret.txt")
    (site / "away").symlink_to(tmp_path)
    (site / "page").mkdir()
    (site / "page" / "index.html").symlink_to(tmp_path / "secret.txt")
    if hasattr(os, "mkfifo"):
        os.mkfifo(site / "pipe")  # whoever opens it waits for ever
    with make_server(site, 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_port
        for host in (f"localhost:{port}", "localhost", f"127.0.0.1:{port}"):
            assert asked(server, "/", host) == (200, b"<h1>home</h1>")
        for host in (f"evil.example:{port}", "evil.example", f"127.0.0.1.evil.example:{port}", "[::2]:80"):
            assert asked(server, "/", host)[0] == 421
        for path in (
            "/link.txt",
            "/page/",
            "/pipe",
            "/away/secret.txt",
            "/../secret.txt",
            "/%2e%2e/secret.txt",
            "/a%00b",
            "/%00",
        ):
            status, body = asked(server, path)
            assert (path, status) == (path, 404)
            assert b"secret" not in body.replace(b"secret.txt", b"")
        assert asked(server, "/run/")[0] == 404  # no list of a folder
        assert asked(server, "/run")[0] == 301
        assert asked(server, "/" + "x" * 5000)[0] == 404
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
