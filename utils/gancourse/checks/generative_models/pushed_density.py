"""The density of scale · z + shift."""

import math

import torch
from torch import Tensor

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.values import first_numbers, function, randn


def _normal(z: Tensor) -> Tensor:
    return torch.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)


def _one_sided(z: Tensor) -> Tensor:
    """Return a density that is not symmetric, so that a wrong sign shows, and has no jump, where rounding would."""
    return z.clamp(min=0) * torch.exp(-z.clamp(min=0))


PRIORS = {_normal: "a standard normal prior", _one_sided: "the prior z · exp(-z) for z > 0"}
ALONE, STRETCHED, MIRRORED = (f"density:for {case}" for case in ("scale 1", "shift 0", "a negative scale"))


def _cases(seed: int, strict: bool) -> list[dict]:
    scale, shift = 0.7 + seed % 5 / 4, 1 + seed % 3 / 2
    plans = [
        (ALONE, _normal, 1.0, 1.0, 5),
        (STRETCHED, _one_sided, 2.0, 0.0, 4),
        ("density", _normal, scale, -shift, 3),
    ]
    plans += [("density", _one_sided, 2.0, shift, 6), (MIRRORED, _one_sided, -1.5 - seed % 4 / 4, -shift, 1)]
    plans += [(MIRRORED, _one_sided, -scale, shift, 4), (MIRRORED, _normal, -3.0, 1.0, 2)]
    if strict:
        plans += [(MIRRORED, _normal, -0.2, 7.5, 300), ("density", _one_sided, 0.1 + seed % 7 / 40, -3.0, 200)]
    cases = []
    for number, (name, prior, scale, shift, n) in enumerate(plans):
        z = randn(10 * seed + number, n)
        z = z.abs() + 0.1 if n == 1 else z  # where the density is not 0
        x = (scale * z + shift).round(decimals=2)
        about = f"{PRIORS[prior]}, scale = {scale}, shift = {shift}, x = {first_numbers(x)}"
        cases.append({"about": about, "arguments": (prior, scale, shift, x), "returns": (name,)})
    return cases


pushed_density = Exercise(
    reference=answers.load("generative_models", "pushed_density"),
    points=2,
    cases=_cases,
    observe=function,
    look={
        "": "Which z lands on this x? (x - shift) / scale. By what does stretching divide the density? By |scale|.",
        ALONE: "it is wrong even where G only shifts. There it is prior(x - shift), not divided by anything.",
        STRETCHED: "it is wrong where G only stretches. There z is x / scale, and the density is divided by the scale.",
        MIRRORED: "it is right for positive scales only. For a negative one z is (x - shift) / scale, too; divide by abs(scale).",
    },
    mistakes=(
        mistake("the density is not divided by |scale|: at twice the width it is half as high.", "/ abs(scale) → "),
        mistake("the density is multiplied by |scale|. Divide by it.", "/ abs(scale) → * abs(scale)"),
        mistake("for a negative scale the density is negative. Divide by the size, abs(scale).", "abs(scale) → scale"),
        mistake(
            "a negative scale mirrors the noise: z is (x - shift) / scale, without abs(). Only the density is divided by abs(scale).",
            "shift) / scale → shift) / abs(scale)",
        ),
        mistake(
            "scale * x + shift is where z = x would land. You need the z that lands on x: solve x = scale * z + shift for z.",
            "return prior(scale * x + shift) / abs(scale)",
            "return prior(scale * x + shift)",
        ),
        mistake(
            "to solve x = scale * z + shift for z, subtract the shift first and divide the difference: (x - shift) / scale, with brackets.",
            "(x - shift) / scale → x / scale - shift",
            "(x - shift) / scale → x - shift / scale",
        ),
        mistake(
            "the shift has the wrong sign: a positive one moves the density to the right.", "x - shift → x + shift"
        ),
        mistake("this scales and shifts the density; G does so with samples.", "return scale * prior(x) + shift"),
        mistake("the scale is squared. Divide by abs(scale) itself.", "abs(scale) → scale**2"),
        mistake(
            "this formula is right for normal noise only. Call `prior`, which may be any density.",
            "return torch.exp(-(((x - shift) / scale) ** 2) / 2) / (abs(scale) * math.sqrt(2 * math.pi))",
        ),
        mistake("this is the density of the noise: neither scale nor shift has any effect.", "return prior(x)"),
    ),
)
