"""Where real networks and the reference's outputs lie: beside the repository, where there are any."""

from __future__ import annotations

from pathlib import Path

SHARED = (Path(__file__).resolve().parents[1] / "../shared").resolve()
ZOO = SHARED / "zoo"
REFERENCE = SHARED / "reference"
