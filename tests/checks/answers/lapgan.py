"""Answers to the exercises of lesson 9: right ones in other words, and wrong ones that are no listed mistakes."""

import torch
import torch.nn.functional as F
from remembering import by_shape
from torch import nn

from gancourse import pyramid
from gancourse.checks import lapgan

WEIGHTS = "[1.0, 3.0, 3.0, 1.0]) / 8"
KERNEL = "weights.outer(weights).expand(channels, 1, 4, 4).to(x) → "
PAD = '(1, 1, 1, 1), mode="replicate"'
BAND = "bands.insert(0, x - pyramid.expand(coarse)) → "
STEP_COARSE = "coarse = pyramid.reduce(real)"
STEP_FAKE = "fake = G(training.noise(G, len(real)), coarse).detach()"
IN_G = "D(G(training.noise(G, len(real)), coarse), coarse)"
COARSE = "coarse = smallest * coarse_a + (1 - smallest) * coarse_b"
PARTS = "z.split([generator.z_dim for generator in generators], dim=1)"


class InOne(nn.Module):
    """The generator of a band with its layers as single attributes, and functions for activations."""

    z_dim = 64

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 64, 3, padding=1), nn.Conv2d(65, 64, 3, padding=1, bias=False)
        self.norm, self.last = nn.BatchNorm2d(64), nn.ConvTranspose2d(64, 3, 4, 2, 1)

    def forward(self, z, coarse):
        x = F.leaky_relu(self.first(coarse), 0.2)
        x = torch.cat((x, z.reshape(len(z), 1, 8, 8)), 1)
        x = self.last(F.leaky_relu(self.norm(self.second(x)), 0.2))
        return x + F.interpolate(coarse, scale_factor=2, mode="bilinear")


class SmallerNoise(InOne):
    """Wrong: the noise is halved."""

    def forward(self, z, coarse):
        return super().forward(z / 2, coarse)


class NoNoise(InOne):
    """Wrong: the noise is replaced by zeros."""

    def forward(self, z, coarse):
        return super().forward(torch.zeros_like(z), coarse)


class FlatCoarse(InOne):
    """Wrong: the layers see the mean colour of the coarse picture only."""

    def forward(self, z, coarse):
        flat = coarse.mean((2, 3), keepdim=True).expand_as(coarse)
        return super().forward(z, flat) - pyramid.expand(flat) + pyramid.expand(coarse)


class Clamped(InOne):
    """Wrong: the picture is cut off at -1 and 1."""

    def forward(self, z, coarse):
        return super().forward(z, coarse).clamp(-1, 1)


def by_hand(x):
    """Reduce with slices instead of a convolution."""
    x = torch.cat([x[:, :, :1], x, x[:, :, -1:]], 2)
    x = (x[:, :, 0:-3:2] + 3 * x[:, :, 1:-2:2] + 3 * x[:, :, 2:-1:2] + x[:, :, 3::2]) / 8
    x = torch.cat([x[..., :1], x, x[..., -1:]], 3)
    return (x[..., 0:-3:2] + 3 * x[..., 1:-2:2] + 3 * x[..., 2:-1:2] + x[..., 3::2]) / 8


def recursive(x, levels):
    """Decompose by calling itself."""
    if levels == 0:
        return x, []
    small = pyramid.reduce(x)
    coarse, bands = recursive(small, levels - 1)
    return coarse, [*bands, x - pyramid.expand(small)]


def with_masks_of_each(a, b, mask, levels):
    """Blend from the largest band to the smallest, with a recursion."""
    if levels == 0:
        return mask * a + (1 - mask) * b
    small_a, small_b = pyramid.reduce(a), pyramid.reduce(b)
    band = mask * (a - pyramid.expand(small_a)) + (1 - mask) * (b - pyramid.expand(small_b))
    return pyramid.expand(with_masks_of_each(small_a, small_b, pyramid.reduce(mask), levels - 1)) + band


