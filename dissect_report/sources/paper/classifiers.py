"""The paper's three classifiers of places, their layers under the names that their weights have."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor, nn

#: Kinds of places.
CLASSES = 365

#: Convolutions of VGG-16 between two poolings, and their units.
VGG16_STAGES = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
RESNET152_BLOCKS = (3, 8, 36, 3)


def vgg16(classes: int = CLASSES) -> nn.Sequential:
    """VGG-16 for crops of 224: ``features.conv1_1`` to ``conv5_3``, ``classifier.fc6`` to ``fc8a``."""
    features: OrderedDict[str, nn.Module] = OrderedDict()
    before = 3
    for stage, (count, units) in enumerate(VGG16_STAGES, start=1):
        for number in range(1, count + 1):
            features[f"conv{stage}_{number}"] = nn.Conv2d(before, units, 3, padding=1)
            features[f"relu{stage}_{number}"] = nn.ReLU(inplace=True)
            before = units
        features[f"pool{stage}"] = nn.MaxPool2d(2, 2)
    parts: OrderedDict[str, nn.Module] = OrderedDict(
        features=nn.Sequential(features),
        avgpool=nn.AdaptiveAvgPool2d(7),
        flatten=nn.Flatten(),
        classifier=nn.Sequential(_dense(before * 7 * 7, classes, "drop", "fc8a")),
    )
    return nn.Sequential(parts).eval()


def alexnet(classes: int = CLASSES) -> nn.Sequential:
    """AlexNet as it was first trained, for crops of 227: two groups, response norms; ``conv1`` to ``fc8``."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    # units, side, stride, padding, groups, and whether a pooling and a norm follow
    for number, (before, units, side, stride, padding, groups) in enumerate(
        (
            (3, 96, 11, 4, 0, 1),
            (96, 256, 5, 1, 2, 2),
            (256, 384, 3, 1, 1, 1),
            (384, 384, 3, 1, 1, 2),
            (384, 256, 3, 1, 1, 2),
        ),
        start=1,
    ):
        layers[f"conv{number}"] = nn.Conv2d(before, units, side, stride, padding, groups=groups)
        layers[f"relu{number}"] = nn.ReLU(inplace=True)
        if number in (1, 2, 5):
            layers[f"pool{number}"] = nn.MaxPool2d(3, 2)
        if number in (1, 2):
            layers[f"lrn{number}"] = nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0)
    layers["flatten"] = nn.Flatten()
    layers.update(_dense(256 * 6 * 6, classes, "dropout", "fc8"))
    return nn.Sequential(layers).eval()


def _dense(before: int, classes: int, drop: str, last: str) -> OrderedDict[str, nn.Module]:
    return OrderedDict(
        {
            "fc6": nn.Linear(before, 4096), "relu6": nn.ReLU(inplace=True), f"{drop}6": nn.Dropout(),
            "fc7": nn.Linear(4096, 4096), "relu7": nn.ReLU(inplace=True), f"{drop}7": nn.Dropout(),
            last: nn.Linear(4096, classes),
        }
    )  # fmt: skip


class Block(nn.Module):
    """Of a residual network: what its weights call 0.0 beside a shortcut 0.1, then a ReLU."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        """Args:
        before: units of the maps that come in.
        width: a quarter of those that go out.
        stride: of the 3x3 convolution and the shortcut.
        """
        super().__init__()
        units = 4 * width
        inner = nn.Sequential(
            nn.Conv2d(before, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, units, 1, bias=False), nn.BatchNorm2d(units),
        )  # fmt: skip
        shortcut: nn.Module = nn.Identity()
        if before != units or stride > 1:
            shortcut = nn.Sequential(nn.Conv2d(before, units, 1, stride, bias=False), nn.BatchNorm2d(units))
        self.add_module("0", nn.ModuleList([inner, shortcut]))
        self.add_module("2", nn.ReLU())

    def forward(self, maps: Float[Tensor, "image before y x"]) -> Float[Tensor, "image unit y2 x2"]:
        """The block's maps."""
        inner, shortcut = self.get_submodule("0").children()
        out: Tensor = self.get_submodule("2")(inner(maps) + shortcut(maps))
        return out


def resnet152(
    classes: int = CLASSES, blocks: Sequence[int] = RESNET152_BLOCKS, width: int = 64
) -> nn.Sequential:
    """ResNet-152 for crops of 224: layers 0 to 10; 4 to 7 are its stages.

    Args:
        classes: of places.
        blocks: of the stages.
        width: of the first stage.
    """
    layers: list[nn.Module] = [
        nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(3, 2, 1),
    ]  # fmt: skip
    before = width
    for stage, count in enumerate(blocks):
        made = []
        for number in range(count):
            made.append(Block(before, width << stage, 2 if stage and not number else 1))
            before = 4 * width << stage
        layers.append(nn.Sequential(*made))
    layers += [nn.AvgPool2d(7, 1), nn.Flatten(), nn.Sequential(nn.Identity(), nn.Linear(before, classes))]
    return nn.Sequential(*layers).eval()
