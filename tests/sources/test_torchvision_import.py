from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

USE = """
from dissect_report.sources.torchvision_import import import_torchvision
tv = import_torchvision()
assert import_torchvision() is tv
import torch
print(tuple(tv.models.squeezenet1_1(weights=None).eval()(torch.zeros(1, 3, 64, 64)).shape))
"""

#: A torchvision whose import decorates an operator, as the real one does.
PACKAGE = """
import torch
@torch.library.register_fake("torchvision::nms")
def nms(dets, scores, iou_threshold):
    return dets.new_empty(0, dtype=torch.long)
"""


def run(code: str, *paths: Path) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).resolve().parents[2]
    path = os.pathsep.join([*map(str, paths), str(root)])
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )


def fake(folder: Path, library: bytes | None, package: str = PACKAGE) -> Path:
    below = folder / "torchvision" / "models" / "segmentation"
    below.mkdir(parents=True)
    (below / "__init__.py").touch()
    (below.parent / "__init__.py").touch()
    (folder / "torchvision" / "__init__.py").write_text(package)
    if library is not None:
        (folder / "torchvision" / "_C.so").write_bytes(library)
    return folder


def test_the_installed_torchvision_runs_a_network() -> None:
    result = run(USE)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "(1, 1000)"


def test_a_library_that_does_not_load_is_made_up_for(tmp_path: Path) -> None:
    broken = fake(tmp_path, b"built for another torch")
    assert run("import torchvision", broken).returncode != 0, "the simulated fault is not one"
    use = "from dissect_report.sources.torchvision_import import import_torchvision as i; print(i().__file__)"
    result = run(use, broken)
    assert result.returncode == 0, result.stderr
    assert str(tmp_path) in result.stdout


def test_operators_that_are_there_are_not_declared_again(tmp_path: Path) -> None:
    code = f"""
import torch
kept = torch.library.Library("torchvision", "DEF")
for name in ("nms", "qnms"):
    kept.define(name + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
from dissect_report.sources import torchvision_import
torchvision_import.import_torchvision()
print(len(torchvision_import._declared))
{""}"""
    result = run(code, fake(tmp_path, None))
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "0"


@pytest.mark.parametrize("package", ["raise RuntimeError('two\\nlines')", "import nowhere_to_be_found"])
def test_a_torchvision_broken_otherwise_gives_one_line_with_the_remedy(tmp_path: Path, package: str) -> None:
    code = """
from dissect_report.errors import SourceError
from dissect_report.sources.torchvision_import import import_torchvision
try:
    import_torchvision()
except SourceError as error:
    print(error)
"""
    result = run(code, fake(tmp_path, None, package))
    assert result.stdout.startswith("torchvision cannot be imported: ")
    assert result.stdout.count("\n") == 1
    assert "install the one that goes with torch" in result.stdout


def test_torch_s_compiler_is_not_loaded_for_a_stock_network() -> None:
    result = run(USE + "import sys\nassert 'torch._dynamo' not in sys.modules")
    assert result.returncode == 0, result.stderr


def test_torch_s_compiler_is_there_for_whoever_uses_it() -> None:
    ask = """
import sys
roi_align = sys.modules["torchvision.ops.roi_align"]
assert roi_align.is_compile_supported("cpu") in (True, False)
import torch._dynamo.utils
assert torch._dynamo.utils.is_compile_supported("cpu") == roi_align.is_compile_supported("cpu")
assert torch._dynamo.reset and sys.modules["torch._dynamo"].__file__
"""
    result = run(USE + ask)
    assert result.returncode == 0, result.stderr


def test_a_torchvision_that_wants_more_of_torch_s_compiler_gets_the_real_one(tmp_path: Path) -> None:
    wants = PACKAGE + "from torch._dynamo.utils import counters\nassert counters is not None\n"
    use = (
        "import sys\nfrom dissect_report.sources.torchvision_import import import_torchvision as i\ni()\n"
        "assert sys.modules['torch._dynamo'].__file__ and sys.modules['torch._dynamo.utils'].__file__\n"
    )
    result = run(use, fake(tmp_path, None, wants))
    assert result.returncode == 0, result.stderr


def test_a_users_own_import_finds_it_mended(tmp_path: Path) -> None:
    broken = fake(tmp_path, b"built for another torch")
    (tmp_path / "net.py").write_text("import torchvision\ndef make(): return torchvision.__file__\n")
    use = "from pathlib import Path; from dissect_report.sources.factory import load_factory; "
    result = run(use + f"print(load_factory('net.py:make', Path({str(tmp_path)!r}))())", broken)
    assert result.returncode == 0, result.stderr
    assert str(tmp_path) in result.stdout
