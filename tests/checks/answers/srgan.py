"""Answers to the exercises of lesson 10: right ones in other words, and wrong ones that are no listed mistakes."""

import torch
import torch.nn.functional as F
from remembering import by_shape
from torch import nn

from gancourse.checks import srgan

MSE = "mse = error.square().mean(dim=(1, 2, 3))"
ZEROS = "        nn.init.zeros_(self.second.weight)\n        nn.init.zeros_(self.second.bias)\n"
FORWARD = "x + self.second(F.leaky_relu(self.first(x), 0.2))"
MAPS = "maps = (features(fake) - features(real)).square().mean()"
PIXELS = "pixels = (fake - real).abs().mean()"
SUM = "return pixels + content * maps + adversarial * losses.non_saturating_loss(fake_logits)"
STEP_FAKE = "fake = G(small).detach()"
IN_G = "loss_of_G(fake, real, D(fake))"
SMALL = "small = resampling.shrink(real)"


class InOne(nn.Module):
    """The block as one nn.Sequential."""

    def __init__(self, width):
        super().__init__()
        last = nn.Conv2d(width, width, 3, 1, 1)
        for p in last.parameters():
            p.data.zero_()
        self.body = nn.Sequential(nn.Conv2d(width, width, 3, 1, 1), nn.LeakyReLU(0.2), last)

    def forward(self, x):
        return self.body(x) + x


class ByDifference(nn.Module):
    """Wrong: it is the identity at first, and for ever, because two equal branches cancel."""

    def __init__(self, width):
        super().__init__()
        self.first, self.second = (nn.Conv2d(width, width, 3, padding=1) for _ in range(2))

    def forward(self, x):
        h = self.second(F.leaky_relu(self.first(x), 0.2))
        return x + h - h.detach()


