"""Exercise 1: points on arcs between noise vectors."""

import torch
from torch import Tensor

from gancourse.checks import answers
from gancourse.checks.core import Case, Exercise, mistake
from gancourse.checks.observers.values import first_numbers, function, randn

EQUAL, ANY = "points:between equal lengths", "points"
SAME, OPPOSITE = "points:with equal directions", "points:with opposite directions"
COSINE = "(unit_a * unit_b).sum(1, keepdim=True)"
ARC = "arc = (((1 - t) * angle).sin() * unit_a + (t * angle).sin() * unit_b) / angle.sin()"
LENGTH = "arc * ((1 - t) * long_a + t * long_b)"
AS_THEY_ARE = f"{ARC} → {ARC.replace('unit_', '')}"
UNITS_OF_ALL = "unit_a, unit_b = a / long_a, b / long_b → unit_a, unit_b = a / a.norm(), b / b.norm()"
LENGTHS = "a.norm(dim=1, keepdim=True), b.norm(dim=1, keepdim=True)"


def _vectors(seed: int, n: int, d: int, equal: bool) -> tuple[Tensor, Tensor]:
    """Return a and b (n, d) with acute and obtuse angles by turns, one of 1 degree, of equal lengths or not."""
    a, other = (torch.nn.functional.normalize(randn(seed + at, n, d), dim=1) for at in (0, 1))
    other = torch.nn.functional.normalize(other - (a * other).sum(1, keepdim=True) * a, dim=1)
    angle = torch.linspace(0.9, 1.3, n)[:, None]
    angle[1::2] += 1.0
    angle[2:3] = 0.02  # small, but with an arc
    long_a = torch.linspace(2, 3, n)[:, None]
    long_b = long_a if equal else long_a * torch.tensor([2.2, 0.4, 1.7])[torch.arange(n) % 3, None]
    return long_a * a, long_b * (angle.cos() * a + angle.sin() * other)


def _cosines(a: Tensor, b: Tensor) -> Tensor:
    """Return the cosine of each pair of rows (ways, n), computed in several ways, which round differently."""
    unit_a, unit_b = a / a.norm(dim=1, keepdim=True), b / b.norm(dim=1, keepdim=True)
    normal_a, normal_b = torch.nn.functional.normalize(a, dim=1), torch.nn.functional.normalize(b, dim=1)
    ways = [(unit_a * unit_b).sum(1), (normal_a * normal_b).sum(1), (unit_a * normal_b).sum(1)]
    ways += [torch.cosine_similarity(a, b), torch.stack([u @ v for u, v in zip(unit_a, unit_b, strict=True)])]
    return torch.stack([*ways, (a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1))])


def _same_direction(seed: int, d: int) -> tuple[Tensor, Tensor]:
    """Return a and b = 2 a, (5, d): of two rows the cosine is exactly 1, of three it is above 1 by rounding, however computed."""
    axes = torch.zeros(2, d)
    axes[0, 0], axes[1, 1] = 1.5, -3.0
    a = 1.5 * randn(seed, 2000, d)
    above = (_cosines(a, 2 * a) > 1).sum(0)
    a = torch.cat([axes, a[above.argsort(descending=True)[:3]]])
    return a, 2 * a


def _opposite_direction(seed: int, d: int) -> tuple[Tensor, Tensor]:
    """Return a and b of opposite directions (7, d): cosines that are exactly -1, above it and below it by rounding, however computed.

    In the first five rows b = -2 a; in the last two b = -0.7 a, which is rounded itself, so these directions are nearly opposite.
    """
    axis = torch.zeros(1, d)
    axis[0, 0] = 1.5
    a = 1.5 * randn(seed, 2000, d)
    cosines = _cosines(a, -2 * a)
    above, below = (cosines > -1).sum(0), (cosines < -1).sum(0)
    a = torch.cat([axis, a[above.argsort(descending=True)[:3]], a[below.argsort(descending=True)[:1]], a[:2]])
    return a, a * torch.tensor([-2.0, -2.0, -2.0, -2.0, -2.0, -0.7, -0.7])[:, None]


