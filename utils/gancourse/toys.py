"""Games small enough for their theory: densities on a line, clouds of points in the plane, and the Dirac-GAN.

Torch only, no widgets: the lessons compute with these functions, and the games in `gancourse.widgets` draw them.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

from gancourse.losses import non_saturating_loss, saturating_loss

GENERATOR_LOSSES = {"non-saturating": non_saturating_loss, "saturating": saturating_loss}

# ---- densities on a line ------------------------------------------------------------------------------------------
# Logarithms of densities all the way: far from a bump the density itself is rounded to zero, its logarithm is not.

LINE_DATA = {"one bump": ((0.0,), 1.0), "two bumps": ((-2.0, 2.0), 0.6)}  # name -> means, width of each bump


def line(low: float = -20.0, high: float = 20.0, points: int = 8001) -> Tensor:
    """Return the points (points,) at which densities are integrated, float64."""
    return torch.linspace(low, high, points, dtype=torch.float64)


def log_normal(x: Tensor, mean: float | Tensor, width: float | Tensor) -> Tensor:
    """Return the logarithm of the density of N(mean, width²) at x, of the same shape."""
    width = torch.as_tensor(width, dtype=x.dtype)
    return -0.5 * ((x - mean) / width).square() - width.log() - 0.5 * math.log(2 * math.pi)


def log_bumps(x: Tensor, means: Iterable[float], width: float) -> Tensor:
    """Return the logarithm of the density at x (n,) of normal bumps of one width and equal weight."""
    bumps = torch.stack([log_normal(x, mean, width) for mean in means])
    return bumps.logsumexp(0) - math.log(len(bumps))


def expectation(log_p: Tensor, values: Tensor, x: Tensor) -> float:
    """Return the mean of `values` under the density exp(log_p), by the trapezium rule; all (n,)."""
    return torch.trapezoid(log_p.exp() * values, x).item()


def best_logit(log_p: Tensor, log_q: Tensor) -> Tensor:
    """Return the logit of the optimal discriminator D* = p / (p + q) (Goodfellow et al. 2014, prop. 1): log p - log q."""
    return log_p - log_q


def game_value(log_p: Tensor, log_q: Tensor, logit: Tensor, x: Tensor) -> float:
    """Return V(D, G), the mean of log D under the data p plus that of log(1 - D) under the fakes q; D's loss is -V."""
    return expectation(log_p, logsigmoid(logit), x) + expectation(log_q, logsigmoid(-logit), x)


def jensen_shannon(log_p: Tensor, log_q: Tensor, x: Tensor) -> float:
    """Return the Jensen-Shannon divergence of two densities in nats, from 0 to log 2."""
    log_m = torch.logaddexp(log_p, log_q) - math.log(2)
    return 0.5 * (expectation(log_p, log_p - log_m, x) + expectation(log_q, log_q - log_m, x))


def generator_losses(log_q: Tensor, logit: Tensor, x: Tensor) -> dict[str, float]:
    """Return what both losses of the generator are for fakes with the density q: name in GENERATOR_LOSSES -> nats."""
    return {
        "non-saturating": expectation(log_q, softplus(-logit), x),
        "saturating": expectation(log_q, -softplus(logit), x),
    }


def push(loss: str, logit: Callable[[Tensor], Tensor], fakes: Tensor) -> Tensor:
    """Return where the generator's loss would move each fake, and how hard: minus the gradient of its loss there, (n,).

    loss: a name in GENERATOR_LOSSES. logit: maps points (n,) to D's logits (n,). fakes: (n,).
    """
    fakes = fakes.detach().requires_grad_()
    (slope,) = torch.autograd.grad(GENERATOR_LOSSES[loss](logit(fakes)) * len(fakes), fakes)
    return -slope


# ---- clouds in the plane ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Clusters:
    """Normal clusters of one width and equal weight. modes (k, 2): where they stand; std: of each coordinate."""

    modes: Tensor
    std: float

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """Return n points (n, 2)."""
        which = torch.randint(len(self.modes), (n,), generator=rng)
        return self.modes[which] + self.std * torch.randn(n, 2, generator=rng)


@dataclass(frozen=True)
class Moons:
    """Two half circles, one in the hollow of the other; they have no modes to count."""

    std: float = 0.04
    modes: Tensor | None = None

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """Return n points (n, 2)."""
        angle = math.pi * torch.rand(n, generator=rng)
        upper = torch.rand(n, generator=rng) < 0.5
        x = torch.where(upper, angle.cos() - 0.5, 0.5 - angle.cos())
        y = torch.where(upper, angle.sin() - 0.25, 0.25 - angle.sin())
        return 0.8 * torch.stack([x, y], 1) + self.std * torch.randn(n, 2, generator=rng)


