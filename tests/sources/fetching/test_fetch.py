"""Files of others, against a server of this machine."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from dissect_report.config.fetch import MIRRORS, OFFLINE, FetchConfig, fetching
from dissect_report.errors import ConfigError, WeightsError
from dissect_report.sources.fetching.digests import Published, record_of
from dissect_report.sources.fetching.fetch import fetched, look
from dissect_report.sources.fetching.places import place_of
from tests.sources.fetching.conftest import CONTENT, SHA, Behaviour

#: Nobody is there: port 9 discards.
GONE = "http://127.0.0.1:9/models/net.pth"


def gets(server: Behaviour) -> list[str]:
    return [wanted for method, _, wanted in server.asked if method == "GET"]


@pytest.mark.parametrize("sha", ["", SHA[:8]])
def test_a_broken_connection_is_gone_on_with_where_it_broke(server: Behaviour, sha: str) -> None:
    server.tear = [1000, 20_000]
    path = fetched(Published(f"{server.address}/net.pth", sha))
    assert path.read_bytes() == CONTENT
    assert gets(server) == ["", "bytes=1000-", "bytes=21000-"]
    assert sorted(file.name for file in path.parent.iterdir()) == ["net.pth", "net.pth.sha256"]


def test_what_an_ended_run_left_is_gone_on_with(server: Behaviour) -> None:
    published = Published(f"{server.address}/net.pth")
    server.tear = [5000, 0, 0, 0]
    with pytest.raises(WeightsError, match=r"0.0 MB of it are kept for the next try"):
        fetched(published)
    server.asked.clear()
    assert fetched(published).read_bytes() == CONTENT
    assert gets(server) == ["bytes=5000-"]


@pytest.mark.parametrize("tag", ['"two"', ""])
def test_pieces_of_two_versions_are_never_joined(server: Behaviour, tag: str) -> None:
    published = Published(f"{server.address}/net.pth")
    server.tear = [5000, 0, 0, 0]
    if not tag:
        server.tag = ""
    with pytest.raises(WeightsError):
        fetched(published)
    server.tag, server.content = tag, CONTENT[::-1]
    assert fetched(published).read_bytes() == CONTENT[::-1]


def test_a_server_without_ranges_begins_anew(server: Behaviour) -> None:
    server.ranges, server.tear = False, [1000]
    assert fetched(Published(f"{server.address}/net.pth", SHA)).read_bytes() == CONTENT


def test_mirrors_are_asked_first_the_environments_before_the_files(
    server: Behaviour, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "other.pth").write_bytes(CONTENT)
    monkeypatch.setenv(MIRRORS, f"127.0.0.1:9={tmp_path.as_uri()}")
    with fetching(FetchConfig(mirrors=(f"127.0.0.1:9={server.address}/copy/",))):
        assert fetched(Published(GONE.replace("net", "other"))).read_bytes() == CONTENT
        assert server.asked == []
        assert fetched(Published(GONE, SHA)) == place_of(GONE)
    assert [path for _, path, _ in server.asked] == ["/copy/models/net.pth"]


def test_a_mirror_with_another_file_is_refused_and_the_next_one_asked(
    server: Behaviour, tmp_path: Path
) -> None:
    (tmp_path / "net.pth").write_bytes(b"another")
    published = Published(f"{server.address}/net.pth", SHA)
    host = server.address.removeprefix("http://")
    with fetching(FetchConfig(mirrors=(f"{host}={tmp_path.as_uri()}",))):
        assert fetched(published).read_bytes() == CONTENT


def test_a_failure_says_what_was_tried_what_to_put_where_and_what_is_kept(
    server: Behaviour, own_cache: Path
) -> None:
    mirror = f"{server.address}/missing"
    with fetching(FetchConfig(mirrors=(f"127.0.0.1:9={mirror}",))), pytest.raises(WeightsError) as caught:
        fetched(Published(GONE, SHA[:8]))
    line = str(caught.value)
    assert f"{mirror}/models/net.pth cannot be downloaded (HTTP 404" in line
    assert GONE in line
    assert f"download net.pth by hand and save it as {place_of(GONE)}" in line
    assert "is kept" in line
    assert "\n" not in line


def test_a_file_put_there_by_hand_is_taken_and_known_ever_after() -> None:
    place_of(GONE).parent.mkdir(parents=True)
    place_of(GONE).write_bytes(CONTENT)
    assert fetched(Published(GONE, SHA[:8])).read_bytes() == CONTENT
    assert record_of(place_of(GONE)).read_text().split()[0] == SHA
    place_of(GONE).write_bytes(b"another")
    with pytest.raises(WeightsError, match="first seen"):
        fetched(Published(GONE))
    record_of(place_of(GONE)).unlink()
    assert fetched(Published(GONE)).read_bytes() == b"another"


def test_an_md5_is_compared_where_that_is_what_was_published(server: Behaviour) -> None:
    url, md5 = f"{server.address}/net.zip", hashlib.md5(CONTENT).hexdigest()
    with pytest.raises(WeightsError, match=f"md5 is {md5}, not 00: refused"):
        fetched(Published(url, md5="00"))
    assert fetched(Published(url, md5=md5)).read_bytes() == CONTENT


@pytest.mark.parametrize("way", ["config", "environment"])
def test_offline_asks_nobody(server: Behaviour, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if way == "environment":
        monkeypatch.setenv(OFFLINE, "1")
    published = Published(f"{server.address}/net.pth", SHA)
    with fetching(FetchConfig(offline=way == "config")):
        with pytest.raises(WeightsError, match=r"offline, and .*by hand"):
            fetched(published)
        assert look(published).size is None
    assert server.asked == []


def test_sizes_are_known_before_anything_comes(server: Behaviour) -> None:
    published = Published(f"{server.address}/net.pth")
    wanted = look(published)
    assert (wanted.there, wanted.size, wanted.path) == (False, len(CONTENT), place_of(published.url))
    assert [method for method, _, _ in server.asked] == ["HEAD"]
    fetched(published)
    assert look(published).there


def test_a_proxy_of_the_environment_is_used(server: Behaviour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.address)
    monkeypatch.setenv("no_proxy", "")
    assert fetched(Published("http://nowhere.invalid/net.pth", SHA)).read_bytes() == CONTENT
    assert [path for _, path, _ in server.asked] == ["http://nowhere.invalid/net.pth"]


def test_a_mirror_that_is_none_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"mirrors: 'host' is not HOST="):
        FetchConfig(mirrors=("host",))
    monkeypatch.setenv(MIRRORS, "host=ftp://x")
    with pytest.raises(ConfigError, match=f"{MIRRORS}: 'host=ftp://x'"):
        FetchConfig().addresses(GONE)
