"""Shows a built site on this machine."""

from __future__ import annotations

import functools
import gzip
import http.server
import io
import os
from pathlib import Path
from typing import Any

from dissect_report.errors import PublishError

ADDRESS = "127.0.0.1"
#: Names by which a browser on this machine asks.
HOSTS = (ADDRESS, "localhost")
#: What is sent compressed, as GitHub Pages does; pictures are compressed already.
TEXTS = (".html", ".css", ".js", ".json", ".svg", ".csv")


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files without a log line each, and never from the browser's cache unasked."""

    extensions_map = {  # noqa: RUF012 - the standard library's own class attribute
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".webp": "image/webp",
    }

    def send_head(self) -> Any:
        """As the standard library's, texts compressed where the browser takes that.

        A page of elsewhere that has its name lead here, a link out of the site and what is no name of a file
        are refused; a folder without a page is not there.
        """
        if not self._asked_by_name():
            return self.send_error(http.HTTPStatus.MISDIRECTED_REQUEST)
        path = self._file()
        if path is None:
            return self.send_error(http.HTTPStatus.NOT_FOUND)
        takes = "gzip" in self.headers.get("Accept-Encoding", "") and "If-Modified-Since" not in self.headers
        if not takes or path.suffix not in TEXTS or not path.is_file():
            return super().send_head()
        changed = path.stat().st_mtime
        packed = compressed(path, changed)
        self.send_response(http.HTTPStatus.OK)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(packed)))
        self.send_header("Last-Modified", self.date_time_string(int(changed)))
        self.end_headers()
        return io.BytesIO(packed)

    def _asked_by_name(self) -> bool:
        """Whether the browser asked for this machine: another name may be a stranger's page."""
        name = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "")
        return name in HOSTS

    def _file(self) -> Path | None:
        """The file that was asked for, a folder's page, or a folder that lacks its last slash."""
        path = Path(self.translate_path(self.path))
        slash = self.path.partition("?")[0].partition("#")[0].endswith("/")
        try:
            if path.is_dir() and slash:
                path /= "index.html"
            # Of the page itself: in a folder of the site it may be a link that leads out.
            inside = path.resolve().is_relative_to(Path(self.directory).resolve())
            return path if inside and (path.is_file() or (path.is_dir() and not slash)) else None
        except (OSError, ValueError):  # a zero byte, a name too long
            return None

    def end_headers(self) -> None:
        """Adds the header that makes a rebuilt site visible on reload."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: the reader's terminal shows the address and no more."""


@functools.lru_cache(maxsize=256)
def compressed(path: Path, changed: float) -> bytes:
    """A file's bytes by gzip, made anew when it has ``changed``."""
    return gzip.compress(path.read_bytes(), compresslevel=5)


class SiteServer(http.server.ThreadingHTTPServer):
    """A server that does not wait for open connections when it stops."""

    daemon_threads = True
    # The same port again right after a stop; Windows would share it with a server that still runs.
    allow_reuse_address = os.name != "nt"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away in the middle of a picture is no error."""


def make_server(site: Path, port: int) -> SiteServer:
    """A server of ``site`` on this machine alone, at ``port`` or, if that is taken, any free one.

    Raises:
        PublishError: there is no built site in ``site``, or no port to be had.
    """
    if not (site / "index.html").is_file():
        raise PublishError(f"{site}: no built site here; run `dissect-report render` or `build` first")
    handler = functools.partial(QuietHandler, directory=str(site))
    for candidate in (port, 0):
        try:
            return SiteServer((ADDRESS, candidate), handler)
        except (OSError, OverflowError) as error:
            reason = error
    raise PublishError(f"port {port}: cannot be opened ({reason}); choose another with --port")


def address_of(server: http.server.HTTPServer) -> str:
    """Where a browser finds the site."""
    return f"http://{ADDRESS}:{server.server_port}/"
