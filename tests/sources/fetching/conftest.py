"""A small server that can be slow of mind: it tears, forgets ranges, serves another version."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

CONTENT = bytes(range(256)) * 1000
SHA = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Behaviour:
    """What the server does, and what it was asked.

    Attributes:
        content: of its one file.
        tag: the file's version; "" says none.
        ranges: whether a piece can be asked for.
        tear: bytes after which a connection breaks, one for each; then none does.
        asked: method, path and range of every request.
    """

    content: bytes = CONTENT
    tag: str = '"one"'
    ranges: bool = True
    tear: list[int] = field(default_factory=list)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    address: str = ""


@pytest.fixture
def server() -> Iterator[Behaviour]:
    behaviour = Behaviour()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(False)

        def do_GET(self) -> None:
            self._answer(True)

        def _answer(self, body: bool) -> None:
            wanted = self.headers.get("Range", "")
            behaviour.asked.append((self.command, self.path, wanted))
            if "missing" in self.path:
                self.send_error(404)
                return
            found = re.fullmatch(r"bytes=(\d+)-", wanted)
            same = self.headers.get("If-Range", behaviour.tag) == behaviour.tag
            start = int(found[1]) if found and behaviour.ranges and same else 0
            whole = len(behaviour.content)
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
            if behaviour.tag:
                self.send_header("ETag", behaviour.tag)
            self.send_header("Content-Length", str(whole - start))
            self.end_headers()
            if body:
                end = start + behaviour.tear.pop(0) if behaviour.tear else whole
                self.wfile.write(behaviour.content[start:end])

        def log_message(self, *_: object) -> None: ...

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    behaviour.address = f"http://127.0.0.1:{http.server_port}"
    yield behaviour
    http.shutdown()
    thread.join()
    http.server_close()
