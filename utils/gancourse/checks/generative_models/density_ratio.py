"""The ratio of two densities, from the logits of a classifier."""

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.values import first_numbers, function, randn


def _cases(seed: int, strict: bool) -> list[dict]:
    plans = [(4, 100 + seed, 100 + seed), (1, 300, 100), (6, 100, 250 + seed % 50), (2, 7, 3)]
    if strict:
        plans += [(1, 60_000, 1), (300, 500, 500), (200, 128, 1_000 + seed % 500), (40, 3, 2), (2, 1, 9_000)]
    cases = []
    for number, (n, n_real, n_fake) in enumerate(plans):
        logits = (randn(seed + number, n) * 1.5).clamp(-6, 6).round(decimals=2)  # 1 - sigmoid is still exact
        logits[2:3], logits[3:4] = 0, 4
        about = f"logits = {first_numbers(logits)}, n_real = {n_real}, n_fake = {n_fake}"
        name = "ratio" if n_real == n_fake else "ratio:for unequal counts"
        name = "ratio:for counts that do not divide" if n_real % n_fake and n_fake % n_real else name
        cases.append({"about": about, "arguments": (logits, n_real, n_fake), "returns": (name,)})
    # There sigmoid / (1 - sigmoid) is still exact, unless D is cut off near 0.
    large = {"about": "logits = [-18], n_real = 1, n_fake = 60000", "arguments": (randn(0, 1) * 0 - 18, 1, 60_000)}
    return [*cases, large | {"returns": ("ratio:far from 0",)}]


density_ratio = Exercise(
    reference=answers.load("generative_models", "density_ratio"),
    points=2,
    cases=_cases,
    observe=function,
    look={
        "": "exp(logit) = D / (1 - D) = n_real p_data / (n_fake p_g). Solve this for p_data / p_g.",
        "ratio": "it is wrong even for equal counts. There they cancel, and the ratio is D / (1 - D) = exp(logits).",
        "ratio:for unequal counts": "it is right for equal counts, and wrong for others. exp(logit) is n_real p_data / (n_fake p_g): solve for p_data / p_g.",
        "ratio:for counts that do not divide": "it is right where one count is a multiple of the other, and wrong otherwise. Use n_fake / n_real, with its fraction: no // and no round.",
        "ratio:far from 0": "it is wrong only at a logit far from 0. Is D or the logit cut off or rounded there? Take exp(logits) as it is, which needs no D.",
    },
    mistakes=(
        mistake("the counts are missing: exp(logit) = n_real p_data / (n_fake p_g).", "* n_fake / n_real → "),
        mistake("the counts are swapped: many real samples make D too large.", "n_fake / n_real → n_real / n_fake"),
        mistake("this is D(x). The ratio is D / (1 - D).", "return logits.sigmoid()", "exp() → sigmoid()"),
        mistake("a logit is not D(x). D / (1 - D) is exp(logits).", "logits.exp() → logits / (1 - logits)"),
        mistake("// drops the fraction: use /.", "fake / n → fake // n", "n_fake / n_real → (n_fake // n_real)"),
        mistake("a fixed number is right once only. Use n_fake and n_real.", "n_fake / n_real → 1 / 3"),
        mistake(
            "the counts are taken as shares of all samples. What counts is one against the other: n_fake / n_real.",
            "/ n_real → / (n_real + n_fake)",
            "n_fake / n_real → n_real / (n_real + n_fake)",
        ),
        mistake("the counts multiply the ratio, not the logits.", "return (logits * n_fake / n_real).exp()"),
    ),
)
