"""What a package index is told holds: what is imported is declared, addresses and versions agree."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
import tomllib

import pytest
import yaml

from dissect_report import __version__
from tests.docs.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
#: Modules that are called otherwise than the package that brings them.
PACKAGES = {"PIL": "pillow", "yaml": "pyyaml"}
#: Asked for only where they are there already.
OPTIONAL = {"ipython", "pandas"}


def imported() -> set[str]:
    """Top-level names of the modules that the program imports."""
    names: set[str] = set()
    for path in (ROOT / "dissect_report").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - {"dissect_report"}


def wanted_packages() -> list[str]:
    """Every requirement, those of extras too; extras that name others are left out."""
    extras = [wanted for group in PROJECT["optional-dependencies"].values() for wanted in group]
    return [wanted for wanted in (*PROJECT["dependencies"], *extras) if "[" not in wanted]


def test_every_import_is_a_declared_dependency():
    declared = {re.match(r"[\w-]+", wanted)[0].lower() for wanted in wanted_packages()}
    names = {PACKAGES.get(name, name).lower().replace("_", "-") for name in imported()}
    assert names - OPTIONAL <= declared


def test_every_dependency_has_a_lower_bound_that_minimums_can_prove():
    for wanted in wanted_packages():
        assert re.fullmatch(r"[\w-]+>=[\d.]+(,<\d+)?", wanted), wanted


def test_the_citation_names_this_release_and_its_address():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == __version__
    assert citation["repository-code"] == PROJECT["urls"]["Source"]
    assert {author["name"] for author in PROJECT["authors"]} == {a["name"] for a in citation["authors"]}


def test_a_package_index_gets_addresses_in_place_of_paths():
    pytest.importorskip("hatchling")
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    metadata = {"urls": PROJECT["urls"]}
    module.CustomMetadataHook(str(ROOT), {}).update(metadata)
    targets = re.findall(r"!?\[[^\]]*\]\(([^)\s]+)\)", metadata["readme"]["text"])
    pictures = [target for target in targets if target.endswith(".webp")]
    assert all(target.startswith(("https://", "#")) for target in targets)
    assert len(pictures) > 5
    for picture in pictures:
        assert (ROOT / picture.partition("/raw/main/")[2]).is_file(), picture