def _cases(seed: int, strict: bool) -> list[Case]:
    """Equal lengths, then any; as many rows as numbers in one; t = 0 and 1; equal and opposite directions among others; real noise."""
    sizes = ((1, 2, True), (5, 2, True), (1, 2, False), (5, 3, False), (4, 4, False), (2, 6, False))
    if strict:
        sizes = ((6, 3, True), (1, 2, False), (7, 4, False), (16, 16, False), (2 + seed % 5, 40, False), (1, 64, False))
    plans = [(EQUAL if equal else ANY, *_vectors(seed + 9 * i, n, d, equal)) for i, (n, d, equal) in enumerate(sizes)]
    d = 3 + strict * (seed % 4)
    same, others = _same_direction(seed + 3, d), _vectors(seed + 80, 3, d, False)
    plans.append((SAME, *(torch.cat([x[:3], y, x[3:]]) for x, y in zip(same, others, strict=True))))
    for i, d in enumerate((2, 8 + seed % 9, 64) if strict else (3, 64)):
        opposite, others = _opposite_direction(seed + 5 + i, d), _vectors(seed + 60 + 3 * i, 3, d, False)
        plans.append((OPPOSITE, *(torch.cat([x[:3], y, x[3:]]) for x, y in zip(opposite, others, strict=True))))
    plans.append((ANY, randn(seed + 90, 20, 64), randn(seed + 91, 20, 64)))
    cases = []
    for i, (name, a, b) in enumerate(plans):
        t = torch.rand(len(a), generator=torch.Generator().manual_seed(seed + i)).mul(0.3).add(0.1).round(decimals=2)
        t[1::2] = 1 - t[1::2]
        if name == OPPOSITE:  # near 3/4 a wrong arc crosses the straight line
            t = t.clamp(max=0.65)
        elif len(a) > 4 and name != SAME:
            t[3], t[4] = 0.0, 1.0
        small = a.numel() <= 4
        shown = {"a": a, "b": b} if small else {}
        about = "".join(f"{key} = {first_numbers(x.flatten())} (as one row), " for key, x in shown.items())
        about += "" if small else f"a and b of shape {tuple(a.shape)}, "
        if name in (SAME, OPPOSITE):
            about += f"five of the rows with b = {'2 a' if name == SAME else '-2 a, two with b = -0.7 a'}, "
        cases.append({"about": f"{about}t = {first_numbers(t)}", "arguments": (a, b, t), "returns": (name,)})
    return cases


