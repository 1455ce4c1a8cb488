"""``dissect-report serve`` builds again what has changed."""

from __future__ import annotations

import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dissect_report.cli.serve import rebuild, serve
from dissect_report.publish import builder, following
from dissect_report.publish.following import follow, state_of
from dissect_report.publish.server import SiteServer, address_of
from tests.publish.conftest import Built


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "INTERVAL", 0.05)


@pytest.fixture
def calls(rebuilt: Built) -> Iterator[list[float]]:
    """When ``follow`` called, while a test changes files."""
    found: list[float] = []
    stop, config = threading.Event(), rebuilt.folder / "dissect.toml"
    told = (config, state_of(config), lambda: not found.append(time.monotonic()), stop)
    thread = threading.Thread(target=follow, args=told)
    thread.start()
    yield found
    stop.set()
    thread.join()


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.02)


def change(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((path.read_bytes() if path.exists() else b"") + b"\n")


@pytest.mark.parametrize(
    "name", ["dissect.toml", "run/vgg16/run.json", "run/vgg16/features.conv1_1/dissection.json"]
)
def test_a_change_is_told_once(rebuilt: Built, calls: list[float], name: str):
    change(rebuilt.folder / name)
    wait_until(lambda: len(calls) == 1)
    time.sleep(0.4)
    assert len(calls) == 1


def test_own_templates_are_followed_when_they_come_change_and_go(rebuilt: Built, calls: list[float]):
    config = rebuilt.folder / "dissect.toml"
    config.write_text(f'{config.read_text()}\n[site]\ntemplates = "mine"\n')
    wait_until(lambda: len(calls) == 1)
    page = rebuilt.folder / "mine/pages/home.html"
    change(page)
    wait_until(lambda: len(calls) == 2)
    change(page)
    wait_until(lambda: len(calls) == 3)
    page.unlink()
    wait_until(lambda: len(calls) == 4)


def test_shipped_templates_are_followed(rebuilt: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(following, "templates_folder", lambda: tmp_path / "templates")
    page = tmp_path / "templates/pages/home.html"
    change(page)
    before = state_of(rebuilt.folder / "dissect.toml")
    change(page)
    assert state_of(rebuilt.folder / "dissect.toml") != before


def test_findings_that_are_being_written_are_left_alone_until_they_rest(rebuilt: Built):
    record, config = rebuilt.folder / "run/vgg16/run.json", rebuilt.folder / "dissect.toml"
    looks, told = [], []

    class Intervals(threading.Event):
        """Six intervals that pass at once; something is written in the first three."""

        def wait(self, timeout: float | None = None) -> bool:
            looks.append(timeout)
            if len(looks) <= 3:
                change(record)
            return len(looks) > 6

    follow(config, state_of(config), lambda: not told.append(len(looks)), Intervals())
    assert told == [4], "once, after the first interval in which nothing was written"


def test_what_the_build_writes_itself_is_no_change(rebuilt: Built):
    config = rebuilt.folder / "dissect.toml"
    before = state_of(config)
    rebuild(config)
    assert state_of(config) == before


def test_a_build_that_fails_is_one_line_and_the_next_change_mends_it(
    rebuilt: Built, capsys: pytest.CaptureFixture[str]
):
    config = rebuilt.folder / "dissect.toml"
    good, page = config.read_text(), rebuilt.text("index.html")
    config.write_text("title = ")
    assert state_of(config)
    rebuild(config)
    (line,) = capsys.readouterr().out.strip().splitlines()
    assert line.startswith("error: ")
    assert "not valid TOML" in line
    assert rebuilt.text("index.html") == page
    config.write_text(good.replace("A made-up run", "Mended"))
    rebuild(config)
    assert "built again" in capsys.readouterr().out
    assert "Mended" in rebuilt.text("index.html")


def test_a_build_that_fails_in_any_other_way_is_one_line_too_and_watching_goes_on(
    rebuilt: Built, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    def broken(*_: object) -> None:
        raise IndexError("of a page")

    broken.__code__ = broken.__code__.replace(co_filename=builder.__file__)
    monkeypatch.setattr(builder, "build_site", broken)
    assert rebuild(rebuilt.folder / "dissect.toml"), "it is not tried again before something changes"
    (line,) = capsys.readouterr().out.strip().splitlines()
    assert line.startswith("error: a defect of dissect-report: IndexError: of a page; the traceback is in ")


@pytest.mark.parametrize("named", ["", "dissect.toml", "site"])
def test_a_served_site_shows_a_change_of_its_title(
    rebuilt: Built, monkeypatch: pytest.MonkeyPatch, named: str
):
    shown = []
    running = SiteServer.serve_forever

    def reader(server: SiteServer) -> None:
        address = address_of(server)
        config = rebuilt.folder / "dissect.toml"
        config.write_text(config.read_text().replace("A made-up run", "Another title"))
        try:
            wait_until(lambda: "Another title" in read(address))
            shown.append(True)
        finally:
            server.shutdown()

    def read(address: str) -> str:
        try:
            with urllib.request.urlopen(address) as answer:
                return str(answer.read().decode())
        except OSError:  # between the old site and the new one
            return ""

    def serve_and_read(server: SiteServer) -> None:
        threading.Thread(target=reader, args=(server,)).start()
        running(server)

    monkeypatch.setattr(SiteServer, "serve_forever", serve_and_read)
    serve(rebuilt.folder / named, port=0, no_open=True)
    assert shown == [True]


def test_no_watch_builds_nothing(rebuilt: Built, monkeypatch: pytest.MonkeyPatch):
    before = rebuilt.text("index.html")

    def meanwhile(server: SiteServer) -> None:
        config = rebuilt.folder / "dissect.toml"
        config.write_text(config.read_text().replace("A made-up run", "Another title"))
        time.sleep(1)

    monkeypatch.setattr(SiteServer, "serve_forever", meanwhile)
    serve(rebuilt.folder, port=0, no_open=True, no_watch=True)
    assert rebuilt.text("index.html") == before


def test_a_change_that_cannot_be_built_yet_is_built_later(tmp_path, monkeypatch):
    monkeypatch.setattr(following, "INTERVAL", 0.02)
    config = tmp_path / "dissect.toml"
    config.write_text("a", encoding="utf-8")
    built, calls, stop = state_of(config), [], threading.Event()

    def busy_twice() -> bool:
        calls.append(1)
        return len(calls) > 2

    thread = threading.Thread(target=follow, args=(config, built, busy_twice, stop), daemon=True)
    config.write_text("another", encoding="utf-8")
    thread.start()
    wait_until(lambda: len(calls) == 3)
    time.sleep(0.2)
    stop.set()
    thread.join()
    assert len(calls) == 3
