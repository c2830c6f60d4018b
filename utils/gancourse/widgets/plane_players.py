"""Two small MLPs that play in the plane: their losses, their steps, and what they have done so far."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gancourse import losses, toys

BATCH = 128
HIDDEN = 64
PENALTY = 1.0  # weight of WGAN's gradient penalty
RECORD = 10  # steps between two records of the curves
MOST_RECORDS = 400


LOSSES: dict[str, tuple[Callable[[Tensor, Tensor], Tensor], Callable[[Tensor], Tensor]]] = {  # of D, of G
    "non-saturating": (losses.discriminator_loss, losses.non_saturating_loss),
    "minimax, saturating": (losses.discriminator_loss, losses.saturating_loss),
    "WGAN, gradient penalty": (losses.wasserstein_discriminator_loss, losses.wasserstein_generator_loss),
    "least squares": (losses.least_squares_discriminator_loss, losses.least_squares_generator_loss),
}


@dataclass
class Settings:
    """The rules of the game. loss: a name in LOSSES; gamma: of R1; d_rate, g_rate: Adam's learning rates."""

    loss: str = "non-saturating"
    d_rate: float = 2e-3
    g_rate: float = 1e-3
    d_steps: int = 1
    gamma: float = 0.1


class PlanePlayers:
    """G and D, MLPs 2 → 64 → 64 → 2 and 2 → 64 → 64 → 1, and their optimisers, all from one seed.

    G's noise is uniform on the square from -1 to 1, so that a grid over the square shows what G makes of it.
    """

    def __init__(self, seed: int = 0):
        self.rng = torch.Generator().manual_seed(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.G, self.D = _perceptron(2), _perceptron(1)
        self.opt_G, self.opt_D = (
            torch.optim.Adam(player.parameters(), betas=(0.5, 0.999), fused=True) for player in (self.G, self.D)
        )
        self.curves = Curves()

    def noise(self, n: int) -> Tensor:
        """Return n points (n, 2) of G's square."""
        return 2 * torch.rand(n, 2, generator=self.rng) - 1

    def step(self, cloud, rules: Settings) -> tuple[float, float]:
        """Let D do its steps, then G one; return both losses. cloud: real points, one of gancourse.toys' clouds."""
        for _ in range(rules.d_steps):
            d_loss = self.d_step(cloud, rules)
        g_loss = self.g_step(rules)
        self.curves.step += 1
        if self.curves.is_due():
            covered = share = float("nan")
            if cloud.modes is not None:
                with torch.no_grad():
                    fakes = self.G(self.noise(500))
                covered, share = toys.covered_modes(fakes, cloud.modes, cloud.std)
            self.curves.add(d_loss, g_loss, covered, share)
        return d_loss, g_loss

    def d_step(self, cloud, rules: Settings) -> float:
        """Take one step of D; return its loss without penalties."""
        real = cloud.sample(BATCH, self.rng)
        with torch.no_grad():
            fake = self.G(self.noise(BATCH))
        real.requires_grad_(rules.gamma > 0)
        real_logits, fake_logits = self.D(torch.cat([real, fake])).squeeze(1).split(BATCH)
        loss = objective = LOSSES[rules.loss][0](real_logits, fake_logits)
        if rules.gamma > 0:
            objective = objective + 0.5 * rules.gamma * losses.r1_penalty(real_logits, real)
        if rules.loss.startswith("WGAN"):
            objective = objective + PENALTY * losses.gradient_penalty(self.D, real.detach(), fake, self.rng)
        _update(self.opt_D, objective, rules.d_rate)
        return loss.item()

    def g_step(self, rules: Settings) -> float:
        """Take one step of G; return its loss."""
        self.D.requires_grad_(False)
        loss = LOSSES[rules.loss][1](self.D(self.G(self.noise(BATCH))).squeeze(1))
        _update(self.opt_G, loss, rules.g_rate)
        self.D.requires_grad_(True)
        return loss.item()


class Curves:
    """Records of a training of any length: every tenth step, later every twentieth and so on, never more than 400."""

    def __init__(self):
        self.clear()

    def clear(self) -> None:
        """Delete all records and count the steps from 0."""
        self.step = 0
        self.records: list[tuple[float, ...]] = []  # step, D's loss, G's loss, modes covered, share of fakes near one
        self._every = RECORD

    def is_due(self) -> bool:
        """Return whether this step should be recorded."""
        return self.step % self._every == 0

    def add(self, *values: float) -> None:
        """Record the values of this step."""
        self.records.append((self.step, *values))
        if len(self.records) > MOST_RECORDS:
            self._every *= 2
            self.records = [record for record in self.records if record[0] % self._every == 0]


def _perceptron(outputs: int) -> nn.Sequential:
    layers = [nn.Linear(2, HIDDEN), nn.LeakyReLU(0.2), nn.Linear(HIDDEN, HIDDEN), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Linear(HIDDEN, outputs))


def _update(optimizer: torch.optim.Optimizer, loss: Tensor, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
