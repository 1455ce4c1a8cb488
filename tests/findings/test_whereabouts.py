"""Which texts tell where on whose machine something was made, whoever asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from dissect_report.errors import StorageError
from dissect_report.findings.whereabouts import homes_in
from dissect_report.sources.weights import cache_folder

PAGE = 'see <a href="https://example.org/a//b">//x</a> and "../y/z.html"'


def nobody() -> Path:
    raise RuntimeError("Could not determine home directory.")


@pytest.mark.parametrize("home", ["/", "/srv/ann"])
def test_an_address_is_no_home(home: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", home)
    assert not list(homes_in(PAGE))


def test_homes_of_anybody_and_of_who_asks_are_found(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", "/srv/ann")
    assert list(homes_in("/home/ann/x /Users/bob/y C:\\\\Users\\\\cy /srv/ann/z")) == [
        "/home/ann", "/Users/bob", "C:\\\\Users\\\\cy", "/srv/ann",
    ]  # fmt: skip


def test_who_has_no_home_may_ask_too(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Path, "home", nobody)
    assert list(homes_in("/home/ann/x")) == ["/home/ann"]
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("DISSECT_REPORT_CACHE", raising=False)
    with pytest.raises(StorageError, match="DISSECT_REPORT_CACHE"):
        cache_folder()
