"""Files, masks, weights and code that cannot be used: what is done to a site, and what the line must say."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from PIL import Image, PngImagePlugin
from safetensors.torch import save_file

from tests.small_site import change

#: Where a fault of a network goes into its forward, and one of a segmenter into its method.
FORWARD, SEGMENT = "x = self.relu2", "best = images.argmax(1) + 1"


class Fault(NamedTuple):
    """Something wrong with a site.

    Attributes:
        name: of the fault.
        make: does it to the site's folder.
        code: of the exit.
        words: of the line.
    """

    name: str
    make: Callable[[Path], object]
    code: int
    words: str


def photos(folder: Path) -> list[Path]:
    return sorted((folder / "photos").rglob("*.png"))


def forward(statement: str) -> Callable[[Path], object]:
    """The network's forward does something first."""
    return lambda folder: change(folder / "net.py", FORWARD, f"{statement}; {FORWARD}")


def head(expression: str) -> Callable[[Path], object]:
    """The network gives something else."""
    return lambda folder: change(
        folder / "net.py", "return self.head(x.mean((2, 3)))", f"return {expression}"
    )


def segment(statement: str) -> Callable[[Path], object]:
    """The segmenter does something first."""
    return lambda folder: change(folder / "net.py", SEGMENT, f"{statement}; {SEGMENT}")


def concepts(text: str | bytes) -> Callable[[Path], object]:
    data = text if isinstance(text, bytes) else text.encode()
    return lambda folder: (folder / "concepts.csv").write_bytes(data)


def classes(text: str) -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        (folder / "classes.txt").write_text(text, encoding="utf-8")
        change(folder / "dissect.toml", "layers =", 'classes = "classes.txt"\nlayers =')

    return make


def weights(data: bytes | dict[str, torch.Tensor], name: str = "w.safetensors") -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        if isinstance(data, dict):
            save_file(data, folder / name)
        else:
            (folder / name).write_bytes(data)
        change(folder / "dissect.toml", "layers =", f'weights = "{name}"\nlayers =')

    return make


def pickled() -> bytes:
    stream = io.BytesIO()
    torch.save({"conv1.weight": torch.zeros(5, 3, 3, 3)}, stream)
    return stream.getvalue()


def masks(size: tuple[int, int] = (60, 44), value: int = 1, count: int = 99) -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        for photo in photos(folder)[:count]:
            mask = folder / "masks" / photo.relative_to(folder / "photos")
            mask.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", size, value).save(mask)
        change(folder / "dissect.toml", "net.py:blocks", "masks:masks")

    return make


def last_mask(data: bytes) -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        masks()(folder)
        max((folder / "masks").rglob("*.png")).write_bytes(data)

    return make


def header_only(width: int, height: int) -> bytes:
    """A picture whose header promises more pixels than any machine holds."""
    stream = io.BytesIO()
    PngImagePlugin.putchunk(
        stream, b"IHDR", width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\0\0\0\0"
    )
    return b"\x89PNG\r\n\x1a\n" + stream.getvalue()


def every_photo(data: bytes) -> Callable[[Path], object]:
    return lambda folder: [path.write_bytes(data) for path in photos(folder)]