@dataclass(frozen=True)
class Drawing:
    """What somebody has drawn. strokes: points (n, 2) of each line in the order of drawing; no modes to count."""

    strokes: tuple[Tensor, ...]
    std: float = 0.03
    modes: Tensor | None = None

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """Return n points (n, 2) along the lines, evenly by length; a line without length counts like a short one."""
        starts = torch.cat([stroke[:-1] if len(stroke) > 1 else stroke for stroke in self.strokes])
        ends = torch.cat([stroke[1:] if len(stroke) > 1 else stroke for stroke in self.strokes])
        lengths = (ends - starts).norm(dim=1) + 0.01
        which = torch.multinomial(lengths, n, replacement=True, generator=rng)
        along = torch.rand(n, 1, generator=rng)
        return torch.lerp(starts[which], ends[which], along) + self.std * torch.randn(n, 2, generator=rng)


def ring(modes: int = 8, radius: float = 1.0, std: float = 0.05) -> Clusters:
    """Return clusters on a circle. Srivastava et al. (2017) have a std of 0.01, too small to be seen: here it is 0.05."""
    angles = 2 * math.pi * torch.arange(modes) / modes
    return Clusters(radius * torch.stack([angles.cos(), angles.sin()], 1), std)


def grid(side: int = 5, half: float = 1.0, std: float = 0.03) -> Clusters:
    """Return side² clusters on a square from -half to half. Srivastava et al. (2017): 5 by 5, half 4, std 0.05."""
    places = torch.linspace(-half, half, side)
    return Clusters(torch.cartesian_prod(places, places), std)


CLOUDS = {
    "ring of 8": ring(),
    "grid of 25": grid(),
    "two moons": Moons(),
    "two clusters": Clusters(torch.tensor([[-0.75, 0.0], [0.75, 0.0]]), 0.15),
}


def covered_modes(points: Tensor, modes: Tensor, std: float) -> tuple[int, float]:
    """Return how many modes have a point within three standard deviations, and the share of points that are so close.

    points (n, 2), modes (k, 2). Both measures are those of Srivastava et al. (2017) and PacGAN (Lin et al. 2018).
    """
    close = torch.cdist(points, modes) <= 3 * std
    return int(close.any(0).sum()), close.any(1).double().mean().item()


# ---- the Dirac-GAN ------------------------------------------------------------------------------------------------
# Mescheder et al. 2018: all real data at 0, all fakes at theta, and a discriminator with the logit a(x) = psi x. The only
# equilibrium is theta = psi = 0. A loss is a pair of derivatives: what D's and G's gradient steps multiply theta and psi with.

Slope = Callable[[float], float]


def _sigmoid(a: float) -> float:
    return 1 / (1 + math.exp(-a)) if a >= 0 else math.exp(a) / (1 + math.exp(a))


DIRAC_LOSSES: dict[str, tuple[Slope, Slope]] = {
    "minimax": (_sigmoid, _sigmoid),
    "non-saturating": (_sigmoid, lambda a: _sigmoid(-a)),
    "WGAN, unclipped": (lambda a: 1.0, lambda a: 1.0),
}


def dirac_field(loss: str, theta: float, psi: float, gamma: float = 0.0) -> tuple[float, float]:
    """Return where gradient descent moves (theta, psi); gamma / 2 · psi² is what R1 adds to D's loss."""
    for_d, for_g = DIRAC_LOSSES[loss]
    return for_g(psi * theta) * psi, -for_d(psi * theta) * theta - gamma * psi


def dirac_trajectory(
    loss: str,
    steps: int,
    step_size: float = 0.2,
    alternating: bool = False,
    gamma: float = 0.0,
    start: tuple[float, float] = (1.0, 1.0),
) -> Tensor:
    """Return the way of (theta, psi) from `start` by gradient descent, float64 (steps + 1, 2).

    loss: a name in DIRAC_LOSSES. alternating: first D, then G against the new D; otherwise both at once.
    Unclipped WGAN moves off without bound and may end in inf or NaN.
    """
    theta, psi = start
    way = [(theta, psi)]
    for _ in range(steps):
        for_theta, for_psi = dirac_field(loss, theta, psi, gamma)
        psi += step_size * for_psi
        if alternating:
            for_theta, _ = dirac_field(loss, theta, psi, gamma)
        theta += step_size * for_theta
        way.append((theta, psi))
    return torch.tensor(way, dtype=torch.float64)


def dirac_eigenvalues(
    loss: str, step_size: float = 0.2, alternating: bool = False, gamma: float = 0.0
) -> tuple[complex, complex]:
    """Return the eigenvalues of one update's Jacobian at the equilibrium.

    Near it the distance changes by their largest absolute value in each step: below 1 the players converge, above 1 they
    diverge; at exactly 1 the eigenvalues decide nothing.
    """
    for_d, for_g = (slope(0.0) for slope in DIRAC_LOSSES[loss])
    identity = torch.eye(2, dtype=torch.float64)
    d_step = identity + step_size * torch.tensor([[0, 0], [-for_d, -gamma]], dtype=torch.float64)
    g_step = identity + step_size * torch.tensor([[0, for_g], [0, 0]], dtype=torch.float64)
    update = g_step @ d_step if alternating else g_step + d_step - identity
    # The formula for 2x2 matrices: it is exact for two equal eigenvalues, where an iterative method is not.
    half, determinant = update.trace().item() / 2, (update[0, 0] * update[1, 1] - update[0, 1] * update[1, 0]).item()
    root = complex(half * half - determinant) ** 0.5
    return half + root, half - root
