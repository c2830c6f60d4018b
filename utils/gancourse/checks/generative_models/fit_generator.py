"""A generator for any distribution of numbers, without training: many right answers, judged by what they draw."""

import torch
from torch import Tensor

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.values import kind, randn

SHAPES = {
    "two bumps": lambda n, seed: randn(seed, n) * 0.4 + randn(seed + 1, n).sign() * 2,
    "a long tail to the right": lambda n, seed: torch.expm1(randn(seed, n) * 0.8) * 3 + 50,
    "a flat top": lambda n, seed: torch.special.ndtr(randn(seed, n)) * 0.02,
}
LIMIT = 0.12  # of the standard deviation, beyond what the dataset itself differs from its distribution


def _cases(seed: int, strict: bool) -> list[dict]:
    sizes = (400, 300, 200) if not strict else (300, 1000, 150 + seed % 50)
    return [
        {
            "about": f"{n} numbers whose histogram has {name}",
            "data": shape(n, seed + 10 * n) * (1 + seed % 5),
            "more": shape(4000, seed + 10 * n + 5) * (1 + seed % 5),  # of the same distribution
            "z": randn(seed + n, 4000),
        }
        for n, (name, shape) in zip(sizes, SHAPES.items(), strict=True)
    ]


def _observe(answer, case: dict, like: dict) -> dict:
    """Fit a generator to the data of the case, and observe what it makes of fresh noise."""
    G = answer(case["data"].clone())
    seen = {"returned": "a function" if callable(G) else kind(G)}
    if not callable(G):
        return seen
    z, noise = case["z"], case["z"].clone()
    drawn = G(noise)
    seen["drawn"] = kind(drawn)
    if not isinstance(drawn, Tensor):
        return seen
    seen["size"] = f"{tuple(drawn.shape)} for z of shape (4000,)"
    if drawn.shape != z.shape:
        return seen
    drawn = drawn.detach()
    again, alone, ends = G(z.clone()), G(z[7:8].clone()), G(torch.tensor([-8.0, 8.0]))
    if not (drawn.isfinite().all() and ends.isfinite().all()):
        return seen | {"finite": "not for every z"}
    return seen | {
        "noise": "as before" if torch.equal(noise, z) else "changed",
        "again": "the same" if torch.equal(again, drawn) else "another",
        "each": "by itself" if torch.allclose(alone, drawn[7:8]) else "together with the rest of its batch",
        "finite": "yes",
        "distribution": _distribution(drawn, case),
        "new_numbers": "most" if torch.isin(drawn, case["data"]).float().mean() < 0.5 else "few",
        "repeats": "few" if len(drawn.unique()) > 0.93 * len(drawn) else "many",
    }


def _distribution(drawn: Tensor, case: dict) -> str:
    """Return in words whether the numbers (4000,) are distributed as the data are."""
    true = case["more"].sort().values
    data = case["data"].sort().values[torch.arange(4000) * len(case["data"]) // 4000]
    gap, of_data = ((x.sort().values.double() - true).abs().mean() / true.std() for x in (drawn, data))
    if gap < of_data + LIMIT:
        return "that of the data"
    middle, spread = (drawn.mean() - true.mean()).abs() / true.std(), drawn.std() / true.std()
    alike = middle < 0.2 and 0.8 < spread < 1.25
    return "another one, with the mean and the standard deviation of the data" if alike else "another one"


fit_generator = Exercise(
    reference=answers.load("generative_models", "fit_generator"),
    points=4,
    cases=_cases,
    observe=_observe,
    look={
        "returned": "return the generator G itself, a function: `def G(z): ...` inside, then `return G`.",
        "drawn": "G returns no tensor. It maps z (n,) to numbers (n,).",
        "size": "G must return as many numbers as z has, for every n.",
        "noise": "G changes z itself. Compute new numbers: no functions whose names end in _ on z.",
        "each": "G(z) depends on the other numbers in its batch. A generator maps each z by itself: G(z[:1]) must equal G(z)[:1].",
        "finite": "G does not return a finite number for every z. Try z = -8 and z = 8: is there an index or a logarithm out of range?",
        "distribution": {
            "another one, with": "the numbers have the mean and the standard deviation of the data, but their distribution has another shape. Compare the two histograms.",
            "": "the numbers are distributed in another way than the data. Compare the two histograms. Are the data sorted? Is the share of the noise below z right?",
        },
        "new_numbers": "most of the numbers are copies of the data. A generator draws new ones: go on smoothly from one number of the data to the next.",
        "repeats": "G draws the same numbers again and again: different z should give different numbers, in the tails, too.",
        "": "Draw a histogram of G(torch.randn(5_000)) beside one of the data.",
    },
    mistakes=(
        mistake(
            "G ignores its noise and picks numbers of the dataset at random. The same z must always give the same number.",
            "return lambda z: data[torch.randint(len(data), z.shape)]",
        ),
        mistake(
            "G ranks the noise within its batch. A generator maps each z by itself: G(z[:1]) must equal G(z)[:1].",
            "ordered = data.sort().values\nreturn lambda z: ordered[z.argsort().argsort() * len(ordered) // len(z)]",
        ),
        mistake(
            "every number that G draws is one of the dataset. Go on smoothly from one to the next, with torch.lerp say.",
            "torch.lerp(ordered[left], ordered[left + 1], place - left) → ordered[left]",
        ),
    ),
)
