"""Exercise 2: noise from a normal distribution that is cut off at a limit."""

import math

import torch
from torch import Tensor

from gancourse.checks import answers
from gancourse.checks.core import Case, Exercise, mistake
from gancourse.checks.observers.randomness import UNUSUAL, independence, is_normal
from gancourse.checks.observers.values import kind

MANY = 1_000  # rows: enough for statistics
UNLIKELY = 6.5  # standard deviations of a count
LOOP = """while (outside := z.abs() > limit).any():
        z[outside] = torch.randn(int(outside.sum()))"""
ZEROS = "many numbers are exactly 0: those outside are set to 0, not drawn again. Give these places new numbers of torch.randn, until none is outside."


def _cases(seed: int, strict: bool) -> list[Case]:
    """Few numbers; many, to be judged by statistics; last, rows that are hardly ever inside as a whole."""
    sizes = [(3, 2, 1.0), (1, 1, 0.5), (10_000, 4, 1.0), (5000, 3, 0.5), (1, 40, 2.0), (4000, 6, 2.0), (150, 1, 0.05)]
    if strict:
        sizes = [(2, 5, 1.5), (1, 1, 3.0), (9000 + seed % 100, 5, 1.2), (8000, 3, 0.6), (1, 64, 2.0), (4001, 6, 1.8)]
        sizes += [(200, 1, 0.04), (3000, 8, 3.0)]
    sizes.append((3, 64, 1.0) if strict else (2, 64, 1.0))
    return [
        {"about": f"n = {n}, z_dim = {d}, limit = {limit}", "n": n, "z_dim": d, "limit": limit} for n, d, limit in sizes
    ]


def _observe(answer, case: Case, like: dict) -> dict:
    """Return in words what random numbers (n, z_dim) are, how they are distributed within the limit, whether independent."""
    n, d, limit = case["n"], case["z_dim"], case["limit"]
    values = answer(n, d, limit)
    seen = {"returned": kind(values)}
    if not isinstance(values, Tensor):
        return seen
    few = values.dim() == 2 and values.shape[1] == d and len(values) < n
    seen |= {"shape": "fewer rows" if few else str(tuple(values.shape)), "type": str(values.dtype)}
    seen["asks"] = "for a gradient" if values.requires_grad else "for none"
    if seen["shape"] != str((n, d)) or not values.is_floating_point():
        return seen
    values = values.detach().double()
    if n * d >= 30:
        again = answer(n, d, limit)
        seen["exact_zeros"] = "many" if values.eq(0).sum() > max(3, 0.01 * n * d) else "few"
        repeated = again.shape == values.shape and (values.eq(again.detach()) & values.ne(0)).double().mean() > 0.1
        seen["calls"] = "the same numbers" if repeated else "new numbers"
    seen["finite"] = "yes" if values.isfinite().all() else "no"
    seen["outside"] = _outside(values.abs(), limit)
    if n < MANY or seen["finite"] == "no":
        return seen
    at_limit = values.abs() == torch.tensor(limit).double()
    seen["edge"] = "many" if at_limit.sum() > 20 else "none"
    seen["repeats"] = "many" if len(values.unique()) < 0.8 * values.numel() else "few"
    seen["signs"] = "both" if 0.4 < values.gt(0).double().mean() < 0.6 else "mostly one"
    seen["distribution"] = _distribution(values.flatten(), limit)
    return seen | independence(values)


def _outside(sizes: Tensor, limit: float) -> str:
    """Return in words how many numbers are outside; rounding at the limit does not count."""
    count, n = (sizes > limit * (1 + 1e-5)).sum().item(), sizes.numel()
    if n < MANY or not count:
        return "some" if count else "none"
    once = math.erfc(limit / math.sqrt(2))
    for words, share in (("as many as without a limit", once), ("as many as after a second draw", once**2)):
        if abs(count - n * share) < UNLIKELY * math.sqrt(n * share * (1 - share)):
            return words
    return "some"


