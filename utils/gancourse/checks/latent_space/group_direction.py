"""Exercise 4: the difference of two groups of noise vectors."""

import torch
from torch import Tensor

from gancourse.checks import answers
from gancourse.checks.core import Case, Exercise, mistake
from gancourse.checks.observers.values import first_numbers, function, randn

ONE, ANY, TIES = "direction:of two rows", "direction", "direction:with equal values in the middle"
LARGEST, SMALLEST = "z[order[-n:]]", "z[order[:n]]"
BOTH = f"{LARGEST}.mean(0) - {SMALLEST}.mean(0) → "


def _cases(seed: int, strict: bool) -> list[Case]:
    """n = 1; groups from small to half of the rows, and more; as many rows as numbers in one; equal values that do not matter."""
    sizes = ((3, 2, 1), (2, 3, 1), (7, 2, 2), (5, 5, 2), (12, 3, 5), (4, 6, 2), (5, 2, 3), (40, 4, 7))
    if strict:
        sizes = ((2, 4, 1), (9, 3, 4), (16, 16, 3), (300, 20, 25 + seed % 9), (7, 5, 1), (6, 2, 4), (101, 8, 50))
    cases = []
    for i, (rows, d, n) in enumerate(sizes):
        random = torch.Generator().manual_seed(seed + i)
        # Skewed, the median above 0, some below -largest: sizes, signs and distances from the mean order them in other ways.
        values = torch.linspace(0.5, 2, rows).square()
        values[::3] *= -2
        values = values[torch.randperm(rows, generator=random)]
        z = (randn(seed + 30 + i, rows, d) + values[:, None] * randn(seed + 60 + i, 1, d) / 2 + 0.5).round(decimals=2)
        name = ONE if rows <= 3 and n == 1 else ANY
        if i == len(sizes) - 1:  # these are in neither group
            order, name = values.argsort(), TIES
            values[order[n + 1 : -n - 1]] = values[order[rows // 2]].clone()
            if strict:
                name = ANY
        about = f"z of shape {(rows, d)}, values = {first_numbers(values)}, n = {n}"
        if rows <= 3:
            about = (
                f"z = {[[round(x, 2) for x in row] for row in z.tolist()]}, values = {first_numbers(values)}, n = {n}"
            )
        cases.append({"about": about, "arguments": (z, values, n), "returns": (name,)})
    return cases


def _observe(answer, case: Case, like: dict) -> dict:
    """Observe the direction, and before its numbers whether they are finite: the mean of an empty group is not."""
    seen = function(answer, case, like)
    name = case["returns"][0]
    if not isinstance(seen.get(name), Tensor):
        return seen
    numbers = seen.pop(name)
    seen["finite"] = "yes" if numbers.isfinite().all() else "no"
    return seen | ({name: numbers} if seen["finite"] == "yes" else {})


group_direction = Exercise(
    reference=answers.load("latent_space", "group_direction"),
    points=2,
    cases=_cases,
    observe=_observe,
    look={
        "": "Order the rows by their values; take the mean of z over the last n, and subtract that over the first n.",
        "finite": "the result is NaN or infinite: for a group that is empty, mean(0) is NaN. Each group has n rows: order[-n:] and order[:n], also for n = 1.",
        ONE: "for n = 1 the result is the row of z with the largest value minus the one with the smallest.",
        ANY: "it is right for n = 1, and wrong otherwise. Each group has exactly n rows, and its mean is over dim 0.",
        TIES: "it is wrong only where many rows have equal values. Pick n rows by their place in the order, not by comparing values.",
    },
    mistakes=(
        mistake(
            "the direction is reversed: it is the mean of the largest minus the mean of the smallest.",
            f"{BOTH}{SMALLEST}.mean(0) - {LARGEST}.mean(0)",
        ),
        mistake(
            "the rows are split in two halves at the median, or at the mean. Each group has the n rows with the largest (smallest) values.",
            f"{BOTH}z[order[-(len(z) // 2) :]].mean(0) - z[order[: len(z) // 2]].mean(0)",
            f"{BOTH}z[values > values.median()].mean(0) - z[values <= values.median()].mean(0)",
            f"{BOTH}z[values >= values.median()].mean(0) - z[values < values.median()].mean(0)",
            f"{BOTH}z[values > values.mean()].mean(0) - z[values <= values.mean()].mean(0)",
            f"{BOTH}z[values > 0].mean(0) - z[values <= 0].mean(0)",
        ),
        mistake(
            "the slice takes all rows but n. The last n of the order are order[-n:], the first n are order[:n].",
            "z[order[-n:]] → z[order[n:]]",
            "z[order[:n]] → z[order[:-n]]",
            ("z[order[-n:]] → z[order[n:]]", "z[order[:n]] → z[order[:-n]]"),
        ),
        mistake(
            "a group does not have n rows, but one fewer or one more; with one fewer it is empty for n = 1, and its mean is NaN. The last n of the order "
            "are order[-n:], the first n are order[:n].",
            "order[-n:] → order[-n:-1]",
            "order[:n] → order[: n - 1]",
            ("order[-n:] → order[-n:-1]", "order[:n] → order[: n - 1]"),
            "order[-n:] → order[-n + 1 :]",
            "order[:n] → order[1:n]",
            "order[-n:] → order[-n - 1 :]",
            "order[:n] → order[: n + 1]",
            ("order[-n:] → order[-n - 1 :]", "order[:n] → order[: n + 1]"),
        ),
        mistake(
            "the sums of the two groups are subtracted. Take the means: .mean(0).",
            f"{BOTH}{LARGEST}.sum(0) - {SMALLEST}.sum(0)",
        ),
        mistake(
            "the result is divided by its length. Return the difference itself: its length tells how far apart the groups are.",
            f"{BOTH}F.normalize({LARGEST}.mean(0) - {SMALLEST}.mean(0), dim=0)",
        ),
        mistake(
            "the mean of all rows is subtracted. Subtract the mean of the n rows with the smallest values.",
            f"{BOTH}{LARGEST}.mean(0) - z.mean(0)",
        ),
        mistake(
            "only one of the two groups is used. The direction leads from the mean of the smallest to the mean of the largest.",
            f"{BOTH}{LARGEST}.mean(0)",
            f"{BOTH}{SMALLEST}.mean(0)",
        ),
        mistake(
            "the values are not used: the rows are taken as they come. Order them by their values first: values.argsort().",
            "values.argsort() → torch.arange(len(z))",
        ),
        mistake(
            "the values are ordered without their sign. The smallest are the most negative: remove abs().",
            "values.argsort() → values.abs().argsort()",
        ),
        mistake(
            "argsort of argsort is the place of each row in the order. You need the row at each place: values.argsort().",
            "values.argsort() → values.argsort().argsort()",
        ),
        mistake(
            "the rows count in proportion to their values. In each group all n rows count alike: .mean(0).",
            f"{BOTH}(values[:, None] * z).mean(0)",
            f"{BOTH}(values[:, None] * z).sum(0) / values.sum()",
            f"{BOTH}((values - values.mean())[:, None] * z).mean(0)",
            f"{BOTH}(values[order[-n:], None] * z[order[-n:]]).mean(0) - (values[order[:n], None] * z[order[:n]]).mean(0)",
        ),
        mistake(
            "the mean runs over the numbers of each row. It runs over the rows, dim 0, and leaves z_dim numbers.",
            f"{BOTH}{LARGEST}.mean(1) - {SMALLEST}.mean(1)",
            f"{BOTH}{LARGEST}.mean() - {SMALLEST}.mean()",
        ),
    ),
)
