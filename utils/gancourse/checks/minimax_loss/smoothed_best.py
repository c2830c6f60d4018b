"""The optimal discriminator of a loss with one-sided label smoothing."""

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.minimax_loss.best_discriminator import SMALL, SMALL_ONLY, ZERO, density_cases
from gancourse.checks.observers.values import function

smoothed_best = Exercise(
    reference=answers.load("minimax_loss", "smoothed_best"),
    points=2,
    cases=density_cases(*({"target": t} for t in (0.9, 0.8, 0.7, 1.0))),
    observe=function,
    look={
        ZERO: "where q is 0 the optimal D is exactly the target; where p is 0 it is exactly 0.",
        SMALL: SMALL_ONLY,
        "": "Where p = q the optimal D is target / 2, where q = 0 it is the target: target · p / (p + q).",
    },
    mistakes=(
        mistake("the target does not count: this is D* without smoothing.", "return p / (p + q)"),
        mistake("the target is always 0.9. Use the argument `target`.", "return 0.9 * p / (p + q)"),
        mistake(
            "the denominator is wrong: t p and (1 - t) p + q, the weights of the two logarithms, add up to p + q.",
            "return target * p / (target * p + q)",
            "return target * p / (target * p + (1 - target) * q)",
            "return target * p / ((1 - target) * p + q)",
        ),
        mistake("the brackets around p + q are missing.", "return target * p / p + q", "return target * (p / p + q)"),
        mistake(
            "both sides are smoothed: (1 - target) · q in the numerator is a raised target for the fakes, and theirs stays 0.",
            "return (target * p + (1 - target) * q) / (p + q)",
        ),
        mistake("this is the share of the fakes. p is the numerator.", "return target * q / (p + q)"),
        mistake("the target of real samples is `target`, not 1 - target.", "return (1 - target) * p / (p + q)"),
        mistake("D* is cut off at the target. Multiply it by the target.", "return (p / (p + q)).clamp(max=target)"),
        mistake("D* is divided by the target. Multiply by it.", "return p / (p + q) / target"),
    ),
)
