"""Weight files as they come: what is read, what is refused, and in which words."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from dissect_report.errors import WeightsError
from dissect_report.sources.checkpoints import read_checkpoint
from dissect_report.sources.named_tensors import leaves, tree_of


def read(path: Path, allow_pickle: bool = True) -> dict[str, Any]:
    return dict(leaves(read_checkpoint(path, allow_pickle, path.parent).tree))


def test_safetensors_are_read(tmp_path: Path) -> None:
    save_file({"a": torch.ones(2)}, tmp_path / "net.safetensors")
    assert read(tmp_path / "net.safetensors", False)["a"].tolist() == [1, 1]


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_is_refused_unless_allowed_whatever_it_is_called(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / "net.safetensors"
    torch.save({"a": torch.ones(2)}, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(WeightsError, match=r"is a pickle.*allow_pickle = true"):
        read(path, False)
    assert read(path)["a"].tolist() == [1, 1]


def test_a_pickle_of_python_with_arrays_is_read(tmp_path: Path) -> None:
    content = {"model": {"conv.weight": np.ones((2, 3), np.float32)}, "__author__": "someone"}
    (tmp_path / "net.pkl").write_bytes(pickle.dumps(content))
    assert read(tmp_path / "net.pkl")["model.conv.weight"].shape == (2, 3)


def test_tensors_lie_where_their_names_say_whatever_holds_them() -> None:
    tensor = torch.ones(1)
    nested: dict[str, Any] = {
        "epoch": 3, "nets": [OrderedDict({"a.b": tensor}), {"a": {"b": tensor, "c": 1}}], 7: {"x": tensor},
    }  # fmt: skip
    nested["itself"] = nested
    names = [name for name, value in leaves(tree_of(nested)) if value is tensor]
    assert names == ["nets.0.a.b", "nets.1.a.b", "7.x"]
    assert dict(leaves(tree_of({"a": tensor, "a.b": tensor})))["a"] is tensor


@pytest.mark.parametrize("content", [[1, 2], {"a": "text"}, {}, {"state_dict": {"epoch": 3}}])
def test_a_pickle_of_something_else_is_no_state_dict(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "net.pth")
    with pytest.raises(WeightsError, match="not a state dict: no tensor has a name"):
        read(tmp_path / "net.pth")


def test_a_missing_or_damaged_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"none\.pth: no such weight file"):
        read(tmp_path / "none.pth")
    with pytest.raises(WeightsError, match="a folder, not a weight file"):
        read(tmp_path)
    (tmp_path / "junk").write_bytes(b"junk")
    with pytest.raises(WeightsError, match="junk: not a safetensors file"):
        read(tmp_path / "junk")
    with zipfile.ZipFile(tmp_path / "w.zip", "w") as archive:
        archive.writestr("w.pth", b"inside")
    with pytest.raises(WeightsError, match=r"a zip archive, but not of torch\.save: unpack it"):
        read(tmp_path / "w.zip")


def whole(folder: Path, zipped: bool = True) -> Path:
    net = nn.Sequential(nn.Conv2d(3, 2, 1), nn.Sequential(nn.BatchNorm2d(2)))
    torch.save(net, folder / "whole.pth", _use_new_zipfile_serialization=zipped)
    return folder / "whole.pth"


def test_a_whole_pickled_network_gives_its_state_dict_where_pickles_are_allowed(tmp_path: Path) -> None:
    found = read_checkpoint(whole(tmp_path), True, tmp_path)
    assert found.kind == "a whole pickled network (Sequential)"
    assert [name for name, _ in leaves(found.tree)][:3] == ["0.weight", "0.bias", "1.0.weight"]


@pytest.mark.parametrize("zipped", [True, False])
def test_a_whole_pickled_network_is_refused_with_the_way_to_its_state_dict(
    tmp_path: Path, zipped: bool
) -> None:
    with pytest.raises(WeightsError) as caught:
        read(whole(tmp_path, zipped), False)
    if zipped:  # the older form is several pickles behind each other
        assert "is a whole pickled network (torch.nn.modules.container.Sequential)" in str(caught.value)
        assert "torch.save(model.state_dict(), 'whole.pth')" in str(caught.value)
    assert "allow_pickle = true" in str(caught.value)


CLASSES = """
from torch import nn
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 1)
        self.register_buffer("kept", __import__("torch").ones(1))
        self.register_buffer("passing", __import__("torch").ones(1), persistent=False)
class Options:
    rate = 1
def net():
    return nn.Sequential(Block(), nn.BatchNorm2d(2))
"""


@pytest.fixture
def pickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint whose pickle names classes of a module ``author``, which lies in the folder ``code``."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "author.py").write_text(CLASSES)
    monkeypatch.syspath_prepend(tmp_path / "code")
    import author  # type: ignore[import-not-found]

    torch.save({"net": author.net(), "hyper_parameters": author.Options()}, tmp_path / "w.pth")
    monkeypatch.undo()
    monkeypatch.delitem(__import__("sys").modules, "author")
    return tmp_path / "w.pth"


@pytest.mark.parametrize("here", [True, False])
def test_classes_of_the_user_are_found_beside_the_factory_and_not_needed(pickled: Path, here: bool) -> None:
    code = pickled.parent / "code" if here else pickled.parent
    found = dict(leaves(read_checkpoint(pickled, True, code).tree))
    tensors = [name for name, value in found.items() if isinstance(value, torch.Tensor)]
    assert tensors[:3] == ["net.0.conv.weight", "net.0.conv.bias", "net.0.kept"] or set(tensors[:3]) == {
        "net.0.conv.weight", "net.0.conv.bias", "net.0.kept",
    }  # fmt: skip
    assert "net.0.passing" not in found, "no state dict has it"
    assert len(tensors) == 8


def test_torchscript_is_said_and_its_numbers_taken_where_pickles_are_allowed(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = nn.Sequential(nn.Conv2d(3, 2, 1)).eval()
        torch.jit.trace(net, torch.zeros(1, 3, 4, 4)).save(str(tmp_path / "t.pt"))
    with pytest.raises(WeightsError, match=r"is a TorchScript archive.*torch\.save\(model\.state_dict\(\)"):
        read(tmp_path / "t.pt", False)
    found = read_checkpoint(tmp_path / "t.pt", True, tmp_path)
    assert found.kind == "a TorchScript archive"
    assert torch.equal(dict(leaves(found.tree))["0.weight"], net[0].weight)
