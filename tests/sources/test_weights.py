from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import torch

from dissect_report.errors import StorageError, WeightsError
from dissect_report.sources.fetching.places import place_of
from dissect_report.sources.weights import fetch, read_restricted

CONTENT = b"numbers" * 1000
SHA = hashlib.sha256(CONTENT).hexdigest()


class Quiet(SimpleHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path.endswith("/torn.bin"):
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"half")
            return
        super().do_GET()

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "served"
    for below in ("a", "b"):
        (folder / below).mkdir(parents=True)
        (folder / below / "net.bin").write_bytes(CONTENT)
    Quiet.asked.clear()
    http = HTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    thread.join()
    http.server_close()


def test_a_file_is_downloaded_once_and_kept(server: str, own_cache: Path) -> None:
    first = fetch(f"{server}/a/net.bin", SHA[:8])
    assert first.read_bytes() == CONTENT
    assert own_cache in first.parents
    assert fetch(f"{server}/a/net.bin", SHA) == first
    assert Quiet.asked == ["/a/net.bin"]


def test_equal_names_of_two_places_do_not_meet(server: str) -> None:
    assert fetch(f"{server}/a/net.bin") != fetch(f"{server}/b/net.bin")


def test_a_given_folder_is_used_as_it_is(server: str, tmp_path: Path) -> None:
    assert fetch(f"{server}/a/net.bin", cache=tmp_path / "mine") == tmp_path / "mine" / "net.bin"


def test_a_wrong_digest_is_refused_and_nothing_is_left(server: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=f"sha256 begins {SHA[:12]}, not 00000000: refused"):
        fetch(f"{server}/a/net.bin", "00000000", cache=tmp_path / "mine")
    assert list((tmp_path / "mine").iterdir()) == []


def test_a_damaged_file_in_the_cache_is_found_out(server: str, tmp_path: Path) -> None:
    fetch(f"{server}/a/net.bin", SHA, cache=tmp_path).write_bytes(b"damaged")
    with pytest.raises(WeightsError, match="delete it to download it again"):
        fetch(f"{server}/a/net.bin", SHA, cache=tmp_path)


def test_offline_uses_the_cache_and_otherwise_says_where_to_put_the_file(server: str, tmp_path: Path) -> None:
    url = f"{server}/a/net.bin"
    with pytest.raises(WeightsError) as caught:
        fetch(url, cache=tmp_path, offline=True)
    assert url in str(caught.value)
    assert str(tmp_path / "net.bin") in str(caught.value)
    (tmp_path / "net.bin").write_bytes(CONTENT)
    assert fetch(url, SHA, cache=tmp_path, offline=True) == tmp_path / "net.bin"
    assert Quiet.asked == []


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/net.bin", "{server}/none/net.bin", "{server}/a/torn.bin"]
)
def test_an_unreachable_or_broken_download_is_one_line_with_the_remedy(
    server: str, tmp_path: Path, address: str
) -> None:
    url = address.format(server=server)
    with pytest.raises(WeightsError) as caught:
        fetch(url, cache=tmp_path / "mine")
    assert url in str(caught.value)
    assert "by hand" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "mine" / "net.bin").exists()
    assert not (tmp_path / "mine" / "torn.bin").exists()


def test_a_cache_that_cannot_be_written_is_named(server: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="file"):
        fetch(f"{server}/a/net.bin", cache=tmp_path / "file" / "below")


def test_a_path_that_climbs_stays_below_the_cache(own_cache: Path) -> None:
    place = place_of("http://host/a/../../../x/%2e%2e/net.bin", None)
    assert place == own_cache / "weights" / "host" / "a" / "x" / "net.bin"


def test_a_restricted_pickle_never_runs_code(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "sprung",))

    torch.save({"a": Trap()}, tmp_path / "net.pth")
    with pytest.raises(WeightsError, match="not a plain state dict"):
        read_restricted(tmp_path / "net.pth")
    assert not (tmp_path / "sprung").exists()
