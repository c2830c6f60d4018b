"""Exercise 2: the inception score."""

import torch
from torch import Tensor

from gancourse.checks import answers
from gancourse.checks.core import Case, Exercise, mistake
from gancourse.checks.evaluating_gans.points import case
from gancourse.checks.observers.values import function, randn

EVEN, ANY, ZEROS = "score:for even p(k)", "score", "score:with zeros"
P_Y = "probabilities.mean(0) → "
MEAN = "terms.nansum(1).mean().exp() → "


def _rows(seed: int, n: int, classes: int) -> Tensor:
    """Return probabilities (n, classes), float64, none of them 0; a third of the rows are quite sure."""
    sharp = 1 + 2 * (torch.arange(n) % 3 == 0)
    return 0.9 * (sharp[:, None] * randn(seed, n, classes).double()).softmax(1) + 0.1 / classes


def _with_zeros(p: Tensor, lost: int) -> Tensor:
    """Return p (n, classes) with zeros: one in each row, all of class `lost`, all but one in two rows."""
    keep = torch.arange(p.shape[1]) != lost
    keep = keep & (torch.arange(len(p))[:, None] % p.shape[1] != torch.arange(p.shape[1]))
    keep[:2] &= p[:2] == (p * keep)[:2].amax(1, keepdim=True)
    return (p * keep) / (p * keep).sum(1, keepdim=True)


def _cases(seed: int, strict: bool) -> list[Case]:
    """Rows whose mean is the same for every class, so that a wrong p(k) does not show; then any; then zeros."""
    even = (_rows(seed, 2, 3), _rows(seed + 1, 1, 4))
    plans = [(EVEN, torch.cat([rows.roll(i, 1) for i in range(rows.shape[1])])) for rows in even]
    sizes = ((4, 3), (1, 3), (12, 5)) if not strict else ((3, 2), (1, 4), (300, 10), (30 + seed % 20, 10))
    plans += [(ANY, _rows(seed + 7 * i, n, k)) for i, (n, k) in enumerate(sizes)]
    plans += [(ANY, plans[-1][1][:1].repeat(4, 1))]
    n, k = (9, 6) if not strict else (40, 12)
    plans += [(ZEROS, _with_zeros(_rows(seed + 50, n, k), seed % k)), (ZEROS, torch.eye(4).double()[[0, 1, 2, 0, 1]])]
    return [case(name, "", probabilities=p) | {"extreme": name == ZEROS} for name, p in plans]


inception_score = Exercise(
    reference=answers.load("evaluating_gans", "inception_score"),
    points=2,
    cases=_cases,
    observe=function,
    look={
        "": "For each row p · log(p / p(k)), summed over the classes; the mean of these over the rows; then exp.",
        EVEN: "p(k), the mean of *all* rows, is 1 / K here. If yours is, the rest is wrong: sum p · log(p / p(k)) over the classes, "
        "take the mean over the rows, then exp.",
        ANY: "it is right where p(k) is the same for every class, and wrong otherwise. p(k) is the mean of the rows: .mean(0).",
        ZEROS: "it is wrong where some probabilities are 0. (0 · log 0 is NaN, and so is 0 / 0, where a class has 0 in every row.) "
        "Such a term adds 0: torch.special.xlogy(p, r) is p log r with this rule, and .nansum(1) skips 0 / 0.",
    },
    mistakes=(
        mistake(
            "exp() is taken of each row, and the mean after it. First the mean over the rows, then exp().",
            ".mean().exp() → .exp().mean()",
        ),
        mistake(
            "the divergence is reversed: each *row* is the weight and stands in the numerator, p(k) in the denominator.",
            "xlogy(probabilities, probabilities / marginal) → xlogy(marginal, marginal / probabilities)",
        ),
        mistake(
            "p(k) is the same for every class, 1 / K: the mean along dim 1 gives that. Take the mean over the *rows*, dim 0.",
            f"{P_Y}probabilities.mean(1, keepdim=True)",
            f"{P_Y}probabilities.mean(1)",
        ),
        mistake(
            "the mean is taken over the classes, too. The divergence of a row is the *sum* over its classes: .sum(1).mean().",
            f"{MEAN}(terms.nansum(1).mean() / terms.shape[1]).exp()",
        ),
        mistake(
            "the sum is not divided by N, the number of rows. (kl_div with batchmean divides by the length of its *first* argument.)",
            f"{MEAN}(terms.nansum() / terms.shape[1]).exp()",
            ".nansum(1).mean() → .nansum()",
        ),
        mistake(
            "the probabilities go through a softmax again, which makes all rows alike. They are probabilities already.",
            "marginal = → probabilities = probabilities.softmax(1)\n    marginal =",
        ),
        mistake(
            "only one half is there: how many classes there are, or how sure the classifier is of each image. Compare each row with p(k).",
            "return torch.special.entr(probabilities.mean(0)).sum().exp()",
            *(f"return ({sign}torch.special.entr(probabilities).sum(1)).mean().exp()" for sign in ("", "-")),
        ),
        mistake(
            "the score is taken of parts and averaged. Take it once, with all rows in p(k): small parts lower it.",
            "return torch.stack([torch.xlogy(p, p / p.mean(0)).nansum(1).mean().exp() for p in probabilities.chunk(10)]).mean()",
            "return torch.stack([torch.xlogy(p, p / p.mean(0)).nansum(1).mean().exp() for p in probabilities.tensor_split(10)]).mean()",
        ),
        mistake(
            "the logarithm and exp() have different bases. Use the natural logarithm, torch.log, with exp().",
            *(f"{MEAN}(terms.nansum(1).mean() / math.log({base})).exp()" for base in (2, 10)),
            f"{MEAN}2 ** terms.nansum(1).mean()",
        ),
    ),
)
