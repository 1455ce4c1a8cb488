"""What several test folders share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.beside import REFERENCE, ZOO

#: How long an example takes is the machine's, and what else runs on it: no test fails for that.
settings.register_profile("whatever the machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("whatever the machine")


@pytest.fixture
def zoo() -> Path:
    """The folder of real networks and photos beside the repository, where there is one."""
    if not ZOO.is_dir():
        pytest.skip("needs ../shared/zoo")
    return ZOO


@pytest.fixture
def reference_data() -> Path:
    """The reference implementation's inputs and outputs beside the repository, where they are."""
    if not REFERENCE.is_dir():
        pytest.skip("needs ../shared/reference")
    return REFERENCE


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or fills the user's own cache."""
    folder = tmp_path / "user-cache"
    monkeypatch.setenv("DISSECT_REPORT_CACHE", str(folder))
    return folder
