"""The demo's vision transformer: patches of 8x8 pixels, a class token and two registers, six blocks.

Shaped as Dosovitskiy et al. 2021 with the registers of Darcet et al. 2024, and named as timm names its parts.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from dissect_report.demo.networks import read_weights
from dissect_report.demo.scenes import SCENE_CLASSES

SIDE, PATCH = 128, 8
WIDTH, DEPTH, HEADS, HIDDEN = 96, 6, 4, 192
REGISTERS = 2


class Attention(nn.Module):
    """Every token looks at every other."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.proj = nn.Linear(WIDTH, WIDTH)

    def forward(self, tokens: Float[Tensor, "image token unit"]) -> Float[Tensor, "image token unit"]:
        """What each token hears from the others."""
        number, length, width = tokens.shape
        parts = self.qkv(tokens).view(number, length, 3, HEADS, width // HEADS).permute(2, 0, 3, 1, 4)
        heard = functional.scaled_dot_product_attention(parts[0], parts[1], parts[2])
        joined: Tensor = self.proj(heard.transpose(1, 2).reshape(number, length, width))
        return joined


class Mlp(nn.Module):
    """Two linear layers and a GELU, token by token."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(WIDTH, HIDDEN)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(HIDDEN, WIDTH)

    def forward(self, tokens: Float[Tensor, "image token unit"]) -> Float[Tensor, "image token unit"]:
        """What each token makes of what it holds."""
        made: Tensor = self.fc2(self.act(self.fc1(tokens)))
        return made


class Block(nn.Module):
    """Attention and MLP, each added to the residual stream after a layer normalisation before it."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(WIDTH)
        self.attn = Attention()
        self.norm2 = nn.LayerNorm(WIDTH)
        self.mlp = Mlp()

    def forward(self, tokens: Float[Tensor, "image token unit"]) -> Float[Tensor, "image token unit"]:
        """The residual stream after this block."""
        tokens = tokens + self.attn(self.norm1(tokens))
        summed: Tensor = tokens + self.mlp(self.norm2(tokens))
        return summed


class SceneTransformer(nn.Module):
    """Names the scene by its class token; its tokens are class, two registers, then 16x16 patches by row."""

    classes: tuple[str, ...] = SCENE_CLASSES

    def __init__(self) -> None:
        super().__init__()
        grid = SIDE // PATCH
        self.patch_embed = nn.Conv2d(3, WIDTH, PATCH, stride=PATCH)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.reg_token = nn.Parameter(torch.randn(1, REGISTERS, WIDTH) * 0.02)
        self.pos_embed = nn.Parameter(torch.randn(1, grid * grid, WIDTH) * 0.02)
        self.blocks = nn.Sequential(*(Block() for _ in range(DEPTH)))
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, len(SCENE_CLASSES))

    def tokens(
        self, images: Float[Tensor, "image 3 128 128"], kept: Int[Tensor, "patch"] | None = None
    ) -> Float[Tensor, "image token unit"]:
        """What the last normalisation hands on.

        Args:
            images: normalised RGB.
            kept: the patches that are looked at, by their row-major number; all if left out.
        """
        patches = self.patch_embed(images).flatten(2).transpose(1, 2) + self.pos_embed
        if kept is not None:
            patches = patches[:, kept]
        extra = torch.cat([self.cls_token, self.reg_token], dim=1).expand(len(images), -1, -1)
        tokens: Tensor = self.norm(self.blocks(torch.cat([extra, patches], dim=1)))
        return tokens

    def forward(self, images: Float[Tensor, "image 3 128 128"]) -> Float[Tensor, "image class"]:
        """Logits of normalised RGB."""
        logits: Tensor = self.head(self.tokens(images)[:, 0])
        return logits


def scene_transformer() -> nn.Module:
    """The trained transformer in eval mode: normalised RGB [image, 3, 128, 128] -> logits [image, class].

    Raises:
        ModelError: the weights are not in the package.
    """
    network = SceneTransformer()
    network.load_state_dict(read_weights("transformer"))
    network.eval().requires_grad_(False)
    return network
