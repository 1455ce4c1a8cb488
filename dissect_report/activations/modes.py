"""Running a network without leaving a trace on it, and which of its parts can be watched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from dissect_report.sources.shells import eager


@contextmanager
def quiet(model: nn.Module) -> Iterator[None]:
    """Eval mode without gradients or compilation inside; every module's mode and the grad mode come back."""
    training = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.no_grad(), eager():
            yield
    finally:
        for module, mode in training.items():
            module.training = mode


def watchable(model: nn.Module) -> list[tuple[str, nn.Module]]:
    """Names and modules that take hooks: compiled ones (TorchScript) take none."""
    return [(n, m) for n, m in model.named_modules() if not isinstance(m, torch.jit.ScriptModule)]
