"""Remakes the demo's two networks from seeds.

    python -m dissect_report.demo.train classifier
    python -m dissect_report.demo.train segmenter
    python -m dissect_report.demo.train generator      # needs the segmenter

One thread is used. The scenes are drawn once into the work folder, where a checkpoint of every epoch lies
too: the same command again goes on from there, and after the last epoch only exports and measures anew. The
weights (batch normalisation folded, float16) and the quality on unseen scenes are written into the package.
"""

import argparse
import platform
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from dissect_report.demo.album import album
from dissect_report.demo.fitting import Recipe, fit
from dissect_report.demo.growing import GrowingRecipe, Likeness, grow, hamlet_album
from dissect_report.demo.losses import classifier_loss, pixel_shares, segmenter_loss
from dissect_report.demo.networks import (
    WEIGHTS,
    SceneSegmenter,
    SegmenterNetwork,
    classifier_network,
    folded,
    scene_segmenter,
)
from dissect_report.demo.quality import category_means, confusions, overlaps, write_down
from dissect_report.demo.scenes import SCENE_CLASSES
from dissect_report.sources.progan import progan_from

CLASSIFIER, GROWING = Recipe(), GrowingRecipe()
SEGMENTER = Recipe(epochs=3, batch=8, rate=3e-3, decay=0.005)


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


def facts(recipe: Recipe, steps: int, network: nn.Module) -> dict[str, Any]:
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
    table = confusions(plain, album(recipe.unseen, recipe.unseen_seed, work))
    recall = {name: float(table[row, row] / table[row].sum()) for row, name in enumerate(SCENE_CLASSES)}
    accuracy = float(np.trace(table) / table.sum())
    write_down(
        "classifier",
        facts(recipe, steps, plain) | {"accuracy": accuracy, "recall": recall, "confusions": table.tolist()},
    )
    print(f"accuracy on {table.sum()} unseen scenes: {accuracy:.4f}", recall)


def train_segmenter(recipe: Recipe, work: Path, hours: float) -> None:
    """Trains, exports and measures the segmenter."""
    network, scenes = SegmenterNetwork(batch_norm=True), album(recipe.scenes, recipe.seed, work)
    loss = segmenter_loss(pixel_shares(np.asarray(scenes.labels[:2000])))
    steps = fit(network, loss, scenes, recipe, work / "segmenter.pt", hours)
    plain = folded(network, SegmenterNetwork())
    assert isinstance(plain, SegmenterNetwork)
    export(plain, "segmenter")
    found = overlaps(SceneSegmenter(plain), album(recipe.unseen, recipe.unseen_seed, work))
    means = category_means(found)
    write_down("segmenter", facts(recipe, steps, plain) | {"iou": found, "mean_iou": means})
    for name, value in sorted(found.items(), key=lambda item: item[1] or 0.0):
        print(f"{name:12s} {'-' if value is None else f'{value:.3f}'}")
    print("mean IoU", means)


def train_generator(recipe: GrowingRecipe, work: Path) -> None:
    """Trains and exports the generator."""
    hamlets = hamlet_album(recipe.hamlets, recipe.seed, work)
    likeness = Likeness(scene_segmenter().network)
    generator = progan_from(grow(hamlets, likeness, recipe, work / "generator.pt"))
    export(generator, "generator")


def main() -> None:
    """Reads the command line and trains one network."""
    parser = argparse.ArgumentParser(description="Remake the demo's networks from seeds.")
    parser.add_argument("network", choices=("classifier", "segmenter", "generator"))
    parser.add_argument(
        "--work", type=Path, default=Path("build/demo-training"), help="drawn scenes and checkpoints"
    )
    parser.add_argument("--epochs", type=int, help="passes over the scenes (default: the recipe's)")
    parser.add_argument(
        "--hours", type=float, default=3.0, help="end, cooled down, after that time at the latest"
    )
    parser.add_argument("--scenes", type=int, help="how many scenes (default: the recipe's)")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    if chosen.network == "generator":
        torch.manual_seed(GROWING.order)
        train_generator(GROWING, chosen.work)
        return
    recipe = CLASSIFIER if chosen.network == "classifier" else SEGMENTER
    changes = {key: value for key in ("epochs", "scenes") if (value := getattr(chosen, key)) is not None}
    recipe = replace(recipe, **changes)
    torch.manual_seed(recipe.order)
    (train_classifier if chosen.network == "classifier" else train_segmenter)(
        recipe, chosen.work, chosen.hours
    )


if __name__ == "__main__":
    main()
