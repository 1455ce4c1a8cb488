"""Shows a built site on this machine."""

from __future__ import annotations

import functools
import http.server
import os
from pathlib import Path
from typing import Any

from dissect_report.errors import PublishError

ADDRESS = "127.0.0.1"


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files without a log line each, and never from the browser's cache unasked."""

    extensions_map = {  # noqa: RUF012 - the standard library's own class attribute
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".webp": "image/webp",
    }

    def end_headers(self) -> None:
        """Adds the header that makes a rebuilt site visible on reload."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: the reader's terminal shows the address and no more."""


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
