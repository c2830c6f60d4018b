"""Exercise 3: the Fréchet distance of two sets of features."""

import torch

from gancourse.checks import answers
from gancourse.checks.core import Case, Exercise, mistake
from gancourse.checks.evaluating_gans.points import case, points
from gancourse.checks.observers.values import function

CENTRED, ANY, SINGULAR = "distance:for equal means", "distance", "distance:for singular covariances"
COV = "torch.cov(a.T), torch.cov(b.T) → "
ROOTS = "torch.linalg.eigvals(cov_a @ cov_b).real.clamp(min=0).sqrt() → "
ROOT = "2 * roots.sum() → "


def _cases(seed: int, strict: bool) -> list[Case]:
    """Sets with equal means, so that a wrong term of the means does not show; then any; then eigenvalues of 0."""
    plans = []
    for now, n, m, d in ((seed, 2, 3, 2), (seed + 10, 7, 4, 3)):
        centre, *offsets = points(now + 30, 1, d), points(now, n, d), points(now + 1, m, d)
        plans.append((CENTRED, "", *(torch.cat([centre + x, centre - x]) for x in offsets)))
    sizes = ((5, 6, 2), (9, 6, 3)) if not strict else ((5, 7, 2), (300, 200, 8), (9, 9, 3), (60 + seed % 40, 150, 12))
    for i, (n, m, d) in enumerate(sizes):
        plans.append((ANY, "", points(seed + 5 * i, n, d), points(seed + 5 * i + 70, m, d)))
    same = points(seed + 60, 8, 3)
    # Moved, so that the distance is not 0: next to 0 a right answer in float32 would fail.
    plans.append((ANY, ", the same points in another order, each moved by 0.5", same, same.roll(3, 0) + 0.5))
    a, b = points(seed + 40, 7, 3), points(seed + 50, 9, 3)
    a[:, 1] = b[:, 1] = 0.5
    plans.append((SINGULAR, ", the second feature constant", a, b))
    plans.append((SINGULAR, ", fewer points than features", points(seed + 80, 5, 20), points(seed + 90, 7, 20)))
    plans.append((SINGULAR, ", all points of b equal", points(seed + 45, 6, 4), points(seed + 55, 1, 4).repeat(5, 1)))
    return [case(name, more, a=a, b=b) | {"extreme": name == SINGULAR} for name, more, a, b in plans]


frechet_distance = Exercise(
    reference=answers.load("evaluating_gans", "frechet_distance"),
    points=4,
    cases=_cases,
    observe=function,
    look={
        "": "Compute the parts one by one: |mu_a - mu_b|²; the traces; twice the sum of the roots of the eigenvalues of S_a @ S_b.",
        CENTRED: "the means of a and b are equal here, so the term of the covariances is wrong: tr(S_a) + tr(S_b), minus twice the sum "
        "of the roots of the eigenvalues of S_a @ S_b. The covariances are divided by N - 1, with nothing added.",
        ANY: "it is right where the means of a and b are equal, and wrong otherwise. Add (a.mean(0) - b.mean(0)).square().sum().",
        SINGULAR: "it is wrong where a covariance has eigenvalues of 0: a constant feature, or fewer points than features. Rounding "
        "makes some slightly negative, and their root NaN. Take torch.linalg.eigvals(S_a @ S_b).real.clamp(min=0).sqrt().",
    },
    mistakes=(
        mistake(
            "torch.cov takes each *row* as a variable, but your rows are images. Transpose: torch.cov(a.T). (NumPy has rowvar=False.)",
            f"{COV}torch.cov(a), torch.cov(b)",
            (f"{COV}torch.cov(a), torch.cov(b)", "cov_a.trace() + cov_b.trace() → (cov_a + cov_b).trace()"),
        ),
        mistake(
            "eigvals returns complex numbers, and the result is one still. Up to rounding they are real: take .real.",
            f"{ROOTS}torch.linalg.eigvals(cov_a @ cov_b).sqrt()",
        ),
        mistake("the factor 2 before the root is missing.", f"{ROOT}roots.sum()"),
        mistake("the root is added. Subtract it: the distance of a set to itself is 0.", "- 2 * roots → + 2 * roots"),
        mistake(
            "the root is missing. The term is tr(S_a) + tr(S_b) - 2 tr((S_a S_b)^(1/2)).",
            ".clamp(min=0).sqrt() → ",
            f"{ROOT}0",
        ),
        mistake(
            "the root is taken of each *number* in the matrix, or of its trace. Take the roots of its eigenvalues: torch.linalg.eigvals.",
            *(f"{ROOT}2 * (cov_a @ cov_b){change}.sqrt().trace()" for change in ("", ".abs()", ".clamp(min=0)")),
            f"{ROOT}2 * (cov_a @ cov_b).trace().sqrt()",
        ),
        mistake(
            "a small number is added to the diagonals, and it changes the result. Remove it: eigvals needs no inverse.",
            *(f"{COV}(torch.cov(x.T) + {e} * torch.eye(len(x.T)) for x in (a, b))" for e in (0.1, 0.01, 1e-3, 1e-4)),
        ),
        mistake("`*` multiplies matrices number by number. Take S_a @ S_b.", "cov_a @ cov_b → cov_a * cov_b"),
        mistake(
            "only the variances count, the diagonals of the covariances. How features vary *together* is lost: take the whole matrices.",
            f"{ROOT}2 * (a.std(0) * b.std(0)).sum()",
        ),
        mistake(
            "the covariances are divided by N. The text asks for the unbiased ones, N - 1, which is what torch.cov does by default.",
            f"{COV}torch.cov(a.T, correction=0), torch.cov(b.T, correction=0)",
        ),
        mistake(
            "the means are not subtracted before the products are averaged. torch.cov does it.",
            *(f"{COV}a.T @ a / (len(a) - {less}), b.T @ b / (len(b) - {less})" for less in (0, 1)),
        ),
        mistake(
            "S_a @ S_b is not symmetric, but eigvalsh reads only one half of it; svdvals gives singular values. Use torch.linalg.eigvals.",
            f"{ROOTS}torch.linalg.eigvalsh(cov_a @ cov_b).clamp(min=0).sqrt()",
            f"{ROOTS}torch.linalg.svdvals(cov_a @ cov_b).sqrt()",
        ),
    ),
)
