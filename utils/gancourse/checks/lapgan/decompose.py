"""Exercise 3: a picture, taken apart into a coarse picture and bands."""

import torch
from torch import Tensor

from gancourse.checks import answers
from gancourse.checks.core import Case, Exercise, Observation, mistake
from gancourse.checks.lapgan.pictures import pictures, strict_shapes
from gancourse.checks.observers.values import kind

BAND, NEXT = "x - pyramid.expand(coarse)", "        x = coarse\n"


def _cases(seed: int, strict: bool) -> list[Case]:
    shapes = [((1, 1, 4, 4), 1), ((2, 3, 8, 8), 2), ((1, 2, 8, 4), 2), ((1, 1, 8, 16), 3)]
    if strict:
        shapes = strict_shapes(seed)
    return [
        {"about": f"x of shape {shape}, levels = {levels}", "x": pictures(5 * seed + i, *shape), "levels": levels}
        for i, (shape, levels) in enumerate(shapes)
    ]


def _observe(answer, case: Case, like: Observation) -> Observation:
    """Observe how many bands there are, their sizes, their numbers, and the gradient that flows through them."""
    x = case["x"].clone().requires_grad_()
    returned = answer(x, case["levels"])
    pair = isinstance(returned, tuple | list) and len(returned) == 2
    seen = {"returned": "two things" if pair else kind(returned)}
    if not pair:
        return seen
    coarse, bands = returned
    listed = isinstance(bands, list | tuple) and all(isinstance(band, Tensor) for band in bands)
    seen |= {"first": kind(coarse), "second": "a list of tensors" if listed else kind(bands)}
    if not listed or not isinstance(coarse, Tensor):
        return seen
    seen["number"] = str(len(bands))
    seen["sizes"] = ", ".join(f"{band.shape[-2]} × {band.shape[-1]}" for band in bands if band.dim() > 1)
    seen["shape of the coarse picture"] = str(tuple(coarse.shape))
    seen["coarse"] = coarse.detach()
    seen |= {f"band:{i}": band.detach() for i, band in enumerate(bands)}
    parts = (coarse, *bands)
    seen["gradient_there"] = "yes" if all(part.requires_grad for part in parts) else "no"
    if seen["gradient_there"] == "yes":
        weighted = sum((part * torch.linspace(1, 2, part.numel()).view_as(part)).sum() for part in parts)
        seen["gradient:x"] = torch.autograd.grad(weighted, x)[0]
    return seen


decompose = Exercise(
    reference=answers.load("lapgan", "decompose"),
    points=3,
    cases=_cases,
    observe=_observe,
    look={
        "returned": "two things should come back: the coarse picture, then the list of bands.",
        "first": "the first thing that comes back should be the coarse picture, a tensor; the second is the list of bands.",
        "second": "the second thing that comes back should be a list of bands, one tensor for each level.",
        "number": "there should be one band for each level.",
        "sizes": "the bands have other sizes, or another order. The smallest is twice as large as the coarse picture, and each further one twice as large as the one "
        "before it.",
        "shape of the coarse picture": "the coarse picture has another size: x, reduced as often as there are levels.",
        "coarse": "the coarse picture is not x, reduced again and again with pyramid.reduce.",
        "band": "a band is wrong. It is the picture of its size minus pyramid.expand of the next smaller picture.",
        "": "In each round: reduce the picture of the last round; the band is that picture minus the expansion of the smaller one.",
    },
    mistakes=(
        mistake(
            "the bands come in the opposite order. The smallest band is the first: collapsing begins with it.",
            "bands.insert(0, x - pyramid.expand(coarse)) → bands.append(x - pyramid.expand(coarse))",
        ),
        mistake(
            "the sign of the bands is reversed. A band is what the expansion lacks: the picture minus the expansion.",
            f"{BAND} → pyramid.expand(coarse) - x",
        ),
        mistake(
            "the list holds the pictures of all sizes, not the bands. Subtract from each one pyramid.expand of the next smaller picture.",
            f"{BAND} → x",
        ),
        mistake(
            "the list holds the expanded pictures, not the bands. A band is the picture minus its expansion.",
            f"{BAND} → pyramid.expand(coarse)",
        ),
        mistake(
            "every round begins with the same picture. The second round works on the coarse picture of the first: x = coarse at its end.",
            (f"{NEXT} → ", "return x, → return coarse,"),
            f"{NEXT} → ",
        ),
        mistake(
            "there is one round too few or one too many: `levels` bands are wanted.",
            "range(levels) → range(levels - 1)",
            "range(levels) → range(1, levels)",
            "range(levels) → range(levels + 1)",
        ),
        mistake(
            "the two things are swapped. First the coarse picture, then the list of bands.",
            "return x, bands → return bands, x",
        ),
        mistake(
            "the coarse picture is in the list as well. It is returned by itself, before the bands.",
            "return x, bands → return x, [x, *bands]",
        ),
        mistake(
            "a band is subtracted at the wrong size: the picture and its coarse version have different sides. Expand the coarse picture first.",
            f"{BAND} → x - coarse",
        ),
        mistake(
            "the coarse picture is taken from every second pixel, or is a mean of four. Use pyramid.reduce: with another one the bands are others.",
            "pyramid.reduce(x) → x[:, :, ::2, ::2]",
            "pyramid.reduce(x) → F.avg_pool2d(x, 2)",
        ),
        mistake(
            "the pixels are repeated instead of interpolated. Use pyramid.expand: with another one the bands are others.",
            "pyramid.expand(coarse) → F.interpolate(coarse, scale_factor=2)",
        ),
    ),
)
