"""Exercise 6: one round of power iteration."""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from gancourse.checks import answers
from gancourse.checks.answers import instead
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.values import as_numbers, first_numbers, kind, randn


def _cases(seed: int, strict: bool) -> list[dict]:
    """Output channels, input channels, side of the kernel: matrices that are wide, tall, square, with a single row or column."""
    sizes = [(2, 2, 1), (3, 1, 1), (3, 2, 2), (1, 2, 2), (3, 3, 2)]
    if strict:
        sizes = [(4, 2, 1), (1, 2, 3), (7, 1, 1), (4, 4, 3), (5 + seed % 4, 3, 2), (9, 2, 1), (2, 1, 3), (6, 5, 4)]
    cases = []
    for number, (out, into, k) in enumerate(sizes):
        drawn = 29 * seed + 2 * number
        weight = randn(drawn, out, into, k, k).round(decimals=1)
        u = normalize(randn(drawn + 1, out) + 0.5 * torch.linspace(-1, 1, out), dim=0)
        if not strict and number == 0:  # far from what it stretches most, so that one round is a poor estimate
            weight = torch.tensor([[3.0, 1.0], [-1.0, 2.0]]).view(2, 2, 1, 1) + seed % 10 / 10
            u = torch.tensor([-0.6, 0.8])
        if number == len(sizes) - 1:
            weight = 0.02 * weight  # as small as at the start of training
        about = f"weight {out} × {into} × {k} × {k} = {first_numbers(weight.flatten())}, u = {first_numbers(u)}"
        about += ", a gradient in weight.grad" * (number == 2)
        cases.append({"about": about, "weight": weight, "u": u, "gradient": number == 2})
    return cases


def _observe(answer, case, like) -> dict:
    weight, u = nn.Parameter(case["weight"].clone()), case["u"].clone()
    if case["gradient"]:
        weight.grad = torch.ones_like(weight)
    returned = answer(weight, u)
    several = isinstance(returned, tuple | list)
    seen = {"returned": f"{len(returned)} things" if several else kind(returned)}
    if not several or len(returned) != 2:
        return seen
    sigma, new_u = map(as_numbers, returned)
    seen |= {"returned:sigma": kind(sigma), "precision": "exact" if _is_exact(sigma, case) else "an estimate"}
    seen |= {"sigma": sigma, "returned:new_u": kind(new_u), "new_u": new_u}
    new_u_learns, learns = (isinstance(value, Tensor) and value.requires_grad for value in returned[::-1])
    seen |= {"graph": "kept in memory" if new_u_learns else "none", "gradient_there": "yes" if learns else "no"}
    if learns and returned[0].dim() == 0:
        gradient = torch.autograd.grad(returned[0], weight, allow_unused=True)[0]
        seen["gradient:weight"] = torch.zeros_like(weight) if gradient is None else gradient
    return seen


def _is_exact(sigma: object, case: dict) -> bool:
    """Return whether sigma is the largest singular value, where one round of power iteration finds it by no chance."""
    W, u = case["weight"].flatten(1).double(), case["u"].double()
    largest, estimate = torch.linalg.matrix_norm(W, 2), (W @ normalize(W.T @ u, dim=0)).norm()
    if not isinstance(sigma, Tensor) or sigma.dim() or min(W.shape) < 2 or estimate > 0.99 * largest:
        return False
    return bool((sigma - largest).abs() < 2e-6 * largest)


EXACT = (
    "this is more than one round, or the exact largest singular value, as from torch.linalg.svd. Both are slow; here v and new_u are computed "
    "once, from the u that came: v = Wᵀu, then new_u = W v, each divided by its length."
)
MATRIX, NO_GRAD, END = "weight.flatten(1)", "with torch.no_grad():", "return u @ W @ v, u"
V, U = "v = nn.functional.normalize(W.T @ u, dim=0)", "u = nn.functional.normalize(W @ v, dim=0)"
OLD = f"{V} → old, {V.replace('=', '= u,', 1)}"


