"""Every check of the project: ``nox`` runs the tests, ``nox -l`` lists the rest."""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
from pathlib import Path

import nox

nox.options.sessions = ["tests"]
nox.options.default_venv_backend = "venv"
nox.options.reuse_existing_virtualenvs = True

ROOT = Path(__file__).parent
#: mkdocs-material prints a notice about mkdocs 2 unless told that we know.
ENVIRONMENT = {"NO_MKDOCS_2_WARNING": "1"}
#: Tests that every session but their own leaves out.
DEFAULT = "not browser and not slow and not faults and not docs"


def install(session: nox.Session, *extras: str) -> None:
    """This project with the pinned torch and the given extras."""
    wanted = f".[{','.join(extras)}]" if extras else "."
    session.install("-c", "constraints.txt", "-e", wanted)


@nox.session
def tests(session: nox.Session) -> None:
    """The default tests: under ten minutes on two cores. Arguments go to pytest."""
    install(session, "test")
    # two workers with a thread each: four threads on two cores take half as long again
    session.run(
        "pytest", "-n", "2", "-m", DEFAULT, *session.posargs,
        env={**ENVIRONMENT, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


@nox.session(default=False)
def shapes(session: nox.Session) -> None:
    """The tests of the arithmetic once more, every annotated shape checked at run time."""
    install(session, "test")
    session.run(
        "pytest", "-n", "2", "-m", DEFAULT, "tests/stats", "tests/activations",
        "--jaxtyping-packages=dissect_report.stats,dissect_report.activations,beartype.beartype",
        *session.posargs, env=ENVIRONMENT,
    )  # fmt: skip


@nox.session(default=False)
def processor(session: nox.Session) -> None:
    """The tests that run networks once more, with the instructions of an older processor.

    Forwards round their last bits otherwise there: counts must follow from the maps that a run recorded.
    """
    install(session, "test")
    session.run(
        "pytest", "-n", "2", "-m", DEFAULT, "tests/activations", "tests/analysis",
        *session.posargs, env={**ENVIRONMENT, "ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "default"},
    )  # fmt: skip


@nox.session(default=False)
def faults(session: nox.Session) -> None:
    """Kills, full disks, bad input, hostile names, findings of strangers: nothing lost, nothing let in."""
    install(session, "test", "browser")
    environment = {**ENVIRONMENT, "OMP_NUM_THREADS": "1", "FOREIGN_TRIED": "300"}
    session.run("pytest", "-n", "2", "-m", "faults", "tests/faults", *session.posargs, env=environment)
    session.run("pytest", "-n", "2", "tests/findings/test_gate.py", env=environment)
    session.run("pytest", "-m", "browser", "tests/browser", "-k", "hostile", env=environment)


@nox.session(default=False)
def lint(session: nox.Session) -> None:
    """ruff, mypy --strict, and the direction of imports."""
    install(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("lint-imports")


@nox.session(default=False)
def wheel(session: nox.Session) -> None:
    """Builds the wheel, installs it in a clean environment, runs the demo from another folder."""
    session.install("build")
    folder = Path(session.create_tmp())
    dist = folder / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    session.run("python", "-m", "build", "--wheel", "--outdir", str(dist), str(ROOT), silent=True)
    (built,) = dist.glob("*.whl")
    elsewhere = folder / "elsewhere"
    shutil.rmtree(elsewhere, ignore_errors=True)
    elsewhere.mkdir()
    session.install("--force-reinstall", "--no-deps", str(built))
    session.install("-c", str(ROOT / "constraints.txt"), str(built))
    session.chdir(elsewhere)
    session.run("dissect-report", "--version")
    session.run("dissect-report", "build", env=ENVIRONMENT)
    session.run("python", "-m", "dissect_report.publish.links", "sites/demo/site")


@nox.session(default=False)
def minimums(session: nox.Session) -> None:
    """The default tests with the oldest releases that ``pyproject.toml`` allows, torch and torchvision too.

    On Linux these two bring their CUDA libraries, 3 GB: no part of a usual check. Old releases warn of what
    new ones of others do; that is no failure. Arguments go to pytest.
    """
    session.install("uv")
    session.run(
        "uv", "pip", "install", "--resolution", "lowest-direct", "-e", ".[test]",
        env={"VIRTUAL_ENV": session.virtualenv.location},
    )  # fmt: skip
    session.run(
        "pytest", "-W", "default", "-n", "2", "-m", DEFAULT, *session.posargs,
        env={**ENVIRONMENT, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


@nox.session(default=False)
def package(session: nox.Session) -> None:
    """Builds source archive and wheel as for a package index, and checks what it would show and hold."""
    session.install("build", "twine")
    dist = Path(session.create_tmp()) / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", str(dist), str(ROOT), silent=True)
    session.run("twine", "check", "--strict", *map(str, sorted(dist.iterdir())))


@nox.session(default=False)
def plotly(session: nox.Session) -> None:
    """Fetches the library that draws figures again, by npm; an argument is another release of it."""
    module = ROOT / "dissect_report" / "report" / "plotly.py"
    names = dict(re.findall(r'(\w+) = "([^"]+)"', module.read_text(encoding="utf-8")))
    release = session.posargs[0] if session.posargs else names["VERSION"]
    fetched, kept = Path(session.create_tmp()), ROOT / "templates" / "assets" / "plotly"
    wanted = f"{names['PACKAGE']}@{release}"
    session.run("npm", "install", "--prefix", str(fetched), "--no-save", wanted, external=True)
    folder = fetched / "node_modules" / names["PACKAGE"]
    script = (folder / names["FILE"]).read_bytes()
    (kept / f"{names['FILE']}.gz").write_bytes(gzip.compress(script, mtime=0))
    shutil.copy(folder / "LICENSE", kept / "LICENSE")
    session.log(f'{module.name}: VERSION = "{release}", DIGEST = "{hashlib.sha256(script).hexdigest()}"')


@nox.session(default=False)
def site(session: nox.Session) -> None:
    """Builds the demo site and checks every link of it."""
    install(session)
    session.run("dissect-report", "build", env=ENVIRONMENT)
    session.run("python", "-m", "dissect_report.publish.links", "sites/demo/site")


@nox.session(default=False)
def docs(session: nox.Session) -> None:
    """Builds the documentation into sites/docs/site, checks every link of it, and does what its pages say."""
    install(session, "test")
    session.run("mkdocs", "build", "-f", "sites/docs/mkdocs.yml", env=ENVIRONMENT)
    session.run("python", "-m", "dissect_report.publish.links", "sites/docs/site")
    environment = {**ENVIRONMENT, "OMP_NUM_THREADS": "1"}
    session.run("pytest", "-n", "2", "-m", "docs", "tests/docs", *session.posargs, env=environment)


@nox.session(default=False)
def browser(session: nox.Session) -> None:
    """Drives the system's Chromium over built sites. Arguments go to pytest."""
    install(session, "test", "browser")
    session.run("pytest", "-m", "browser", "tests/browser", *session.posargs, env=ENVIRONMENT)


@nox.session(default=False)
def axe(session: nox.Session) -> None:
    """axe-core over every kind of page. Needs npm, which fetches it into a temporary folder."""
    install(session, "test", "browser")
    folder = Path(session.create_tmp())
    session.run("npm", "install", "--prefix", str(folder), "--no-save", "axe-core@4", external=True)
    script = folder / "node_modules" / "axe-core" / "axe.min.js"
    session.run(
        "pytest", "-m", "browser", "tests/browser/test_axe.py", *session.posargs,
        env={**ENVIRONMENT, "AXE_CORE": str(script)},
    )  # fmt: skip


@nox.session(default=False)
def pages(session: nox.Session) -> None:
    """Lighthouse, largest paint, frames and search of made-up sites. Needs npm, which fetches Lighthouse."""
    install(session, "test", "browser")
    folder = Path(session.create_tmp())
    session.run("npm", "install", "--prefix", str(folder), "--no-save", "lighthouse@12", external=True)
    script = folder / "node_modules" / "lighthouse" / "cli" / "index.js"
    session.run("python", "-m", "tests.bench", "pages", env={**ENVIRONMENT, "LIGHTHOUSE": str(script)})


@nox.session(default=False)
def screenshots(session: nox.Session) -> None:
    """Pictures of the built demo site for README and documentation. Arguments choose some."""
    install(session, "browser")
    session.run("python", "sites/docs/screenshots.py", *session.posargs)


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Prints the README's table of speed. Arguments choose rows."""
    install(session, "test")
    session.run("python", "-m", "tests.bench", *session.posargs, env={**ENVIRONMENT, "OMP_NUM_THREADS": "1"})
