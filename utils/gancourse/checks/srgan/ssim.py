"""Exercise 2: structural similarity with square windows."""

import torch

from gancourse.checks import answers
from gancourse.checks.core import Case, Exercise, mistake
from gancourse.checks.observers.values import function

MEANS = "mean_x, mean_y = F.avg_pool2d(x, 7, stride=1), F.avg_pool2d(y, 7, stride=1)"
VAR_X, VAR_Y = "F.avg_pool2d(x * x, 7, stride=1) - mean_x**2", "F.avg_pool2d(y * y, 7, stride=1) - mean_y**2"
COV = "F.avg_pool2d(x * y, 7, stride=1) - mean_x * mean_y"
LUMINANCE = "luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)"
STRUCTURE = "structure = (2 * cov + c2) / (var_x + var_y + c2)"
RETURN = "return (luminance * structure).mean(dim=(1, 2, 3))"


def _cases(seed: int, strict: bool) -> list[Case]:
    shapes = [(1, 1, 7, 7), (3, 3, 8, 9), (2, 1, 12, 7), (1, 3, 16, 16)]
    if strict:
        shapes = [(1, 1, 7, 7), (4, 3, 9, 8), (2 + seed % 3, 2, 7, 15), (1, 3, 32, 32)]
    cases = []
    for number, shape in enumerate(shapes):
        draw = torch.Generator().manual_seed(13 * seed + number)
        y = torch.rand(shape, generator=draw) * torch.linspace(0.2, 1, shape[0]).view(-1, 1, 1, 1)  # some are dark
        x = (0.6 * y + 0.3 * torch.rand(shape, generator=draw) + 0.05 * number).clamp(0, 1)
        cases.append({"about": f"x and y of shape {shape}", "arguments": (x, y), "returns": ("ssim",)})
    draw = torch.Generator().manual_seed(13 * seed + 9)
    negative = torch.rand((2, 1, 8, 8), generator=draw)
    cases.append(
        {
            "about": "x = 1 - y, whose covariance is negative",
            "arguments": (1 - negative, negative),
            "returns": ("ssim",),
        }
    )
    flat = torch.full((2, 1, 8, 8), 0.02)
    flat[1] = 0.5
    cases.append(
        {"about": "two pairs of flat images, a dark one and a grey one", "arguments": (flat + 0.03, flat)}
        | {"returns": ("ssim",)}
    )
    return cases


