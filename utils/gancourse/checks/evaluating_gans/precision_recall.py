"""Exercise 5: precision and recall, with balls around the points of each set."""

from torch import Tensor

from gancourse.checks import answers
from gancourse.checks.core import Case, Exercise, mistake
from gancourse.checks.evaluating_gans.points import case
from gancourse.checks.observers.values import function, randn

RADIUS = "torch.cdist(x, x).kthvalue(k + 1, dim=1).values → "
INSIDE = "torch.cdist(points, centres) <= radius(centres)).any(1) → "
RADII = "A ball reaches from its centre to the k-th nearest other point of the same set."
EQUAL = "it is wrong where some points of a set are equal. Each is another point, at the distance 0; only the point itself does not count."


def _two_sets(seed: int, n: int, m: int, d: int) -> tuple[Tensor, Tensor]:
    """Return two long clouds of points (n, d) and (m, d), some with large balls; a third of each is beside the other."""
    sets = ((seed, n), (seed + 70, m))
    real, fake = (randn(at, k, d).double() * (0.5 * randn(at + 1, k, 1)).exp() for at, k in sets)
    real[:, 0], fake[:, 0] = 2.5 * real[:, 0], 2.5 * fake[:, 0]
    real[1::3, 1] -= 5
    fake[::3, 1] += 5
    return real, 0.8 * fake + 1.1


def _cases(seed: int, strict: bool) -> list[Case]:
    """Few fakes, one to four of them close to a real point; clouds, with no point at the edge of a ball; equal points."""
    real, fake = ((4 * randn(seed + at, n, 2)).round(decimals=2).double() for at, n in ((0, 6), (1, 5)))
    close = 1 + seed % 4
    fake[:close], fake[close:] = real[:close] + 0.01, fake[close:] + 40
    sizes = ((9, 12, 2, 2), (30, 24, 2, 3), (24, 24, 3, 2), (40, 60, 3, 5))
    if strict:
        sizes = ((4, 6, 2, 3), (9, 12, 2, 2), (25, 25, 3, 4), (300, 200 + seed % 50, 4, 5), (2, 3, 2, 1))
    plans = [("", "", real, fake, 1)]
    plans += [("", "", *_two_sets(seed + 9 * i, n, m, d), k) for i, (n, m, d, k) in enumerate(sizes)]
    thrice = (x.repeat(3, 1) for x in _two_sets(seed + 99, 8, 7, 2))
    plans.append((":with equal points", ", each point three times", *thrice, 4))
    return [
        case("", more, real=real, fake=fake, k=k) | {"returns": (f"precision{where}", f"recall{where}")}
        for where, more, real, fake, k in plans
    ]


precision_recall = Exercise(
    reference=answers.load("evaluating_gans", "precision_recall"),
    points=3,
    cases=_cases,
    observe=function,
    look={
        "": "For each set the radii, from its own distances; then which points of the *other* set are in at least one ball.",
        "returned": "Return both: `return precision, recall`.",
        "precision": f"precision is the share of the *fakes* that are in at least one ball of a *real* point. {RADII}",
        "recall": f"recall is the share of the *real* points that are in at least one ball of a *fake*. {RADII}",
        "precision:with equal points": EQUAL,
        "recall:with equal points": EQUAL,
    },
    mistakes=(
        mistake(
            "the two are swapped. Precision is about the fakes: do they look real? Recall is about the real points: could G make them?",
            "return covered(fake, real), covered(real, fake) → return covered(real, fake), covered(fake, real)",
        ),
        mistake(
            "the radii lie along the wrong axis: they fit torch.cdist(points, centres) as they are; torch.cdist(centres, points) needs [:, None].",
            "<= radius(centres) → <= radius(centres)[:, None]",
            f"{INSIDE}torch.cdist(centres, points) <= radius(centres)).any(0)",
        ),
        mistake(
            "a point counts as its own neighbour, at the distance 0. Its k-th nearest *other* point is number k + 1 in the sorted row.",
            "kthvalue(k + 1, → kthvalue(k,",
        ),
        mistake(
            "the balls are one neighbour too large. The k-th nearest other point is at the index k of the sorted row, after the point itself.",
            f"{RADIUS}F.pad(torch.cdist(x, x), (0, 1), value=math.inf).sort().values[:, k + 1]",
            f"{RADIUS}torch.cdist(x, x).sort().values[:, k + 1]",
        ),
        mistake(
            "the radii are those of the wrong set. For precision the *real* points have balls; for recall the fakes have.",
            f"{INSIDE}torch.cdist(points, centres) <= radius(points)[:, None]).any(1)",
        ),
        mistake(
            "the neighbours are searched in the other set. A ball reaches to the k-th nearest point of its *own* set.",
            *(f"<= radius(centres) → <= torch.cdist(centres, points).kthvalue({k}).values" for k in ("k", "k + 1")),
        ),
        mistake(
            "one radius is used for all points. Each has its own: small where points are dense, large where they are sparse.",
            *(f"<= radius(centres) → <= radius(centres).{one}()" for one in ("mean", "median", "max")),
        ),
        mistake(
            "only the ball of the *nearest* point counts. A point farther away may have a larger ball: any will do.",
            f"{INSIDE}(d := torch.cdist(points, centres)).amin(1) <= radius(centres)[d.argmin(1)])",
        ),
        mistake("this asks for points that lie in *all* balls. One is enough: any.", ".any(1) → .all(1)"),
        mistake(
            "this is a share of pairs or of *balls*, not of points. Ask for each point whether any ball contains it: `any` over the balls.",
            ".any(1).double() → .double()",
            ".any(1) → .any(0)",
        ),
    ),
)
