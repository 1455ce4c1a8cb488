"""The command line: quick to start, clear in failure."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time

import pytest

from tests.small_site import change, write_small_site


def run(*arguments, cwd=None, env=None):
    return subprocess.run(
        [sys.executable, "-c", "from dissect_report.cli.app import main; main()", *map(str, arguments)],
        capture_output=True, text=True, cwd=cwd, timeout=300,
        env={**os.environ, "COLUMNS": "200", **(env or {})},
    )  # fmt: skip


@pytest.mark.parametrize(
    "verb", ["build", "analyze", "render", "serve", "pack", "publish", "layers", "init", "schema"]
)
def test_help_of_every_verb_loads_neither_torch_nor_mkdocs(verb):
    code = (
        "import sys; from dissect_report.cli.app import app\n"
        f"try: app([{verb!r}, '--help'])\n"
        "except SystemExit as end: assert end.code == 0\n"
        "heavy = {'torch', 'torchvision', 'numba', 'mkdocs', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout


def test_init_writes_a_configuration_once(tmp_path):
    assert run("init", tmp_path / "mine").returncode == 0
    text = (tmp_path / "mine/dissect.toml").read_text()
    assert 'title = "mine"' in text
    again = run("init", tmp_path / "mine")
    assert again.returncode == 2
    assert "exists already" in again.stderr
    assert (tmp_path / "mine/dissect.toml").read_text() == text


def test_schema_prints_json_schema():
    schema = json.loads(run("schema").stdout)
    assert "UnitRecord" in schema["dissection.json"]["$defs"]


def test_layers_lists_names_units_and_sizes(tmp_path):
    done = run("layers", write_small_site(tmp_path, images=2))
    assert done.returncode == 0
    assert "conv2 -> relu2 (ReLU)" in done.stdout
    assert "16 x 16" in done.stdout


def test_layers_says_of_the_others_why_they_cannot_be_dissected(tmp_path):
    done = run("layers", write_small_site(tmp_path, images=2))
    _, others = done.stdout.split("cannot be dissected")
    assert "head" in others
    words = " ".join(re.sub("[│┃]", " ", others).split())
    assert "its output is not a map [image, unit, y, x] but [2, 3]" in words


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[model]", "[modle]", ["unknown key 'modle'", "did you mean 'model'"]),
        ('["conv1", "conv2"]', '["conv9"]', ["'conv9'", "did you mean"]),
        ("net.py:factory", "net.py:factroy", ["factroy", "did you mean 'factory'"]),
        ("net.py:factory", "nothing.py:factory", ["nothing.py", "no such file"]),
        ('images = "photos"', 'images = "fotos"', ["fotos"]),
        ('device = "cpu"', 'device = "cuda:7"', ["cuda:7", "use auto or cpu"]),
        ('concepts = "concepts.csv"', 'concepts = "none.csv"', ["none.csv"]),
    ],
)
def test_bad_input_gives_one_line_and_no_traceback(tmp_path, old, new, words):
    config = change(write_small_site(tmp_path, images=2), old, new)
    done = run("analyze", config)
    assert done.returncode in (1, 2)
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("error: ")
    for word in words:
        assert word in line
    assert "Traceback" not in done.stderr + done.stdout


def test_a_dry_run_forecasts_and_leaves_nothing_behind(tmp_path):
    config = write_small_site(tmp_path, images=6)
    before = sorted(tmp_path.rglob("*"))
    done = run("build", config, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "6 images, 13 units" in done.stdout
    assert "1 forward pass" in done.stdout
    assert "[probe] limit" in done.stdout
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_control_c_ends_cleanly_and_the_next_build_goes_on(tmp_path):
    config = write_small_site(tmp_path, images=60)
    change(tmp_path / "net.py", "x = self.relu2", "__import__('time').sleep(0.3); x = self.relu2")
    process = subprocess.Popen(
        [sys.executable, "-c", "from dissect_report.cli.app import main; main()", "analyze", str(config)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    # The model's pass has begun, and sleeps: numba, before it, can swallow a signal while it loads a kernel.
    note = tmp_path / "cache/factory/predicted.json"
    deadline = time.monotonic() + 120
    while not note.is_file():
        assert time.monotonic() < deadline
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    process.send_signal(2)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.strip() == "interrupted; the same command goes on from where it was"
    done = run("analyze", config)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run/factory/run.json").is_file()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_named(tmp_path):
    config = write_small_site(tmp_path, images=2)
    tmp_path.chmod(0o500)
    try:
        done = run("analyze", config)
    finally:
        tmp_path.chmod(0o700)
    assert done.returncode == 1
    assert str(tmp_path) in done.stderr


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    config = write_small_site(tmp_path, images=2)
    (tmp_path / "cache").write_text("in the way")
    done = run("analyze", config)
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert "cache" in line
    assert "cannot be written" in line
