"""Exercise 4 of lesson 7: a hole."""

import torch
from torch import Tensor

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.dcgan_pokemon.images import DEVICE, ELSEWHERE, augmentation, drawn_images, image_case

ROWS, COLUMNS = "max(y, 0) : max(y + side, 0)", "max(x, 0) : max(x + side, 0)"
HOLE = f"{ROWS}, {COLUMNS} → "
_hole = "{2} x {3} pixels from row {0}, column {1}".format


def _cases(seed: int, strict: bool) -> list[dict]:
    sizes = [(1, 1, 4, 4, 2), (2, 1, 4, 5, 2), (3, 3, 5, 5, 3), (5, 2, 6, 5, 4), (1, 3, 5, 4, 1)]
    if strict:
        sizes += [(5, 3, 5, 5, 4), (4, 1, 7, 5, 3), (3 + seed % 4, 2, 8, 9, 4), (40, 3, 8, 9, 5), (1, 2, 9, 5, 2)]
    cases = []
    for number, (n, C, H, W, side) in enumerate(sizes):
        images, drawn = drawn_images(13 * seed + number, n, C, H, W), torch.Generator().manual_seed(53 * seed + number)
        top, left = (torch.randint(0, size - side + 1, (n,), generator=drawn) for size in (H, W))
        left[0] = (top[0] + 1) % (W - side + 1)  # so that rows and columns differ
        top[1:2], left[1:2] = -1, W - side + 1  # over the upper edge, and over the right one
        top[2:3] = -side - 1  # outside of the image, but for slices that end at a negative number
        top[3:4], left[3:4] = H - 1, -side + 1
        cases.append(image_case(number, images, top=top, left=left, side=side))
    images = drawn_images(13 * seed, 4, 1, 3, 4).where(torch.arange(4) > 1, 0.0)  # 0 is a colour like any other
    corners = {"top": torch.tensor([-1, 0, 1, 3]), "left": torch.tensor([-1, -5, 1, 0])}
    return [*cases, image_case(1, images, **corners, side=5), cases[2] | ELSEWHERE]


def _observe(answer, case: dict, like: dict) -> dict:
    """Observe what comes back, and before that whether the holes are 0, in all colours, and where the first one is."""
    seen = augmentation(answer, case, like)
    (old, top, left, side), new = case["arguments"], seen.get("new_images")
    hole = _hole(int(top[0]), int(left[0]), side, side)
    words = {"other_numbers": "none", "holes": "in all colours", "first_hole": hole, "at_edges": "their part inside"}
    if isinstance(new, Tensor) and new.shape == old.shape:
        gone = new.double().abs() < 1e-3
        erased = gone & (old != 0)
        words["other_numbers"] = "some" if (~gone & ((new.double() - old).abs() > 1e-3)).any() else "none"
        words["holes"] = "in all colours" if gone.all(1)[erased.any(1)].all() else "in some colours"
        words["first_hole"] = "nothing"
        if len(places := erased[0].any(0).nonzero()):
            corner, size = places.amin(0), places.amax(0) - places.amin(0) + 1
            full = _hole(*corner.tolist(), *size.tolist())
            words["first_hole"] = full if len(places) == size.prod() else "no rectangle"
        rows, columns = ((v + side).clamp(0, n) - v.clamp(0, n) for v, n in ((top, old.shape[2]), (left, old.shape[3])))
        if (erased.any(1).sum((1, 2)) > rows * columns)[1:4].any():  # of these, no hole lies inside
            words["at_edges"] = "more than their part inside"
    return seen if "device" in seen else {"returned": seen["returned"]} | words | seen


cutout = Exercise(
    reference=answers.load("dcgan_pokemon", "cutout"),
    points=2,
    cases=_cases,
    observe=_observe,
    look={
        "other_numbers": "some numbers are neither 0 nor what they were. The hole is 0: another colour, noise or a mean could be part of a picture. "
        "Everything outside of the hole stays as it is, not multiplied by anything.",
        "holes": "a pixel is erased in some of its colours only. A hole goes through all of them: new[i, :, rows, columns] = 0.",
        "first_hole": {
            "nothing": "nothing is erased in the first image. Does the old batch come back, or is the dimension of the colours forgotten? It is "
            "new[i, :, rows, columns] = 0.",
            "no rectangle": "what is erased in the first image is no rectangle. A pixel is in the hole if its row and its column are: &, not |.",
            "": "the hole of the first image has another size or place: side x side pixels, the upper left one in row top[0] and column left[0].",
        },
        "at_edges": "for holes that cross an edge or lie outside, more is erased than their part inside. Leave them in their places; move none into the image.",
        "device": DEVICE,
        "new_images": "a pixel in row i, column j should be 0 where top <= i < top + side and left <= j < left + side; all others should stay.",
    },
    mistakes=(
        mistake(
            "`for image in new` gives parts of the batch, and PyTorch does not let these be changed where a gradient is needed. Change the batch: "
            "new[i, :, rows, columns] = 0. Or multiply by a mask.",
            f"""
            new = images.clone()
            for image, y, x in zip(new, top.tolist(), left.tolist(), strict=True):
                image[:, {ROWS}, {COLUMNS}] = 0
            return new""",
        ),
        mistake(
            "a slice that begins at a negative number counts from the end, so a hole across the upper or left edge is missing or in the wrong rows. Begin at "
            "max(top, 0) and max(left, 0).",
            f"{HOLE}y : y + side, x : x + side",
            f"{HOLE}y : max(y + side, 0), x : max(x + side, 0)",
        ),
        mistake(
            "a hole above the image, or to its left, erases pixels inside: its slice ends at a negative number, which counts from the end. End at "
            "max(top + side, 0) and max(left + side, 0).",
            f"{HOLE}max(y, 0) : y + side, max(x, 0) : x + side",
        ),
        mistake("every image has all holes. Each has its own: new[i, :, rows, columns] = 0.", "new[i, → new[:, "),
    ),
)
