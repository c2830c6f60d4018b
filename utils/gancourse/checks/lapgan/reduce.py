"""Exercise 1: one step down the pyramid."""

from gancourse.checks import answers
from gancourse.checks.core import Case, Exercise, mistake
from gancourse.checks.lapgan.pictures import of_two_sizes, picture_cases

WEIGHTS = "[1.0, 3.0, 3.0, 1.0]) / 8"
PAD = '(1, 1, 1, 1), mode="replicate"'
CONV = "return torch.nn.functional.conv2d(padded, kernel, stride=2, groups=channels) → "
ONE_WAY = "weights.outer(weights).expand(channels, 1, 4, 4) → "


def _cases(seed: int, strict: bool) -> list[Case]:
    shapes = [(1, 1, 6, 8), (2, 3, 4, 6), (1, 2, 8, 2), (3, 1, 2, 2), (1, 3, 6, 8)]
    if strict:
        shapes = [(1, 1, 8, 6), (4, 3, 16, 16), (1, 2, 6, 10), (2 + seed % 3, 5, 4, 2), (1, 1, 2, 2), (5, 3, 32, 8)]
    return picture_cases(shapes, seed)


reduce = Exercise(
    reference=answers.load("lapgan", "reduce"),
    points=3,
    cases=_cases,
    observe=of_two_sizes,
    look={
        "shape": "the shape is wrong. N and C stay as they are; height and width, dimensions 2 and 3, are halved: stride=2.",
        "inside": "pixels away from the border are wrong. Pixel i is (x[2i-1] + 3 x[2i] + 3 x[2i+1] + x[2i+2]) / 8, along the rows and then along "
        "the columns: 16 pixels in all.",
        "border": "inside the picture the numbers are right, at the border they are not. Repeat the outermost pixel once on each side: pad with "
        'mode="replicate".',
        "": "Pad by one pixel on each side, then a convolution with stride 2 and the 4 × 4 kernel of the weights 1, 3, 3, 1.",
    },
    mistakes=(
        mistake(
            "this is the mean of each four pixels. The weights 1, 3, 3, 1 reach one pixel further on each side.",
            "return F.avg_pool2d(x, 2)",
            'return F.interpolate(x, scale_factor=0.5, mode="bilinear", align_corners=False)',
        ),
        mistake(
            "only every second pixel is taken, and the others are thrown away. Each new pixel is a weighted mean of 4 × 4 old ones.",
            "return x[:, :, ::2, ::2]",
            "return x[:, :, 1::2, 1::2]",
            "return F.interpolate(x, scale_factor=0.5)",
        ),
        mistake(
            "the weights do not sum to 1, so the pictures become brighter or darker. Divide 1, 3, 3, 1 by 8 in each direction, 64 in all.",
            f"{WEIGHTS} → [1.0, 3.0, 3.0, 1.0])",
            f"{WEIGHTS} → [1.0, 3.0, 3.0, 1.0]) / 4",
            (f"{WEIGHTS} → [1.0, 3.0, 3.0, 1.0])", f"{ONE_WAY}(weights.outer(weights) / 8).expand(channels, 1, 4, 4)"),
            f"{WEIGHTS} → [1.0, 3.0, 3.0, 1.0]) / 64",
            f"{WEIGHTS} → [1.0, 3.0, 3.0, 1.0]) / 16",
            f"{ONE_WAY}(weights.outer(weights) / 8).expand(channels, 1, 4, 4)",
        ),
        mistake(
            'the border is padded with zeros, so it turns grey. Repeat the outermost pixel: pad with mode="replicate", then convolve without padding.',
            f"{PAD} → (1, 1, 1, 1)",
            ("padded = torch.nn.functional.pad(" + f"x, {PAD}) → padded = x", "stride=2, → stride=2, padding=1,"),
        ),
        mistake(
            "at the border the weights of missing pixels are dropped and the others enlarged. Repeat the outermost pixel instead.",
            'return F.interpolate(x, scale_factor=0.5, mode="bilinear", antialias=True)',
        ),
        mistake(
            "the window is shifted by one pixel. Pad one pixel on each side, so that new pixel i lies between the old ones 2i and 2i + 1.",
            f'{PAD} → (2, 0, 2, 0), mode="replicate"',
            f'{PAD} → (0, 2, 0, 2), mode="replicate"',
        ),
        mistake(
            "the weights are in the wrong order: the two pixels in the middle get 3, the outer ones 1.",
            f"{WEIGHTS} → [3.0, 1.0, 1.0, 3.0]) / 8",
        ),
        mistake(
            "these are five weights, 1, 4, 6, 4, 1. They are centred on a pixel; with the four weights 1, 3, 3, 1 a new pixel lies between two old ones.",
            (
                f"{WEIGHTS} → [1.0, 4.0, 6.0, 4.0, 1.0]) / 16",
                "expand(channels, 1, 4, 4) → expand(channels, 1, 5, 5)",
                f'{PAD} → (2, 1, 2, 1), mode="replicate"',
            ),
        ),
        mistake(
            "the picture is smoothed in one direction only. Along the rows and along the columns: the kernel is the outer product of the weights with themselves.",
            f"{ONE_WAY}(weights[:, None] * torch.tensor([0, 0.5, 0.5, 0])).expand(channels, 1, 4, 4)",
            f"{ONE_WAY}(weights * torch.tensor([0, 0.5, 0.5, 0])[:, None]).expand(channels, 1, 4, 4)",
        ),
        mistake(
            "every channel of the result is a mixture of all channels. Each keeps to itself: groups=C, and a weight of shape (C, 1, 4, 4).",
            (
                "expand(channels, 1, 4, 4) → expand(channels, channels, 4, 4)",
                "stride=2, groups=channels → stride=2",
            ),
        ),
    ),
)