FAULTS: tuple[Fault, ...] = (
    Fault("no configuration", lambda folder: (folder / "dissect.toml").unlink(), 2, "no such file"),
    Fault("binary configuration", lambda f: (f / "dissect.toml").write_bytes(b"\xff\0"), 2, "not valid TOML"),
    Fault("no photos", lambda f: [path.unlink() for path in photos(f)], 1, "photos"),
    Fault("one photo", lambda f: [path.unlink() for path in photos(f)[1:]], 1, "at least 2"),
    Fault("no photo is one", every_photo(b"text"), 1, "class0/000.png"),
    Fault("photos of nothing", every_photo(b""), 1, "class0/000.png"),
    Fault("photos as bombs", every_photo(header_only(100_000, 100_000)), 1, "class0/000.png"),
    Fault("no list of concepts", lambda f: (f / "concepts.csv").unlink(), 1, "no such list of concepts"),
    Fault("concepts in Latin", concepts("id,name,category\n1,größe,object\n".encode("latin-1")), 1, "UTF-8"),
    Fault("concepts as a picture", concepts(b"\x89PNG\r\n"), 1, "UTF-8"),
    Fault("concepts without names", concepts("id,name,category\n1,,object\n"), 1, "name"),
    Fault("an id twice", concepts("id,name,category\n1,red,object\n1,blue,object\n"), 1, "1"),
    Fault("an id below zero", concepts("id,name,category\n-1,red,object\n"), 1, "whole number"),
    Fault(
        "an id of eleven digits", concepts("id,name,category\n10000000000,red,object\n"), 1, "whole number"
    ),
    Fault("an id in words", concepts("id,name,category\none,red,object\n"), 1, "whole number"),
    Fault("a row too long", concepts("id,name,category\n1,red,object,x,y\n"), 1, "5 values under 3"),
    Fault(
        "a cell of megabytes", concepts(f"id,name,category\n1,{'x' * 2_000_000},object\n"), 1, "characters"
    ),
    Fault("too few concepts", concepts("id,name,category\n1,red,object\n"), 1, "catalogue"),
    Fault("classes too few", classes("a\nb\n"), 1, "2 names"),
    Fault("classes as JSON", classes('{"0": "a"}'), 1, "classes.txt"),
    Fault("classes of nothing", classes(""), 1, "classes.txt"),
    Fault("weights that are none", weights(b"nothing"), 1, "w.safetensors"),
    Fault("weights of nothing", weights(b""), 1, "w.safetensors"),
    Fault("weights of others", weights({"a": torch.zeros(2)}), 1, "w.safetensors"),
    Fault("weights of other shapes", weights({"conv1.weight": torch.zeros(5, 3, 5, 5)}), 1, "w.safetensors"),
    Fault("weights as a pickle", weights(pickled(), "w.pt"), 1, "allow_pickle"),
    Fault("weights cut short", weights(pickled()[:300], "w.pt"), 1, "w.pt"),
    Fault("no masks", masks(count=0), 1, "masks"),
    Fault("a mask missing", masks(count=5), 1, "mask"),
    Fault("masks of another size", masks(size=(30, 44)), 1, "mask"),
    Fault("masks of unknown ids", masks(value=77), 1, "77"),
    Fault("the last mask is none", last_mask(b"no picture"), 1, "mask"),
    Fault("the last mask is a bomb", last_mask(header_only(100_000, 100_000)), 1, "mask"),
    Fault("the last mask is huge", last_mask(header_only(100_000, 44)), 1, "mask"),
    Fault("code with a slip", lambda f: (f / "net.py").write_text("def factory(:\n"), 3, "net.py:1"),
    Fault("code that is not text", lambda f: (f / "net.py").write_bytes(b"\xff\xfe\0"), 1, "net.py"),
    Fault(
        "code that imports nothing", lambda f: (f / "net.py").write_text("import no_such_x\n"), 3, "no_such_x"
    ),
    Fault("code that ends", lambda f: (f / "net.py").write_text("raise SystemExit(0)\n"), 3, "net.py:1"),
    Fault(
        "a factory that wants more",
        lambda f: change(f / "net.py", "def factory()", "def factory(size)"),
        1,
        "size",
    ),
    Fault(
        "a factory of nothing",
        lambda f: change(f / "net.py", "return Net().eval()", "return None"),
        1,
        "NoneType",
    ),
    Fault("a forward that ends", forward("raise SystemExit(0)"), 3, "net.py"),
    Fault("a forward that divides", forward("1 / 0"), 3, "net.py"),
    Fault("a forward without end", forward("exec('def f(): f()\\nf()')"), 3, "net.py"),
    Fault("a forward of its own kind", forward("exec('class X(BaseException): 0\\nraise X')"), 3, "net.py"),
    Fault("a forward that wants all", forward("torch.empty(10**14)"), 3, "net.py"),
    Fault("one row for a batch", forward("x = x[:1]"), 1, "rows for"),
    Fault("two rows more", forward("x = torch.cat((x, x))"), 1, "rows for"),
    Fault(
        "an output of nothing, classes listed",
        lambda f: (classes("a\nb\nc\n")(f), head("None")(f)),
        1,
        "classes",
    ),
    Fault("labels that end", segment("raise SystemExit(0)"), 3, "net.py"),
    Fault("labels that divide", segment("1 / 0"), 3, "net.py"),
    Fault(
        "labels beyond the list",
        segment("images = images; return torch.full_like(images[:, :1], 9).long()"),
        1,
        "9",
    ),
    Fault("labels below zero", segment("return torch.full_like(images[:, :1], -1).long()"), 1, "-1"),
    Fault("labels of one row", segment("return torch.zeros(1, 1, 32, 32).long()"), 1, "net.py:blocks"),
    Fault("labels that are text", segment("return 'tree'"), 1, "net.py:blocks"),
    Fault("the cache is a file", lambda f: (f / "cache").write_text("x"), 1, "cannot be written"),
    Fault("the run is a file", lambda f: (f / "run").write_text("x"), 1, "run"),
)
