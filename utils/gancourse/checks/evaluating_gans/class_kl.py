"""Exercise 1: the Kullback-Leibler divergence of the shares of classes."""

import torch
from torch import Tensor

from gancourse.checks import answers
from gancourse.checks.core import Case, Exercise, mistake
from gancourse.checks.evaluating_gans.points import case
from gancourse.checks.observers.values import function, randn

EQUAL, UNEQUAL, MISSING = "divergence:for N = M", "divergence", "divergence:with a missing class"
RESULT = "torch.special.xlogy(p, p / q).sum() → "
P, Q = ".double() / len(labels) → ", ".double() / len(real_labels) → "
ADDED = f"{P}.add(1).double() / (len(labels) + classes)", f"{Q}.add(1).double() / (len(real_labels) + classes)"


def _labels(seed: int, n: int, classes: int) -> Tensor:
    """Return labels int64 (n,) in which every class occurs; the last ones more often, or for an odd seed the first."""
    random = torch.Generator().manual_seed(seed)
    weights = (1.2 * randn(seed, classes)).exp().sort(descending=seed % 2 == 1).values
    more = torch.multinomial(weights, n - classes, replacement=True, generator=random)
    return torch.cat([torch.arange(classes), more])[torch.randperm(n, generator=random)]


def _cases(seed: int, strict: bool) -> list[Case]:
    """As many labels as real ones, so that a wrong divisor does not show; other numbers; then classes that are missing."""
    often, seldom, repeats = seed % 3, (seed + 1) % 3, 1 + seed % 4
    first = [0, *[often] * repeats, 1, *[seldom] * (5 - repeats), 2]
    plans = [(EQUAL, torch.tensor(first), torch.tensor([0, 1, *[seldom] * 4, 2, often]), 3)]
    sizes = [(5, 20, 20), (3, 4, 7), (5, 22, 12), (6, 9, 15)]
    if strict:
        sizes = [(4, 50, 50), (2, 3, 40), (10, 400, 60 + seed % 50), (12, 30, 300)]
    for i, (k, n, m) in enumerate(sizes):
        plans.append((EQUAL if n == m else UNEQUAL, _labels(seed + i, n, k), _labels(seed + i + 21, m, k), k))
    _, labels, real, k = plans[-1]
    plans.append((UNEQUAL, real.repeat(2), real, k))
    plans.append((MISSING, labels[(labels != seed % (k - 2)) & (labels != k - 1)], real, k))
    plans.append((MISSING, torch.tensor([seed % k]), real, k))
    return [case(n, "", labels=a, real_labels=b, classes=k) | {"extreme": n == MISSING} for n, a, b, k in plans]


class_kl = Exercise(
    reference=answers.load("evaluating_gans", "class_kl"),
    points=2,
    cases=_cases,
    observe=function,
    look={
        "": "Take the shares of each class, p and q, then the sum of p_k log(p_k / q_k), with the natural logarithm.",
        EQUAL: "it is wrong even for N = M. Sum p_k log(p_k / q_k): p are the shares of labels, q those of real_labels, with nothing added.",
        UNEQUAL: "it is right where N = M, and wrong for other numbers. Divide each histogram by its own number of labels.",
        MISSING: {
            "tensor(nan": "it is NaN where a class is missing among the labels: 0 · log 0. Its term is 0: torch.special.xlogy(0, r) is 0.",
            "": "it is wrong only where a class is missing among the labels. Its p is 0, and it must keep its place, or the p and q of "
            "different classes meet: torch.bincount(labels, minlength=classes), not torch.unique. Its term is 0.",
        },
    },
    mistakes=(
        mistake(
            "a class that is missing among the labels has no place in the histogram: torch.bincount(labels, minlength=classes) gives it one.",
            "bincount(labels, minlength=classes) → bincount(labels)",
            "torch.bincount(labels, minlength=classes) → labels.unique(return_counts=True)[1]",
        ),
        mistake(
            "the divergence is reversed: this is q log(q / p), not p log(p / q). (kl_div takes the *logarithm* of q first, then p.)",
            f"{RESULT}torch.special.xlogy(q, q / p).sum()",
        ),
        mistake(
            "kl_div gets shares as its first argument. It needs their logarithm there: kl_div(q.log(), p, reduction='sum').",
            *(f"{RESULT}F.kl_div({shares}, reduction='sum')" for shares in ("q, p", "p, q")),
        ),
        mistake(
            "counts are used where shares should be. Divide each histogram by its own number of labels.",
            (f"{P}.double()", f"{Q}.double()"),
            *(f"{shares}.double()" for shares in (P, Q)),
        ),
        mistake(
            "a number is added to the shares or counts to avoid log 0, and it changes the result. Remove it: a class with p = 0 adds 0.",
            *(f"{RESULT}(p * ((p + {e}) / (q + {e})).log()).sum()" for e in ("1e-1", "1e-2", "1e-3")),
            ADDED,
            *ADDED,
        ),
        mistake(
            "this is a mean over the classes. A divergence is their *sum*: p_k is the weight already. (In kl_div it is reduction='sum'.)",
            f"{RESULT}torch.special.xlogy(p, p / q).mean()",
        ),
        mistake(
            "this is an entropy or a cross-entropy. The divergence takes the logarithm of a ratio: p log(p / q).",
            *(f"{RESULT}{sign}torch.special.xlogy(p, {of}).sum()" for sign in ("", "-") for of in "pq"),
        ),
    ),
)
