"""Exercise 3: directions in the noise that move along the principal components of activations."""

import torch
from torch import Tensor

from gancourse.checks import answers
from gancourse.checks.core import Case, Exercise, mistake
from gancourse.checks.observers.values import kind, randn

ONE, ANY, MEAN = "directions:k = 1, of two images", "directions", "directions:where z has a mean"
CENTRED = "activations - activations.mean(0)"
COMPONENTS = "torch.linalg.svd(centred, full_matrices=False).Vh[:k]"
DIRECTION = "torch.nn.functional.normalize(coordinates.T @ z, dim=1)"


def _activations(seed: int, n: int, d: int) -> Tensor:
    """Return activations (n, d) with a mean far from 0, whose components have clearly different variances."""
    rank = min(n - 1, d)
    u, v = (torch.linalg.qr(randn(seed + at, size, size))[0][:, :rank] for at, size in ((0, n), (1, d)))
    u = torch.linalg.qr((u - u.mean(0)).double())[0].float()
    sizes = 3 * n**0.5 * 0.7 ** torch.arange(rank)
    # The largest mean lies along a small component: it would be the first of activations that are not centred.
    mean = 4 * (v[:, -1] + randn(seed + 2, d) / d**0.5 + 0.5)
    return u * sizes @ v.T + mean


def _cases(seed: int, strict: bool) -> list[Case]:
    """Two images, whose direction is their difference; then any numbers of images, activations and noise; z with a mean last."""
    sizes = ((2, 3, 2, 1), (6, 3, 2, 1), (12, 5, 4, 2), (5, 9, 3, 3), (40, 4, 7, 3), (6, 6, 6, 2), (30, 8, 5, 4))
    if strict:
        sizes = ((2, 5, 3, 1), (8, 2, 4, 1), (25, 25, 25, 4), (9, 20, 6, 3), (200, 12, 32, 5), (60, 1, 3, 1))
        sizes += ((150 + seed % 20, 6, 9, 4),)
    cases = []
    for i, (n, d, z_dim, k) in enumerate(sizes):
        at, last = seed + 11 * i, i == len(sizes) - 1
        activations = _activations(at, n, d)
        z = randn(at + 5, n, z_dim) + last * 3 * randn(at + 6, z_dim).sign()
        name = ONE if n == 2 else MEAN if last else ANY
        about = f"activations of shape {(n, d)}, z of shape {(n, z_dim)}{' with a mean of 3 or -3' * last}, k = {k}"
        # Components of variance 0 depend on rounding: in an "extreme" case two ways to take the smallest ones may differ.
        cases.append({"about": about, "arguments": (activations, z, k), "name": name, "extreme": n <= d})
    return cases


def _observe(answer, case: Case, like: dict) -> dict:
    """Return directions (k, z_dim) with the sign that makes the largest number in each row positive, and their lengths."""
    activations, z, k = (x.clone() if isinstance(x, Tensor) else x for x in case["arguments"])
    directions = answer(activations, z, k)
    seen = {"returned": kind(directions)}
    if not isinstance(directions, Tensor):
        return seen
    directions = directions.detach()
    seen["shape"] = str(tuple(directions.shape))
    if seen["shape"] != str((k, z.shape[1])) or directions.is_complex():
        return seen
    directions = directions.double()
    seen["finite"] = "yes" if directions.isfinite().all() else "no"
    if seen["finite"] == "yes":
        largest = directions.gather(1, directions.abs().argmax(1, keepdim=True))
        directions = directions * torch.where(largest < 0, -1.0, 1.0)
        lengths = directions.norm(dim=1, keepdim=True)
        seen |= {case["name"]: directions / lengths.clamp_min(1e-12), "length_of_each": lengths[:, 0]}
    return seen


