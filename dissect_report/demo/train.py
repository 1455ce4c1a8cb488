"""Remakes the demo's networks from seeds.

    python -m dissect_report.demo.train classifier
    python -m dissect_report.demo.train linear         # only the classifier's last layer
    python -m dissect_report.demo.train segmenter
    python -m dissect_report.demo.train segmenter --onward   # from the shipped weights
    python -m dissect_report.demo.train generator      # needs the segmenter
    python -m dissect_report.demo.train transformer

One thread is used. The scenes are drawn once into the work folder, where a checkpoint of every epoch lies
too: the same command again goes on from there, and after the last epoch only exports and measures anew. The
weights (batch normalisation folded, float16) and the quality on unseen scenes are written into the package.
"""

import argparse
import hashlib
import json
import platform
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from dissect_report.demo.album import Album, album
from dissect_report.demo.concepts import CONCEPTS
from dissect_report.demo.fitting import Recipe, fit
from dissect_report.demo.generator import hamlet_generator_from
from dissect_report.demo.growing import GrowingRecipe, Likeness, grow, hamlet_album, redrawn
from dissect_report.demo.hamlets import LATENT
from dissect_report.demo.losses import classifier_loss, pixel_shares, segmenter_loss
from dissect_report.demo.networks import (
    WEIGHTS,
    SceneSegmenter,
    SegmenterNetwork,
    classifier_network,
    folded,
    read_weights,
    scene_classifier,
    scene_segmenter,
)
from dissect_report.demo.quality import (
    category_means,
    classifier_features,
    concept_areas,
    confusions,
    frechet_distance,
    overlaps,
    write_down,
    written_down,
)
from dissect_report.demo.scenes import SCENE_CLASSES
from dissect_report.demo.sparse_linear import SparseRecipe, make_sparse
from dissect_report.demo.token_labels import TaughtTransformer, transformer_loss
from dissect_report.sources.latents import draw_latents

CLASSIFIER, LINEAR, GROWING = Recipe(), SparseRecipe(), GrowingRecipe()
SEGMENTER = Recipe(epochs=2, batch=8, rate=3e-3, decay=0.005)
TRANSFORMER = Recipe(epochs=12, rate=1e-3, decay=0.05)
RECIPES = {"classifier": CLASSIFIER, "segmenter": SEGMENTER, "transformer": TRANSFORMER}
ONWARD = 1e-3
"""Peak learning rate of a segmenter that goes on from shipped weights."""


def export(network: nn.Module, name: str) -> None:
    """Writes weights as float16 and rounds the network's own to them: what is measured is what is shipped."""
    state = {key: value.half().contiguous() for key, value in network.state_dict().items()}
    network.load_state_dict({key: value.float() for key, value in state.items()})
    WEIGHTS.mkdir(exist_ok=True)
    save_file(
        state,
        WEIGHTS / f"{name}.safetensors",
        metadata={"made by": f"python -m dissect_report.demo.train {name}"},
    )


def facts(recipe: Recipe | GrowingRecipe, steps: int, network: nn.Module) -> dict[str, Any]:
    """What a reader needs to judge or repeat a training run."""
    versions = {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__}
    return {
        "recipe": asdict(recipe),
        "steps": steps,
        "parameters": sum(value.numel() for value in network.parameters()),
        "versions": versions,
    }


def train_classifier(recipe: Recipe, work: Path, hours: float) -> None:
    """Trains, exports and measures the classifier."""
    network = classifier_network(batch_norm=True)
    steps = fit(
        network,
        classifier_loss,
        album(recipe.scenes, recipe.seed, work),
        recipe,
        work / "classifier.pt",
        hours,
    )
    plain = folded(network, classifier_network())
    export(plain, "classifier")
    write_down("classifier", facts(recipe, steps, plain))
    train_linear(recipe, work)


def train_linear(recipe: Recipe, work: Path) -> None:
    """Fits the shipped classifier's last layer anew, exports and measures it."""
    plain = classifier_network()
    plain.load_state_dict(read_weights("classifier"))
    plain.eval().requires_grad_(False)
    read = make_sparse(plain, album(LINEAR.scenes, LINEAR.seed, work), LINEAR)
    export(plain, "classifier")
    write_down(
        "classifier",
        written_down("classifier")
        | {"linear": asdict(LINEAR) | {"units read": dict(zip(SCENE_CLASSES, read, strict=True))}}
        | recognised(plain, album(recipe.unseen, recipe.unseen_seed, work)),
    )


def recognised(network: nn.Module, unseen: Album) -> dict[str, Any]:
    """How many of the unseen scenes a network names rightly."""
    table = confusions(network, unseen)
    recall = {name: float(table[row, row] / table[row].sum()) for row, name in enumerate(SCENE_CLASSES)}
    accuracy = float(np.trace(table) / table.sum())
    print(f"accuracy on {table.sum()} unseen scenes: {accuracy:.4f}", recall)
    return {"accuracy": accuracy, "recall": recall, "confusions": table.tolist()}


def train_transformer(recipe: Recipe, work: Path, hours: float) -> None:
    """Trains, exports and measures the vision transformer."""
    taught, scenes = TaughtTransformer(), album(recipe.scenes, recipe.seed, work)
    steps = fit(taught, transformer_loss, scenes, recipe, work / "transformer.pt", hours)
    network = taught.network.eval()
    export(network, "transformer")
    found = recognised(network, album(recipe.unseen, recipe.unseen_seed, work))
    write_down("transformer", facts(recipe, steps, network) | found)


