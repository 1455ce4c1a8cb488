"""What is looked at before anything is spent: minutes later it would cost the work until then."""

from __future__ import annotations

from dissect_report.analysis.setup import Setup
from dissect_report.errors import ProbeError

#: One image has no other to be compared with, and no second half.
FEWEST = 2


def check_enough(setup: Setup) -> None:
    """Refuses a probe dataset of a single image.

    Raises:
        ProbeError: naming what to add.
    """
    found = len(setup.survey)
    if found < FEWEST:
        what = "[probe] latents" if setup.run.is_generator else "images that can be read in [probe] images"
        raise ProbeError(f"{what}: {found}, and at least {FEWEST} are needed; some hundreds tell more")
