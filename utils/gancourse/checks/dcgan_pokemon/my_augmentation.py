"""An augmentation of the learner's own: any change is right that a GAN can be trained with."""

import torch
from torch import Tensor

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.dcgan_pokemon.images import drawn_images
from gancourse.checks.observers.values import kind

MANY = 400  # images, to count how many are changed
ALONE = 60  # calls with a single image
TOLERANCE = 0.13  # of their share: five standard deviations at one half


def _cases(seed: int, strict: bool) -> list[dict]:
    plans = [(0.5, 8), (0.0, 6), (1.0, 8)] if not strict else [(0.5, 6), (0.0, 16), (1.0, 10), (0.25, 8), (0.8, 6)]
    return [
        {
            "about": f"{MANY} images of {size} × {size} pixels, p = {p}",
            "images": drawn_images(seed + size, MANY, 3, size, size),
            "p": p,
        }
        for p, size in plans
    ]


def _observe(answer, case: dict, like: dict) -> dict:
    """Augment a batch twice, and a single image; look at which images change, and at the way back of the gradient."""
    images, p = case["images"].clone().requires_grad_(), case["p"]
    new = answer(images, p)
    seen = {"returned": kind(new)}
    if not isinstance(new, Tensor):
        return seen
    seen["shape"] = "as before" if new.shape == images.shape else f"{tuple(new.shape)}"
    if new.shape != images.shape:
        return seen
    with torch.no_grad():
        changed, changed_again = _changed(new, images), _changed(answer(images.clone(), p), images)
        one = answer(images[:1].detach(), p)
        alone = [_changed_alone(answer, image[None], p) for image in images[: ALONE * (0 < p < 1)].detach()]
    seen |= {
        "type": str(new.dtype),
        "mixed": _mixed(new, images),
        "finite": "yes" if new.isfinite().all() else "no",
        "one_image": "as before"
        if isinstance(one, Tensor) and one.shape == (1, *images.shape[1:])
        else "another shape",
        "share": _share(changed.float().mean().item(), p),
        "alone": "always the same" if alone and len(set(alone)) == 1 else "by chance",
        "fresh": "the same" if 0 < p < 1 and torch.equal(changed, changed_again) else "new",
        "gradient_there": "yes" if new.requires_grad else "no",
    }
    if not new.requires_grad:
        return seen
    (gradient,) = torch.autograd.grad(new.square().sum() + new.sum(), images)
    whole = gradient.flatten(1).abs().amax(1)
    there = bool((whole > 0).all() and gradient.isfinite().all())
    return seen | {"way_back": "to every image" if there else "not to every image"}


def _mixed(new: Tensor, images: Tensor) -> str:
    """Return whether what comes out for the first image depends on the others."""
    if not new.requires_grad:
        return "no"
    (of_first,) = torch.autograd.grad(new[:1].square().sum() + new[:1].sum(), images, retain_graph=True)
    return "yes" if of_first[1:].any() else "no"


def _changed(new: Tensor, images: Tensor) -> Tensor:
    """Return which images (N, ...) differ from before, bool (N,)."""
    return (new - images).detach().flatten(1).abs().amax(1) > 1e-4


def _changed_alone(answer, image: Tensor, p: float) -> bool:
    new = answer(image, p)
    return isinstance(new, Tensor) and new.shape == image.shape and bool(_changed(new, image))


def _share(share: float, p: float) -> str:
    """Return in words whether the share of changed images fits the probability p."""
    if abs(share - p) <= (TOLERANCE if 0 < p < 1 else 0):
        return "about p"
    if share in (0, 1):
        return "none" if share == 0 else "all"
    return "less than p" if share < p else "more than p"


my_augmentation = Exercise(
    reference=answers.load("dcgan_pokemon", "my_augmentation"),
    points=4,
    cases=_cases,
    observe=_observe,
    random=True,
    look={
        "type": "the numbers must keep their type, float32.",
        "shape": "the images must keep their shape (N, 3, H, W).",
        "finite": "some numbers are infinite or NaN.",
        "one_image": "a batch of one image must come back in its shape, (1, 3, H, W).",
        "share": {
            "none": "no image is changed. With p = 1 all must be, with p = 0.5 about half; each image needs a random number of its own.",
            "all": "all images are changed. Each needs a random number of its own, torch.rand(len(images)) < p, and comes back as it was if it is not chosen.",
            "less": "fewer images are changed than the share p. Can your change leave an image as it is (a turn by 0 degrees, a move "
            "by 0 pixels)? Choose it so that it cannot.",
            "": "more images are changed than the share p. An image that is not chosen must come back exactly as it was.",
        },
        "alone": "in a batch of one, an image is always changed, or never. Each image needs a random number of its own: "
        "torch.rand(len(images)) < p, not a fixed number of images.",
        "fresh": "the same images are changed in a second call. Draw new random numbers in each call.",
        "gradient_there": "no gradient flows back to the images, so G could not learn through it. Remove .detach(), .data and "
        "no_grad(); rounding has no gradient either.",
        "way_back": "for some images no gradient flows back, or it is not finite: nothing of them is left for G to learn from.",
        "mixed": "what comes out for one image depends on other images of the batch. D must judge each image by itself.",
        "values:images": "the images that were handed in have changed. Work on new tensors: images.clone().",
        "": "Try it by hand on six Pokémon, with p = 0, 0.5 and 1.",
    },
    mistakes=(
        mistake(
            "p is not used: every image is changed, whatever p is.",
            "torch.rand(len(images)) < p → torch.rand(len(images)) < 2",
        ),
        mistake(
            "a fixed number of images is changed, so a single one never is. Each needs a random number of its own: torch.rand(len(images)) < p.",
            "torch.rand(len(images)) < p → torch.randperm(len(images)) < int(p * len(images))",
        ),
        mistake(
            "p is reversed: it is the probability that an image is changed.",
            "torch.rand(len(images)) < p → torch.rand(len(images)) >= p",
        ),
    ),
)
