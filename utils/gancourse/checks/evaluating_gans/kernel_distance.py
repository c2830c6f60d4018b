"""Exercise 4: the unbiased kernel distance of two sets of features."""

from gancourse.checks import answers
from gancourse.checks.core import Case, Exercise, mistake
from gancourse.checks.evaluating_gans.points import case, points
from gancourse.checks.observers.values import function

PLACES, PAIRS, ANY = "distance:of two places", "distance:of two places with N ≠ M", "distance"
KERNEL = "(x @ y.T / x.shape[1] + 1) ** 3 → "
SUM, NUMBER = "(k.sum() - k.trace()) → ", " / (len(x) * (len(x) - 1)) → "
BETWEEN = "kernel(a, b).mean() → "


def _cases(seed: int, strict: bool) -> list[Case]:
    """Sets of equal points, so that it does not matter which pairs are left out; then any."""
    plans = []
    for now, n, m, d in ((seed, 3, 3, 4), (seed, 2, 2, 5), (seed, 4, 2, 3), (seed + 10, 2, 5, 7)):
        a, b = points(now, 2, d)
        plans.append((PLACES if n == m else PAIRS, ", in each all points equal", a.repeat(n, 1), b.repeat(m, 1)))
    sizes = ((3, 2, 2), (6, 9, 3), (12, 8, 5)) if not strict else ((2, 3, 2), (7, 7, 4), (120, 80, 6), (40, 90, 16))
    for i, (n, m, d) in enumerate(sizes):
        plans.append((ANY, "", points(seed + 5 * i, n, d), points(seed + 5 * i + 70, m, d)))
    for i in range(2):  # here the distance is below 0
        same = points(seed + 60 + i, 5 + i, 2)
        plans.append((ANY, ", the same points in another order", same, same.roll(2, 0)))
    return [case(name, more, a=a, b=b) for name, more, a, b in plans]


kernel_distance = Exercise(
    reference=answers.load("evaluating_gans", "kernel_distance"),
    points=3,
    cases=_cases,
    observe=function,
    look={
        "": "Take the means of k(a, a) and of k(b, b), each without its diagonal, minus twice the mean of k(a, b).",
        PLACES: "all points of a are equal here, and all points of b, so the result is k(a, a) + k(b, b) - 2 k(a, b). Check the kernel, "
        "(x · y / d + 1)³ with d = x.shape[1], then by how many pairs each sum is divided.",
        PAIRS: "it is right for as many points in a as in b, and wrong otherwise. Divide each of the three sums by its own number of pairs.",
        ANY: "it is right where all points of a set are equal, and wrong otherwise. Check which pairs count: i ≠ j within a set, all between.",
    },
    mistakes=(
        mistake(
            "the diagonal is kept: pairs of a point with itself. They make the distance too large. Subtract k.trace(), divide by n (n - 1).",
            (f"{SUM}k.mean()", NUMBER),
            f"{SUM}k.sum()",
        ),
        mistake(
            "the diagonal is taken out, but the sum is still divided by n² (as .mean() does). There are n (n - 1) pairs left.",
            f"{NUMBER} / len(x) ** 2",
        ),
        mistake(
            "k - torch.diag(k) subtracts a vector from every row, and torch.eye(n) holds ones. Subtract k.trace() from k.sum().",
            f"{SUM}(k - k.diag()).sum()",
            f"{SUM}(k - torch.eye(len(k))).sum()",
        ),
        mistake("each pair is counted once, and divided by n (n - 1), which counts it twice.", f"{SUM}k.triu(1).sum()"),
        mistake(
            "the diagonal is taken out of the third matrix, too. There it is a pair like any other: a_i and b_i are different points.",
            *(
                f"{BETWEEN}((k := kernel(a, b)).sum() - k.trace()) / {number}"
                for number in ("(k.numel() - min(k.shape))", "k.numel()", "(len(a) * (len(b) - 1))")
            ),
        ),
        mistake(
            "x · y must be divided by d, the number of features: x.shape[1]. (len(x) is the number of points.)",
            f"{KERNEL}(x @ y.T + 1) ** 3",
            *(f"x.shape[1] → {number}" for number in ("len(x)", "len(y)", "len(a)", "x.shape[1] ** 0.5")),
        ),
        mistake(
            "the kernel has no + 1 before the power, or another power: it is (x · y / d + 1)³.",
            " + 1) ** 3 → ) ** 3",
            *(f"** 3 → ** {power}" for power in (1, 2, 4)),
        ),
        mistake(
            "the pairs between a and b count once. Count them twice, so that the result is 0 on average for two sets alike.",
            "2 * kernel(a, b) → kernel(a, b)",
        ),
        mistake(
            "the result is clamped at 0, so it is too large on average where two sets are alike. It may be negative: remove the clamp.",
            f"{BETWEEN}torch.minimum(kernel(a, b).mean(), (within(a) + within(b)) / 2)",
        ),
    ),
)
