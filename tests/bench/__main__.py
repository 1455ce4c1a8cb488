"""``nox -s bench``: the README's table of speed. Arguments choose groups of rows.

Every figure is a ratio or a time of this run on this machine, one thread; run it on a quiet machine.
"""

from __future__ import annotations

import importlib
import sys

import torch

GROUPS = (
    "whole",
    "scaling",
    "dissection",
    "ablation",
    "generation",
    "site",
    "memory",
    "threads",
    "load",
    "pages",
)
#: What a plain run leaves out: it takes a quarter of an hour, or needs two idle cores, or Chromium.
ASKED_FOR = ("threads", "load", "pages")


def main() -> None:
    """Prints a Markdown table row for every figure of the chosen groups."""
    torch.set_num_threads(1)
    chosen = sys.argv[1:] or [group for group in GROUPS if group not in ASKED_FOR]
    print("| what | measured | target |\n|---|---|---|", flush=True)
    for group in chosen:
        if group not in GROUPS:
            raise SystemExit(f"no such group of rows: {group}; there are {', '.join(GROUPS)}")
        importlib.import_module(f"tests.bench.{group}").main()


main()
