"""Runs the command line and strikes at one of its file operations.

    python -m tests.faults.struck FOLDER AT HOW VERB ARGUMENTS...

Operations that change something below FOLDER are counted by an audit hook, which Python calls before each.
HOW is what happens at number AT: "count" writes how many there were into FOLDER.count at the end, "kill" ends
the process with SIGKILL, "full" is a disk without room from there on, "past" sets the clock back to 1970.
"""

from __future__ import annotations

import atexit
import errno
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

CHANGING = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.truncate", "os.chmod"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Hook:
    """What is called before every audited operation."""

    def __init__(self, folder: Path, at: int, how: str) -> None:
        self.folder, self.at, self.how, self.seen = f"{folder}{os.sep}", at, how, 0

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        writes = event == "open" and arguments[2] & WRITING
        if not (writes or event in CHANGING) or not isinstance(arguments[0], str | os.PathLike):
            return
        if not os.fspath(arguments[0]).startswith(self.folder):
            return
        self.seen += 1
        if self.how == "kill" and self.seen == self.at:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.how == "full" and self.seen >= self.at and event in ("open", "os.mkdir"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), arguments[0])


def main() -> None:
    """The command line, with the hook."""
    folder, at, how, *arguments = sys.argv[1:]
    hook = Hook(Path(folder), int(at), how)
    if how == "count":
        atexit.register(lambda: Path(f"{folder}.count").write_text(str(hook.seen)))
    if how == "past":
        time.time = lambda: 1000.0
    sys.addaudithook(hook)
    from dissect_report.cli.app import main as command

    sys.argv = ["dissect-report", *arguments]
    command()


if __name__ == "__main__":
    main()
