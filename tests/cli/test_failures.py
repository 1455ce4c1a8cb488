"""The last door: whatever a user's code or this program raises ends in one line and an exit code."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from dissect_report.cli import analyze as verb
from dissect_report.cli.app import app
from dissect_report.cli.failures import DEFECT, OWN_CODE, REFUSED, failure, own_place
from dissect_report.errors import ConfigError, ModelError
from tests.small_site import change, write_small_site

runner = CliRunner()


def analyzed(config: Path) -> tuple[int, str]:
    """Exit code and the one line of an analysis in this process."""
    done = runner.invoke(app, ["analyze", str(config)], env={"COLUMNS": "400"})
    (line,) = done.stderr.strip().splitlines()
    assert "Traceback" not in done.output
    return done.exit_code, line


@pytest.mark.parametrize(
    "statement",
    [
        "__import__('sys').exit(0)",
        "exec('class Odd(BaseException): pass\\nraise Odd(7)')",
        "exec('raise KeyboardInterrupt')",
        "1 / 0",
        "exec('def f(): f()\\nf()')",
        "exec('raise GeneratorExit')",
        "exec('class Mute(BaseException):\\n def __str__(self): 1 / 0\\nraise Mute')",
    ],
    ids=["exit 0", "its own kind", "as if interrupted", "an error", "recursion", "generator's end", "mute"],
)
def test_whatever_a_network_raises_names_its_file_and_line(tmp_path: Path, statement: str):
    config = write_small_site(tmp_path, images=4)
    change(tmp_path / "net.py", "x = self.relu2", f"{statement}; x = self.relu2")
    number = next(
        k for k, text in enumerate((tmp_path / "net.py").read_text().splitlines(), 1) if statement in text
    )
    code, line = analyzed(config)
    assert code == OWN_CODE, line
    assert f"net.py:{number}" in line
    kept = Path(line.rpartition("the traceback is in ")[2])
    assert f'net.py", line {number}' in kept.read_text()
    if "tmp" not in kept.parts:
        assert kept.is_relative_to(tmp_path)


def test_a_factory_that_ends_the_program_is_no_success(tmp_path: Path):
    config = write_small_site(tmp_path, images=2)
    path = tmp_path / "net.py"
    path.write_text("import sys\nsys.exit(0)\n" + path.read_text())
    code, line = analyzed(config)
    assert code == OWN_CODE
    assert "net.py:2" in line


@pytest.mark.parametrize(
    "ending", ["typer.Exit(0)", "typer.Abort()", "typer.BadParameter('x')", "BrokenPipeError()"]
)
def test_typers_own_endings_are_none_where_a_users_code_has_them(tmp_path: Path, ending: str):
    config = write_small_site(tmp_path, images=2)
    moved = f"class Net(nn.Module):\n    def to(self, *_):\n        import typer\n        raise {ending}"
    change(tmp_path / "net.py", "class Net(nn.Module):", moved)
    code, line = analyzed(config)
    assert code == OWN_CODE
    assert "net.py:8 ends the run" in line


def test_an_exit_of_an_installed_package_is_no_success(tmp_path: Path):
    package = tmp_path / "site-packages" / "ends.py"
    package.parent.mkdir()
    package.write_text("import typer\ndef leave(*_):\n    raise typer.Exit(0)\n")
    config = write_small_site(tmp_path, images=2)
    found = f"import sys\nsys.path.insert(0, {str(package.parent)!r})\nimport ends\n"
    change(tmp_path / "net.py", "class Net(nn.Module):", f"{found}class Net(nn.Module):\n    to = ends.leave")
    code, line = analyzed(config)
    assert code == DEFECT, line


def test_a_line_is_one_whatever_stands_in_it(tmp_path: Path):
    path = tmp_path / "two\nlines\x1b[2J.toml"
    done = runner.invoke(app, ["analyze", str(path)], env={"COLUMNS": "400"})
    (line,) = done.stderr.strip().splitlines()
    assert r"two\nlines\x1b[2J.toml: no such file" in line


def test_a_file_that_is_no_python_names_its_line(tmp_path: Path):
    config = write_small_site(tmp_path, images=2)
    (tmp_path / "net.py").write_text("import torch\ndef factory(:\n")
    code, line = analyzed(config)
    assert code == OWN_CODE
    assert "net.py:2" in line


def test_a_defect_of_this_program_says_so_and_how_to_report_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    config = write_small_site(tmp_path, images=2)

    def broken(*_: object) -> None:
        raise TypeError("unexpected\nkind")

    broken.__code__ = broken.__code__.replace(co_filename=verb.__file__)
    monkeypatch.setattr(verb, "read_configuration", broken)
    (tmp_path / "cache").mkdir()
    code, line = analyzed(config)
    assert code == DEFECT
    assert "a defect of dissect-report: TypeError: unexpected kind" in line
    assert f"{tmp_path / 'cache' / 'traceback.txt'}: please report it" in line


def test_memory_that_is_not_there_is_said_with_the_remedy(tmp_path: Path):
    told = failure(MemoryError(), tmp_path)
    assert told.code == REFUSED
    assert "batch_size" in told.line


def test_an_error_without_the_users_code_keeps_its_line_and_no_file(tmp_path: Path):
    (tmp_path / "cache").mkdir()
    assert failure(ConfigError("x: wrong"), tmp_path).line == "x: wrong"
    assert failure(ConfigError("x: wrong"), tmp_path).code == 2
    assert not list((tmp_path / "cache").iterdir())


def test_a_refusal_below_a_users_forward_is_not_blamed_on_it():
    def forward() -> None:
        raise ModelError("conv1: its output is of batch 1")

    with pytest.raises(ModelError) as raised:
        forward()
    assert own_place(raised.value) == ""


def test_what_an_error_hides_is_not_told():
    def own() -> None:
        try:
            int("seven")
        except ValueError:
            raise ModelError("no module is called 'x'") from None

    with pytest.raises(ModelError) as raised:
        own()
    assert own_place(raised.value) == ""
