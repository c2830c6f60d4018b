"""Exercise 1: the peak signal-to-noise ratio."""

import torch

from gancourse.checks import answers
from gancourse.checks.core import Case, Exercise, mistake
from gancourse.checks.observers.values import function

ERROR = "error = images.float() - originals.float()"
MSE = "error.square().mean(dim=(1, 2, 3))"
RETURN = "return 10 * torch.log10(255**2 / mse) → return "


def _cases(seed: int, strict: bool) -> list[Case]:
    shapes = [(1, 1, 1, 2), (3, 3, 4, 5), (2, 1, 6, 3), (1, 3, 8, 8), (4, 3, 2, 2)]
    if strict:
        shapes = [(2, 1, 1, 3), (5, 3, 7, 4), (1, 3, 32, 32), (2 + seed % 4, 2, 5, 5), (1, 1, 1, 1)]
    cases = []
    for number, shape in enumerate(shapes):
        draw = torch.Generator().manual_seed(11 * seed + number)
        originals = torch.randint(0, 256, shape, generator=draw, dtype=torch.uint8)
        away = torch.randint(1, 40, shape, generator=draw) * torch.linspace(1, 2, shape[0]).view(-1, 1, 1, 1)
        images = (originals.int() + away.int() * torch.where(originals < 128, 1, -1)).to(torch.uint8)
        shown = f"images = {images.flatten().tolist()}, originals = {originals.flatten().tolist()}, both "
        about = f"{shown * (images.numel() <= 4)}uint8 of shape {shape}"
        cases.append({"about": about, "arguments": (images, originals), "returns": ("psnr",)})
    originals = cases[1]["arguments"][1]
    exact = torch.cat([originals[:1], cases[1]["arguments"][0][1:]])
    dark = originals // 10  # differences from its negative: 205 to 255
    for about, pair in (
        ("a batch whose first image is an exact copy", (exact, originals)),
        ("dark images of light originals", (dark, 255 - dark)),
    ):
        cases.append({"about": about, "arguments": pair, "returns": ("psnr",)})
    return cases


psnr = Exercise(
    reference=answers.load("srgan", "psnr"),
    points=2,
    cases=_cases,
    observe=function,
    look={
        "psnr": "the numbers are wrong. First the mean squared error of each image, over its colours and pixels; then 10 log10(255² / MSE).",
        "": "Make floats of the pixels, take the mean squared error of each image, then 10 * torch.log10(255**2 / mse).",
    },
    mistakes=(
        mistake(
            "the pixels are subtracted as uint8, which cannot be negative: 3 - 5 becomes 254. Make floats of both first, with .float().",
            f"{ERROR} → error = (images - originals).float()",
            (f"{ERROR} → error = images - originals", f"{MSE} → error.float().square().mean(dim=(1, 2, 3))"),
        ),
        mistake(
            "the squares are computed as uint8, where 16² is 0. Make floats before you square.",
            (f"{ERROR} → error = images - originals", f"{MSE} → error.square().float().mean(dim=(1, 2, 3))"),
        ),
        mistake(
            "the differences, or their squares, are computed as int8 or int16: 255² is 65,025, and int16 ends at 32,767. Use floats.",
            (
                f"{ERROR} → error = images.short() - originals.short()",
                f"{MSE} → (error * error).float().mean(dim=(1, 2, 3))",
            ),
            f"{ERROR} → error = (images.to(torch.int8) - originals.to(torch.int8)).float()",
        ),
        mistake(
            "one number comes back for the whole batch. Take the mean over dimensions 1, 2 and 3, so that each image has its own.",
            f"{MSE} → error.square().mean()",
            (f"{RETURN}(10 * torch.log10(255**2 / mse)).mean()",),
        ),
        mistake(
            "the sign is wrong, so that better images get lower numbers: the peak is divided by the error, not the error by the peak.",
            f"{RETURN}10 * torch.log10(mse / 255**2)",
        ),
        mistake(
            "this is the natural logarithm, or that to the base 2. Decibels need torch.log10.",
            f"{RETURN}10 * torch.log(255**2 / mse)",
            f"{RETURN}10 * torch.log2(255**2 / mse)",
        ),
        mistake(
            "the factor of the logarithm is not 10. It is 10 in front of 255² / MSE, or 20 in front of 255 / √MSE.",
            f"{RETURN}torch.log10(255**2 / mse)",
            f"{RETURN}20 * torch.log10(255**2 / mse)",
            f"{RETURN}10 * torch.log10(255 / mse.sqrt())",
        ),
        mistake(
            "the peak is not 255². uint8 images reach from 0 to 255, so the largest squared difference is 255².",
            f"{RETURN}10 * torch.log10(255 / mse)",
            f"{RETURN}10 * torch.log10(1 / mse)",
            f"{RETURN}10 * torch.log10(256**2 / mse)",
            f"{RETURN}10 * torch.log10(4 / mse)",
        ),
        mistake(
            "the peak is the brightest pixel of these images. It is 255 for all images, so that two of them can be compared.",
            f"{RETURN}10 * torch.log10(originals.float().amax((1, 2, 3)) ** 2 / mse)",
            f"{RETURN}10 * torch.log10(originals.max().float() ** 2 / mse)",
        ),
        mistake(
            "this is the mean of absolute errors, not of squared ones.",
            f"{MSE} → error.abs().mean(dim=(1, 2, 3))",
        ),
        mistake(
            "the squared errors are added up, not averaged: larger images would get worse numbers.",
            f"{MSE} → error.square().sum(dim=(1, 2, 3))",
        ),
        mistake(
            "each colour gets a PSNR of its own. Average the squared errors over the colours, too, before the logarithm.",
            f"{MSE} → error.square().mean(dim=(2, 3))",
            (f"{MSE} → error.square().mean(dim=(2, 3))", f"{RETURN}(10 * torch.log10(255**2 / mse)).mean(dim=1)"),
        ),
        mistake(
            "a small number is added to the error, so that an exact copy gets no infinite PSNR. Let it be infinite, as the text says.",
            f"{RETURN}10 * torch.log10(255**2 / (mse + 1e-8))",
            f"{RETURN}10 * torch.log10(255**2 / mse.clamp(min=1e-8))",
        ),
    ),
)
