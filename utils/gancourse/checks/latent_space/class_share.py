"""Exercise 6: the share of the variance that the class explains."""

import torch

from gancourse.checks import answers
from gancourse.checks.core import Case, Exercise, mistake
from gancourse.checks.observers.values import function, randn

ONE, ANY, ALONE = "share:of one feature", "share", "share:with one noise vector"
SHARE = "between / total → "
OF_CLASS, ALL = "features.mean(1)", "features.mean((0, 1))"


def _cases(seed: int, strict: bool) -> list[Case]:
    """One feature, where a vector is a number; more classes than noise vectors, fewer, as many; one noise vector."""
    sizes = ((2, 3, 1), (4, 2, 1), (3, 5, 2), (5, 3, 4), (4, 4, 3), (2, 2, 2), (3, 1, 4), (10, 7, 6))
    if strict:
        sizes = ((3, 2, 1), (10, 30 + seed % 9, 8), (12, 5, 3), (6, 6, 6), (2, 9, 2), (5, 1, 3), (2, 3, 40))
    cases = []
    for i, (classes, n, d) in enumerate(sizes):
        at = seed + 10 * i
        # Features of other sizes, with other shares and far from 0; what z adds is not the same in all classes.
        features = (
            randn(at, classes, 1, d) * (0.5 + torch.arange(d))
            + randn(at + 1, 1, n, d) * (1.5 + d - torch.arange(d)) / 2
        )
        features = (features + randn(at + 2, classes, n, d) + 3 * randn(at + 3, d).sign()).round(decimals=2)
        name = ALONE if n == 1 else ONE if d == 1 else ANY
        shown = f" = {features.tolist()}" if features.numel() <= 8 else ""
        shown = shown and f" = {[[[round(x, 2) for x in row] for row in rows] for rows in features.tolist()]}"
        about = f"features of shape {(classes, n, d)}{shown}"
        cases.append({"about": about, "arguments": (features.double() if i % 2 else features,), "returns": (name,)})
    return cases


class_share = Exercise(
    reference=answers.load("latent_space", "class_share"),
    points=2,
    cases=_cases,
    observe=function,
    look={
        "": "Three means: of each class (over dim 1), of all (over dims 0 and 1), and of the squared distances, after a sum over the d features.",
        ONE: "there is one feature here, so each vector is a number. Check the class means, (classes, d), and the overall mean, (d,).",
        ANY: "it is right for a single feature, and wrong for several. Sum the squares over the features first, separately above and below.",
        ALONE: "with one noise vector each class mean is the vector itself, so the share is 1.",
    },
    mistakes=(
        mistake(
            "this is the share that the noise vectors explain. Class means are over the noise vectors, dim 1: features.mean(1).",
            f"{OF_CLASS} → features.mean(0)",
        ),
        mistake(
            "this is one minus the share: the part *within* the classes. Divide the part of the class means by the total.",
            f"{SHARE}1 - between / total",
        ),
        mistake(
            "the part between the classes is divided by the part within them. Divide it by the total, which has both.",
            f"{SHARE}between / (total - between)",
        ),
        mistake(
            "the variances divide by one less than the number of vectors, as var() does. Take plain means, or var(..., correction=0).",
            f"{SHARE}features.mean(1).var(0).sum() / features.var((0, 1)).sum()",
            f"{SHARE}between / features.var((0, 1)).sum()",
            f"{SHARE}between / (between + features.var(1).sum(1).mean())",
            f"{SHARE}features.mean(1).var(0).sum() / total",
            f"{SHARE}features.mean(1).var(0).mean() / features.flatten(0, 1).var(0).mean()",
        ),
        mistake(
            "var() without dim mixes the features, and divides by one less than the number of values. Take var(..., correction=0) over "
            "the right dims, and sum over the features.",
            f"{SHARE}features.mean(1).var() / features.var()",
            f"{SHARE}features.mean(1).var(0).mean() / features.var()",
        ),
        mistake(
            "a share is computed for each feature, and then their mean is taken. Sum over the features first, above and below, then divide once.",
            f"{SHARE}((features.mean(1) - overall).square().mean(0) / (features - overall).square().mean((0, 1))).mean()",
        ),
        mistake(
            "the distances are those from 0. Subtract the overall mean, features.mean((0, 1)), from the class means and from all vectors.",
            "(features - overall).square() → features.square()",
            f"({OF_CLASS} - overall).square() → {OF_CLASS}.square()",
            f"{ALL} → 0",
        ),
        mistake(
            "the overall mean is a single number. It is a vector of d numbers, the mean over classes and noise vectors: features.mean((0, 1)).",
            f"{ALL} → features.mean()",
        ),
        mistake(
            "the mean distance is taken, not the mean *squared* distance. Remove the root.",
            (".square().sum(2).mean() → .norm(dim=2).mean()", ".square().sum(1).mean() → .norm(dim=1).mean()"),
            ".square().sum(2).mean() → .norm(dim=2).mean()",
            ".square().sum(1).mean() → .norm(dim=1).mean()",
        ),
        mistake(
            "one of the two is a sum, and the other a mean. Take the mean over class means above, over all vectors below.",
            ".sum(1).mean() → .sum()",
            ".sum(2).mean() → .sum()",
            (".sum(1).mean() → .sum()", ".sum(2).mean() → .sum()"),
        ),
        mistake(
            "one of the two squared distances is a mean over the features, the other a sum. Sum over the last dimension in both.",
            ".sum(1).mean() → .mean()",
            ".sum(2).mean() → .mean()",
        ),
    ),
)
