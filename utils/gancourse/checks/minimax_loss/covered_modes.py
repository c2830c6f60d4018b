"""How many modes the samples cover."""

import torch
from torch import Tensor

from gancourse import toys
from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.values import as_numbers, function, randn

DISTANCES = (0.1, 0.5, 1, 1.9, 2.9, 3.1, 6, 50)  # of a sample from the only centre, in std
AXIS, DIAGONAL = "counted:to the right (distance in std)", "counted:diagonally (distance in std)"
SMALL = "the radius around a centre is less than 3 std. Compare the distance with 3 * std, not with std or std²."
LARGE = "the radius around a centre is larger than 3 std. Compare the distance itself, not its square, with 3 * std."
NONE = "a centre with a sample close to it does not count if other samples are far away. One sample is enough."
FAR = "samples far from every centre count. Only those within 3 * std of a centre do: look at the distance."


def _samples(seed: int, centres: Tensor, covered: int, n: int, std: float) -> Tensor:
    """Return samples (m, 2) of which n cover so many of the centres: one sample each, and the last gets the rest.

    Around the other centres lies one, each in another place: to the right, in the corners of a square, below.
    """
    rng = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(centres), generator=rng)
    hit = order[torch.arange(n).clamp(max=covered - 1)]
    angle, away = randn(seed, n) * 10, torch.linspace(2.9, 0.3, n)
    near = std * away[:, None] * torch.stack([angle.cos(), angle.sin()], 1)
    far = std * torch.tensor([[3.3, 0.0], [2.3, 2.3], [-2.3, 2.3], [0.0, -5.0]]).repeat(3, 1)[: len(centres) - covered]
    samples = torch.cat([centres[hit] + near, centres[order[covered:]] + far, centres.mean(0, keepdim=True)])
    return samples[torch.randperm(len(samples), generator=rng)]


def _cases(seed: int, strict: bool) -> list[dict]:
    """Few samples and several hundred, nearly all near one centre; no centre covered, and all; one sample for two."""
    first = 3, 1 + seed % 2, 4 + seed % 2  # as many samples for each seed, another result
    more = ((8, 3, 300), (9, 9, 9), (6, 0, 0)) if not strict else ((8, 3, 600), (12, 7, 400), (6, 0, 0), (2, 2, 2))
    drawn = []
    for number, (k, covered, n) in enumerate([first, *more]):
        std = (0.05, 0.04, 0.06, 0.08)[number % 4]
        centres = toys.ring(k).modes * (1 + number / 4) + torch.tensor([0.3, -0.2]) * number
        samples = _samples(seed + 10 * number, centres, covered, n, std)
        about = f"{k} centres on a circle, {covered} of them covered, std = {std}, {len(samples)} samples"
        drawn.append((about, (samples, centres, std)))
    centres = torch.tensor([[0.0, 0.0], [0.0, 0.4], [2.0, 0.0], [2.3, 0.0], [5.0, 1.0]])
    samples = torch.tensor([[0.0, 0.2], [2.1, 0.0]])  # in the middle, and nearer to one of two
    drawn.append(("two pairs of close centres with a sample between, and one centre far off", (samples, centres, 0.1)))
    return [{"about": about, "arguments": arguments, "returns": ("modes",)} for about, arguments in drawn]


def _observe(answer, case: dict, like: dict) -> dict:
    """The number of modes, and for the first centre alone: at which distances a sample counts."""
    seen, (_, centres, std) = function(answer, case, like), case["arguments"]
    directions = {AXIS: torch.tensor([1.0, 0.0]), DIAGONAL: torch.tensor([-0.6, 0.8])}
    counted = {name: _counted(answer, centres[:1], std, towards) for name, towards in directions.items()}
    return {"returned": seen["returned"]} | counted | seen


def _counted(answer, centre: Tensor, std: float, towards: Tensor) -> str:
    counted = []
    for number, distance in enumerate(DISTANCES, 1):  # the others are far off; no two calls have the same shape
        samples = centre + std * towards * torch.tensor([distance] + [1000.0] * number)[:, None]
        modes = as_numbers(answer(samples, centre.clone(), std))
        if isinstance(modes, Tensor) and modes.sum() > 0:
            counted.append(str(distance))
    return ", ".join(counted) or "none"


covered_modes = Exercise(
    reference=answers.load("minimax_loss", "covered_modes"),
    points=2,
    cases=_cases,
    observe=_observe,
    look={
        AXIS: {", ".join(map(str, DISTANCES)): FAR, "none": NONE, "0.1, 0.5, 1, 1.9, 2.9, 3.1": LARGE, "0.1": SMALL},
        DIAGONAL: "the distance is right only along an axis. Take the length of the difference vector: torch.cdist.",
        "": "A mode is covered if at least one sample lies within 3 std of its centre. Count the modes, not the samples.",
    },
    mistakes=(
        mistake(
            "samples are counted. For each *centre*, ask whether any is near.",
            ".any(0) → .any(1)",
            ".any(0).sum → .sum",
        ),
        mistake(
            "each sample counts for its nearest centre only. One that lies within 3 std of two centres covers both.",
            "distances, nearest = torch.cdist(samples, centres).min(1)\nreturn len(nearest[distances <= 3 * std].unique())",
        ),
        mistake("*all* samples have to be near a centre. One is enough.", ".any(0) → .all(0)"),
        mistake(
            "a centre with a single sample, or with a small share of them, does not count. One sample is enough.",
            ".any(0) → .sum(0).gt(1)",
            ".any(0) → .float().mean(0).ge(0.01)",
        ),
        mistake(
            "this is a share. The text asks for the number of modes.",
            *(f"return (torch.cdist(samples, centres) <= 3 * std).any({of}).float().mean()" for of in (0, 1)),
        ),
        mistake("the modes that are *missed* are counted.", "return int( → return len(centres) - int("),
        mistake("this is only whether any mode is covered. Count them: .any(0).sum().", ".any(0) → .any()"),
    ),
)
