"""Deep convolutional GAN for colour images of 32x32 or 64x64 pixels (Radford et al. 2016, "Unsupervised Representation
Learning with Deep Convolutional Generative Adversarial Networks"), and its class-conditional version.

Every layer of stride 2 doubles (G) or halves (D) both sides of the picture, exactly, with kernel 4 and padding 1. In the
comments, N is the number of images, w the width of the network and s the side of the picture: 32 or 64.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from gancourse.networks.conditional import LabelCode

Norm = Literal["batch", "spectral", "none"]


class DCGANGenerator(nn.Module):
    """Noise z (N, z_dim) -> images (N, 3, size, size) in [-1, 1]."""

    def __init__(self, z_dim: int = 100, width: int = 64, size: Literal[32, 64] = 32):
        super().__init__()
        self.z_dim, w = z_dim, width
        check(size, (32, 64), "size")
        if size == 32:
            entrance = up(z_dim, 4 * w, stride=1, padding=0)  # (N, 4w, 4, 4)
        else:
            entrance = nn.Sequential(
                up(z_dim, 8 * w, stride=1, padding=0),  # (N, 8w, 4, 4)
                up(8 * w, 4 * w),  # (N, 4w, 8, 8)
            )
        self.body = nn.Sequential(
            nn.Unflatten(1, (z_dim, 1, 1)),  # (N, z_dim, 1, 1)
            entrance,  # (N, 4w, s/8, s/8)
            up(4 * w, 2 * w),  # (N, 2w, s/4, s/4)
            up(2 * w, w),  # (N, w, s/2, s/2)
            nn.ConvTranspose2d(w, 3, kernel_size=4, stride=2, padding=1),  # (N, 3, s, s)
            nn.Tanh(),
        )
        init_weights(self)

    def forward(self, z: Tensor) -> Tensor:
        return self.body(z)


class DCGANDiscriminator(nn.Module):
    """Images (N, 3, size, size) in [-1, 1] -> logits float32 (N,): above 0 means "real is more likely".

    norm: of all layers but the first, which sees the pixels, and the last, which makes the logit: "batch" as in the paper,
    "none"; or "spectral", which divides each convolution's weight by its largest singular value (Miyato et al. 2018).
    """

    def __init__(self, width: int = 64, size: Literal[32, 64] = 32, norm: Norm = "batch"):
        super().__init__()
        w = width
        check(size, (32, 64), "size")
        check(norm, ("batch", "spectral", "none"), "norm")
        self.features = nn.Sequential(
            down(3, w, "none"),  # (N, w, s/2, s/2)
            down(w, 2 * w, norm),  # (N, 2w, s/4, s/4)
            down(2 * w, 4 * w, norm),  # (N, 4w, s/8, s/8)
            nn.Identity() if size == 32 else down(4 * w, 8 * w, norm),  # (N, 4w, 4, 4) or (N, 8w, 4, 4)
        )
        self.head = nn.Conv2d(4 * w if size == 32 else 8 * w, 1, kernel_size=4)  # (N, 1, 1, 1)
        init_weights(self)
        if norm == "spectral":
            for layer in [m for m in self.modules() if isinstance(m, nn.Conv2d)]:
                spectral_norm(layer)

    def forward(self, x: Tensor) -> Tensor:
        # In mixed precision too: a loss in bfloat16 has no gradient where D is nearly sure.
        return self.head(self.features(x)).flatten().float()


class ConditionalDCGANGenerator(nn.Module):
    """Noise z (N, z_dim) and labels (N,) or shares (N, classes) -> images (N, 3, size, size) in [-1, 1].

    The one-hot code of the class is concatenated with z.
    """

    def __init__(self, z_dim: int = 100, classes: int = 10, width: int = 64, size: Literal[32, 64] = 32):
        super().__init__()
        self.z_dim, self.classes = z_dim, classes
        self.code = LabelCode(classes)
        self.body = DCGANGenerator(z_dim + classes, width, size).body

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        return self.body(torch.cat([z, self.code(labels)], dim=1))


class ConditionalDCGANDiscriminator(nn.Module):
    """Images (N, 3, size, size) in [-1, 1] and labels (N,) -> logits (N,): is this a real image *of this class*?

    The class enters at the end, by projection (Miyato & Koyama 2018, equation 4): beside the kernel that all classes share,
    each class has one of its own, and the logit is the sum of what both answer to the last feature maps.
    """

    def __init__(self, classes: int = 10, width: int = 64, size: Literal[32, 64] = 32, norm: Norm = "batch"):
        super().__init__()
        self.classes = classes
        discriminator = DCGANDiscriminator(width, size, norm)
        self.features, self.head = discriminator.features, discriminator.head
        self.code = LabelCode(classes, self.head.weight.numel())
        nn.init.normal_(self.code.table, 0, 0.02)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        h = self.features(x)  # (N, 4w, 4, 4) or (N, 8w, 4, 4)
        return self.head(h).flatten() + (self.code(labels) * h.flatten(1)).sum(1)


def up(channels: int, out: int, stride: int = 2, padding: int = 1) -> nn.Sequential:
    """Return a block of G: transposed convolution, batch-norm, ReLU; (N, channels, h, w) -> (N, out, 2h, 2w), or 1x1 -> 4x4
    with stride 1 and padding 0."""
    return nn.Sequential(
        nn.ConvTranspose2d(channels, out, kernel_size=4, stride=stride, padding=padding, bias=False),
        nn.BatchNorm2d(out),  # brings its own bias
        nn.ReLU(),
    )


def down(channels: int, out: int, norm: Norm) -> nn.Sequential:
    """Return a block of D: strided convolution, batch-norm or none, LeakyReLU; (N, channels, h, w) -> (N, out, h/2, w/2)."""
    batch_norm = norm == "batch"
    return nn.Sequential(
        nn.Conv2d(channels, out, kernel_size=4, stride=2, padding=1, bias=not batch_norm),
        nn.BatchNorm2d(out) if batch_norm else nn.Identity(),
        nn.LeakyReLU(0.2),
    )


def init_weights(network: nn.Module) -> None:
    """Draw kernels from N(0, .02) and batch-norm's scales from N(1, .02), and set biases to 0 (2016, section 4).

    The paper says that all weights are zero-centred, but a scale near 0 would shrink its layer's output to almost 0; the authors' code has 1.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0, 0.02)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1, 0.02)
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.BatchNorm2d) and layer.bias is not None:
            nn.init.zeros_(layer.bias)


def check(value: object, known: tuple, what: str) -> None:
    """Raise ValueError unless the value is one of the known ones."""
    if value not in known:
        raise ValueError(f"{what} is {value!r}; it must be one of {', '.join(map(repr, known))}.")