def begun_from(name: str, work: Path) -> dict[str, Any]:
    """A copy in the work folder of the weights shipped when training onward began, and what made them.

    A later call finds the same copy, so that a run that was stopped goes on from its own beginning.
    """
    path, notes = work / f"{name}-begun.safetensors", work / f"{name}-begun.json"
    if not (path.is_file() and notes.is_file()):
        work.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(WEIGHTS / f"{name}.safetensors", path)
        before = {k: v for k, v in written_down(name).items() if k in ("recipe", "steps", "begun from")}
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        notes.write_text(json.dumps({"sha256": digest} | before))
    return {"path": path, "facts": json.loads(notes.read_text())}


def train_segmenter(recipe: Recipe, work: Path, hours: float, *, onward: bool = False) -> None:
    """Trains, exports and measures the segmenter; `onward` from the shipped weights, else from seeds.

    The weights that it went on from are written down by their digest.
    """
    network, scenes = SegmenterNetwork(batch_norm=not onward), album(recipe.scenes, recipe.seed, work)
    begun: dict[str, Any] = {}
    if onward:
        begun = begun_from("segmenter", work)
        network.load_state_dict({key: value.float() for key, value in load_file(begun["path"]).items()})
    loss = segmenter_loss(pixel_shares(np.asarray(scenes.labels[:2000])))
    steps = fit(network, loss, scenes, recipe, work / "segmenter.pt", hours)
    plain = folded(network, SegmenterNetwork())
    assert isinstance(plain, SegmenterNetwork)
    export(plain, "segmenter")
    found = overlaps(SceneSegmenter(plain), album(recipe.unseen, recipe.unseen_seed, work))
    means = category_means(found)
    history = {"begun from": begun["facts"]} if begun else {}
    write_down("segmenter", facts(recipe, steps, plain) | history | {"iou": found, "mean_iou": means})
    for name, value in sorted(found.items(), key=lambda item: item[1] or 0.0):
        print(f"{name:12s} {'-' if value is None else f'{value:.3f}'}")
    print("mean IoU", means)


def train_generator(recipe: GrowingRecipe, work: Path) -> None:
    """Trains, exports and measures the generator."""
    hamlets = hamlet_album(recipe.hamlets, recipe.seed, work)
    segmenter = scene_segmenter()
    generator = hamlet_generator_from(
        grow(hamlets, Likeness(segmenter.network), recipe, work / "generator.pt")
    )
    export(generator, "generator")
    drawn = hamlet_album(recipe.unseen, recipe.unseen_seed, work)
    made = redrawn(generator, draw_latents(recipe.unseen, (LATENT,), recipe.unseen_seed))
    half, network = len(drawn) // 2, scene_classifier()
    assert isinstance(network, nn.Sequential)
    real, fake = classifier_features(network, drawn), classifier_features(network, made)
    areas = [concept_areas(segmenter, images) for images in (drawn, made)]
    distances = {
        "generated and drawn": frechet_distance(fake[:half], real[half:]),
        "two halves of drawn": frechet_distance(real[:half], real[half:]),
    }
    difference = float(np.abs(made.astype(np.int16) - drawn).mean() / 255)
    shares = {c.name: [float(part[c.id]) for part in areas] for c in CONCEPTS if areas[0][c.id] > 0.001}
    found = {"frechet_distance": distances, "mean_difference": difference, "areas": shares}
    steps = sum(stage.steps for stage in recipe.stages)
    write_down("generator", facts(recipe, steps, generator) | found)
    print(distances, f"mean difference {difference:.4f} of the range")
    for name, (was, now) in sorted(shares.items(), key=lambda item: -item[1][0]):
        print(f"{name:12s} drawn {was:.4f} generated {now:.4f}")


def main() -> None:
    """Reads the command line and trains one network."""
    parser = argparse.ArgumentParser(description="Remake the demo's networks from seeds.")
    parser.add_argument("network", choices=(*RECIPES, "linear", "generator"))
    parser.add_argument(
        "--work", type=Path, default=Path("build/demo-training"), help="drawn scenes and checkpoints"
    )
    parser.add_argument("--epochs", type=int, help="passes over the scenes (default: the recipe's)")
    parser.add_argument(
        "--hours", type=float, default=3.0, help="end, cooled down, after that time at the latest"
    )
    parser.add_argument("--scenes", type=int, help="how many scenes (default: the recipe's)")
    parser.add_argument(
        "--onward", action="store_true", help="the segmenter goes on from the shipped weights"
    )
    chosen = parser.parse_args()
    if chosen.onward and chosen.network != "segmenter":
        parser.error("--onward is for the segmenter; leave it out, or train the segmenter")
    torch.set_num_threads(1)
    if chosen.network == "generator":
        torch.manual_seed(GROWING.order)
        train_generator(GROWING, chosen.work)
        return
    if chosen.network == "linear":
        train_linear(CLASSIFIER, chosen.work)
        return
    recipe = RECIPES[chosen.network]
    changes = {key: value for key in ("epochs", "scenes") if (value := getattr(chosen, key)) is not None}
    recipe = replace(recipe, **changes)
    torch.manual_seed(recipe.order)
    if chosen.network != "segmenter":
        train = train_classifier if chosen.network == "classifier" else train_transformer
        train(recipe, chosen.work, chosen.hours)
        return
    recipe = replace(recipe, rate=ONWARD) if chosen.onward else recipe
    train_segmenter(recipe, chosen.work, chosen.hours, onward=chosen.onward)


if __name__ == "__main__":
    main()
