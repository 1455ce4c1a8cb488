"""What the generator learns from: judges that tell drawn scenes from generated ones, and scenes to redraw.

Small judges on the frozen segmenter's maps make an adversary worth listening to from the first step, as in
projected GANs (Sauer et al. 2021). Half of every batch redraws drawn scenes from latents that an encoder
guesses (Larsen et al. 2016): the layout of a world is learnt long before an adversary alone would teach it.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from dissect_report.demo.networks import MEAN, STD, TAUGHT_SIDE, SegmenterNetwork


def enlarged(images: Float[Tensor, "image 3 y x"], side: int) -> Float[Tensor, "image 3 side side"]:
    """Images brought to a larger side, smoothly."""
    if images.shape[-1] == side:
        return images
    return functional.interpolate(images, size=(side, side), mode="bicubic", align_corners=False)


def _judge(units: int, side: int) -> nn.Sequential:
    """Maps of `side` cells -> a verdict for each of 4x4 places."""
    steps: list[nn.Module] = []
    width = 48
    while side > 4:
        steps += [spectral_norm(nn.Conv2d(units, width, 4, stride=2, padding=1)), nn.LeakyReLU(0.2)]
        units, width, side = width, min(width * 2, 128), side // 2
    steps.append(spectral_norm(nn.Conv2d(units, 1, 3, padding=1)))
    return nn.Sequential(*steps)


class Variety(nn.Module):
    """Adds a map of how much the images of a batch differ: a generator that repeats itself is seen."""

    def forward(self, maps: Float[Tensor, "image unit y x"]) -> Float[Tensor, "image more y x"]:
        """The maps with one more unit: the standard deviation over groups of four images."""
        grouped = maps.reshape(-1, 4, *maps.shape[1:]) if len(maps) % 4 == 0 else maps[None]
        spread = (grouped.var(dim=1, unbiased=False) + 1e-6).sqrt().mean(dim=(1, 2, 3), keepdim=True)
        repeated = spread.repeat_interleave(grouped.shape[1], dim=0).expand(-1, 1, *maps.shape[2:])
        return torch.cat((maps, repeated), dim=1)


class Adversary(nn.Module):
    """Verdicts of four judges on an image of any side up to 128."""

    def __init__(self, segmenter: SegmenterNetwork) -> None:
        super().__init__()
        self.encoder = segmenter.encoder.requires_grad_(False).eval()
        self.judges = nn.ModuleList(
            (
                _judge(3, 64),
                _judge(32, 64),
                _judge(64, 32),
                _judge(96, 16),
                nn.Sequential(Variety(), _judge(129, 8)),
            )
        )

    def look(self, images: Float[Tensor, "image 3 y x"]) -> list[Tensor]:
        """What the judges see: the pixels, then the segmenter's maps from fine to coarse.

        Images are enlarged to the side the segmenter was taught on, those of early stages to half of it.

        Args:
            images: RGB in [-1, 1].
        """
        large = enlarged(images, TAUGHT_SIDE if images.shape[-1] > TAUGHT_SIDE // 4 else TAUGHT_SIDE // 2)
        seen = [functional.avg_pool2d(large, 2)]
        maps = ((large + 1) / 2 - MEAN[0]) / STD[0]
        for depth, block in enumerate(self.encoder):
            if depth:
                maps = functional.max_pool2d(maps, 2)
            maps = block(maps)
            if depth:
                seen.append(maps)
        return seen

    def forward(self, seen: list[Tensor]) -> list[Float[Tensor, "image 1 y x"]]:
        """One map of verdicts a judge, high for "drawn", on what ``look`` gave."""
        return [judge(each) for judge, each in zip(self.judges, seen, strict=True)]


class SceneEncoder(nn.Module):
    """A guess of the latent behind a drawn scene, from the segmenter's coarsest maps."""

    def __init__(self, latent: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.AdaptiveAvgPool2d(4),
            nn.Flatten(),
            nn.Linear(128 * 16, 256),
            nn.LeakyReLU(0.2),
            nn.Linear(256, 2 * latent),
        )

    def forward(self, maps: Float[Tensor, "image 128 y x"]) -> tuple[Tensor, Tensor]:
        """Mean and logarithm of the variance, [image, latent] each."""
        mean, spread = self.layers(maps).float().chunk(2, dim=1)
        return mean, spread.clamp(-8, 4)


def likeness_loss(seen: list[Tensor], truth: list[Tensor]) -> Tensor:
    """How far redrawn scenes are from the drawn ones, to the eye and to the segmenter."""
    apart = [(a.float() - b.float()).abs().mean() for a, b in zip(seen, truth, strict=True)]
    scales = [b.float().abs().mean() + 1e-3 for b in truth[1:]]
    maps = [difference / scale for difference, scale in zip(apart[1:], scales, strict=True)]
    return 8 * apart[0] + torch.stack(maps).sum()


def surplus(mean: Tensor, spread: Tensor) -> Tensor:
    """Divergence of guessed latents from the standard normal ones that are drawn later, in nats an image."""
    return 0.5 * (mean.square() + spread.exp() - 1 - spread).sum(1).mean()


def drawn_loss(drawn: list[Tensor], generated: list[Tensor]) -> Tensor:
    """What the adversary minimises (hinge)."""
    pairs = zip(drawn, generated, strict=True)
    return torch.stack([(1 - real).relu().mean() + (1 + fake).relu().mean() for real, fake in pairs]).sum()


def fooling_loss(generated: list[Tensor]) -> Tensor:
    """What the generator minimises."""
    return torch.stack([-verdicts.mean() for verdicts in generated]).sum()
