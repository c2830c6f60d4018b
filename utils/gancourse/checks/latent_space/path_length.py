"""Exercise 5: how fast features change along arcs."""

import torch
from torch import Tensor
from torch.nn.functional import normalize

from gancourse.checks import answers
from gancourse.checks.core import Case, Exercise, mistake
from gancourse.checks.observers.values import first_numbers, function, kind, randn

ONE, ANY, PAIRS = "length:of one pair and one feature", "length", "length:of one pair"
HERE, AHEAD = "features(walks.slerp(a, b, t))", "features(walks.slerp(a, b, t + step))"
LENGTH = "(ahead - here).square().sum(1).mean() / step**2 → "


def _cases(seed: int, strict: bool) -> list[Case]:
    """One pair and one feature, one pair, more; steps so long that arc and straight line differ; t over all of the arc."""
    sizes = ((1, 2, 1, 0.3), (1, 3, 4, 0.2), (4, 2, 3, 0.1), (3, 3, 3, 0.25), (2, 8, 5, 0.05), (25, 6, 2, 0.1))
    if strict:
        sizes = (
            (1, 4, 1, 0.3),
            (1, 5, 6, 0.1),
            (7, 7, 7, 0.2),
            (60 + seed % 9, 16, 10, 0.1),
            (3, 2, 12, 0.4),
            (5, 64, 3, 0.1),
        )
    cases = []
    for i, (n, z_dim, d, step) in enumerate(sizes):
        at = seed + 13 * i
        a, b = randn(at, n, z_dim), randn(at + 1, n, z_dim)
        unit = normalize(a, dim=1)
        across = normalize(b - (b * unit).sum(1, keepdim=True) * unit, dim=1)
        # Obtuse angles, where the straight line is shorter, and far from 180 degrees, where rounding would decide.
        b = b.norm(dim=1, keepdim=True) * across - 0.6 * a
        t = torch.rand(n, generator=torch.Generator().manual_seed(at)).mul(0.25).add(0.1).round(decimals=2)
        t[1::2] = (1 - step - t[1::2] / 3).round(decimals=2)
        about = f"{n} pair{'s' * (n > 1)}, z_dim = {z_dim}, d = {d}, t = {first_numbers(t)}, step = {step}"
        name = ANY if n > 1 else ONE if d == 1 else PAIRS
        weights = randn(at + 2, z_dim, d) / z_dim**0.5, 0.5 * randn(at + 3, d)
        cases.append({"about": about, "weights": weights, "a": a, "b": b, "t": t, "step": step, "returns": (name,)})
    return cases


def _features(weights: Tensor, shift: Tensor):
    """Return a function from noise (N, z_dim) to features (N, d) of different sizes, which refuses other shapes."""

    def features(z: Tensor) -> Tensor:
        if not isinstance(z, Tensor) or z.dim() != 2 or z.shape[1] != len(weights):
            what = f"shape {tuple(z.shape)}" if isinstance(z, Tensor) else kind(z)
            raise ValueError(f"features expects noise of shape (N, {len(weights)}), and gets {what}")
        h = z @ weights + shift
        return (h + 0.3 * h.square()) * (1 + torch.arange(len(shift)) % 3)

    return features


def _observe(answer, case: Case, like: dict) -> dict:
    """Observe the answer on a features function that is made from the weights of the case."""
    weights, a, b, t = case["weights"], case["a"], case["b"], case["t"]
    arguments = (_features(*weights), a, b, t, case["step"])
    return function(answer, {"arguments": arguments, "returns": case["returns"]}, like)


path_length = Exercise(
    reference=answers.load("latent_space", "path_length"),
    points=2,
    cases=_cases,
    observe=_observe,
    look={
        "": "Call features at t and at t + step, sum the squared difference over the d features, divide by step², take the mean over pairs.",
        ONE: "there is one pair and one feature here: square the difference of two numbers, and divide by step². Check both points on the arc.",
        PAIRS: "it is right for a single feature, and wrong for several. The squared length of a vector is the *sum* of its d squares.",
        ANY: "it is right for one pair, and wrong for several. Compute one squared length for each pair, (N,), then take their mean.",
    },
    mistakes=(
        mistake(
            "it is divided by step, not by step². The difference is divided by step *before* the square, so the square has step².",
            f"{LENGTH}(ahead - here).square().sum(1).mean() / step",
        ),
        mistake(
            "the division by step² is missing, so the result depends on how long the step is.",
            f"{LENGTH}(ahead - here).square().sum(1).mean()",
        ),
        mistake(
            "the mean runs over the features, too. Sum the squares over the d features, and take the mean over the pairs only.",
            f"{LENGTH}(ahead - here).square().mean() / step**2",
        ),
        mistake(
            "all squares are summed. Sum over the features, dim 1, and take the mean over the pairs.",
            f"{LENGTH}(ahead - here).square().sum() / step**2",
        ),
        mistake(
            "the length is not squared: the mean of norms is taken. Square each length before the mean.",
            f"{LENGTH}(ahead - here).norm(dim=1).mean() / step",
            f"{LENGTH}(ahead - here).norm(dim=1).mean() / step**2",
        ),
        mistake(
            "the mean is taken before the square. Square the length of each pair first, then take their mean.",
            f"{LENGTH}((ahead - here).norm(dim=1).mean() / step) ** 2",
            f"{LENGTH}(ahead - here).mean(0).square().sum() / step**2",
        ),
        mistake(
            "these are points on the straight line. Use walks.slerp(a, b, t) and walks.slerp(a, b, t + step).",
            (
                f"{HERE} → features(torch.lerp(a, b, t[:, None]))",
                f"{AHEAD} → features(torch.lerp(a, b, t[:, None] + step))",
            ),
            f"{LENGTH}(features(a + step * (b - a)) - features(a)).square().sum(1).mean() / step**2",
        ),
        mistake(
            "the step goes along the straight line to b, not along the arc. The second point is walks.slerp(a, b, t + step).",
            f"{AHEAD} → features(walks.slerp(a, b, t) + step * (b - a))",
            f"{AHEAD} → features(torch.lerp(walks.slerp(a, b, t), b, step))",
            f"{AHEAD} → features(walks.slerp(walks.slerp(a, b, t), b, torch.full_like(t, step)))",
        ),
        mistake(
            "a and b are swapped: at t = 0 the point is a.",
            (f"{HERE} → features(walks.slerp(b, a, t))", f"{AHEAD} → features(walks.slerp(b, a, t + step))"),
        ),
        mistake(
            "the step goes in the wrong direction, or to both sides. The two points are at t and at t + step.",
            "t + step)) → t - step))",
            (f"{HERE} → features(walks.slerp(a, b, t - step / 2))", "t + step)) → t + step / 2))"),
            (
                f"{HERE} → features(walks.slerp(a, b, t - step))",
                f"{LENGTH}(ahead - here).square().sum(1).mean() / (2 * step) ** 2",
            ),
        ),
        mistake(
            "t is not used: the first point is a itself. It is walks.slerp(a, b, t).",
            (f"{HERE} → features(a)", "t + step)) → torch.full_like(t, step)))"),
            f"{HERE} → features(a)",
        ),
        mistake(
            "features is not used: this is the length of the way through the noise. Compare features(...) of the two points.",
            "here, ahead = → features = lambda z: z\n    here, ahead =",
        ),
    ),
)
