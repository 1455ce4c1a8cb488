"""The branch of a git repository that a web server shows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from dissect_report.errors import PublishError, nearest
from dissect_report.findings.folders import MARKER

_GITHUB = re.compile(r"(?:github\.com[:/])([^/]+)/([^/]+?)(?:\.git)?/?$")


@dataclass(frozen=True)
class Branch:
    """A branch of a remote that holds a built site and nothing else.

    Attributes:
        folder: a folder of the repository.
        remote: name of the remote.
        name: of the branch.
    """

    folder: Path
    remote: str
    name: str

    @classmethod
    def find(cls, folder: Path, remote: str, name: str) -> Branch:
        """The branch as seen from ``folder``; it need not exist yet.

        Raises:
            PublishError: no git, no repository, no such remote, or the branch that is checked out.
        """
        if shutil.which("git") is None:
            raise PublishError("git: not found; install git (https://git-scm.com) to publish")
        found = cls(folder, remote, name)
        if found._git("rev-parse", "--git-dir").returncode:
            raise PublishError(f"{folder}: not in a git repository; run `git init` and add a remote")
        remotes = found._text("remote").split()
        if remote not in remotes:
            raise PublishError(
                f"{folder}: no remote called {remote!r}; {nearest(remote, remotes)}"
                + ("" if remotes else f"; run `git remote add {remote} ADDRESS`")
            )
        if found._git("check-ref-format", "--branch", name).returncode:
            raise PublishError(f"{name!r}: not a name for a branch; choose another with --branch")
        if found._text("symbolic-ref", "--quiet", "--short", "HEAD") == name:
            raise PublishError(f"branch {name!r}: is checked out here; choose another --branch")
        return found

    def fetch(self) -> None:
        """Learns what the remote has, so that the next commit follows it.

        Raises:
            PublishError: the remote cannot be reached.
        """
        listed = self._git("ls-remote", "--heads", self.remote, f"refs/heads/{self.name}")
        if listed.returncode:
            raise PublishError(f"remote {self.remote!r}: cannot be reached ({_reason(listed)})")
        if not listed.stdout.strip():
            return
        shallow = ["--depth=1"] if self._text("rev-parse", "--is-shallow-repository") == "true" else []
        refs = f"+refs/heads/{self.name}:{self._followed}"
        fetched = self._git("fetch", "--quiet", "--no-tags", *shallow, self.remote, refs)
        if fetched.returncode:
            raise PublishError(f"remote {self.remote!r}: cannot be fetched ({_reason(fetched)})")

    def check_ours(self) -> None:
        """Refuses a branch with files that this program did not put there.

        Raises:
            PublishError: naming the branch.
        """
        for ref in (self._followed, f"refs/heads/{self.name}"):
            names = self._text("ls-tree", "--name-only", ref).splitlines()
            if names and MARKER not in names:
                raise PublishError(
                    f"branch {self.name!r} of {self.remote!r}: holds files that dissect-report did not "
                    "make; choose another --branch, or --force to replace them"
                )

    def put(self, site: Path, message: str) -> None:
        """Makes the built site the whole of the branch, in a new commit, and pushes it.

        A custom domain (``CNAME``) that the branch names is kept.

        Raises:
            PublishError: git refuses, or the remote does.
        """
        domain = self._text("cat-file", "blob", f"{self._followed}:CNAME")
        options = ["--no-jekyll", "--remote", self.remote, "--branch", self.name, "--message", message]
        options += ["--cname", domain] if domain else []
        made = self._run([sys.executable, "-m", "ghp_import", *options, str(site)])
        if made.returncode:
            raise PublishError(f"branch {self.name!r}: cannot be written ({_reason(made)})")
        pushed = self._git("push", "--quiet", self.remote, f"refs/heads/{self.name}")
        if pushed.returncode:
            raise PublishError(
                f"remote {self.remote!r}: refused the push to {self.name!r} ({_reason(pushed)}); "
                "check your rights and the branch's protection, then publish again"
            )

    def address(self) -> str:
        """Where GitHub Pages shows the branch; "" for a remote elsewhere."""
        found = _GITHUB.search(self._text("remote", "get-url", self.remote))
        if not found:
            return ""
        owner, repository = found.groups()
        own = f"{owner.lower()}.github.io"
        return f"https://{own}/" if repository.lower() == own else f"https://{own}/{repository}/"

    @property
    def _followed(self) -> str:
        """What the remote's branch was when it was last looked at."""
        return f"refs/remotes/{self.remote}/{self.name}"

    def _text(self, *arguments: str) -> str:
        """What git prints; "" where it fails."""
        done = self._git(*arguments)
        return "" if done.returncode else done.stdout.strip()

    def _git(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._run(["git", *arguments])

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        # git's own words in English: `_reason` looks for them.
        environment = {**os.environ, "LC_ALL": "C"}
        return subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, check=False, env=environment
        )


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    """The line of git's complaint that says why."""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    telling = ("remote: error", "! [", "fatal:", "error:", "remote:")
    for start in telling:
        for line in lines:
            if line.startswith(start):
                return " ".join(line.removeprefix("fatal:").removeprefix("error:").split())
    return lines[-1] if lines else f"exit code {done.returncode}"
