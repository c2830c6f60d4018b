"""Wasserstein's distance of two samples in one dimension."""

import torch

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.values import first_numbers, function, randn


def _cases(seed: int, strict: bool) -> list[dict]:
    pairs = []
    for number, n in enumerate((3, 1, 8, 2) if not strict else (2, 1, 30 + seed % 20, 400, 7, 3)):
        x, y = randn(3 * seed + number, n), randn(5 * seed + number + 99, n) * 1.7
        if n > 1:  # nearly the same mean, so that a difference of means is something else
            y += x.mean() - y.mean() + 0.1
        pairs.append(("distance", x.round(decimals=2), y.round(decimals=2)))
    x = torch.tensor([3.0, -1.0, 0.5, 2.0, 0.5])
    pairs += [("distance:with equal numbers", x, y) for y in (x.flip(0), torch.ones(5))]
    return [
        {"about": f"x = {first_numbers(x)}, y = {first_numbers(y)}", "arguments": (x, y), "returns": (name,)}
        for name, x, y in pairs
    ]


distance = Exercise(
    reference=answers.load("generative_models", "distance"),
    points=2,
    cases=_cases,
    observe=function,
    look={
        "": "Sort both: the smallest is compared with the smallest. Then take the mean of the n absolute differences, each once.",
        "distance:with equal numbers": "it is wrong only where some numbers are equal. Each of them counts: torch.unique drops them, sort() does not.",
    },
    mistakes=(
        mistake(
            "the samples are compared in the order in which they were drawn, which means nothing. Sort both. (x.sort() leaves x as it is.)",
            "return (x - y).abs().mean()",
        ),
        mistake("only one of the two is sorted. Sort both.", "x.sort().values → x", "y.sort().values → y"),
        mistake(
            "this is the difference of the means, which can be 0 for very different samples. Take the absolute values before the mean.",
            "return (x.mean() - y.mean()).abs()",
            ".abs() → ",
        ),
        mistake(
            "the differences are squared. This distance is the mean of their absolute values.",
            ".abs() → .square()",
            ".abs().mean() → .square().mean().sqrt()",
        ),
        mistake(
            "quantiles at fixed places stand in for the numbers. Take the n differences themselves, each once.",
            *(f"q = torch.linspace(0, 1, {n})\nreturn F.l1_loss(x.quantile(q), y.quantile(q))" for n in (11, 100, 101)),
        ),
        mistake("this is the largest difference. The distance is the mean of all.", ".mean() → .max()"),
        mistake("one is sorted upwards and the other downwards.", "y.sort() → y.sort(descending=True)"),
        mistake(
            "these are places, not numbers: sort() returns the sorted values, then their indices. Take .values.",
            ("x.sort().values → x.argsort().float()", "y.sort().values → y.argsort().float()"),
        ),
        mistake("each x is compared with every y. Sort both.", "return (x[:, None] - y).abs().mean()"),
        mistake("each x is compared with the nearest y. Sort both.", "return (x[:, None] - y).abs().min(1)[0].mean()"),
    ),
)
