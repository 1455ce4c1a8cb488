"""The hub's client against a server on this machine: downloads, its cache, and nobody there."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from dissect_report.errors import SourceError
from dissect_report.sources import hub
from dissect_report.sources.hub import local_or_hub, within_reach
from tests.saved_networks import save, vit

OPEN = """
import sys
from pathlib import Path
from dissect_report.config import ModelConfig
from dissect_report.errors import DissectError
from dissect_report.sources.models import open_model
for source in sys.argv[1:]:
    try:
        print(source, open_model(ModelConfig(source=source), Path()).known.classes)
    except DissectError as error:
        print(source, "ERROR", error)
"""


class Hub(BaseHTTPRequestHandler):
    """Files of one repository, as the hub hands them out: by name, with a digest and a commit."""

    def __init__(self, folder: Path, asked: list[str], *args: object) -> None:
        self.folder, self.asked = folder, asked
        super().__init__(*args)  # type: ignore[arg-type]

    def do_HEAD(self) -> None:
        self._answer(False)

    def do_GET(self) -> None:
        self._answer(True)

    def _answer(self, whole: bool) -> None:
        self.asked.append(self.path)
        found = re.fullmatch(r"/toys/vit/resolve/main/([\w.]+)", self.path)
        path = self.folder / found[1] if found else None
        if path is None or not path.is_file():
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound" if found else "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        content = path.read_bytes()
        self.send_response(200)
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if whole:
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
    """The address of a hub that has one network, and what it was asked for."""
    transformers = pytest.importorskip("transformers", reason="needs the extra hf")
    save(vit(transformers, id2label={0: "cat", 1: "dog"}), tmp_path / "vit")
    asked: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Hub, tmp_path / "vit", asked))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join()


def told(folder: Path, *sources: str, **environment: str) -> list[str]:
    """What opening sources in a process of its own prints."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environment = {**known, "HF_HOME": str(folder / "home"), "HF_HUB_DISABLE_XET": "1", **environment}
    found = subprocess.run(
        [sys.executable, "-c", OPEN, *sources], env=environment, capture_output=True, text=True, check=True
    )
    return found.stdout.splitlines()


def test_a_name_is_downloaded_once_and_found_offline(tmp_path: Path, served: tuple[str, list[str]]) -> None:
    address, asked = served
    here, gone = told(tmp_path, "hf:toys/vit", "hf:toys/none", HF_ENDPOINT=address)
    assert here == "hf:toys/vit ('cat', 'dog')"
    assert gone.startswith("hf:toys/none ERROR hf:toys/none cannot be had (")
    assert "hf download ORG/NAME --local-dir FOLDER" in gone
    assert [path for path in asked if path.endswith("model.safetensors")]
    asked.clear()
    here, gone = told(tmp_path, "hf:toys/vit", "hf:toys/none", HF_ENDPOINT=address, HF_HUB_OFFLINE="1")
    assert here == "hf:toys/vit ('cat', 'dog')"
    assert "cannot be had (" in gone
    assert asked == [], "HF_HUB_OFFLINE is honoured"


def test_where_nobody_answers_the_cache_alone_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    constants = SimpleNamespace(HF_HUB_OFFLINE=False, ENDPOINT="http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "huggingface_hub.constants", constants)
    monkeypatch.setattr(hub.urllib.request, "getproxies", dict)
    with within_reach():
        assert constants.HF_HUB_OFFLINE, "port 9 of this machine is closed"
    assert not constants.HF_HUB_OFFLINE
    monkeypatch.setattr(hub.urllib.request, "getproxies", lambda: {"https": "proxy"})
    hub._reached.cache_clear()
    with within_reach():
        assert not constants.HF_HUB_OFFLINE, "a proxy may reach what we cannot"
    hub._reached.cache_clear()


def test_a_folder_comes_before_a_name_of_the_hub(tmp_path: Path) -> None:
    (tmp_path / "org" / "net").mkdir(parents=True)
    assert local_or_hub("hf:org/net", tmp_path, SourceError) == (str(tmp_path / "org" / "net"), True)
    assert local_or_hub("hf:org/other", tmp_path, SourceError) == ("org/other", False)
    for source in ("hf:../x", "hf:/x/y", "hf:", "hf:a/b/c"):
        with pytest.raises(SourceError, match="no folder"):
            local_or_hub(source, tmp_path, SourceError)
