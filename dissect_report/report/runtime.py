"""What runs networks in a reader's browser: the vendored library as one script, once a site.

``onnxruntime-web`` (MIT), its WebAssembly build for one thread; ``templates/assets/runtime`` holds it as it
was published, its program gzipped. A newer one replaces the files and their digests here.
"""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from dissect_report.report.page import DataFile
from dissect_report.report.templating import script_json, templates_folder

VERSION = "1.30.0"

#: sha256 of the files in the npm package ``onnxruntime-web``.
DIGESTS = {
    "ort.wasm.bundle.min.mjs": "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    "ort-wasm-simd-threaded.wasm": "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
}

#: Where the script lies on a site.
RUNTIME = PurePosixPath("assets/runtime/onnxruntime.js")

#: The script of a page that runs a network, before the page's own.
STARTER = "assets/js/runtime.js"


def runtime_file() -> DataFile:
    """The library and our worker behind it, under the library's licence."""
    folder = templates_folder() / "assets" / "runtime"
    library = (folder / "ort.wasm.bundle.min.mjs").read_text(encoding="utf-8")
    worker = (folder / "worker.js").read_text(encoding="utf-8")
    wasm = (folder / "ort-wasm-simd-threaded.wasm.gz").read_bytes()
    parts = {"program": f"{as_constant(library)}\n{worker}", "wasm": base64.b64encode(wasm).decode("ascii")}
    licence = (folder / "LICENSE").read_text(encoding="utf-8")
    return DataFile(RUNTIME, f"/*\n{licence}*/\n{registered(RUNTIME, parts)}")


def script_bundle(path: PurePosixPath, parts: Sequence[str]) -> DataFile:
    """Scripts of one kind of page as one file.

    Args:
        path: of the file.
        parts: in ``templates/``, in order.
    """
    return DataFile(
        path, "\n".join((templates_folder() / part).read_text(encoding="utf-8") for part in parts)
    )


def as_constant(module: str) -> str:
    """An ECMAScript module as a plain script, its exports in the constant ``ort``.

    Browsers refuse a worker that is a module to a page opened from disk.

    Raises:
        ValueError: it does not end with its one list of exports.
    """
    found = re.fullmatch(r"(.*)export\{([^{}]*)\};?\s*(?://#[^\n]*\s*)?", module, re.DOTALL)
    if found is None:
        raise ValueError("the library does not end with its exports")
    pairs = [re.split(r"\s+as\s+", one.strip()) for one in found[2].split(",")]
    names = ",".join(f"{pair[-1]}:{pair[0]}" for pair in pairs)
    return f"{found[1]}const ort={{{names}}};".replace("import.meta.url", "self.location.href")


def packed(data: bytes) -> str:
    """Bytes as base64 of gzip, the same text for the same bytes: what the worker unpacks."""
    return base64.b64encode(gzip.compress(data, mtime=0)).decode("ascii")


def registered(path: PurePosixPath, data: object) -> str:
    """A script that hands ``data`` over under the name of its file."""
    return f"dissect.register({script_json(str(path.with_suffix('')))},{script_json(data)});\n"
