"""What a made-up run was made with: its configuration, its probe images or latents, its provenance."""

from __future__ import annotations

import json
from collections.abc import Sequence

from dissect_report.findings import records

GENERATOR = records.GeneratorRecord((512,), 7, (-1.0, 1.0), -1.25, 1.125, 0.03125)


def run_names(kinds: Sequence[str]) -> list[str]:
    first = {"classifier": ("vgg16", "net"), "generator": ("progan", "progan")}
    before = [kinds[:place].count(kind) for place, kind in enumerate(kinds)]
    return [first[k][1] + str(n + 1) if n else first[k][0] for k, n in zip(kinds, before, strict=True)]


def toml(names: Sequence[str], kinds: Sequence[str], hostile: bool) -> str:
    title = 'A <b>"made-up"</b> & hostile run' if hostile else "A made-up run"
    bodies = {
        "classifier": '[{0}model]\nsource = "torchvision:vgg16"\n[{0}probe]\nimages = "photos"\n',
        "generator": '[{0}model]\nkind = "generator"\nsource = "progan:church.pth"\nlatent_shape = [512]\n'
        "[{0}probe]\nlatents = 40\nseed = 7\n",
    }
    segmenter = '[[{0}segmenter]]\nsource = "color"\n'
    start = f"title = {json.dumps(title)}\n"
    if len(names) == 1:
        return start + (bodies[kinds[0]] + segmenter).format("")
    return start + "".join(
        f'[[run]]\nname = "{name}"\n' + (bodies[kind] + segmenter).format("run.")
        for name, kind in zip(names, kinds, strict=True)
    )


def latents(half: Sequence[int]) -> tuple[records.ImageRecord, ...]:
    """The images of a generator; ``half`` of the held-out measurement."""
    return tuple(records.ImageRecord(f"latent {i}", None, part, i, i, None) for i, part in enumerate(half))


def photos(
    half: Sequence[int], classes: Sequence[str], folders: Sequence[str]
) -> tuple[records.ImageRecord, ...]:
    """The probe images of a classifier; every ninth has no label."""
    return tuple(
        records.ImageRecord(
            f"{folders[i % len(folders)]}/{i:04d}.jpg",
            None if i % 9 == 8 else classes[i % len(classes)],
            part,
            i,
            i,
            classes[(i * 5) % len(classes)],
        )
        for i, part in enumerate(half)
    )


def provenance(seed: int) -> records.Provenance:
    """Where the numbers would come from; runs differ in their probe."""
    return records.Provenance(
        key="0f" * 32,
        command="dissect-report analyze dissect.toml",
        versions={"dissect-report": "0.1.0", "numpy": "2.0", "torch": "2.13.0"},
        model_digest="ab" * 32,
        probe_digest=f"{seed:02x}" * 32,
        device="cpu",
        batch_size=16,
        threads=2,
        notes=("batch size halved from 32 to 16: out of memory",),
        seconds={"forward": 12.5, "counting": 3.25},
        created="2026-01-02T03:04:05+00:00",
        outputs={"network": (records.OutputSample((2, 2), False, (0.5, -1.25, None, 0.0)),)},
    )
