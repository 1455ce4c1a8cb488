"""Takes a neural network apart unit by unit and publishes what it finds as a website.

With ``site`` the folder of a ``dissect.toml`` whose run is called "factory":

>>> from dissect_report import dissect, load_config, load_run
>>> runs = dissect(load_config(site / "dissect.toml"))
>>> run = load_run(site / "run" / "factory")
>>> unit = run.layers["conv2"].units[3]
>>> unit.detector, run.record.concepts[unit.concept - 1].name, round(unit.iou, 3)
(True, 'blue', 0.469)
>>> run.layers["conv2"].arrays["intersection"].shape  # half, unit, concept + 1
(2, 8, 7)

Names are loaded when first used: the command line must start without torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from dissect_report.config import Config, load_config
    from dissect_report.errors import DissectError
    from dissect_report.findings.store import LoadedLayer, LoadedRun, load_run
    from dissect_report.notebook.dissecting import dissect
    from dissect_report.notebook.results import LayerResult, RunResult, UnitResult

__all__ = [
    "Config",
    "DissectError",
    "LayerResult",
    "LoadedLayer",
    "LoadedRun",
    "RunResult",
    "UnitResult",
    "__version__",
    "dissect",
    "load_config",
    "load_run",
]

_HOMES = {
    "Config": "config",
    "DissectError": "errors",
    "LayerResult": "notebook.results",
    "LoadedLayer": "findings.store",
    "LoadedRun": "findings.store",
    "RunResult": "notebook.results",
    "UnitResult": "notebook.results",
    "dissect": "notebook.dissecting",
    "load_config": "config",
    "load_run": "findings.store",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
