from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.publish.conftest import Built, made

Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="session")
def template_site(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A built site; copied by ``repository``."""
    return made(tmp_path_factory.mktemp("shared") / "mine")


@dataclass(frozen=True)
class Repository:
    """A git repository with a built site in ``sites/mine`` and a bare repository as its remote.

    Attributes:
        folder: the working tree.
        bare: the remote called ``origin``.
    """

    folder: Path
    bare: Path

    @property
    def site(self) -> Path:
        """Where ``dissect.toml`` lies."""
        return self.folder / "sites" / "mine"

    def git(self, *arguments: str, bare: bool = False) -> str:
        """What git prints, in the working tree or in the remote."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.bare if bare else self.folder, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    def run(
        self, *arguments: object, cwd: Path | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """The command line, with nobody to answer."""
        return subprocess.run(
            [sys.executable, "-c", "from dissect_report.cli.app import main; main()", *map(str, arguments)],
            cwd=cwd or self.folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300,
            check=False, env={**os.environ, "COLUMNS": "200", **env},
        )  # fmt: skip

    def published(self, branch: str = "gh-pages") -> set[str]:
        """The files of the remote's branch."""
        return set(self.git("ls-tree", "-r", "--name-only", branch, bare=True).splitlines())


@pytest.fixture
def repository(template_site: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository of a user whose own git configuration is left alone."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    found = Repository(tmp_path / "work", tmp_path / "remote.git")
    found.folder.mkdir()
    found.bare.mkdir()
    found.git("init", "-q", "--bare", "-b", "main", bare=True)
    found.git("init", "-q", "-b", "main")
    found.git("config", "user.name", "A. User")
    found.git("config", "user.email", "user@example.org")
    found.git("remote", "add", "origin", str(found.bare))
    shutil.copytree(template_site.folder, found.site)
    (found.folder / ".gitignore").write_text("site/\ndocs/\nmkdocs.yml\n")
    found.git("add", ".")
    found.git("commit", "-q", "-m", "findings")
    return found
