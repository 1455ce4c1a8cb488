"""Findings as what two equal runs share."""

from __future__ import annotations

import json
from pathlib import Path


def findings(folder: Path, name: str = "factory") -> dict[str, bytes]:
    """Every file of the findings; of records only what two equal runs share."""
    root = folder / "run" / name
    files = {
        str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()
    }
    run = json.loads(files["run.json"])
    for key in ("seconds", "created", "key", "notes"):
        run["provenance"].pop(key)
    run["config"].pop("compute")
    files["run.json"] = json.dumps(run).encode()
    manifest, timed = json.loads(files["manifest.json"]), ["run.json"]
    for file in sorted(files):
        record = json.loads(files[file]) if file.endswith(".json") else {}
        if "seconds" in record:  # of an experiment: how long its parts took
            files[file] = json.dumps({**record, "seconds": None}).encode()
            timed.append(file)
    for file in timed:
        manifest["files"].pop(file)
    files["manifest.json"] = json.dumps(manifest).encode()
    return files
