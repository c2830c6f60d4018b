"""Exercise 3: pixel shuffle by hand."""

import torch

from gancourse.checks import answers
from gancourse.checks.core import Case, Exercise, mistake
from gancourse.checks.observers.values import function

VIEW = "x = x.reshape(n, c, r, r, h, w)"
ORDER = "x = x.permute(0, 1, 4, 2, 5, 3)"


def _cases(seed: int, strict: bool) -> list[Case]:
    shapes = [
        ((1, 4, 1, 2), 2),
        ((2, 8, 2, 3), 2),
        ((1, 9, 3, 2), 3),
        ((3, 3, 2, 2), 1),
        ((1, 12, 3, 3), 2),
        ((2, 32, 2, 1), 4),
    ]
    if strict:
        shapes = [
            ((2, 4, 2, 1), 2),
            ((1, 27, 2, 3), 3),
            ((4, 5, 3, 2), 1),
            ((2 + seed % 3, 48, 2, 2), 4),
            ((1, 25, 1, 2), 5),
        ]
    cases = []
    for number, (shape, r) in enumerate(shapes):
        draw = torch.Generator().manual_seed(5 * seed + number)
        size = torch.Size(shape).numel()
        x = (torch.randperm(size, generator=draw) + 1.0).view(shape)
        shown = f", x[0] = {x[0].int().tolist()}" * (x[0].numel() <= 8)
        gradients = ("x",) * (number % 2)
        about = f"x of shape {shape}{shown}, r = {r}"
        cases.append({"about": about, "arguments": (x, r), "returns": ("maps",), "gradients": gradients})
    return cases


pixel_shuffle = Exercise(
    reference=answers.load("srgan", "pixel_shuffle"),
    points=3,
    cases=_cases,
    observe=function,
    look={
        "maps": "the numbers stand in the wrong places. Channel c r² + a r + b of x gives row r i + a and column r j + b of channel c: follow one number.",
        "": "Split the channels into (C, r, r), move the first r behind h and the second r behind w, then join each with its neighbour.",
    },
    mistakes=(
        mistake(
            "the shape is right, but the numbers are only cut anew: a reshape moves none of them. Split the channels, permute, then join.",
            (f"{VIEW} → pass", f"{ORDER} → pass"),
            f"{ORDER} → pass",
        ),
        mistake(
            "rows and columns are swapped inside each square: the first r of the channels belongs to the rows, the second to the columns.",
            f"{ORDER} → x = x.permute(0, 1, 4, 3, 5, 2)",
        ),
        mistake(
            "the r comes before h (or w) instead of behind it: the large picture then consists of r × r small ones side by side. Row r i + a: i is the slow "
            "number, a the fast one.",
            f"{ORDER} → x = x.permute(0, 1, 2, 4, 3, 5)",
            f"{ORDER} → x = x.permute(0, 1, 2, 4, 5, 3)",
            f"{ORDER} → x = x.permute(0, 1, 4, 2, 3, 5)",
        ),
        mistake(
            "the channels are split as (r, r, C). The channels of one result lie side by side: split them as (C, r, r).",
            (f"{VIEW} → x = x.reshape(n, r, r, c, h, w)", f"{ORDER} → x = x.permute(0, 3, 4, 1, 5, 2)"),
        ),
        mistake(
            "r is 2 in your code, whatever is asked for. Use the argument r.",
            "return F.pixel_shuffle(x, 2)",
        ),
        mistake(
            "height and width are swapped in the result: it is (N, C, r h, r w).",
            "return F.pixel_shuffle(x.mT, r)",
            "return F.pixel_shuffle(x, r).mT",
            "return x.reshape(n, c, r * h, r * w) → return x.reshape(n, c, r * w, r * h)",
        ),
        mistake(
            "the result has the wrong number of channels: C is the number of channels of x divided by r².",
            "return x.reshape(x.shape[0], x.shape[1] // r, r * x.shape[2], -1)",
        ),
        mistake(
            "each pixel is repeated, and the other channels are dropped. Pixel shuffle only moves numbers: all of them are in the result.",
            "c = x.shape[1] // r**2\nreturn x[:, :c].repeat_interleave(r, 2).repeat_interleave(r, 3)",
            "return F.interpolate(x[:, : x.shape[1] // r**2], scale_factor=r)",
        ),
        mistake(
            "this is the way back, pixel *un*shuffle: it makes more channels of fewer pixels.",
            "return F.pixel_unshuffle(x, r)",
        ),
    ),
)
