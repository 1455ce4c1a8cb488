"""A built site lists its own files; those that it shares with the build before are not read again."""

from __future__ import annotations

import hashlib
import json

import pytest

from dissect_report.findings import manifest
from tests.publish.conftest import Built


def listed(site: Built) -> dict[str, str]:
    return {name: record["sha256"] for name, record in json.loads(site.text("files.json"))["files"].items()}


def held(site: Built) -> dict[str, str]:
    paths = [path for path in site.site.rglob("*") if path.is_file()]
    names = {path.relative_to(site.site).as_posix(): path for path in paths}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in names.items()
        if name not in ("files.json", ".dissect-report")
    }


def test_every_file_is_listed_with_its_digest_after_every_build(
    rebuilt: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    rebuilt.build()
    assert listed(rebuilt) == held(rebuilt)
    read = []
    digest_of = manifest.digest_of
    monkeypatch.setattr(manifest, "digest_of", lambda path: read.append(path) or digest_of(path))
    config = rebuilt.folder / "dissect.toml"
    config.write_text(config.read_text().replace("A made-up run", "Another title"))
    rebuilt.build()
    assert listed(rebuilt) == held(rebuilt)
    assert rebuilt.site.with_name(".site-new") / "index.html" in read
    assert not [path for path in read if path.suffix == ".webp"], "they are the same files as before"
