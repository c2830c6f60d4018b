"""What the optimal discriminator leaves to the generator: an integral over a grid."""

import math

import torch
from torch import Tensor

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.values import first_numbers, function


def _normal(x: Tensor, mean: float, width: float) -> Tensor:
    return torch.exp(-0.5 * ((x - mean) / width) ** 2) / (width * math.sqrt(2 * math.pi))


def _cases(seed: int, strict: bool) -> list[dict]:
    """Six places, some with p, q or both 0; densities that overlap, are equal, or hardly overlap, on several grids.

    The sum of each density times dx is 1, and both ends are nearly 0: other ways to the same integral are right as well.
    """
    a, shift = 0.2 + seed % 8 / 5, 0.5 + seed % 7 / 4
    p, q = torch.tensor([[0, a, 2 - a, 0, 0, 0], [0, 0, 0.4 + a / 2, 1.6 - a / 2, 0, 0]])
    drawn = [(f"p = {first_numbers(p)}, q = {first_numbers(q)}", p, q, 0.5)]
    for dx in (0.05, 0.1, 0.02)[: 3 if strict else 2]:
        x = torch.arange(-8, 8, dx, dtype=torch.float64)
        drawn += [
            (f"p = N(0, 1), q = N({shift}, 1)", _normal(x, 0, 1), _normal(x, shift, 1), dx),
            ("p = q = N(0, 1)", _normal(x, 0, 1), _normal(x, 0, 1), dx),
            (f"p = N(-4, 0.5), q = N({shift}, 0.5)", _normal(x, -4, 0.5), _normal(x, shift, 0.5), dx),
        ]
    named = [("V of distant densities" if "-4" in about else "V", about, p, q, dx) for about, p, q, dx in drawn]
    return [
        {"about": f"{about}, dx = {dx}", "arguments": (p, q, dx), "returns": (v,), "extreme": v != "V"}
        for v, about, p, q, dx in named
    ]


value_at_optimum = Exercise(
    reference=answers.load("minimax_loss", "value_at_optimum"),
    points=3,
    cases=_cases,
    observe=function,
    look={
        "": "It is the sum over the grid of p log(p / (p + q)) + q log(q / (p + q)), times dx, in nats. torch.xlogy(p, d) is "
        "p log d with 0 log 0 = 0; (p + q).clamp_min(1e-30) prevents 0 / 0.",
        "V of distant densities": "it is wrong only where p and q hardly overlap, so that V is nearly 0. There any number that you "
        "add to avoid log 0 changes the result: use torch.xlogy.",
    },
    mistakes=(
        mistake(
            "it is minus infinity where D* is so close to 1 that 1 - D* is rounded to 0. Write q / (p + q) instead.",
            "xlogy(q, q / both) → xlogy(q, 1 - p / both)",
        ),
        mistake("each term must be multiplied by dx, once.", " * dx → ", " * dx → / dx", " * dx → * dx**2"),
        mistake(
            "every place of the grid counts the same. An expectation weighs each place by its density: the sum of p log(...), times dx.",
            "both = p + q\nreturn ((p / both).clamp_min(1e-30).log() + (q / both).clamp_min(1e-30).log()).mean()",
            "both = p + q\nreturn (p / both)[p > 0].log().mean() + (q / both)[q > 0].log().mean()",
        ),
        mistake(
            "places are left out where one density is small. The other may be large there: p log(...) is 0 only where p itself is 0.",
            *(f"both = → keep = (p > {t}) & (q > {t})\n    p, q = p[keep], q[keep]\n    both =" for t in (1e-2, 1e-3)),
        ),
        mistake("the mean is taken, not the sum.", ".sum() * dx → .mean()", ".sum() * dx → .mean() * dx"),
        mistake(
            "the sum over the grid is divided by the number of places. (F.kl_div takes a mean unless told otherwise: reduction='sum'.)",
            "both = (p + q).clamp_min(1e-30)\nf = torch.xlogy(p, p / both) + torch.xlogy(q, q / both)\n"
            "return (f.sum() * dx + math.log(4)) / len(p) - math.log(4)",
        ),
        mistake("the fakes' term is weighted with q, not p.", "xlogy(q, q / both) → xlogy(p, q / both + 1e-30)"),
        mistake(
            "the weights are swapped: log D* is averaged over the data, p, and log(1 - D*) over the fakes, q.",
            ("xlogy(p, p / both) → xlogy(q, p / both + 1e-30)", "xlogy(q, q / both) → xlogy(p, q / both + 1e-30)"),
        ),
        mistake("one of the terms is missing.", " + torch.xlogy(q, q / both) → ", "torch.xlogy(p, p / both) +  → "),
        mistake(
            "the number that you add to avoid log 0 is large enough to change the result. Use torch.xlogy, or 1e-12.",
            *(f"both = → p, q = p + {e}, q + {e}\n    both =" for e in (1e-2, 1e-3, 1e-4, 1e-5)),
        ),
        mistake(
            "this is the Jensen-Shannon divergence, or twice that. V(D*, G) is -log 4 + 2 JS.",
            "(p + q).clamp_min → ((p + q) / 2).clamp_min",
            ("(p + q).clamp_min → ((p + q) / 2).clamp_min", "* dx → * dx / 2"),
        ),
        mistake(
            "this is the Kullback-Leibler divergence of p and q, in which there is no D.",
            "return torch.xlogy(p, p / q.clamp_min(1e-30)).sum() * dx",
            "return torch.xlogy(q, q / p.clamp_min(1e-30)).sum() * dx",
        ),
    ),
)
