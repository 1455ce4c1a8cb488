from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "sites" / "docs"


@pytest.fixture(scope="session")
def docs_module() -> Iterator[Callable[[str], ModuleType]]:
    """Imports a file of ``sites/docs`` by its name, as mkdocs does."""
    sys.path.insert(0, str(DOCS))
    yield importlib.import_module
    sys.path.remove(str(DOCS))
