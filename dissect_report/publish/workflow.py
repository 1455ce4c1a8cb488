"""A workflow that builds and publishes a site from its committed findings."""

from __future__ import annotations

import json
import re
import shlex
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from markupsafe import Markup

from dissect_report import __version__
from dissect_report.errors import PublishError
from dissect_report.publish.sources import to_yaml
from dissect_report.report.templating import environment

WORKFLOW = PurePosixPath(".github/workflows/dissect-report.yml")
#: The releases that it installs: those that are installed here.
LOCKED = PurePosixPath(".github/dissect-report.txt")
#: Packages that measure: rendering loads none of them, and a runner without a GPU is spared gigabytes.
MEASURING = ("contourpy", "numba", "onnx", "safetensors", "torch", "torchvision")
_NAME = re.compile(r"[\w.-]+")


def repository_of(folder: Path) -> Path:
    """The repository that ``folder`` lies in.

    Raises:
        PublishError: it lies in none.
    """
    resolved = folder.resolve()
    for parent in (resolved, *resolved.parents):
        if (parent / ".git").exists():
            return parent
    raise PublishError(f"{folder}: not in a git repository; run `git init` first")


def workflow_text(repository: Path, folder: Path) -> str:
    """The workflow for the site in ``folder``."""
    site = folder.resolve().relative_to(repository).as_posix()
    package, elsewhere = _package(repository)
    quoted = shlex.quote(site)
    values = {
        "paths": [f"{site}/**" if site != "." else "**", str(WORKFLOW), str(LOCKED)],
        "needed": f"pip install -r {LOCKED}",
        "install": f"pip install --no-deps {shlex.quote(package)}",
        "render": f"dissect-report render {quoted}",
        "check": f"python -m dissect_report.publish.links {quoted}/site",
        "path": f"{site}/site",
        "address": "${{ steps.deployment.outputs.page_url }}",
    }
    template = environment().get_template("workflow.yml.j2")
    written = {name: Markup(to_yaml(value)) for name, value in values.items()}
    return template.render(written, elsewhere=elsewhere) + "\n"


def locked_text() -> str:
    """Every package that rendering needs at the release that is installed here: requirements for pip."""
    found: dict[str, str] = {}
    waiting = ["dissect-report"]
    while waiting:
        name = _plain(waiting.pop())
        release = _release(name)
        if release and name not in found and name not in MEASURING:
            found[name] = release
            waiting += [
                _NAME.match(wanted)[0]  # type: ignore[index]  # a requirement begins with a name
                for wanted in distribution(name).requires or ()
                if "extra ==" not in wanted
            ]
    del found["dissect-report"]
    said = "# Releases that render these findings; `init --github-actions --force` takes newer ones."
    return "\n".join([said, *(f"{name}=={found[name]}" for name in sorted(found))]) + "\n"


def _plain(name: str) -> str:
    """A package's name as it is compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _release(name: str) -> str:
    """The installed release of a package without its build; "" if it is not installed."""
    try:
        return distribution(name).version.partition("+")[0]
    except PackageNotFoundError:
        return ""


def _package(repository: Path) -> tuple[str, bool]:
    """What pip is asked for to get this program, and whether only this machine has that."""
    try:
        record = json.loads(distribution("dissect-report").read_text("direct_url.json") or "{}")
    except PackageNotFoundError:
        record = {}
    url, release = record.get("url", ""), f"dissect-report=={__version__}"
    if "vcs_info" in record:
        return f"dissect-report @ {record['vcs_info']['vcs']}+{url}@{record['vcs_info']['commit_id']}", False
    if not url.startswith("file:"):
        return release, False
    local = Path(unquote(urlsplit(url).path))
    if local.is_relative_to(repository) and local.is_dir():
        return f"./{local.relative_to(repository).as_posix()}".removesuffix("/."), False
    return release, True
