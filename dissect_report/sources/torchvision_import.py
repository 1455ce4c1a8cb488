"""The one place that imports torchvision, mended where its compiled part does not fit torch.

A torchvision built for CUDA beside a CPU-only torch fails at import (``operator torchvision::nms
does not exist``): its library cannot be loaded, so the operators that it decorates are missing.
Declaring the two operators that the import itself touches is enough for models and transforms.
"""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from dissect_report.errors import SourceError

SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}

#: Torch forgets a library's operators with the object: it is kept for the life of the process.
_declared: list[torch.library.Library] = []


@cache
def import_torchvision() -> ModuleType:
    """The torchvision package with ``models`` and their registries loaded.

    Raises:
        SourceError: torchvision is not installed, or broken in another way.
    """
    spec = importlib.util.find_spec("torchvision")
    if spec is None or not spec.submodule_search_locations:
        raise SourceError("torchvision is not installed; `pip install -c constraints.txt torchvision`")
    _provide_operators(Path(next(iter(spec.submodule_search_locations))))
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Failed to load image Python extension")
            module = importlib.import_module("torchvision")
            importlib.import_module("torchvision.models.segmentation")
    except (ImportError, RuntimeError) as error:
        line = " ".join(str(error).split())
        remedy = f"install the one that goes with torch {torch.__version__}"
        raise SourceError(f"torchvision cannot be imported: {line}; {remedy}") from error
    return module


def _provide_operators(folder: Path) -> None:
    """Loads torchvision's own operators or, where they do not load, declares what its import needs."""
    load: Any = torch.ops.load_library
    declare: Any = torch.library.Library
    for library in ("_C_stable.so", "_C.so"):
        if (folder / library).exists():
            try:
                load(folder / library)
            except OSError:  # built for another torch: the operators below stand in at import
                continue
    missing = [name for name in SCHEMAS if not hasattr(torch.ops.torchvision, name)]
    if missing:
        fragment = declare("torchvision", "FRAGMENT")
        for name in missing:
            fragment.define(SCHEMAS[name])
        _declared.append(fragment)
