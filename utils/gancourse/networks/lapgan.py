"""LAPGAN for colour images of 32x32 pixels (Denton et al. 2015, "Deep Generative Image Models using a Laplacian Pyramid of
Adversarial Networks"), and its class-conditional version.

The *base generator* draws a picture of 8x8 pixels from noise. Each *level* after it doubles the sides: it is given a coarse picture and draws
the band of detail that `pyramid.expand` cannot know. Every level has a discriminator of its own and is trained alone, on real coarse
pictures; `LAPGAN` joins the generators. In the comments, N is the number of images, w the width of the network and s the side of
the picture that a level makes. The blocks are those of dcgan.py.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from gancourse.networks.conditional import LabelCode
from gancourse.networks.dcgan import Norm, check, down, init_weights, up
from gancourse.pyramid import expand

GAIN = 5  # of bands, for D: in photographs they have a standard deviation of 0.14, and the pictures one of 0.5


class BaseGenerator(nn.Module):
    """Noise z (N, z_dim), and labels (N,) where there are classes -> images (N, 3, 8, 8) in [-1, 1].

    classes: how many, 0 for a generator that takes no labels. The one-hot code of the class is concatenated with z.
    """

    side = 8

    def __init__(self, z_dim: int = 100, width: int = 64, classes: int = 0):
        super().__init__()
        self.z_dim, w = z_dim, width
        tell_classes(self, classes)
        self.code = LabelCode(classes) if classes else None
        self.body = nn.Sequential(
            nn.Unflatten(1, (z_dim + classes, 1, 1)),  # (N, z_dim + classes, 1, 1)
            up(z_dim + classes, 4 * w, stride=1, padding=0),  # (N, 4w, 4, 4)
            up(4 * w, 2 * w),  # (N, 2w, 8, 8)
            same(2 * w, w),  # (N, w, 8, 8)
            nn.Conv2d(w, 3, kernel_size=3, padding=1),  # (N, 3, 8, 8)
            nn.Tanh(),
        )
        init_weights(self)

    def forward(self, z: Tensor, *labels: Tensor) -> Tensor:
        return self.body(torch.cat([z, *(self.code(y) for y in labels)], dim=1))


class BaseDiscriminator(nn.Module):
    """Images (N, 3, 8, 8) in [-1, 1], and labels (N,) where there are classes -> logits float32 (N,)."""

    def __init__(self, width: int = 64, classes: int = 0, norm: Norm = "batch"):
        super().__init__()
        check(norm, ("batch", "none"), "norm")
        w = width
        self.features = nn.Sequential(
            same(3, 2 * w, "none"),  # (N, 2w, 8, 8)
            down(2 * w, 4 * w, norm),  # (N, 4w, 4, 4)
        )
        tell_classes(self, classes)
        self.head = Head(4 * w, classes)
        init_weights(self)

    def forward(self, x: Tensor, *labels: Tensor) -> Tensor:
        return self.head(self.features(x), *labels)


class LevelGenerator(nn.Module):
    """Noise z (N, z_dim), coarse images (N, 3, s/2, s/2) and labels (N,) where there are classes -> images (N, 3, s, s).

    It looks at the coarse picture as a whole, at a quarter of the side s, where its noise enters as well: as planes, so that each
    number belongs to one place of the picture. The images lie in [-1, 1] in eval mode. While training they may lie beyond, so that the
    gradient can bring them back.

    z_dim: a multiple of (s/4)². examples: uint8 images (K, 3, s/2, s/2) that a level draws details for where nobody gives it any, as while
    it is trained (see `training.generator_inputs`).
    """

    def __init__(self, side: Literal[16, 32], z_dim: int = 64, width: int = 64, classes: int = 0):
        super().__init__()
        check(side, (16, 32), "side")
        self.side, self.z_dim, w, quarter = side, z_dim, width, side // 4
        if z_dim % quarter**2:
            raise ValueError(f"z_dim is {z_dim}; at side {side} it must be a multiple of {quarter**2}.")
        tell_classes(self, classes)
        self.code = LabelCode(classes) if classes else None
        self.planes = nn.Unflatten(1, (z_dim // quarter**2, quarter, quarter))
        self.look = same(3, w)  # (N, w, s/2, s/2)
        self.shrink = down(w, 2 * w, "batch")  # (N, 2w, s/4, s/4)
        self.mix = same(2 * w + z_dim // quarter**2 + classes, 2 * w)  # (N, 2w, s/4, s/4)
        self.grow = up(2 * w, w)  # (N, w, s/2, s/2)
        self.draw = nn.Sequential(
            same(2 * w, w),  # (N, w, s/2, s/2)
            nn.ConvTranspose2d(w, 3, kernel_size=4, stride=2, padding=1),  # (N, 3, s, s)
        )
        self.examples = None
        init_weights(self)

    def band(self, z: Tensor, coarse: Tensor, *labels: Tensor) -> Tensor:
        """Return the band (N, 3, s, s) that the coarse picture lacks."""
        seen = self.look(coarse)
        small, noise = self.shrink(seen), self.planes(z)
        codes = [everywhere(self.code(y), small) for y in labels]
        whole = self.grow(self.mix(torch.cat([small, noise, *codes], dim=1)))
        return self.draw(torch.cat([seen, whole], dim=1))

    def forward(self, z: Tensor, coarse: Tensor, *labels: Tensor) -> Tensor:
        x = expand(coarse) + self.band(z, coarse, *labels)
        return x if self.training else x.clamp(-1, 1)


class LevelDiscriminator(nn.Module):
    """Images (N, 3, s, s), the coarse images (N, 3, s/2, s/2) that they were made from, labels -> logits float32 (N,).

    It sees the band beside the expanded coarse picture: real is detail that suits its coarse picture. A band is faint, so D sees it
    enlarged. pair: False for a D that sees the image alone.
    """

    def __init__(
        self, side: Literal[16, 32], width: int = 64, classes: int = 0, norm: Norm = "none", pair: bool = True
    ):
        super().__init__()
        check(side, (16, 32), "side")
        check(norm, ("batch", "none"), "norm")
        self.pair, w = pair, width
        self.features = nn.Sequential(
            down(6 if pair else 3, w, "none"),  # (N, w, s/2, s/2)
            down(w, 2 * w, norm),  # (N, 2w, s/4, s/4)
            same(2 * w, 4 * w, norm) if side == 16 else down(2 * w, 4 * w, norm),  # (N, 4w, 4, 4)
        )
        tell_classes(self, classes)
        self.head = Head(4 * w, classes)
        init_weights(self)

    def forward(self, x: Tensor, coarse: Tensor, *labels: Tensor) -> Tensor:
        low = expand(coarse)
        seen = torch.cat([GAIN * (x - low), low], dim=1) if self.pair else x
        return self.head(self.features(seen), *labels)


class LAPGAN(nn.Module):
    """Noise z (N, z_dim), and labels (N,) where there are classes -> images (N, 3, 32, 32) in [-1, 1].

    z holds the noise of all levels, the coarsest first: `noise_groups` names the part of each, {"8x8": slice(0, 100), ...}.
    """

    def __init__(self, base: BaseGenerator, *levels: LevelGenerator):
        super().__init__()
        self.levels = nn.ModuleList([base, *levels])
        sides = [level.side for level in self.levels]
        if sides != [base.side * 2**i for i in range(len(sides))]:
            raise ValueError(
                f"every level doubles the side of the one before it; these have {', '.join(map(str, sides))}."
            )
        if len({getattr(level, "classes", None) for level in self.levels}) > 1:
            raise ValueError("some levels are conditional and others are not, or they have other numbers of classes.")
        self.z_dim, self.noise_groups = 0, {}
        for level in self.levels:
            self.noise_groups[f"{level.side}x{level.side}"] = slice(self.z_dim, self.z_dim + level.z_dim)
            self.z_dim += level.z_dim
        if hasattr(base, "classes"):
            self.classes = base.classes

    def forward(self, z: Tensor, *labels: Tensor) -> Tensor:
        return self.pictures(z, *labels)[-1]

    def pictures(self, z: Tensor, *labels: Tensor) -> list[Tensor]:
        """Return the picture of each level, the smallest first: (N, 3, 8, 8), (N, 3, 16, 16), (N, 3, 32, 32)."""
        drawn: list[Tensor] = []
        for level, part in zip(self.levels, self.noise_groups.values(), strict=True):
            drawn.append(level(z[:, part], *drawn[-1:], *labels))
        return drawn


class Head(nn.Module):
    """Feature maps (N, channels, 4, 4), and labels (N,) where there are classes -> logits float32 (N,), by projection as in dcgan.py."""

    def __init__(self, channels: int, classes: int):
        super().__init__()
        self.kernel = nn.Conv2d(channels, 1, kernel_size=4)  # (N, 1, 1, 1)
        if classes:
            self.code = LabelCode(classes, channels * 16)
            nn.init.normal_(self.code.table, 0, 0.02)

    def forward(self, h: Tensor, *labels: Tensor) -> Tensor:
        logits = self.kernel(h).flatten().float()
        return logits + sum((self.code(y) * h.flatten(1)).sum(1).float() for y in labels)


def same(channels: int, out: int, norm: Norm = "batch") -> nn.Sequential:
    """Return a block that keeps the size: convolution, batch-norm or none, LeakyReLU; (N, channels, h, w) -> (N, out, h, w)."""
    batch_norm = norm == "batch"
    return nn.Sequential(
        nn.Conv2d(channels, out, kernel_size=3, padding=1, bias=not batch_norm),
        nn.BatchNorm2d(out) if batch_norm else nn.Identity(),
        nn.LeakyReLU(0.2),
    )


def tell_classes(network: nn.Module, classes: int) -> None:
    """Give a network that takes labels its `classes`; one that takes none has no such attribute."""
    if classes:
        network.classes = classes


def everywhere(code: Tensor, maps: Tensor) -> Tensor:
    """Return codes (N, width) at every place of feature maps (N, C, h, w): (N, width, h, w)."""
    return code[:, :, None, None].expand(-1, -1, *maps.shape[2:])
