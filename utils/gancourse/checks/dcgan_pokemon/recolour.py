"""Exercise 2 of lesson 7: other colours."""

import torch

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.dcgan_pokemon.images import drawn_images, image_case
from gancourse.checks.observers.values import function

NAMES = ("brightness", "saturation", "contrast")
SHAPE, BRIGHTER = "v.view(-1, 1, 1, 1) → ", "images = images + brightness\n → "
GREY, SATURATE = "images.mean(1, keepdim=True) → ", "grey + saturation * (images - grey) → "
MEAN, CONTRAST = "images.mean((1, 2, 3), keepdim=True) → ", "mean + contrast * (images - mean) → "


def _cases(seed: int, strict: bool) -> list[dict]:
    """Return a case where nothing changes, cases where only one of the three acts, all three, and special numbers."""
    sizes = [(2, 2, 2), (2, 1, 3), (2, 2, 3), (3, 3, 2), (3, 2, 3), (1, 3, 1), (3, 4, 4)]
    if strict:
        sizes += [(3, 3, 3), (1, 3, 2), (4, 2, 5), (2 + seed % 6, 5, 4), (40, 4, 3)]
    cases = []
    for number, (n, H, W) in enumerate(sizes):
        change = 0.4 + 0.5 * torch.rand(3, n, generator=torch.Generator().manual_seed(5 * seed + number))
        change = change * (1 - 2 * (torch.arange(n) % 2))  # up for one image, down for the next, never by about nothing
        values = torch.stack([change[0] / 2, 1 + change[1], 1 - change[2] / 2]).round(decimals=2)
        if number < 4:
            values = [v if i + 1 == number else torch.full((n,), float(i > 0)) for i, v in enumerate(values)]
        returns = ("unchanged_images", *(f"{name}_alone" for name in NAMES), *["new_images"] * 99)[number]
        factors = dict(zip(NAMES, values, strict=True))
        cases.append(image_case(number, drawn_images(7 * seed + number, n, 3, H, W), returns, **factors))
    images = drawn_images(7 * seed, 3, 3, 2, 2)
    images[0] = images[0, :1]  # grey already
    special = torch.tensor([[0.0, 0.5, -0.2], [1.0, 0.0, 1.5], [0.0, 1.0, 0.4]])
    return [*cases, image_case(1, images, **dict(zip(NAMES, special, strict=True)))]


recolour = Exercise(
    reference=answers.load("dcgan_pokemon", "recolour"),
    points=2,
    cases=_cases,
    observe=function,
    look={
        "unchanged_images": "a brightness of 0, a saturation of 1 and a contrast of 1 should change nothing. The brightness is added. Each factor "
        "multiplies a distance from the grey, or from the mean, and that is added to the grey, or to the mean.",
        "brightness_alone": "step 1 is wrong: add to every number of an image its own brightness. (Saturation and contrast are 1 here.)",
        "saturation_alone": "step 2 is wrong: the grey of a pixel is the mean of its three colours; grey + saturation * (images - grey).",
        "contrast_alone": "step 3 is wrong: each image has one mean, over colours, rows and columns; mean + contrast * (images - mean).",
        "new_images": "each step is right alone, but not all three in turn. Each works on what the one before has made.",
        "gradient": "the images are right, but the gradient is not. It goes through the grey and the mean, too: remove .detach().",
    },
    mistakes=(
        mistake(
            "one number for each image needs the shape (N, 1, 1, 1) beside (N, 3, H, W). PyTorch compares shapes from the last dimension: (N,) "
            "meets the columns, (N, 1) the rows, (N, 1, 1) the colours. Where the sizes agree there is no error, but wrong colours.",
            *(f"{SHAPE}{other}" for other in ("v", "v.view(-1, 1)", "v.view(-1, 1, 1)", "v.view(1, -1, 1, 1)")),
            *(f"{SHAPE}v if v is {name} else v.view(-1, 1, 1, 1)" for name in NAMES),
            *(f"{SHAPE}v.view(-1, 1, 1, 1) if v is {name} else v" for name in NAMES),
        ),
        mistake(
            "a mean has lost its dimensions, so it meets the wrong ones. keepdim=True keeps them, with size 1.",
            (f"{GREY}images.mean(1)", f"{MEAN}images.mean((1, 2, 3))"),
            f"{GREY}images.mean(1)",
            f"{MEAN}images.mean((1, 2, 3))",
        ),
        mistake(
            "all images get the same numbers: those of the first or the last one, or their mean. Each image has its own.",
            *(f"{SHAPE}{same}" for same in ("v[-1:].view(-1, 1, 1, 1)", "v[0]", "v.mean()")),
        ),
        mistake(
            "the grey is taken over the wrong dimensions. Each pixel has its own, the mean of its three colours: .mean(1, keepdim=True).",
            *(f"{GREY}images.mean({over}, True)" for over in (0, 2, 3, (1, 2), (1, 3), (2, 3), (1, 2, 3))),
            f"{GREY}images.mean()",
        ),
        mistake(
            "the mean that contrast keeps is taken over the wrong dimensions. Each image has one, over colours, rows and columns: "
            ".mean((1, 2, 3), keepdim=True).",
            *(f"{MEAN}images.mean({over}, True)" for over in (0, 1, 2, 3, (1, 2), (1, 3), (2, 3), (0, 2, 3))),
            f"{MEAN}images.mean()",
        ),
        mistake(
            "the grey, the mean, or the image whose distance is multiplied, still comes from the input. Each step uses the result of the one before: "
            "take them after the brightness is added.",
            (old_grey := f"{SATURATE}grey - brightness + saturation * (images - grey + brightness)"),
            (old_mean := f"{CONTRAST}mean - brightness + contrast * (images - mean + brightness)"),
            (old_grey, old_mean),
            f"{SATURATE}grey + saturation * (images - brightness - grey)",
        ),
        mistake(
            "numbers are cut off at -1 and 1, or at 0 and 1. A number that is cut off has gradient 0, so nothing reaches G. Remove the clamp.",
            f"{CONTRAST}(mean + contrast * (images - mean)).clamp(-1, 1)",
            f"{CONTRAST}(mean + contrast * (images - mean)).clamp(0, 1)",
            f"{BRIGHTER}images = (images + brightness).clamp(-1, 1)\n",
            f"{SATURATE}(grey + saturation * (images - grey)).clamp(-1, 1)",
        ),
    ),
)