ssim = Exercise(
    reference=answers.load("srgan", "ssim"),
    points=3,
    cases=_cases,
    observe=function,
    look={
        "ssim": "the numbers are wrong. Compare means, variances and covariance with the formulas one by one; each is a mean over windows of 7 × 7 pixels.",
        "": "F.avg_pool2d(v, 7, stride=1) is the mean over every window of 7 × 7 pixels. You need it of x, y, x², y² and xy.",
    },
    mistakes=(
        mistake(
            "the windows do not overlap. Move the window by one pixel at a time: F.avg_pool2d(v, 7, stride=1); without stride it moves by 7.",
            *(tuple(f"{old} → {old.replace(', stride=1', '')}" for old in (MEANS, VAR_X, VAR_Y, COV)),),
        ),
        mistake(
            "the windows are padded with zeros at the border. Use only windows that lie inside the picture: no padding.",
            tuple(f"{old} → {old.replace('stride=1', 'stride=1, padding=3')}" for old in (MEANS, VAR_X, VAR_Y, COV)),
        ),
        mistake(
            "the means are those of the whole picture. Each window has means, variances and a covariance of its own.",
            (
                f"{MEANS} → mean_x, mean_y = x.mean((2, 3), True), y.mean((2, 3), True)",
                f"{VAR_X} → x.var((2, 3), correction=0, keepdim=True)",
                f"{VAR_Y} → y.var((2, 3), correction=0, keepdim=True)",
                f"{COV} → (x * y).mean((2, 3), True) - mean_x * mean_y",
            ),
        ),
        mistake(
            "a variance is the mean of squares without the squared mean: mean(x²) - mean(x)².",
            (f"{VAR_X} → F.avg_pool2d(x * x, 7, stride=1)", f"{VAR_Y} → F.avg_pool2d(y * y, 7, stride=1)"),
            (
                f"{VAR_X} → F.avg_pool2d(x * x, 7, stride=1)",
                f"{VAR_Y} → F.avg_pool2d(y * y, 7, stride=1)",
                f"{COV} → F.avg_pool2d(x * y, 7, stride=1)",
            ),
        ),
        mistake(
            "the variances divide by 48. Here they are means over all 49 pixels of a window: mean(x²) - mean(x)².",
            (f"{VAR_X} → ({VAR_X}) * 49 / 48", f"{VAR_Y} → ({VAR_Y}) * 49 / 48"),
            (f"{VAR_X} → ({VAR_X}) * 49 / 48", f"{VAR_Y} → ({VAR_Y}) * 49 / 48", f"{COV} → ({COV}) * 49 / 48"),
        ),
        mistake(
            "the covariance is the mean of products without the product of the means: mean(xy) - mean(x) mean(y).",
            f"{COV} → F.avg_pool2d(x * y, 7, stride=1)",
        ),
        mistake(
            "standard deviations stand where variances should. Do not take the square root.",
            (f"{VAR_X} → ({VAR_X}).clamp(min=0).sqrt()", f"{VAR_Y} → ({VAR_Y}).clamp(min=0).sqrt()"),
        ),
        mistake(
            "a factor 2 is missing: luminance has 2 mean(x) mean(y) and structure has 2 cov in the numerator, so that an exact copy gets 1.",
            "2 * cov + c2 → cov + c2",
            "2 * mean_x * mean_y + c1 → mean_x * mean_y + c1",
            ("2 * cov + c2 → cov + c2", "2 * mean_x * mean_y + c1 → mean_x * mean_y + c1"),
        ),
        mistake(
            "the constants are wrong. For pixels from 0 to 1 they are c1 = 0.01² and c2 = 0.03².",
            "c1, c2 = 0.01**2, 0.03**2 → c1, c2 = 0.01, 0.03",
            "c1, c2 = 0.01**2, 0.03**2 → c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2",
            "c1, c2 = 0.01**2, 0.03**2 → c1, c2 = 0.03**2, 0.01**2",
            "c1, c2 = 0.01**2, 0.03**2 → c1, c2 = 0.0, 0.0",
            "c1, c2 = 0.01**2, 0.03**2 → c1, c2 = 1e-8, 1e-8",
            "c1, c2 = 0.01**2, 0.03**2 → c1, c2 = 0.01**2, 0.01**2",
        ),
        mistake(
            "luminance and structure are added or averaged. Multiply them, window by window.",
            f"{RETURN} → return (luminance + structure).mean(dim=(1, 2, 3))",
            f"{RETURN} → return ((luminance + structure) / 2).mean(dim=(1, 2, 3))",
        ),
        mistake(
            "luminance and structure are averaged before they are multiplied. Multiply them in each window, and then take the mean.",
            f"{RETURN} → return luminance.mean(dim=(1, 2, 3)) * structure.mean(dim=(1, 2, 3))",
        ),
        mistake(
            "only one of the two factors comes back: SSIM is luminance times structure.",
            f"{RETURN} → return structure.mean(dim=(1, 2, 3))",
            f"{RETURN} → return luminance.mean(dim=(1, 2, 3))",
        ),
        mistake(
            "one number comes back for the whole batch. Take the mean over dimensions 1, 2 and 3, so that each pair has its own.",
            f"{RETURN} → return (luminance * structure).mean()",
        ),
        mistake(
            "each colour has an SSIM of its own. Take the mean over the colours, too: dimensions 1, 2 and 3.",
            f"{RETURN} → return (luminance * structure).mean(dim=(2, 3))",
        ),
        mistake(
            "the colours are averaged first, and only the grey picture is compared. Compare each colour, and take the mean at the end.",
            (f"{MEANS} → x, y = x.mean(1, True), y.mean(1, True)\n    {MEANS}",),
        ),
    ),
)
