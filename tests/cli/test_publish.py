"""``dissect-report publish``, with a bare repository on this disk as the remote."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import typer

from dissect_report.cli import publish as verb
from dissect_report.errors import PublishError
from dissect_report.findings import folders
from dissect_report.publish import inventory
from dissect_report.publish.branch import Branch
from dissect_report.publish.links import check_links
from tests.cli.conftest import Repository


def failed(done: subprocess.CompletedProcess[str]) -> str:
    """The one line of a failure."""
    assert done.returncode == 1, done.stdout + done.stderr
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("error: ")
    return line


def test_the_whole_built_site_becomes_the_branch(repository: Repository):
    done = repository.run("publish", "sites/mine", "--yes", "--message", "first")
    assert done.returncode == 0, done.stderr
    site = repository.site / "site"
    built = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    assert repository.published() == built | {".nojekyll"}
    assert repository.git("log", "--format=%s", "gh-pages", bare=True) == "first"
    assert repository.git("status", "--short") == ""
    assert repository.git("symbolic-ref", "--short", "HEAD") == "main"


def test_what_was_published_opens_from_any_place(repository: Repository, tmp_path: Path):
    repository.run("publish", "sites/mine", "--yes")
    clone = tmp_path / "some" / "path"
    subprocess.run(["git", "clone", "-q", "-b", "gh-pages", repository.bare, clone], check=True)
    shutil.rmtree(clone / ".git")
    assert check_links(clone) == []


def test_a_second_time_follows_the_first_even_from_another_clone(repository: Repository, tmp_path: Path):
    repository.run("publish", "sites/mine", "--yes", "--message", "one")
    repository.git("push", "-q", "origin", "main")
    elsewhere = tmp_path / "elsewhere"
    subprocess.run(["git", "clone", "-q", "--depth=1", repository.bare.as_uri(), elsewhere], check=True)
    shutil.copytree(repository.site / "site", elsewhere / "sites/mine/site")
    (elsewhere / "sites/mine/site/vgg16/data.html").unlink()
    done = repository.run("publish", "sites/mine", "--yes", "--message", "two", cwd=elsewhere)
    assert done.returncode == 0, done.stderr
    assert "vgg16/data.html" not in repository.published()
    done = repository.run("publish", "sites/mine", "--yes", "--message", "three")
    assert done.returncode == 0, done.stderr
    assert repository.git("log", "--format=%s", "gh-pages", bare=True).split() == ["three", "two", "one"]
    assert "vgg16/data.html" in repository.published()


def test_it_says_first_what_becomes_public_and_does_nothing_where_nobody_confirms(repository: Repository):
    done = repository.run("publish", "sites/mine")
    assert "--yes" in failed(done)
    first = done.stdout.splitlines()[0]
    assert first == ("in this site: 12 probe pictures, 12 segmentations; they become public with it")
    second = done.stdout.splitlines()[1]
    assert second.startswith("beside pictures: all numbers, and of vgg16: 12 names of probe images, ")
    assert second.endswith("the configuration and versions and device")
    assert repository.git("branch", "--list", "--all") == "* main"


class Terminal(io.StringIO):
    """Somebody who answers."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "published"), [("n\n", False), ("y\n", True)])
def test_who_is_asked_decides(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, answer: str, published: bool
):
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    if published:
        verb.publish(repository.site)
        assert "index.html" in repository.published()
    else:
        with pytest.raises(typer.Exit) as end:
            verb.publish(repository.site)
        assert end.value.exit_code == 1
        assert repository.git("branch", "--list", bare=True) == ""


def test_a_site_without_pictures_says_so(repository: Repository):
    config = repository.site / "dissect.toml"
    config.write_text(f"{config.read_text()}\n[site]\nimages = false\n")
    assert repository.run("render", "sites/mine").returncode == 0
    done = repository.run("publish", "sites/mine", "--yes")
    assert done.stdout.splitlines()[0] == "in this site: no probe picture"
    assert not any(name.endswith(".webp") for name in repository.published())


def test_remote_and_branch_can_be_chosen(repository: Repository):
    repository.git("remote", "rename", "origin", "lab")
    done = repository.run("publish", "sites/mine", "--yes", "--remote", "lab", "--branch", "pages/mine")
    assert done.returncode == 0, done.stderr
    assert "index.html" in repository.published("pages/mine")


def test_a_site_that_is_too_large_is_refused(repository: Repository, monkeypatch: pytest.MonkeyPatch):
    size = inventory.take_inventory(repository.site / "site").size
    monkeypatch.setattr(inventory, "REFUSED_BYTES", size - 1)
    with pytest.raises(PublishError, match=r"more than the \d+ MB of GitHub Pages; .*images = false"):
        verb.publish(repository.site, yes=True)
    assert repository.git("branch", "--list", bare=True) == ""


