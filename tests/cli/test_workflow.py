"""``dissect-report init --github-actions``: the workflow does what it says, from committed findings."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from dissect_report.cli.app import app
from dissect_report.publish.workflow import LOCKED, MEASURING, WORKFLOW, workflow_text
from tests.cli.conftest import Repository
from tests.small_site import write_small_site


def commands(repository: Path) -> list[str]:
    """What the workflow runs, in order."""
    return [step["run"] for step in steps(repository) if "run" in step]


def jobs(repository: Path) -> dict[str, dict[str, Any]]:
    """``render`` and ``publish``."""
    found: dict[str, dict[str, Any]] = yaml.safe_load((repository / WORKFLOW).read_text("utf-8"))["jobs"]
    return found


def steps(repository: Path) -> list[dict[str, Any]]:
    """Of the job that renders."""
    found: list[dict[str, Any]] = jobs(repository)["render"]["steps"]
    return found


def uploaded(repository: Path) -> str:
    """The folder that is handed from one job to the other."""
    (step,) = [step for step in steps(repository) if "upload-pages-artifact" in step.get("uses", "")]
    path: str = step["with"]["path"]
    return path


@pytest.fixture
def written(repository: Repository) -> Repository:
    """The workflow of ``sites/mine`` is there."""
    done = repository.run("init", "sites/mine", "--github-actions")
    assert done.returncode == 0, done.stderr
    return repository


def test_an_existing_configuration_is_left_alone(repository: Repository):
    before = (repository.site / "dissect.toml").read_text()
    done = repository.run("init", "sites/mine", "--github-actions", "--force")
    assert done.returncode == 0, done.stderr
    assert (repository.site / "dissect.toml").read_text() == before
    assert (repository.folder / WORKFLOW).is_file()


def test_a_new_site_gets_both_files(repository: Repository):
    done = repository.run("init", "sites/new", "--github-actions")
    assert done.returncode == 0, done.stderr
    assert (repository.folder / "sites/new/dissect.toml").is_file()
    assert "dissect-report render sites/new" in commands(repository.folder)


def test_a_workflow_that_is_there_is_kept_unless_forced(written: Repository):
    path = written.folder / WORKFLOW
    path.write_text("name: mine\n")
    done = written.run("init", "sites/mine", "--github-actions")
    assert done.returncode == 2
    assert "exists already" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert path.read_text() == "name: mine\n"
    assert written.run("init", "sites/mine", "--github-actions", "--force").returncode == 0
    assert "dissect-report render" in path.read_text()


def test_a_folder_outside_any_repository_is_an_error_and_nothing_is_written(tmp_path: Path):
    program = [sys.executable, "-c", "from dissect_report.cli.app import main; main()"]
    done = subprocess.run(
        [*program, "init", "new", "--github-actions"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.strip() == "error: new: not in a git repository; run `git init` first"
    assert not (tmp_path / "new").exists()


def test_every_verb_in_it_is_one_that_the_program_has(written: Repository):
    verbs = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    called = [shlex.split(text)[1] for text in commands(written.folder) if text.startswith("dissect-report ")]
    assert called == ["render"]
    assert set(called) <= verbs


def test_what_only_measures_is_not_installed(written: Repository):
    needed, package = (text for text in commands(written.folder) if text.startswith("pip "))
    assert needed == f"pip install -r {LOCKED}"
    assert package.startswith("pip install --no-deps ")
    locked = (written.folder / LOCKED).read_text(encoding="utf-8")
    assert not [name for name in MEASURING if f"\n{name}==" in locked]


def test_its_commands_build_the_site_from_a_clone_without_what_measures(written: Repository, tmp_path: Path):
    written.git("add", ".")
    written.git("commit", "-q", "-m", "workflow")
    written.git("push", "-q", "origin", "main")
    clone = tmp_path / "runner"
    subprocess.run(["git", "clone", "-q", "--depth=1", written.bare.as_uri(), clone], check=True)
    assert not (clone / "sites/mine/site").exists()
    programs = tmp_path / "bin"
    programs.mkdir()
    # this interpreter under the names that the workflow uses; what is not installed fails if it is loaded
    for module in MEASURING:
        (programs / f"{module}.py").write_text(f"raise SystemExit('{module} was loaded')")
    for name, code in (
        ("dissect-report", '-c "from dissect_report.cli.app import main; main()"'),
        ("python", ""),
    ):
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {code} "$@"\n')
        (programs / name).chmod(0o755)
    env = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(programs)}
    for text in commands(clone):
        if not text.startswith("pip "):
            done = subprocess.run(
                ["bash", "-e", "-c", text], cwd=clone, env=env, stdin=subprocess.DEVNULL,
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, f"{text}: {done.stdout}{done.stderr}"
    site = clone / uploaded(clone)
    assert (site / "index.html").is_file()
    assert (site / "vgg16/features.conv1_1/3.html").is_file()


def test_what_renders_cannot_write_and_what_publishes_runs_no_code_of_ours(written: Repository):
    text = (written.folder / WORKFLOW).read_text(encoding="utf-8")
    assert yaml.safe_load(text)["permissions"] == {}
    render, publish = jobs(written.folder).values()
    assert render["permissions"] == {"contents": "read"}
    assert render["steps"][0]["with"]["persist-credentials"] is False
    assert publish["needs"] == "render"
    assert publish["permissions"] == {"pages": "write", "id-token": "write"}
    assert not [step for step in publish["steps"] if "run" in step]
    assert "secrets" not in text


def test_every_action_is_githubs_own_and_named_by_its_digest(written: Repository):
    text = (written.folder / WORKFLOW).read_text(encoding="utf-8")
    used = [line.strip().removeprefix("- ") for line in text.splitlines() if "uses:" in line]
    assert len(used) == 5
    for line in used:
        assert re.fullmatch(r"uses: actions/[a-z-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", line), line


def test_what_it_installs_is_what_is_installed_here(written: Repository):
    locked = (written.folder / LOCKED).read_text(encoding="utf-8").splitlines()[1:]
    pins = dict(line.split("==") for line in locked)
    assert pins["mkdocs-material"] == version("mkdocs-material")
    assert pins["markupsafe"] == version("markupsafe"), "what is needed by what is needed"
    assert "pytest" not in pins
    assert not [release for release in pins.values() if "+" in release]


def test_it_runs_only_when_findings_or_itself_change(written: Repository):
    # YAML 1.1 reads the bare word "on" as true
    parsed = yaml.safe_load((written.folder / WORKFLOW).read_text(encoding="utf-8"))[True]
    assert parsed["push"]["paths"] == ["sites/mine/**", str(WORKFLOW), str(LOCKED)]
    assert "workflow_dispatch" in parsed


@pytest.mark.parametrize("name", ["with space", "a'b", "a # b", "{{ x }}", 'a"b: c', "$HOME"])
def test_a_folder_with_an_odd_name_stays_one_word(tmp_path: Path, name: str):
    folder = tmp_path / name
    folder.mkdir()
    (tmp_path / WORKFLOW).parent.mkdir(parents=True)
    (tmp_path / WORKFLOW).write_text(workflow_text(tmp_path, folder), encoding="utf-8")
    (render,) = (text for text in commands(tmp_path) if text.startswith("dissect-report "))
    assert shlex.split(render) == ["dissect-report", "render", name]
    assert uploaded(tmp_path) == f"{name}/site"


def test_a_site_at_the_top_of_its_repository_is_a_dot(tmp_path: Path):
    write_small_site(tmp_path, images=1)
    text = workflow_text(tmp_path, tmp_path)
    assert "dissect-report render ." in text
    assert '"**"' in text or "'**'" in text


def test_a_checkout_of_the_program_itself_installs_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from dissect_report.publish import workflow

    class Installed:
        version = "2.0+cpu"

        def read_text(self, name: str) -> str:
            return f'{{"url": "{address}", "dir_info": {{"editable": true}}}}'

    monkeypatch.setattr(workflow, "distribution", lambda name: Installed())
    folder = tmp_path / "sites"
    folder.mkdir()
    address = tmp_path.as_uri()
    assert "run: pip install --no-deps .\n" in workflow_text(tmp_path, folder)
    address = "file:///somewhere/else"
    text = workflow_text(tmp_path, folder)
    assert "name the place that has it" in text
    assert "somewhere" not in text
