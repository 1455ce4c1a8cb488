"""Whose code a file is: the user's, Python's, an installed package's, or this program's."""

from __future__ import annotations

import json

import pytest
import torch

from dissect_report.config import Config
from dissect_report.sources.ownership import is_own_class, is_own_file


@pytest.mark.parametrize(
    ("module", "file", "own"),
    [
        ("net", "/home/me/net.py", True),
        ("heads.parts", "C:/study/heads/parts.py", True),
        ("net", "/home/me/my-site-packages/net.py", True),
        ("timm.layers", "/venv/lib/python3.12/site-packages/timm/layers.py", False),
        ("numpy", "/usr/lib/python3/dist-packages/numpy/__init__.py", False),
        ("json.decoder", "/usr/lib/python3.12/json/decoder.py", False),
        ("dissect_report.config", "/checkout/dissect_report/config/__init__.py", False),
        ("builtins", None, False),
    ],
)
def test_a_file_is_the_users_unless_it_was_installed(module, file, own):
    assert is_own_file({"__name__": module, "__file__": file}) == own


@pytest.mark.parametrize("kind", [torch.nn.Linear, json.JSONDecoder, Config, int])
def test_classes_of_packages_are_not_the_users(kind):
    assert not is_own_class(kind)


def test_a_class_of_a_file_that_is_no_longer_found_by_name_is_the_users():
    names = {"__name__": "forgotten_helper", "__file__": "/home/me/forgotten_helper.py"}
    exec("class Head:\n    def forward(self): return 1\n", names)
    assert is_own_class(names["Head"])