RIGHT = {
    "reduce": (
        by_hand,
        f"{KERNEL}(weights[:, None] * weights).repeat(channels, 1, 1, 1).to(x)",
        """
        k = torch.tensor([1.0, 3.0, 3.0, 1.0], device=x.device) / 8
        n, c, h, w = x.shape
        flat = F.pad(x, (1, 1, 1, 1), mode="replicate").reshape(n * c, 1, h + 2, w + 2)
        return F.conv2d(F.conv2d(flat, k.view(1, 1, 4, 1), stride=(2, 1)), k.view(1, 1, 1, 4), stride=(1, 2)).view(n, c, h // 2, w // 2)""",
    ),
    "expand": (
        "return nn.Upsample(scale_factor=2, mode='bilinear')(y)",
        "return F.interpolate(y, size=(2 * y.shape[2], 2 * y.shape[3]), mode='bilinear')",
        """
        p = F.pad(y, (1, 1, 1, 1), mode="replicate")
        rows = torch.stack([(p[:, :, :-2] + 3 * p[:, :, 1:-1]) / 4, (3 * p[:, :, 1:-1] + p[:, :, 2:]) / 4], 3).flatten(2, 3)
        return torch.stack([(rows[..., :-2] + 3 * rows[..., 1:-1]) / 4, (3 * rows[..., 1:-1] + rows[..., 2:]) / 4], 4).flatten(3)""",
    ),
    "decompose": (
        recursive,
        (f"{BAND}bands.append(x - pyramid.expand(coarse))", "return x, bands → return x, bands[::-1]"),
        "return x, bands → return [x, tuple(bands)]",
    ),
    "BandGenerator": (InOne,),
    "band_step": (
        (f"{STEP_FAKE} → with torch.no_grad():\n        fake = G(training.noise(G, len(real)), coarse)",),
        f"{STEP_COARSE} → coarse = pyramid.decompose(real, 1)[0]",
        "D(real, coarse), D(fake, coarse) → D(torch.cat([real, fake]), coarse.repeat(2, 1, 1, 1)).chunk(2)",
    ),
    "draw_levels": (
        "generator(part, drawn[-1]) → generator(part, coarse=drawn[-1])",
        f"{PARTS} → torch.split(z, [g.z_dim for g in generators], 1)",
        "return drawn → return tuple(drawn)",
        """
        pictures, begin = [], 0
        for g in generators:
            pictures.append(g(z[:, begin : begin + g.z_dim], *pictures[-1:]))
            begin += g.z_dim
        return pictures""",
    ),
    "blend": (
        with_masks_of_each,
        f"{COARSE} → coarse = coarse_b + smallest * (coarse_a - coarse_b)",
        f"{COARSE} → coarse = torch.lerp(coarse_b, coarse_a, smallest)",
    ),
}

WRONG = {
    "reduce": (
        f'{PAD} → (1, 1, 1, 1), mode="reflect"',
        f'{PAD} → (1, 1, 1, 1), mode="circular"',
        f"{WEIGHTS} → [1.0, 2.0, 2.0, 1.0]) / 6",
        "return F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode='replicate'), 4, 2)",
        "return F.max_pool2d(x, 2)",
        "return F.interpolate(x, scale_factor=0.5, mode='bicubic')",
        lambda x: lapgan.reduce.reference(x.detach()),
        lambda x: lapgan.reduce.reference(x).clamp(-1, 1),
        by_shape(lapgan.reduce),
    ),
    "expand": (
        "return F.pixel_shuffle(y.repeat_interleave(4, 1), 2)",
        "return F.interpolate(y, scale_factor=2, mode='bilinear').clamp(-1, 1)",
        "return F.interpolate(y, scale_factor=2, mode='nearest-exact')",
        "return F.interpolate(y.detach(), scale_factor=2, mode='bilinear')",
        "return F.interpolate(y.mT, scale_factor=2, mode='bilinear')",
        by_shape(lapgan.expand),
    ),
    "decompose": (
        f"{BAND}bands.insert(0, (x - pyramid.expand(coarse)).detach())",
        f"{BAND}bands.insert(0, (x - pyramid.expand(coarse)).clamp(-1, 1))",
        f"{BAND}bands.insert(0, 2 * (x - pyramid.expand(coarse)))",
        "return x, bands → return x, torch.cat([b.flatten() for b in bands])",
        "return x, bands → return pyramid.expand(x), bands",
        "return x, bands → return x.detach(), bands",
        f"{BAND}bands.insert(0, x - pyramid.expand(coarse.detach()))",
        f"{BAND}bands.insert(-1, x - pyramid.expand(coarse))",
    ),
    "BandGenerator": (SmallerNoise, NoNoise, FlatCoarse, Clamped),
    "band_step": (
        f"{STEP_COARSE} → coarse = pyramid.reduce(real).flip(0)",
        ("G(training.noise(G, len(real)), coarse).detach() → G(torch.randn(len(real), 64), coarse).detach()",),
        f"{STEP_COARSE} → coarse = torch.zeros_like(pyramid.reduce(real))",
        "D(fake, coarse) → D(fake, coarse.flip(0))",
        f"{IN_G} → D(G(training.noise(G, len(real)), coarse.flip(0)), coarse)",
        f"{STEP_COARSE} → coarse = pyramid.reduce(real) + 0.5 * torch.randn(len(real), 1, 14, 14)",
    ),
    "draw_levels": (
        "generator(part, drawn[-1]) → generator(part, drawn[-1].clamp(-1, 1))",
        "return drawn → return drawn + drawn[-1:]",
        "return drawn → generators.pop()\n    return drawn",
        f"{PARTS} → torch.randn_like(z).split([generator.z_dim for generator in generators], dim=1)",
    ),
    "blend": (
        f"{COARSE} → coarse = smallest * coarse_a + (1 - smallest).round() * coarse_b",
        "return pyramid.collapse(coarse, bands) → return pyramid.collapse(coarse, bands).clamp(-1, 1)",
        "return pyramid.collapse(coarse, bands) → return pyramid.collapse(coarse, bands[:-1] + [0 * bands[-1]])",
        lambda a, b, mask, levels: lapgan.blend.reference(a, b, mask.round(), levels),
        lambda a, b, mask, levels: lapgan.blend.reference(a, b, mask[:1], levels),
        lambda a, b, mask, levels: lapgan.blend.reference(a, b.detach(), mask, levels),
        by_shape(lapgan.blend),
    ),
}
