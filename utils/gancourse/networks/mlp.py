"""Multilayer perceptron (MLP) GAN for 28x28 grey images (Goodfellow et al. 2014, "Generative Adversarial Nets")."""

from typing import Literal

from torch import Tensor, nn

IMAGE_SHAPE = (1, 28, 28)
PIXELS = 28 * 28


class MLPGenerator(nn.Module):
    """Noise z (N, z_dim) -> images (N, 1, 28, 28) in [-1, 1].

    `batch_norm` puts BatchNorm1d before each activation (Ioffe & Szegedy 2015). `prior` says what z is drawn from: "normal" N(0, 1), or
    "uniform" on (-1, 1).
    """

    def __init__(
        self,
        z_dim: int = 64,
        hidden: tuple[int, ...] = (256, 512),
        batch_norm: bool = True,
        prior: Literal["normal", "uniform"] = "normal",
    ):
        super().__init__()
        self.z_dim, self.prior = z_dim, prior
        layers: list[nn.Module] = []
        width = z_dim
        for out in hidden:
            layers.append(nn.Linear(width, out, bias=not batch_norm))  # batch-norm brings its own bias
            if batch_norm:
                layers.append(nn.BatchNorm1d(out))
            layers.append(nn.LeakyReLU(0.2))
            width = out
        self.body = nn.Sequential(*layers, nn.Linear(width, PIXELS), nn.Tanh())

    def forward(self, z: Tensor) -> Tensor:
        return self.body(z).view(-1, *IMAGE_SHAPE)


class MLPDiscriminator(nn.Module):
    """Images (N, 1, 28, 28) in [-1, 1] -> logits (N,): above 0 means "real is more likely"."""

    def __init__(self, hidden: tuple[int, ...] = (512, 256)):
        super().__init__()
        layers: list[nn.Module] = [nn.Flatten()]
        width = PIXELS
        for out in hidden:
            layers += [nn.Linear(width, out), nn.LeakyReLU(0.2)]
            width = out
        self.body = nn.Sequential(*layers, nn.Linear(width, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x).squeeze(1)