slerp = Exercise(
    reference=answers.load("latent_space", "slerp"),
    points=3,
    cases=_cases,
    observe=function,
    look={
        "": "For each row: the unit vectors, the angle between them, their weights sin((1 - t) θ) / sin θ and sin(t θ) / sin θ, and the length.",
        EQUAL: "a and b have equal lengths here, so every point has that length, too. In each row by itself, check the length (norm(dim=1)), the angle θ (radians) and the two weights.",
        ANY: "it is right for a and b of equal lengths, and wrong otherwise. Weight the *unit* vectors, then multiply by (1 - t) ‖a‖ + t ‖b‖.",
        SAME: "it is wrong only where a and b have the same direction in a row. Where sin θ is below 0.001, return (1 - t) a + t b: torch.where.",
        OPPOSITE: "it is wrong only where a and b have opposite directions in a row, exactly or nearly. There θ is π, up to float32's rounding, "
        "and sin θ is below 0.001, too: return (1 - t) a + t b, chosen by sin θ and not by θ.",
    },
    mistakes=(
        mistake(
            "this is the straight line (lerp). The weights are sin((1 - t) θ) / sin θ and sin(t θ) / sin θ, on unit vectors.",
            "angle.sin() < 1e-3 → angle.sin() < 2",
        ),
        mistake(
            "these are points on the straight line with another length (normalised lerp): they do not move evenly along the arc. "
            "The weights are sin((1 - t) θ) / sin θ and sin(t θ) / sin θ, on unit vectors.",
            *(
                f"{LENGTH} → torch.nn.functional.normalize({way}) * {length}"
                for way in ("straight", "(1 - t) * unit_a + t * unit_b")
                for length in ("((1 - t) * long_a + t * long_b)", "a.shape[1] ** 0.5")
            ),
            "return torch.nn.functional.normalize(torch.lerp(a, b, t[:, None])) * a.shape[1] ** 0.5",
        ),
        mistake(
            "the weights belong to the unit vectors a / ‖a‖ and b / ‖b‖, not to a and b. Multiply the sum by (1 - t) ‖a‖ + t ‖b‖.",
            (AS_THEY_ARE, f"{LENGTH} → arc"),
            AS_THEY_ARE,
        ),
        mistake(
            "every point has the length 1. Multiply it by (1 - t) ‖a‖ + t ‖b‖, the length that changes evenly from a's to b's.",
            f"{LENGTH} → arc",
            (f"{LENGTH} → arc", "straight, → straight / straight.norm(dim=1, keepdim=True),"),
        ),
        mistake(
            "every point has the length √z_dim. Its length changes evenly from a's to b's: (1 - t) ‖a‖ + t ‖b‖.",
            f"{LENGTH} → arc * a.shape[1] ** 0.5",
            (
                f"{LENGTH} → arc * a.shape[1] ** 0.5",
                "straight, → torch.nn.functional.normalize(straight) * a.shape[1] ** 0.5,",
            ),
        ),
        mistake(
            "only one of the two lengths is used, or a fixed mean of them. The length changes with t: (1 - t) ‖a‖ + t ‖b‖.",
            *(f"{LENGTH} → arc * {length}" for length in ("long_a", "long_b", "(long_a + long_b) / 2")),
        ),
        mistake(
            "the length changes in the wrong direction. At t = 0 it is ‖a‖, at t = 1 it is ‖b‖: (1 - t) ‖a‖ + t ‖b‖.",
            f"{LENGTH} → arc * (t * long_a + (1 - t) * long_b)",
        ),
        mistake(
            "t and 1 - t are swapped. At t = 0 the point is a, at t = 1 it is b.",
            "t = t[:, None] → t = 1 - t[:, None]",
            f"{ARC} → arc = ((t * angle).sin() * unit_a + ((1 - t) * angle).sin() * unit_b) / angle.sin()",
        ),
        mistake(
            "the angle is in degrees. torch.sin expects radians, and arccos returns them: remove the conversion.",
            ".arccos() → .arccos().rad2deg()",
        ),
        mistake(
            "the weights have cos where they need sin: sin((1 - t) θ) / sin θ for a, sin(t θ) / sin θ for b.",
            f"{ARC} → {ARC.replace('sin()', 'cos()')}",
            f"{ARC} → {ARC.replace('angle).sin()', 'angle).cos()')}",
        ),
        mistake(
            "the division by sin θ is missing from the weights: at t = 0 the weight of a must be 1.",
            " / angle.sin()\n → \n",
        ),
        mistake(
            "arccos gets the inner product of a and b themselves. Divide it by both lengths first: only then is it the cosine.",
            f"{COSINE} → (a * b).sum(1, keepdim=True)",
            f"{COSINE}.clamp(-1, 1) → (a * b).sum(1, keepdim=True)",
        ),
        mistake(
            "arccos of a number just above 1 or below -1 is NaN, and rounding makes such cosines where a and b have the same or the opposite direction. "
            "Clamp the cosine to [-1, 1] first.",
            ".clamp(-1, 1) → ",
            f"{COSINE}.clamp(-1, 1) → torch.cosine_similarity(a, b)[:, None]",
            f"{COSINE}.clamp(-1, 1) → ((a * b).sum(1, keepdim=True) / (long_a * long_b))",
        ),
        mistake(
            "where a and b have the same direction, 0 is divided by 0, which is NaN. There the answer is (1 - t) a + t b: torch.where.",
            "angle.sin() < 1e-3 → angle.sin() < -1",
        ),
        mistake(
            "the straight line is used for small angles, too, where the arc is another way. It replaces the arc only where sin θ is below 0.001.",
            f"angle.sin() < 1e-3 → {COSINE}.abs() > 0.9995",
            "angle.sin() < 1e-3 → angle.sin() < 0.05",
        ),
        mistake(
            "the opposite direction is forgotten: there θ is near π and sin θ is near 0, as for θ near 0. Choose the straight line by sin θ, not by θ.",
            "angle.sin() < 1e-3 → angle < 1e-3",
            f"angle.sin() < 1e-3 → {COSINE} > 1 - 5e-7",
        ),
        mistake(
            "the cosine is clamped to an interval smaller than [-1, 1], so sin θ never falls below 0.001, and the straight line is never taken. "
            "Clamp to [-1, 1].",
            *(f".clamp(-1, 1) → .clamp(-1 + {gap}, 1 - {gap})" for gap in ("1e-6", "2e-6", "1e-5", "1e-4")),
        ),
        mistake(
            "the threshold is too small for float32. Where a and b are opposite, rounding makes sin θ 0.0003 or more instead of 0. "
            "Take the straight line where sin θ is below 0.001.",
            "angle.sin() < 1e-3 → angle.sin() < 1e-4",
            *(
                (f"{COSINE} → {way}", "angle.sin() < 1e-3 → angle.sin() < 1e-4")
                for way in (
                    "torch.cosine_similarity(a, b)[:, None]",
                    "(a * b).sum(1, keepdim=True) / (long_a * long_b)",
                )
            ),
        ),
        mistake(
            "one angle is used for all rows. Each row has its own: sum the products over dim 1 only, with keepdim=True.",
            ".sum(1, keepdim=True) → .sum()",
            f"{COSINE}.clamp(-1, 1).arccos() → {COSINE}.clamp(-1, 1).arccos().mean()",
        ),
        mistake(
            "one length is used for all rows: norm() without dim takes the whole matrix. Each row has its own: norm(dim=1, keepdim=True).",
            f"{LENGTHS} → a.norm(), b.norm()",
            (f"{LENGTHS} → a.norm(), b.norm()", f"{COSINE} → torch.cosine_similarity(a, b)[:, None]"),
            UNITS_OF_ALL,
            f"{LENGTH} → arc * ((1 - t) * a.norm() + t * b.norm())",
            f"{COSINE} → ((a * b).sum(1, keepdim=True) / (a.norm() * b.norm()))",
        ),
    ),
)
