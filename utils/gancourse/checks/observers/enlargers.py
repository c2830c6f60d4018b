"""The players of super-resolution: G is given small pictures, D sees pictures alone; both write down what."""

import torch
from torch import Tensor, nn

from gancourse import resampling
from gancourse.checks.observers.steps import Player, plain

PIXELS, SMALL = 28 * 28, 7 * 7


def players(diary: list[str]) -> tuple["EnlargingG", Player]:
    """Return a small generator that enlarges four times, and a small discriminator."""
    hidden = nn.Flatten(), nn.Linear(PIXELS, 6, bias=False), nn.SiLU()
    return EnlargingG(diary), Player(diary, "D", *hidden, nn.Linear(6, 1, bias=False), nn.Flatten(0))


class EnlargingG(Player):
    """Small pictures (N, 1, 7, 7) -> pictures (N, 1, 28, 28), without noise."""

    def __init__(self, diary: list[str]):
        layers = nn.Flatten(), nn.Linear(SMALL, 6), nn.SiLU(), nn.Linear(6, PIXELS, bias=False)
        super().__init__(diary, "G", *layers, nn.Tanh(), nn.Unflatten(1, (1, 28, 28)))

    def begin(self) -> None:
        """Forget what was written down."""
        super().begin()
        self.given: list[Tensor] = []  # call by call

    def forward(self, small: Tensor) -> Tensor:
        if small.shape[1:] != (1, 7, 7):
            raise ValueError(f"G takes small pictures (N, 1, 7, 7), not {tuple(small.shape)}")
        self.given.append(plain(small))
        return super().forward(small)

    def told_pictures(self, D: Player, real: Tensor) -> dict[str, str]:
        """Return, in words, which small pictures G was given in a step on real pictures (N, 1, 28, 28)."""
        wanted = resampling.shrink(real)
        if not self.given:
            return {"small:G": "none: it was not called"}
        alike = [given.shape == wanted.shape and torch.allclose(given, wanted, atol=1e-4) for given in self.given]
        return {"small:G": "those of the batch" if all(alike) else "others"}


def loss_of_G(fake: Tensor, real: Tensor, fake_logits: Tensor) -> Tensor:
    """Return a loss of G in which no two of its arguments can be swapped."""
    return (fake - 0.8 * real).square().mean() + nn.functional.softplus(-fake_logits).mean()
