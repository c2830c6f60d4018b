"""Exercise 7, the challenge: two pictures, joined band by band."""

import torch

from gancourse.checks import answers
from gancourse.checks.core import Case, Exercise, mistake
from gancourse.checks.lapgan.pictures import pictures, strict_shapes
from gancourse.checks.observers.values import function

MASKS = "masks.append(pyramid.reduce(masks[-1]))"
COARSE, BANDS = (
    "coarse = smallest * coarse_a + (1 - smallest) * coarse_b",
    "[m * p + (1 - m) * q for m, p, q in zip(others, bands_a, bands_b, strict=True)]",
)


def _cases(seed: int, strict: bool) -> list[Case]:
    shapes = [((1, 1, 4, 4), 1), ((2, 3, 8, 8), 2), ((1, 2, 8, 4), 1), ((3, 1, 8, 16), 3)]
    if strict:
        shapes = strict_shapes(seed)
    cases = []
    for i, (shape, levels) in enumerate(shapes):
        a, b = pictures(9 * seed + 2 * i, *shape), -pictures(9 * seed + 2 * i + 1, *shape)
        draw = torch.Generator().manual_seed(seed + i)
        mask = torch.rand(shape[0], 1, *shape[2:], generator=draw).round(decimals=1)
        if i % 2:  # a mask of zeros and ones, with an edge off the middle
            edges = (shape[3] + 1) // 3 + torch.arange(shape[0]) % 2  # not the same in all images
            mask = (torch.arange(shape[3]) < edges[:, None, None, None]).float().expand_as(mask).clone()
        about = f"a and b of shape {shape}, {'a mask with an edge' if i % 2 else 'a mask of any numbers'}, levels = {levels}"
        gradients = ("a", "b", "mask") * (i % 2)
        cases.append(
            {"about": about, "arguments": (a, b, mask, levels), "returns": ("picture",), "gradients": gradients}
        )
    return cases


blend = Exercise(
    reference=answers.load("lapgan", "blend"),
    points=5,
    cases=_cases,
    observe=function,
    look={
        "picture": "the picture is wrong. On each level, m times the band of a plus (1 - m) times the band of b, where m is the mask at the size of "
        "that band.",
        "": "Masks in levels + 1 sizes; decompose a and b; mix each level with the mask of its size; collapse.",
    },
    mistakes=(
        mistake(
            "a and b are swapped: where the mask is 1, the picture shows a.",
            (
                f"{COARSE} → coarse = smallest * coarse_b + (1 - smallest) * coarse_a",
                "[m * p + (1 - m) * q → [m * q + (1 - m) * p",
            ),
        ),
        mistake(
            "the pictures are mixed pixel by pixel at their full size, so the seam stays visible. Mix the coarse pictures and the bands, each with the mask at its size.",
            "return mask * a + (1 - mask) * b",
        ),
        mistake(
            "the coarse pictures are not mixed: that of a or of b is taken whole. It holds the colours: mix it with the smallest mask.",
            f"{COARSE} → coarse = coarse_a",
            f"{COARSE} → coarse = coarse_b",
        ),
        mistake(
            "the bands are not mixed: those of a or of b are taken whole, or both are added. Mix each with the mask at its size.",
            f"{BANDS} → bands_a",
            f"{BANDS} → bands_b",
            f"{BANDS} → [p + q for p, q in zip(bands_a, bands_b)]",
        ),
        mistake(
            "a coarse picture or a band is the plain mean of a and b. Mix with the mask of its size: m and 1 - m.",
            f"{COARSE} → coarse = (coarse_a + coarse_b) / 2",
            f"{BANDS} → [(p + q) / 2 for p, q in zip(bands_a, bands_b)]",
        ),
        mistake(
            "the mask is made smaller in another way: every second pixel, or the mean of four. Use pyramid.reduce again and again; it makes the "
            "transition wider on every level.",
            f"{MASKS} → masks.append(masks[-1][:, :, ::2, ::2])",
            f"{MASKS} → masks.append(F.avg_pool2d(masks[-1], 2))",
            f"{MASKS} → masks.append(F.interpolate(masks[-1], scale_factor=0.5))",
        ),
        mistake(
            "the smaller masks are rounded to 0 and 1, so the transition stays hard on every level. Leave them as pyramid.reduce makes them.",
            f"{MASKS} → masks.append(pyramid.reduce(masks[-1]).round())",
        ),
        mistake(
            "a mask and the picture or band that it belongs to have different sizes. Reduce the mask once for each level, and remember that the bands "
            "of the pyramid begin with the smallest.",
            "*others = reversed(masks) → *others = masks[-1], *masks[:-1]",
            "*others = reversed(masks) → *others = masks",
            f"{MASKS} → masks.append(mask)",
            f"{MASKS} → masks.append(pyramid.reduce(mask))",
            f"{MASKS} → masks.append(pyramid.reduce(masks[0]))",
            (
                "masks = [mask] → masks = []\n    last = mask",
                f"{MASKS} → last = pyramid.reduce(last)\n        masks.append(last)",
                "bands = [ → others = masks[::-1]\n    bands = [",
            ),
        ),
        mistake(
            "the part of b is missing, or is not weighted with 1 - m.",
            (f"{COARSE} → coarse = smallest * coarse_a", f"{BANDS} → [m * p for m, p in zip(others, bands_a)]"),
            (
                f"{COARSE} → coarse = smallest * coarse_a + coarse_b",
                f"{BANDS} → [m * p + q for m, p, q in zip(others, bands_a, bands_b, strict=True)]",
            ),
        ),
        mistake(
            "the coarse picture comes back, without its bands. Collapse the mixture: pyramid.collapse(coarse, bands).",
            "return pyramid.collapse(coarse, bands) → return coarse",
        ),
    ),
)
