"""A made-up site in real Chromium: over http below a sub-path, and from disk."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from dissect_report.config import load_config
from dissect_report.publish.builder import build_site
from dissect_report.publish.server import address_of, make_server
from tests.synthetic import write_synthetic_site

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
DEMO = Path(__file__).resolve().parents[2] / "sites" / "demo" / "site"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="needs playwright: pip install '.[browser]'"
    )
    if CHROMIUM is None:
        pytest.skip("needs Chromium on the PATH")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs, more units than a layer page draws at once."""
    folder = tmp_path_factory.mktemp("served")
    config = write_synthetic_site(folder, runs=2, layers=2, units=130, images=40, concepts=30)
    return build_site(load_config(config), Console(quiet=True)).parent


@pytest.fixture(scope="session")
def hostile_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    config = write_synthetic_site(folder, layers=8, units=8, images=12, concepts=20, hostile=True)
    return build_site(load_config(config), Console(quiet=True)).parent


def below_a_sub_path(site: Path, root: Path) -> Iterator[str]:
    """Address of ``site`` below ``/some/path/`` on a server of ``root``, which is empty."""
    (root / "index.html").write_text("another site")
    (root / "some").mkdir()
    shutil.copytree(site, root / "some" / "path", copy_function=os.link)  # links out of it are refused
    with make_server(root, 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"{address_of(server)}some/path/"
        server.shutdown()


@pytest.fixture(scope="session")
def http_root(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the site on a server that has it below ``/some/path/``."""
    yield from below_a_sub_path(site, tmp_path_factory.mktemp("root"))


@pytest.fixture(params=["http", "file"])
def root(request: pytest.FixtureRequest, site: Path) -> str:
    """Where the site lies, with a slash at the end."""
    return request.getfixturevalue("http_root") if request.param == "http" else f"{site.as_uri()}/"


@dataclass
class Watch:
    """Everything a page complained about or asked for."""

    root: str
    complaints: list[str] = field(default_factory=list)

    def follow(self, page: Any) -> None:
        page.on("console", lambda message: self._on_console(message))
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("requestfailed", lambda request: self._on_failure(request))
        page.on("request", lambda request: self._on_request(request.url))
        page.on("response", lambda response: self._on_response(response))

    def _on_console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")

    def _on_failure(self, request: Any) -> None:
        # Leaving a page aborts what it still loads.
        if "ERR_ABORTED" not in (request.failure or ""):
            self.complaints.append(f"failed: {request.url}: {request.failure}")

    def _on_request(self, url: str) -> None:
        if not url.startswith((self.root, "data:", "blob:", "about:")):
            self.complaints.append(f"left the site: {url}")

    def _on_response(self, response: Any) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status}: {response.url}")


def href(page: Any) -> str:
    """The page's address now; ``page.url`` hears of a change a moment later."""
    return str(page.evaluate("location.href"))


def opened(chromium: Any, root: str, **options: Any) -> Iterator[Any]:
    """A page whose every complaint fails the test at its end."""
    context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
    context.set_default_timeout(15_000)
    page = context.new_page()
    watch = Watch(root)
    watch.follow(page)
    yield page
    context.close()
    assert watch.complaints == []


@pytest.fixture
def page(chromium: Any, root: str) -> Iterator[Any]:
    yield from opened(chromium, root)


@pytest.fixture
def phone(chromium: Any, root: str) -> Iterator[Any]:
    yield from opened(chromium, root, viewport={"width": 390, "height": 844}, has_touch=True)
