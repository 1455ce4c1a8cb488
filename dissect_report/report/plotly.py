"""What draws figures in a reader's browser: the vendored library as one script, once a site.

``plotly.js`` (MIT), its bundle of plots with x and y axes as npm has it; ``templates/assets/plotly`` holds
it gzipped beside its licence. The Python package carries the same program with maps and 3-d plots: three
times as large on every site, and 64 MB installed. ``nox -s plotly`` fetches it again, or a newer one.
"""

from __future__ import annotations

import gzip

from dissect_report.report.templating import templates_folder

#: Of the package that npm has.
PACKAGE = "plotly.js-cartesian-dist-min"
VERSION = "4.1.1"
#: The file in it, and its sha256.
FILE = "plotly-cartesian.min.js"
DIGEST = "79542150855a52c567260e3137095dbe2b744e6d702a5cabe67da246942fba7a"


def plotly_script() -> bytes:
    """The library as it was published, under its licence."""
    folder = templates_folder() / "assets" / "plotly"
    licence = (folder / "LICENSE").read_bytes()
    return b"/*\n" + licence + b"*/\n" + gzip.decompress((folder / f"{FILE}.gz").read_bytes())
