"""What keeps a site of thousands of units small, and its next build short."""

from __future__ import annotations

import gzip
import json
import re

from dissect_report.findings import folders


def test_header_and_navigation_of_thousands_of_pages_lie_once_a_folder(built):
    pages = [path for path in built.site.rglob("*.html") if path.stem.isdigit()]
    assert len({path.parent for path in pages}) < len(pages)
    for path in pages:
        assert "md-header" not in path.read_text(encoding="utf-8")
        shown = built.shown(path.relative_to(built.site).as_posix())
        assert shown.count('<header class="md-header') == 1
        assert shown.count('<nav class="md-nav md-nav--primary') == 1
        title = re.search(r"<title>(.*?) · ", shown).group(1)
        assert title in shown[shown.index("header-topic") :]


def test_the_packed_findings_are_the_layers_findings(built):
    found = list(built.folder.glob("run/*/*/dissection.json"))
    assert found
    for path in found:
        packed = built.site / path.relative_to(built.folder / "run").with_suffix(".json.gz")
        assert gzip.decompress(packed.read_bytes()) == path.read_bytes()


def test_a_changed_layer_rewrites_its_own_files_alone_and_the_build_says_how_many(rebuilt):
    def times() -> dict[str, int]:
        paths = [path for path in rebuilt.site.rglob("*") if path.is_file() and path.name != folders.MARKER]
        return {path.relative_to(rebuilt.site).as_posix(): path.stat().st_mtime_ns for path in paths}

    before = times()
    path = next(rebuilt.folder.glob("run/*/features.conv1_2/dissection.json"))
    record = json.loads(path.read_text(encoding="utf-8"))
    for unit in record["units"]:
        unit["mask_pixels"] += 1
    path.write_text(json.dumps(record), encoding="utf-8")
    said = rebuilt.build()
    changed = {name for name, time in times().items() if before[name] != time}
    folder = f"{path.parent.parent.name}/features.conv1_2/"
    pages = {f"{folder}{unit['unit']}{end}" for unit in record["units"] for end in (".html", ".json")}
    assert changed == pages | {f"{folder}dissection.json.gz", f"{folder}units.csv", "files.json"}
    assert f"; {len(changed)} of {len(before)} files changed" in said