def _distribution(values: Tensor, limit: float) -> str:
    """Return in words how numbers are distributed, the first that fits: Kolmogorov-Smirnov, and their mean square."""
    ordered, n = values.sort().values, len(values)
    tail = math.erfc(limit / math.sqrt(2)) / 2
    top = 2 * limit * math.exp(-(limit**2) / 2) / math.sqrt(2 * math.pi) / (1 - 2 * tail)
    square, fourth = 1 - top, 3 * (1 - top) - limit**2 * top  # moments of the right distribution
    unusual = (values.square().mean().item() - square) / math.sqrt((fourth - square**2) / n)
    expected = {
        "normal within the limit": ((torch.special.ndtr(ordered) - tail) / (1 - 2 * tail)).clamp(0, 1),
        "uniform": ((ordered / limit + 1) / 2).clamp(0, 1),
    }
    steps = torch.arange(n + 1, dtype=torch.float64) / n
    for words, share in expected.items():
        gap = torch.maximum((share - steps[:-1]).abs(), (share - steps[1:]).abs()).max().item()
        if gap * math.sqrt(n) < 3 and (words == "uniform" or abs(unusual) < UNUSUAL):
            return words
    return "normal, not cut off" if is_normal(values) else "another"


truncated_noise = Exercise(
    reference=answers.load("latent_space", "truncated_noise"),
    points=2,
    cases=_cases,
    observe=_observe,
    random=True,
    look={
        "endless": "it does not end. Draw again the single numbers that are outside, not whole rows and not all of z: 64 numbers are hardly ever "
        "inside at once.",
        "shape": {
            "fewer": "rows are dropped: n of them are wanted. Draw the numbers that are outside again, and keep the row.",
            "": "one row of z_dim numbers is wanted for each image: (n, z_dim).",
        },
        "type": {
            "torch.float64": "these are 64-bit numbers, and the networks' weights have 32 bits. Add .float(), or remove the dtype.",
            "": "these are not 32-bit floats, as the networks' weights are.",
        },
        "asks": "the noise asks for gradients. Nothing trains it: remove `requires_grad`.",
        "exact_zeros": ZEROS,
        "calls": "two calls return the same numbers, or many of them: a seed inside the function, or numbers that were drawn outside it. Draw new ones at every call.",
        "finite": "some numbers are infinite or NaN.",
        "outside": {
            "as many as without": "as many numbers are outside [-limit, limit] as in any normal noise. Compare z.abs() with limit, number by number.",
            "as many as after": "the numbers outside are drawn again once only, and some are outside again. Repeat while any is outside.",
            "": "some numbers are outside [-limit, limit]. Compare each with the limit itself, and repeat while any is outside.",
        },
        "edge": "many numbers are exactly at the limit: they were moved there, not drawn again. Replace clamp by new numbers of torch.randn.",
        "repeats": "many numbers are equal. Every number needs a draw of its own; torch.randn(1) is one number for all places.",
        "signs": "the numbers do not fall on both sides of 0 alike. Truncation keeps every sign as likely as before: remove abs().",
        "distribution": {
            "uniform": "these are uniform numbers. The distribution is still normal, with more numbers near 0 than near the limit.",
            "normal, not": "these numbers are normal with a smaller spread, and nothing is cut off. Draw them from N(0, 1) and redraw those outside.",
            "": "these numbers are inside, but distributed in another way than normal numbers that are drawn again when outside. Do not scale or "
            "squeeze them.",
        },
        "rows": {
            "some": "rows repeat, so images would repeat, too. Draw each number by itself.",
            "": "the rows are not independent, so one image would depend on another. Draw each number by itself.",
        },
        "columns": {
            "some": "every number of a row is the same. Draw each number by itself.",
            "": "the numbers of a row are not independent. Draw each number by itself.",
        },
        "": "Draw n × z_dim numbers with torch.randn, and draw those outside [-limit, limit] again until none is left.",
    },
    mistakes=(
        mistake(
            ZEROS,
            f"{LOOP} → z[z.abs() > limit] = 0",
            f"{LOOP} → z = torch.where(z.abs() > limit, 0.0, z)",
            f"{LOOP} → z = z * (z.abs() <= limit)",
        ),
        mistake(
            "the shape is transposed. One row is one noise vector, so the number of rows is n.",
            "torch.randn(n, z_dim) → torch.randn(z_dim, n)",
        ),
        mistake(
            "the limit is a factor here: normal numbers times limit have no limit. Draw from N(0, 1), and draw again what is outside.",
            "return torch.randn(n, z_dim) * limit",
        ),
        mistake(
            "the condition is reversed: what is inside is drawn again. Draw again where z.abs() is larger than limit.",
            "z.abs() > limit → z.abs() < limit",
        ),
        mistake(
            "only one side is cut off. Numbers below -limit are outside, too: compare z.abs().",
            "z.abs() > limit → z > limit",
            "z.abs() > limit → z < -limit",
        ),
    ),
)