activation_directions = Exercise(
    reference=answers.load("latent_space", "activation_directions"),
    points=3,
    cases=_cases,
    observe=_observe,
    look={
        "": "Print the shape after each of the three steps: components (k, d), coordinates (N, k), directions (k, z_dim).",
        "returned": {"a list": "a list comes back. One tensor is wanted: torch.stack makes it from vectors."},
        "shape": "one row for each direction is wanted, with as many numbers as the noise has: (k, z_dim).",
        "finite": "some numbers are infinite or NaN. A direction is divided by its length only, and centred activations only by numbers above 0.",
        "length_of_each": "the directions are right, but not of length 1. Divide each *row* by its length: normalize(..., dim=1).",
        ONE: "of two images, the direction is the difference of their noise vectors, at length 1. Each z counts with its coordinate, sign included.",
        ANY: "at least one direction is wrong. The components belong to the centred activations, largest variance first (torch.svd_lowrank and "
        "pca_lowrank only approximate them); z counts in the last step only.",
        MEAN: "it is wrong only where z has a mean. It cancels if the coordinates of all images add up to 0: subtract the mean of the activations.",
    },
    mistakes=(
        mistake(
            "the activations are not centred, so the first component is mostly their mean. Subtract activations.mean(0) before the SVD.",
            f"{CENTRED} → activations",
            (f"{COMPONENTS} → {COMPONENTS.replace('centred', 'activations')}"),
        ),
        mistake(
            "the coordinates are not centred, so the mean of z comes into every direction. Use (activations - activations.mean(0)) @ component.",
            "centred @ components.T → activations @ components.T",
        ),
        mistake(
            "the mean of each image is subtracted, or one mean of all numbers. Subtract the mean of each activation over the images: mean(0).",
            "activations.mean(0) → activations.mean(1, keepdim=True)",
            "activations.mean(0) → activations.mean()",
        ),
        mistake(
            "the components with the *smallest* variance are taken. eigh returns the smallest first; svd returns the largest first.",
            "Vh[:k] → Vh[-k:]",
            "Vh[:k] → Vh.flip(0)[:k]",
            f"{COMPONENTS} → torch.linalg.eigh(centred.T @ centred).eigenvectors[:, :k].T",
            f"{COMPONENTS} → torch.linalg.eigh(torch.cov(activations.T).reshape(2 * [centred.shape[1]])).eigenvectors.T[:k]",
        ),
        mistake(
            "torch.pca_lowrank and svd_lowrank only approximate the components, from random numbers. Take torch.linalg.svd(centred) or eigh.",
            f"{COMPONENTS} → torch.pca_lowrank(activations, q=k)[2].T",
            f"{COMPONENTS} → torch.svd_lowrank(centred, q=k)[2].T",
        ),
        mistake(
            "the directions stand in the reverse order. The one with the largest variance is row 0: .flip(0).",
            "Vh[:k] → Vh[:k].flip(0)",
        ),
        mistake(
            "the columns of Vh are taken. Its *rows* are the components: Vh[:k]. (torch.svd returns V, whose columns they are.)",
            "Vh[:k] → Vh[:, :k].T",
        ),
        mistake(
            "each activation is divided by its standard deviation, which gives other components. Subtract the mean, and divide by nothing.",
            f"{CENTRED} → (activations - activations.mean(0)) / activations.std(0)",
            f"{CENTRED} → (activations - activations.mean(0)) / activations.std(0, correction=0)",
        ),
        mistake(
            "the directions are not divided by their length. Each row must have the length 1.",
            f"{DIRECTION} → coordinates.T @ z",
            f"{DIRECTION} → coordinates.T @ z / len(z)",
        ),
        mistake(
            "they are divided by the wrong length: that of a column, or of all directions together. Each row gets the length 1: dim=1.",
            "@ z, dim=1) → @ z, dim=0)",
            f"{DIRECTION} → (coordinates.T @ z) / (coordinates.T @ z).norm()",
        ),
        mistake(
            "these are principal components of the noise. The noise has no preferred direction; take those of the *activations*.",
            f"{DIRECTION} → torch.linalg.svd(z - z.mean(0)).Vh[:k]",
            f"{DIRECTION} → torch.linalg.svd(z).Vh[:k]",
        ),
        mistake(
            "the noise is predicted the other way around, by a regression of coordinates on z. Weight each z by its coordinate and add up.",
            f"{DIRECTION} → torch.nn.functional.normalize(torch.linalg.pinv(z) @ coordinates, dim=0).T",
            f"{DIRECTION} → torch.nn.functional.normalize(torch.linalg.pinv(z - z.mean(0)) @ coordinates, dim=0).T",
        ),
        mistake(
            "the shape is transposed. One row is one direction, (k, z_dim): coordinates.T @ z.",
            f"{DIRECTION} → {DIRECTION}.T",
        ),
        mistake(
            "these are the components themselves, in the space of the activations. Carry them back: add up the noise vectors, weighted by coordinates.",
            f"return {DIRECTION} → return components",
        ),
        mistake(
            "each component has one noise vector only, that of the image with the largest coordinate. Add up all z, weighted by their coordinates.",
            f"{DIRECTION} → torch.nn.functional.normalize(z[coordinates.argmax(0)], dim=1)",
            f"{DIRECTION} → torch.nn.functional.normalize(z[coordinates.abs().argmax(0)], dim=1)",
        ),
    ),
)
