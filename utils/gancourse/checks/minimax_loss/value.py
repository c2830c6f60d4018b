"""The value of the game, from D's probabilities."""

import torch

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.values import first_numbers, function, randn


def _probabilities(seed: int, n: int) -> torch.Tensor:
    return (randn(seed, n) * 1.5 + 0.8).sigmoid().round(decimals=2).clamp(0.02, 0.98)


def _cases(seed: int, strict: bool) -> list[dict]:
    """One sample of each kind; batches of different sizes, which fall and rise; D undecided; D nearly sure."""
    sizes = (
        ((1, 1), (3, 2), (8, 5), (2, 2)) if not strict else ((1, 1), (2, 3), (5 + seed % 30, 40), (200, 150), (4, 1))
    )
    drawn = [(_probabilities(3 * seed + i, n), _probabilities(7 * seed + i + 100, m)) for i, (n, m) in enumerate(sizes)]
    drawn += [(torch.full((3,), 0.5), torch.full((5,), 0.5))]
    drawn = [("V", f"d_real = {first_numbers(a)}, d_fake = {first_numbers(b)}", a, b) for a, b in drawn]
    sure = "V where D is nearly sure", "d_real = [0.9999, 0.5, 0.000001], d_fake = [0.0002, 0.99999]"
    drawn.append((*sure, torch.tensor([0.9999, 0.5, 1e-6]), torch.tensor([0.0002, 0.99999])))
    return [{"about": about, "arguments": (a, b), "returns": (name,)} for name, about, a, b in drawn]


value = Exercise(
    reference=answers.load("minimax_loss", "value"),
    points=2,
    cases=_cases,
    observe=function,
    look={
        "V where D is nearly sure": "it is wrong only where D is close to 0 or 1. Do not cut anything off or add anything there.",
        "": "V is the mean of log D over the real samples plus the mean of log(1 - D) over the fakes, in nats; it is never above 0.",
    },
    mistakes=(
        mistake("the fakes' term is log D, too. It should be log(1 - D).", "(1 - d_fake).log() → d_fake.log()"),
        mistake(
            "real and fake are swapped: log D belongs to the real samples, log(1 - D) to the fakes.",
            "return d_fake.log().mean() + (1 - d_real).log().mean()",
        ),
        mistake("a sum is taken. An expectation is a mean.", "return d_real.log().sum() + (1 - d_fake).log().sum()"),
        mistake(
            "all samples go into one mean. The two expectations are separate: each counts the same, however many samples it has.",
            "return 2 * torch.cat([d_real, 1 - d_fake]).log().mean()",
            "return torch.cat([d_real, 1 - d_fake]).log().mean()",
        ),
        mistake(
            "the terms are added sample by sample. There may be more samples of one kind: first each mean, then the sum.",
            "return (d_real.log() + (1 - d_fake).log()).mean()",
        ),
        mistake("the 1 must stand inside the logarithm: log(1 - D).", "(1 - d_fake).log() → (1 - d_fake.log())"),
        mistake("take the logarithm first, then the mean.", "return d_real.mean().log() + (1 - d_fake.mean()).log()"),
        mistake(
            "the logarithms are missing: these are means of D itself. That is another game, Wasserstein's.",
            "return d_real.mean() + (1 - d_fake).mean()",
            "return d_real.mean() - d_fake.mean()",
        ),
        mistake("one of the two terms is missing.", "return d_real.log().mean()", "return (1 - d_fake).log().mean()"),
        mistake(
            "the probabilities go through a sigmoid again. They are D(x), between 0 and 1, not logits: remove the sigmoid.",
            "return F.logsigmoid(d_real).mean() + F.logsigmoid(-d_fake).mean()",
        ),
        mistake("the second term is subtracted. V is the sum of both.", "() + (1 → () - (1"),
    ),
)
