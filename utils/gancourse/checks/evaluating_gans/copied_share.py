"""Exercise 6: the share of the fakes that are as near to a training image as a copy."""

import torch
from torch import Tensor
from torch.nn.functional import normalize

from gancourse.checks import answers
from gancourse.checks.core import Case, Exercise, mistake
from gancourse.checks.evaluating_gans.points import case
from gancourse.checks.observers.values import function, randn

ONE, ANY, TIES = "share:for equally near images", "share", "share:with ties"
THRESHOLD = "to_nearest(held_out).quantile(0.01) → "
NEAREST = "torch.cdist(x, train).min(1).values → "


def _grid(seed: int, n: int, held: Tensor, fakes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return fake, train (n, 3), held_out; distances to the nearest of train are `fakes` and `held`: multiples of 5 are exact."""
    random = torch.Generator().manual_seed(seed)
    along = torch.tensor([[5, 0, 0], [3, 4, 0], [0, 3, 4]])
    train = 100.0 * torch.cartesian_prod(*[torch.arange(7.0).double()] * 3)
    train = train[torch.randperm(len(train), generator=random)[:n]]
    fake, held_out = (
        train[torch.randint(n, (len(x),), generator=random)] + x[:, None] / 5 * along[torch.arange(len(x)) % 3]
        for x in (-fakes, held)
    )
    return fake, train, held_out


def _clouds(seed: int, others: int, n: int, m: int, d: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return fake, train (n, d), held_out (m, d): with fakes between any two thresholds that are mistaken for each other."""
    train, held_out = (randn(seed + at, k, d).double() for at, k in ((0, n), (40, m)))
    train[0] = 8 + train[0] / 4  # alone: what is beside it has no other neighbour
    held_out[0], held_out[1] = -8 + held_out[0] / 4, train[1] + held_out[1] / 20
    near = torch.cdist(held_out, train).min(1).values
    right, low = near.quantile(0.01), near.min()
    limits = [near.quantile(share) for share in (0, 0.001, 0.01, 0.05, 0.1, 0.5)]
    limits += [near.quantile(0.01, interpolation=kind) for kind in ("midpoint", "higher")]
    limits += [near.square().quantile(0.01).sqrt()]
    limits = torch.stack(limits).sort().values
    between = ((limits[1:] + limits[:-1]) / 2)[limits.diff() > 1e-4 * right]
    away = torch.cat([low * torch.tensor([0.002, 0.006, 0.03, 0.6]), between])[:, None]
    beside = [x[:1] + away * normalize(randn(seed + at, len(away), d)) for x, at in ((train, 80), (held_out, 81))]
    near_to_many, far_from_none = train.median(0).values, (train.amax(0) + train.amin(0)) / 2
    crowds = ((near_to_many, 9), (far_from_none, 16), (held_out[:1], 12))
    many = [x + 0.1 * low * randn(seed + 82 + k, k, d) for x, k in crowds]
    fake = torch.cat([*beside, *many, 1.5 * randn(seed + 84, others, d)])
    return fake[torch.randperm(len(fake), generator=torch.Generator().manual_seed(seed))], train, held_out


def _cases(seed: int, strict: bool) -> list[Case]:
    """All of held_out at one distance, where any percentile is right; clouds; then fakes exactly at the threshold."""
    near, below = 13 + seed % 5, 3 + seed % 4
    away = torch.cat([torch.linspace(0, 0.95, below), torch.linspace(1.05, 2.4, 9 - below)])
    plans = [(ONE, _grid(seed, 6, torch.full((5,), float(near)), near * away))]
    plans.append((ONE, _grid(seed, 1, torch.tensor([20.0]), torch.tensor([10.0]))))
    sizes = ((3, 6, 5, 2), (5, 11, 15, 3), (9, 30, 160, 3))
    if strict:
        sizes = ((12, 25, 60, 3), (60, 200, 331 + seed % 40, 4), (20, 300, 221, 3), (8, 40, 25, 5))
    plans += [(ANY, _clouds(seed + 13 * i, *size)) for i, size in enumerate(sizes)]
    held = torch.tensor([15.0] * 4 + [20.0] * 97)  # 101: the percentile falls on one of them
    plans.append((TIES, _grid(seed, 20, held, torch.tensor([15.0, 10, 15, 20, 5, 15, 10, 15]))))
    return [case(name, "", fake=fake, train=train, held_out=held) for name, (fake, train, held) in plans]


copied_share = Exercise(
    reference=answers.load("evaluating_gans", "copied_share"),
    points=3,
    cases=_cases,
    observe=function,
    look={
        "": "Take the distances from held_out to the nearest in train, their 1st percentile, and the share of the fakes below it.",
        ONE: "all of held_out are equally near to train here, so any percentile is right. Check the distances to the *nearest* in train, "
        "those of the fakes and those of held_out, then the share of fakes below the threshold.",
        ANY: "it is right where all of held_out are equally near to train, and wrong otherwise. The threshold is their .quantile(0.01).",
        TIES: "it is wrong only where a fake is exactly at the threshold. Nearer means below: <, not <=.",
    },
    mistakes=(
        mistake(
            "the threshold is 1 % of a *distance*. Take the distance below which 1 % of the images are: torch.quantile(distances, 0.01).",
            *(f"{THRESHOLD}0.01 * to_nearest(held_out).{one}()" for one in ("min", "max", "mean", "median")),
        ),
        mistake(
            "this is another percentile. The 1st one is .quantile(0.01); .quantile(0) is the smallest distance, .quantile(1) the largest.",
            *(f".quantile(0.01) → .quantile({share})" for share in (0.99, 1.0, 0.1, 0.05, 0.001, 0.0, 0.5)),
        ),
        mistake(
            "the threshold is off: take the percentile of the distances, not of their squares, and interpolate linearly between two of them, as torch.quantile does.",
            f"{NEAREST}torch.cdist(x, train).square().min(1).values",
            *(f"0.01) → 0.01, interpolation='{kind}')" for kind in ("lower", "higher", "midpoint", "nearest")),
        ),
        mistake(
            "the threshold comes from the distances of the fakes, or from those within train. Take the distances from held_out to train.",
            *(f"{THRESHOLD}to_nearest({other}).quantile(0.01)" for other in ("fake", "train")),
            f"{THRESHOLD}torch.cdist(fake, held_out).min(1).values.quantile(0.01)",
            f"{THRESHOLD}torch.cdist(train, train).fill_diagonal_(torch.inf).min(1).values.quantile(0.01)",
        ),
        mistake(
            "the fakes are compared with held_out, which G has never seen. A copy is a copy of a *training* image.",
            "def to_nearest → train, held_out = held_out, train\n    def to_nearest",
            "(to_nearest(fake) → (torch.cdist(fake, held_out).min(1).values",
        ),
        mistake(
            "a fake counts if it is nearer to train than to held_out. The threshold is one number, from the distances of held_out to train.",
            f"{THRESHOLD}torch.cdist(fake, held_out).min(1).values",
        ),
        mistake(
            "this is the *farthest* image of train, or the mean distance. A copy is near to one image, and far from all others: min.",
            *(f"{NEAREST}torch.cdist(x, train).{farthest}" for farthest in ("amax(1)", "mean(1)")),
        ),
        mistake(
            "the nearest is searched along the wrong axis, for each image of train. torch.cdist(fake, train) has a row for each fake: .min(1).",
            "cdist(x, train).min(1) → cdist(x, train).min(0)",
        ),
        mistake(
            "all distances between the two sets are used. Only that of each image to its *nearest* in train counts: .min(1).values.",
            f"{NEAREST}torch.cdist(x, train)",
            "(to_nearest(fake) → (torch.cdist(fake, train)",
            f"{THRESHOLD}torch.cdist(held_out, train).quantile(0.01)",
        ),
    ),
)
