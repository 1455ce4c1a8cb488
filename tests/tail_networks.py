"""Small networks, one for each thing that makes running from a stored activation hard."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Plain(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(inplace=True), nn.Conv2d(8, 6, 3, 1, 1), nn.ReLU(inplace=True),
            nn.MaxPool2d(2), nn.Flatten(), nn.Linear(6 * 16, 10), nn.ReLU(), nn.Linear(10, 5),
        )  # fmt: skip


class Pooled(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5)
        )


class Block(nn.Module):
    def __init__(self, units: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(units, units, 3, 1, 1), nn.BatchNorm2d(units)
        self.conv2, self.bn2 = nn.Conv2d(units, units, 3, 1, 1), nn.BatchNorm2d(units)
        self.relu = nn.ReLU(inplace=True)  # shared by both places

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(out)) + x)


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.block1, self.block2 = nn.Conv2d(3, 6, 3, 2, 1), Block(6), Block(6)
        self.head = nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.block2(self.block1(self.stem(x)))
        return self.head(x.mean((2, 3)))


class Functional(nn.Module):
    """Activation, pooling and reshaping as functions; the batch size is asked of the input."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 7, 3, 2, 1), nn.Conv2d(7, 6, 1)
        self.fc = nn.Linear(6 * 16, 4)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        count = x.shape[0]
        x = F.silu(self.conv1(x))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return {"features": x, "logits": self.fc(x.view(count, -1))}


class Normalising(nn.Module):
    """Writes into its own input, as networks do that normalise in place."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 7, 3, 2, 1), nn.Conv2d(7, 6, 3, 1, 1)
        self.fc = nn.Linear(9, 4)

    def forward(self, x: Tensor) -> Tensor:
        x.sub_(0.4)
        x.mul_(1.5).add_(x.mean((2, 3), keepdim=True))
        pooled = F.relu(self.conv2(F.relu(self.conv1(x)))).mean((2, 3))
        return self.fc(torch.cat([pooled, x.mean((2, 3))], 1))


class Branching(nn.Module):
    """Control flow that symbols cannot follow but an export of one shape can."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 6, 3, 2, 1), nn.Conv2d(6, 6, 3, 1, 1)
        self.act, self.fc = nn.Hardswish(inplace=True), nn.Linear(6, 4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.act(self.conv1(x))
        if x.shape[-1] > 4:
            x = x + self.act(self.conv2(x))
        return self.fc(x.mean((2, 3))), x


class DataBranching(nn.Module):
    """Control flow that hangs on the data: no graph holds it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 6, 3, 2, 1), nn.Conv2d(6, 6, 3, 1, 1)
        self.relu, self.fc = nn.ReLU(inplace=True), nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.conv1(x))
        if float(x.abs().max()) > 1e9:
            x = x * 0
        x = F.relu(self.conv2(x))
        return self.fc(x.amax((2, 3)))


class Woven(nn.Module):
    """Rows and columns written into a new tensor: symbols take no assignment."""

    def forward(self, x: Tensor) -> Tensor:
        woven = x.new_empty(len(x), x.shape[1] // 2, *x.shape[2:])
        for place, part in enumerate(x.chunk(2, dim=1)):
            woven[..., place::2] = part[..., place::2]
        return woven


class Counting(nn.Module):
    """``len`` of a tensor in its forward, and a part in it that cannot be looked into."""

    def __init__(self) -> None:
        super().__init__()
        self.grey = nn.Parameter(torch.ones(1, 1, 1, 1))
        self.conv1, self.weave, self.conv2 = nn.Conv2d(4, 6, 3, 2, 1), Woven(), nn.Conv2d(3, 6, 3, 1, 1)
        self.relu, self.fc = nn.ReLU(), nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        rest = self.grey.expand(len(x), -1, x.shape[2], x.shape[3])
        x = self.weave(self.conv1(torch.cat((x, rest), dim=1)))
        return self.fc(self.relu(self.conv2(x)).mean((2, 3)))


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2, self.fc = nn.Conv2d(3, 6, 3, 2, 1), nn.Conv2d(6, 6, 3, 1, 1), nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        return self.fc(self.conv2(self.conv2(x)).mean((2, 3)))


class Unused(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.side, self.fc = nn.Conv2d(3, 6, 3, 2, 1), nn.Conv2d(6, 6, 1), nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        self.side(x)
        return self.fc(x.mean((2, 3)))


class Random(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.fc = nn.Conv2d(3, 16, 3, 2, 1), nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(F.dropout(self.conv1(x).mean((2, 3)), 0.5, training=True))


def made(kind: type[nn.Module], seed: int = 0) -> nn.Module:
    """A seeded network in training mode: the code under test must put it to rest itself."""
    torch.manual_seed(seed)
    network = kind()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean = torch.randn(module.num_features) * 0.3
            module.running_var = torch.rand(module.num_features) + 0.5
            module.weight.data = torch.randn(module.num_features)
            module.bias.data = torch.randn(module.num_features)
    return network


def photos(count: int = 7, side: int = 16, seed: int = 1) -> Tensor:
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(seed))