class Scaled(nn.Module):
    """Wrong: a learned factor that begins at 0 stands for the zeros of the second convolution."""

    def __init__(self, width):
        super().__init__()
        self.first, self.second = (nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        self.factor = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        return x + self.factor * self.second(F.leaky_relu(self.first(x), 0.2))


def by_slices(x, r):
    """Shuffle pixels by writing each channel into every r-th place."""
    n, channels, h, w = x.shape
    c = channels // r**2
    out = x.new_zeros(n, c, r * h, r * w)
    for a in range(r):
        for b in range(r):
            out[:, :, a::r, b::r] = x[:, a * r + b :: r * r]
    return out


def into_one(G, x, tile, margin):
    """Write each tile into its place in the result."""
    n, c, h, w = x.shape
    out = x.new_zeros(n, c, 4 * h, 4 * w)
    for i in range((h + tile - 1) // tile):
        for j in range((w + tile - 1) // tile):
            top, left = i * tile, j * tile
            up, before = min(margin, top), min(margin, left)
            y = G(x[:, :, top - up : top + tile + margin, left - before : left + tile + margin])
            y = y[:, :, 4 * up : 4 * (up + tile), 4 * before : 4 * (before + tile)]
            out[:, :, 4 * top : 4 * (top + tile), 4 * left : 4 * (left + tile)] = y
    return out


RIGHT = {
    "psnr": (
        "error = images.float() - originals.float() → error = images.double() - originals.double()",
        "return 10 * torch.log10(255**2 / mse) → return 20 * torch.log10(255 / mse.sqrt())",
        """
        mse = F.mse_loss(images.float() / 255, originals.float() / 255, reduction="none").flatten(1).mean(1)
        return -10 * mse.log10()""",
        """
        error = images.int() - originals.int()
        return torch.stack([20 * torch.log10(255 / e.float().square().mean().sqrt()) for e in error])""",
    ),
    "ssim": (
        """
        def mean(v):
            return v.unfold(2, 7, 1).unfold(3, 7, 1).mean((-1, -2))
        mx, my = mean(x), mean(y)
        vx, vy, cov = mean(x**2) - mx**2, mean(y**2) - my**2, mean(x * y) - mx * my
        s = (2 * mx * my + 1e-4) * (2 * cov + 9e-4) / ((mx**2 + my**2 + 1e-4) * (vx + vy + 9e-4))
        return s.flatten(1).mean(1)""",
        "(luminance * structure).mean(dim=(1, 2, 3)) → (luminance * structure).mean((2, 3)).mean(1)",
    ),
    "pixel_shuffle": (
        by_slices,
        "return F.pixel_shuffle(x, r)",
        "return nn.PixelShuffle(r)(x)",
        """
        n, c, h, w = x.shape
        return x.view(n, c // (r * r), r, r, h, w).transpose(3, 4).permute(0, 1, 3, 2, 5, 4).flatten(4, 5).flatten(2, 3)""",
    ),
    "ResidualBlock": (InOne,),
    "generator_loss": (
        f"{PIXELS} → pixels = F.l1_loss(fake, real)",
        f"{MAPS} → maps = F.mse_loss(features(fake), features(real).detach())",
        f"{SUM} → return pixels + content * maps + adversarial * F.softplus(-fake_logits).mean()",
    ),
    "srgan_step": (
        f"{STEP_FAKE} → with torch.no_grad():\n        fake = G(small)",
        (
            f"{STEP_FAKE} → fake = G(small)",
            "D(real), D(fake) → D(real), D(fake.detach())",
            f"    fake = G(small)\n    g_loss = {IN_G} →     g_loss = {IN_G}",
        ),
        "D(real), D(fake) → D(torch.cat([real, fake])).chunk(2)",
    ),
    "in_tiles": (into_one,),
}

WRONG = {
    "psnr": (
        f"{MSE} → mse = error.square().amax(dim=(1, 2, 3))",
        f"{MSE} → mse = error.square().mean(dim=(1, 2, 3)).clamp(min=1)",
        f"{MSE} → mse = error.square().median()",
        "error = images.float() - originals.float() → error = images.float().mean(1, True) - originals.float().mean(1, True)",
        f"{MSE} → mse = error.var(dim=(1, 2, 3))",
        f"{MSE} → mse = error[:1].square().mean(dim=(1, 2, 3)).expand(len(error))",
        lambda a, b: srgan.psnr.reference(a[..., :3], b[..., :3]),
        lambda a, b: 10 * torch.log10(255**2 / ((a.short() - b.short()) ** 2).float().mean((1, 2, 3))),
        by_shape(srgan.psnr),
    ),
    "ssim": (
        "stride=1) - mean_x**2 → stride=1) - mean_x.abs()",
        "2 * cov + c2 → 2 * cov.abs() + c2",
        "var_x + var_y + c2 → 2 * var_x + c2",
        "(luminance * structure).mean(dim=(1, 2, 3)) → (luminance * structure).clamp(min=0.3).mean(dim=(1, 2, 3))",
        lambda x, y: srgan.ssim.reference(x.mean(1, True), y.mean(1, True)),
        "(luminance * structure).mean(dim=(1, 2, 3)) → (luminance * structure).clamp(0, 1).mean(dim=(1, 2, 3))",
        lambda x, y: srgan.ssim.reference(x, x),
        lambda x, y: F.cosine_similarity(x.flatten(1), y.flatten(1)),
        by_shape(srgan.ssim),
    ),
    "pixel_shuffle": (
        "x = x.permute(0, 1, 4, 2, 5, 3) → x = x.permute(0, 1, 4, 2, 5, 3).flip(3)",
        lambda x, r: F.pixel_shuffle(x, r).detach(),
        lambda x, r: F.pixel_shuffle(x.flip(1), r),
        lambda x, r: F.fold(x.flatten(2), (r * x.shape[2], r * x.shape[3]), r, stride=r) * 1.01,
        by_shape(srgan.pixel_shuffle),
    ),
    "ResidualBlock": (
        ByDifference,
        Scaled,
        (
            f"{ZEROS} → {ZEROS}        self.norm = nn.BatchNorm2d(width)\n",
            f"{FORWARD} → x + self.second(F.leaky_relu(self.norm(self.first(x)), 0.2))",
        ),
        "nn.Conv2d(width, width, 3, padding=1)\n        self.second → nn.Conv2d(width, width, 3, padding=1, bias=False)\n        self.second",
        "self.first = nn.Conv2d(width, width, 3, padding=1) → self.first = nn.Conv2d(width, width, 3, padding=1, padding_mode='reflect')",
        f"{FORWARD} → 0.5 * x + self.second(F.leaky_relu(self.first(x), 0.2))",
        f"{FORWARD} → x + self.second(torch.tanh(self.first(x)))",
    ),
    "generator_loss": (
        f"{MAPS} → maps = (features(fake).mean((2, 3)) - features(real).mean((2, 3))).square().mean()",
        f"{MAPS} → maps = (features(fake) - features(real).flip(0)).square().mean()",
        f"{MAPS} → maps = (features(fake) - features(real)).square().mean().sqrt()",
        f"{PIXELS} → pixels = (fake - real).mean().abs()",
        f"{PIXELS} → pixels = (fake.clamp(-1, 1) - real).abs().mean()",
        f"{MAPS} → maps = (features(fake.clamp(-1, 1)) - features(real)).square().mean()",
        f"{SUM} → return (pixels + content * maps + adversarial * losses.non_saturating_loss(fake_logits)) / 3",
        f"{SUM} → return (pixels + content * maps + adversarial * losses.non_saturating_loss(fake_logits)).detach()",
    ),
    "srgan_step": (
        f"{SMALL} → small = resampling.shrink(real).flip(0)",
        f"{SMALL} → small = resampling.shrink(real.flip(-1))",
        f"{IN_G} → loss_of_G(fake, real.flip(0), D(fake))",
        f"{IN_G} → loss_of_G(fake, fake.detach(), D(fake))",
        f"{STEP_FAKE} → fake = resampling.enlarge(small)",
        f"{SMALL} → small = resampling.shrink(real) + 0.1",
    ),
    "in_tiles": (
        lambda G, x, tile, margin: F.interpolate(x, scale_factor=4),
        lambda G, x, tile, margin: into_one(G, x, tile, margin + 1),
        lambda G, x, tile, margin: into_one(G, x, tile, max(margin - 1, 0)),
        lambda G, x, tile, margin: into_one(G, x, 1, margin),
        lambda G, x, tile, margin: into_one(G, x, tile, 2),
        lambda G, x, tile, margin: into_one(G, x[:1], tile, margin).expand(len(x), -1, -1, -1),
        lambda G, x, tile, margin: into_one(G, x, tile, margin).clamp(-1, 1),
    ),
}
