"""Two small sites, a classifier with removals and a generator with edits, and their whole findings."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.processes import struck
from tests.generation_site import write_generator_site
from tests.same_findings import findings
from tests.small_site import write_small_site

REMOVALS = '\n[ablation]\nlayers = ["conv2"]\nclasses = ["output_0", "output_1"]\nrandom_draws = 1\n'
EDITS = (
    'layers = ["layer1"]\nconcepts = ["red", "blue"]\nremoved = [0, 2]\nplaces = 2\nlatents = 4\n'
    "unit_latents = 2\ninsert_latents = 2\nunit_places = 2\ngrid_latents = 2\nrandom_draws = 1\n"
)


@dataclass(frozen=True)
class Whole:
    """A site that nothing happened to.

    Attributes:
        folder: of the site without findings.
        run: name of its run.
        operations: that a build of its findings makes below the folder.
        findings: every file of them.
    """

    folder: Path
    run: str
    operations: int
    findings: dict[str, bytes]

    def copy(self, to: Path) -> Path:
        """The site without findings, to strike at."""
        shutil.copytree(self.folder, to)
        return to


@pytest.fixture(scope="session", params=["classifier", "generator"])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = tmp_path_factory.mktemp("whole") / "site"
    if request.param == "classifier":
        config = write_small_site(folder, images=12)
        config.write_text(config.read_text() + REMOVALS)
    else:
        write_generator_site(folder, EDITS)
    clean = folder.with_name("clean")
    shutil.copytree(folder, clean)
    done = struck(folder, 0, "count", "analyze", str(folder))
    assert done.returncode == 0, done.stderr
    (run,) = (path.name for path in (folder / "run").iterdir() if path.is_dir())
    counted = int(Path(f"{folder}.count").read_text())
    assert counted > 50
    return Whole(clean, run, counted, findings(folder, run))
