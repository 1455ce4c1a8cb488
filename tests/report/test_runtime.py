"""The vendored runtime: what was published, under its licence, in one script."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json

import pytest

from dissect_report.report.runtime import DIGESTS, VERSION, as_constant, packed, runtime_file
from dissect_report.report.templating import templates_folder

FOLDER = templates_folder() / "assets" / "runtime"


@pytest.mark.parametrize("name", DIGESTS)
def test_a_vendored_file_is_the_published_one(name: str):
    plain, zipped = FOLDER / name, FOLDER / f"{name}.gz"
    data = plain.read_bytes() if plain.is_file() else gzip.decompress(zipped.read_bytes())
    assert hashlib.sha256(data).hexdigest() == DIGESTS[name]


def test_version_and_licence_are_the_librarys_own():
    library = (FOLDER / "ort.wasm.bundle.min.mjs").read_text(encoding="utf-8")
    assert f"v{VERSION}" in library[:200]
    assert f"onnxruntime-web {VERSION}" in (FOLDER / "LICENSE").read_text(encoding="utf-8")


def test_the_script_holds_library_worker_and_program_under_the_licence():
    text = runtime_file().text
    assert text.startswith("/*\nonnxruntime-web")
    assert "Permission is hereby granted" in text[:1500]
    parts = json.loads(text[text.index("{", text.index("dissect.register(")) : text.rindex(")")])
    assert gzip.decompress(base64.b64decode(parts["wasm"]))[:4] == b"\0asm"
    assert "const ort={InferenceSession:" in parts["program"]
    assert parts["program"].index("const ort={") < parts["program"].index("const sessions = new Map()")
    assert "import.meta" not in parts["program"]


def test_exports_become_a_constant():
    made = as_constant("var a=1,b=2;export{a as First,b};\n//# sourceMappingURL=x.map\n")
    assert made == "var a=1,b=2;const ort={First:a,b:b};"
    with pytest.raises(ValueError, match="exports"):
        as_constant("var a=1;")


def test_packing_is_the_same_for_the_same_bytes():
    assert packed(b"abc" * 100) == packed(b"abc" * 100)
    assert gzip.decompress(base64.b64decode(packed(b"abc"))) == b"abc"