def _scaled(length: str) -> tuple[str, str]:
    """Return edits that divide both vectors by something else than their length."""
    return (
        f"{V} → v = W.T @ u\n        v = v / {length.format('v')}",
        f"{U} → u = W @ v\n        u = u / {length.format('u')}",
    )


spectral_step = Exercise(
    reference=answers.load("dcgan_cifar10", "spectral_step"),
    points=3,
    cases=_cases,
    observe=_observe,
    look={
        "returned": {"nothing": "", "": "Return two tensors: `return sigma, new_u`."},
        "precision": EXACT,
        "new_u": "sigma is right, but new_u is not: it is W v, divided by its length, with the v of this round.",
        "graph": "new_u has a graph, which would keep all earlier steps in memory. Compute v and new_u under torch.no_grad(), or detach both.",
        "gradient_there": "sigma is cut off from the weight. v and new_u are constants, sigma = new_u · W v is not: compute it outside of "
        "torch.no_grad(), without .item(), .detach() or .data.",
        "gradient:weight": "sigma is right, but its gradient in the weight is not: it also runs through v or new_u, or not through the weight. Compute these "
        "two under torch.no_grad(), then sigma = new_u · W v outside of it.",
        "": "W is the weight with all but its first dimension flattened; v = Wᵀu, new_u = W v, both divided by their lengths; sigma = new_u · W v.",
    },
    mistakes=(
        mistake("the two are in the wrong order: sigma comes first, then the new u.", f"{END} → return u, u @ W @ v"),
        mistake(
            "the weight becomes another matrix, or only a part of it counts. W has a row for each *output* channel and a column for each place of each "
            "input channel, (out, in*k*k): keep the first dimension, and flatten the rest.",
            *instead(MATRIX, "weight.flatten(0, 2)", "weight.flatten(1).T", "weight.transpose(0, 1).flatten(1)"),
            *instead(MATRIX, "weight.view(weight.shape[1], -1)", "weight.reshape(-1, weight.shape[0]).T"),
            *instead(MATRIX, "weight[:, :, 0, 0]", "weight.sum((2, 3))", "weight.mean((2, 3))"),
            *instead(MATRIX, "weight[:, 0].flatten(1)", "weight.sum(1).flatten(1)", "weight.mean(1).flatten(1)"),
        ),
        mistake(
            "a vector is not divided by its length, the root of the sum of squares (.norm()), or by something else: v and the new u have length 1.",
            f"{V} → v = W.T @ u",
            f"{U} → u = W @ v",
            *(_scaled(length) for length in ("1", "{}.norm() ** 2", "{}.sum()", "{}.abs().sum()", "{}.max()")),
        ),
        mistake(
            "a number is divided by its own size, so that it becomes 1 or -1: F.normalize works along dim=1 unless told otherwise. Give it a vector and dim=0.",
            f"{V} → v = (W.T @ u).sign()",
            (f"{V} → v = (W.T @ u).sign()", f"{U} → u = (W @ v).sign()"),
        ),
        mistake(
            "sigma is computed with the u that came, or with a v that is renewed after u. The order is v, then new_u, then sigma from these two.",
            (f"{U} → new_u = nn.functional.normalize(W @ v, dim=0)", f"{END} → return u @ W @ v, new_u"),
            (OLD, f"{END} → return (W.T @ old).norm(), u"),
            f"{END} → return (W.T @ u).norm(), u",
            f"{U} → {U}\n        {V}",
        ),
        mistake(
            "u is not used: the iteration begins somewhere else each time. One round is enough only because it goes on where the last one ended.",
            *instead("W.T @ u", *(f"W.T @ torch.{other}_like(u)" for other in ("ones", "randn", "rand"))),
        ),
        mistake(
            EXACT, *instead(NO_GRAD, *(f"{NO_GRAD}\n      for _ in range({rounds}):" for rounds in (2, 3, 5, 10, 50)))
        ),
    ),
)
