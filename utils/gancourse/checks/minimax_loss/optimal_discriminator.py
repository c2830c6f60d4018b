"""The optimal discriminator, from two densities."""

import torch

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake, shown
from gancourse.checks.observers.values import function, randn

ZERO, SMALL = "D where a density is 0", "D for small densities"
SMALL_ONLY = "it is wrong only where both densities are small. p + q is never 0 here: do not add anything to it or cut anything off."


def density_cases(*options: dict):
    """Return the cases of a function of two densities of one shape; `options` are further arguments, used in turn.

    Vectors, a single number, as in the lesson's plot, tables; equal densities, one of them 0, both very small.
    """

    def cases(seed: int, strict: bool) -> list[dict]:
        shapes = (
            ((3,), (6,), (), (2, 3), (1,)) if not strict else ((3,), (40 + seed % 20,), (), (4, 1, 2), (300,), (1,))
        )
        pairs = [("D", randn(2 * seed + i, 2, *shape).abs() + 0.05) for i, shape in enumerate(shapes)]
        pairs += [("D", torch.tensor([[0.3, 1.2, 0.3], [0.3, 1.2, 0.6]]))]
        pairs += [(ZERO, torch.tensor([[0.5, 0.0, 0.3], [0.5, 0.4, 0.0]]))]
        pairs += [(SMALL, torch.tensor([[2e-6, 1e-6, 4e-6], [1e-6, 5e-6, 4e-6]]))]
        drawn = []
        for i, (name, (p, q)) in enumerate(pairs):
            given = options[i % len(options)] if options else {}
            numbers = {"p": shown(p.flatten()[:4]), "q": shown(q.flatten()[:4]), "shape": tuple(p.shape)} | given
            about = ", ".join(f"{name} = {value}" for name, value in numbers.items())
            case = {"about": about, "arguments": (p, q, *given.values()), "returns": (name,), "extreme": name == SMALL}
            drawn.append(case)
        return drawn

    return cases


optimal_discriminator = Exercise(
    reference=answers.load("minimax_loss", "optimal_discriminator"),
    points=2,
    cases=density_cases(),
    observe=function,
    look={
        ZERO: "where q is 0 there is only data, and D* is exactly 1; where p is 0 it is exactly 0.",
        SMALL: SMALL_ONLY,
        "": "D* is the share of the data in all that is found at x: p / (p + q).",
    },
    mistakes=(
        mistake("this is a ratio and can be any size. Divide p by p + q.", "return p / q", "return q / p"),
        mistake("p / p + q is 1 + q: the brackets around p + q are missing.", "return p / p + q"),
        mistake("this only says which density is larger.", "return (p > q).float()", "return (p >= q).float()"),
        mistake("p and q are densities: do not normalise.", "return (p / p.sum()) / (p / p.sum() + q / q.sum())"),
        mistake("the logit of D* is log p - log q, not p - q.", "return torch.sigmoid(p - q)"),
        mistake("this is 0 at p = q. D* is one half there.", "return p - q", "return (p - q) / (p + q)"),
        mistake("p + q must be the denominator.", "return p + q", "return p", "return p * q"),
        mistake(
            "this is log D*, or its logit. The text asks for D*.", "return (p / (p + q)).log()", "return (p / q).log()"
        ),
    ),
)