def test_a_large_site_is_published_with_a_warning(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    size = inventory.take_inventory(repository.site / "site").size
    monkeypatch.setattr(inventory, "WARNED_BYTES", size)
    verb.publish(repository.site, yes=True)
    assert "slow to publish" in capsys.readouterr().out
    assert "index.html" in repository.published()


def test_the_limits_are_those_of_github_pages():
    assert (inventory.WARNED_BYTES, inventory.REFUSED_BYTES) == (500_000_000, 1_000_000_000)


def test_a_site_that_was_not_built_yet_is_an_error(repository: Repository):
    shutil.rmtree(repository.site / "site")
    assert "not built yet; run `dissect-report render" in failed(
        repository.run("publish", "sites/mine", "-y")
    )


def test_a_site_whose_build_was_interrupted_is_an_error(repository: Repository):
    folders.mark(repository.site / "site", folders.UNFINISHED)
    assert "did not finish" in failed(repository.run("publish", "sites/mine", "--yes"))


def test_a_folder_outside_any_repository_is_an_error(repository: Repository):
    shutil.rmtree(repository.folder / ".git")
    line = failed(repository.run("publish", "sites/mine", "--yes", GIT_CEILING_DIRECTORIES="/"))
    assert "not in a git repository; run `git init`" in line


def test_an_unknown_remote_is_an_error_that_names_the_nearest(repository: Repository):
    line = failed(repository.run("publish", "sites/mine", "--yes", "--remote", "orign"))
    assert "no remote called 'orign'; did you mean 'origin'?" in line
    repository.git("remote", "remove", "origin")
    line = failed(repository.run("publish", "sites/mine", "--yes"))
    assert "git remote add origin ADDRESS" in line


def test_a_remote_that_does_not_answer_is_an_error(repository: Repository):
    shutil.rmtree(repository.bare)
    assert "remote 'origin': cannot be reached" in failed(repository.run("publish", "sites/mine", "--yes"))


def test_a_machine_without_git_is_an_error(repository: Repository, tmp_path: Path):
    line = failed(repository.run("publish", "sites/mine", "--yes", PATH=str(tmp_path)))
    assert line.startswith("error: git: not found; install git")


@pytest.mark.skipif(os.name != "posix", reason="the hook is a shell script")
def test_a_push_that_is_refused_is_an_error_with_the_servers_reason(repository: Repository):
    hook = repository.bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'error: this branch is protected' >&2\nexit 1\n")
    hook.chmod(0o755)
    line = failed(repository.run("publish", "sites/mine", "--yes"))
    assert "refused the push to 'gh-pages'" in line
    assert "this branch is protected" in line


def test_a_user_without_a_name_in_git_can_publish(repository: Repository):
    repository.git("config", "--unset", "user.name")
    repository.git("config", "--unset", "user.email")
    done = repository.run("publish", "sites/mine", "--yes")
    assert done.returncode == 0, done.stderr
    assert "index.html" in repository.published()


def test_the_branch_that_is_checked_out_is_refused(repository: Repository):
    line = failed(repository.run("publish", "sites/mine", "--yes", "--branch", "main"))
    assert "'main': is checked out" in line


@pytest.mark.parametrize("there", ["local", "remote"])
def test_a_branch_with_other_files_is_kept_unless_forced(repository: Repository, there: str):
    repository.git("branch", "thesis")
    if there == "remote":
        repository.git("push", "-q", "origin", "thesis")
        repository.git("branch", "-q", "-D", "thesis")
    line = failed(repository.run("publish", "sites/mine", "--yes", "--branch", "thesis"))
    assert "holds files that dissect-report did not make" in line
    done = repository.run("publish", "sites/mine", "--yes", "--branch", "thesis", "--force")
    assert done.returncode == 0, done.stderr
    assert ".gitignore" not in repository.published("thesis")
    # nothing is lost: the old files are one commit back
    assert ".gitignore" in repository.published("thesis~1")


def test_a_custom_domain_on_the_branch_is_kept(repository: Repository, tmp_path: Path):
    repository.run("publish", "sites/mine", "--yes")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "-b", "gh-pages", repository.bare, clone], check=True)
    (clone / "CNAME").write_text("units.example.org\n")
    for arguments in (["add", "CNAME"], ["commit", "-q", "-m", "domain"], ["push", "-q"]):
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        subprocess.run(["git", *identity, *arguments], cwd=clone, check=True)
    repository.run("publish", "sites/mine", "--yes")
    assert repository.git("show", "gh-pages:CNAME", bare=True) == "units.example.org"
    assert repository.git("rev-list", "--count", "gh-pages", bare=True) == "3"


def test_the_address_of_the_configuration_is_in_the_pages_and_is_shown(repository: Repository):
    config = repository.site / "dissect.toml"
    config.write_text(f'{config.read_text()}\n[site]\nurl = "https://me.github.io/units/"\n')
    stale = repository.run("publish", "sites/mine", "--yes")
    assert "was built for no address, [site] url is https://me.github.io/units/; render again" in stale.stdout
    assert repository.run("render", "sites/mine").returncode == 0
    done = repository.run("publish", "sites/mine", "--yes")
    assert "render again" not in done.stdout
    assert "https://me.github.io/units/" in done.stdout
    page = repository.git("show", "gh-pages:vgg16/data.html", bare=True)
    assert 'rel="canonical" href="https://me.github.io/units/vgg16/data.html"' in page


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("git@github.com:Me/units.git", "https://me.github.io/units/"),
        ("https://github.com/Me/units", "https://me.github.io/units/"),
        ("https://github.com/Me/me.github.io.git", "https://me.github.io/"),
        ("https://git.example.org/Me/units.git", ""),
    ],
)
def test_the_address_on_github_pages_follows_from_the_remote(
    repository: Repository, remote: str, address: str
):
    repository.git("remote", "set-url", "origin", remote)
    assert Branch.find(repository.site, "origin", "gh-pages").address() == address
