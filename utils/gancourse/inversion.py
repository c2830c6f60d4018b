"""Find the noise of a given picture: the z whose G(z) is closest to it.

z is trained like a weight, by gradient descent on the pixels (Lipton & Tripathi 2017, *Precise Recovery of Latent Vectors from
Generative Adversarial Networks*; Zhu et al. 2016, *Generative Visual Manipulation on the Natural Image Manifold*, section 4). The
start matters: from the closest of 1,000 random pictures the error is smaller than from a random one. How much smaller,
`python tests/benchmarks/latent.py inversion` measures.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gancourse import arguments
from gancourse.training import (
    check_labels,
    device_of,
    in_eval_mode,
    noise,
    noise_deviation,
    sample,
    to_uint8,
    to_unit,
)

SAMPLES = 1_000  # random pictures, of which the closest are the starts
STARTS = 4
STEPS = 400
EVERY = 20
STEP_SIZE = 0.1  # Adam's, in standard deviations of one number of the noise; it falls to 0 along a cosine
TYPICAL = 0.0015  # weight of the squared difference, in such deviations, between the length of z and the typical one
CLASS_STEPS = 10  # in every class, where the class is searched
BATCH = 250  # pictures that G draws at once


@dataclass(frozen=True)
class Found:
    """The best noise that a search has found for each of N pictures so far."""

    z: Tensor  # float32 (N, z_dim)
    images: Tensor  # uint8 (N, C, H, W): G(z)
    error: Tensor  # float32 (N,): mean squared difference of the pixels from -1 to 1, before G(z) is rounded
    labels: Tensor | None  # int64 (N,), for a conditional generator


def invert(generator: nn.Module, images: Tensor, labels: Tensor | None = None, **settings: int) -> Found:
    """Return the best that `search` finds; settings: its seed, samples, starts and steps."""
    every = settings.get("steps", STEPS)  # nothing between the first picture and the last is asked for
    *_, found = search(generator, images, labels, every=every, **settings)
    return found


def search(
    generator: nn.Module,
    images: Tensor,
    labels: Tensor | None = None,
    *,
    seed: int = 0,
    samples: int = SAMPLES,
    starts: int = STARTS,
    steps: int = STEPS,
    every: int = EVERY,
) -> Iterator[Found]:
    """Return an iterator over the best noise so far: before the first step, after every `every` steps, and after the last.

    images: uint8 (N, C, H, W), of the shape that the generator draws.
    labels: int64 (N,), for a conditional generator; without them, the class is searched, too.
    samples, starts: from so many random pictures, the search starts at the noise of the `starts` closest ones, and keeps the
        best result. Where the class is searched, a few steps in every class choose it first.
    steps: of Adam on the mean squared difference of the pixels, and on a small penalty that keeps the length of z near that of
        random noise (√z_dim for a normal prior); noise of a uniform prior also stays between -1 and 1.

    The result depends on the seed alone, and lies on the CPU. The generator runs in eval mode and is left as it was. Raises
    ValueError for arguments that do not fit.
    """
    G = in_eval_mode(generator)
    images = arguments.images_of(images)
    if labels is not None:
        if getattr(G, "classes", None) is None:
            raise ValueError(f"{type(G).__name__} takes no labels: it has no attribute `classes`.")
        labels = check_labels(arguments.labels_of(labels, len(images)), G.classes)
    for name, value in (("samples", samples), ("starts", starts), ("steps", steps), ("every", every)):
        arguments.whole(name, value, least=1)
    if starts > samples:
        raise ValueError(f"{starts} starts cannot be chosen from {samples} samples.")
    drawn = sample(G, 1, seed)
    if drawn.shape[1:] != images.shape[1:]:
        raise ValueError(f"the generator draws images {tuple(drawn.shape[1:])}; these are {tuple(images.shape[1:])}.")
    return _search(G, images, labels, seed, samples, starts, steps, every)


def _search(
    G, images: Tensor, labels: Tensor | None, seed: int, samples: int, starts: int, steps: int, every: int
) -> Iterator[Found]:
    """Yield what `search` promises; G is in eval mode."""
    target = to_unit(images.to(device_of(G)))  # (N, C, H, W)
    if getattr(G, "classes", None) is not None:
        labels = _likely_classes(G, target, samples, starts, seed) if labels is None else labels.to(target.device)
    best, error = None, torch.full((len(target),), torch.inf, device=target.device)
    first = _starts(G, target, labels, samples, starts, seed)
    of_starts = None if labels is None else labels[:, None].expand(-1, starts)
    for step, (z, errors) in enumerate(_descend(G, first, of_starts, target, steps)):
        least, index = errors.min(1)
        closest = z[torch.arange(len(z), device=z.device), index]  # (N, z_dim)
        best = closest if best is None else torch.where((least < error)[:, None], closest, best)
        error = torch.minimum(error, least)
        if step % every == 0 or step == steps:
            drawn = to_uint8(_draw(G, best, labels))
            yield Found(best.cpu(), drawn.cpu(), error.cpu(), None if labels is None else labels.cpu())


# ---- where to start -------------------------------------------------------------------------------------------------


def _starts(G, target: Tensor, labels: Tensor | None, samples: int, starts: int, seed: int) -> Tensor:
    """Return the noise (N, starts, z_dim) of the closest of so many random pictures, of the same label where there are any."""
    z = noise(G, samples, seed)
    if labels is None:
        return z[_closest(G, target, z, None, starts)]
    chosen = torch.empty(len(target), starts, dtype=torch.int64, device=z.device)
    for label in labels.unique():
        asked = labels == label
        chosen[asked] = _closest(G, target[asked], z, label, starts)
    return z[chosen]


def _closest(G, target: Tensor, z: Tensor, label: Tensor | None, k: int) -> Tensor:
    """Return the indices (N, k) of the noise (M, z_dim) whose pictures, with this label (), are closest to the target."""
    pictures = _draw(G, z, None if label is None else label.expand(len(z)))
    return torch.cdist(target.flatten(1), pictures.flatten(1)).topk(k, largest=False).indices


def _likely_classes(G, target: Tensor, samples: int, starts: int, seed: int) -> Tensor:
    """Return the class (N,) in which the search is likely to come closest.

    Few steps tell more than many: given time, a search in the wrong class bends a 3 into a 5. Of the first 200 test digits,
    10 steps in every class of mnist_conditional find the class of 94 %, whole searches that of 86 %.
    """
    per_class = max(starts, samples // G.classes)
    z, each = noise(G, per_class, seed), torch.arange(G.classes, device=target.device)
    chosen = torch.stack([_closest(G, target, z, label, starts) for label in each], dim=1)  # (N, classes, starts)
    labels = each.repeat_interleave(starts).expand(len(target), -1)
    *_, (_, errors) = _descend(G, z[chosen].flatten(1, 2), labels, target, CLASS_STEPS)
    return errors.unflatten(1, (G.classes, starts)).mean(2).argmin(1)


# ---- gradient descent -----------------------------------------------------------------------------------------------


def _descend(G, z: Tensor, labels: Tensor | None, target: Tensor, steps: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield z (N, K, z_dim) and the errors (N, K), before each step of Adam and after the last. The next step changes z.

    labels: (N, K), or None.
    """
    optimizer = torch.optim.Adam([z])
    for step in range(steps + 1):
        errors, z.grad = _errors_and_gradient(G, z, labels, target)
        yield z, errors
        optimizer.param_groups[0]["lr"] = STEP_SIZE * noise_deviation(G) * (1 + math.cos(math.pi * step / steps)) / 2
        optimizer.step()
        if getattr(G, "prior", "normal") == "uniform":
            z.clamp_(-1, 1)


def _errors_and_gradient(G, z: Tensor, labels: Tensor | None, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return the error of each start (N, K), and the gradient of the loss with respect to z (N, K, z_dim)."""
    n, k, z_dim = z.shape
    wanted = torch.arange(n, device=z.device).repeat_interleave(k)
    errors, gradients = [], []
    for rows, here, *label in _batches(wanted, z.flatten(0, 1), None if labels is None else labels.flatten()):
        with torch.enable_grad():
            here = here.detach().requires_grad_()
            error = (G(here, *label) - target[rows]).square().mean((1, 2, 3))
            # The length of random noise is z_dim ** 0.5 ± about 0.7 deviations, whatever z_dim.
            atypical = (here.norm(dim=1) / noise_deviation(G) - z_dim**0.5).square()
            (gradient,) = torch.autograd.grad((error + TYPICAL * atypical).sum(), here)
        errors.append(error.detach())
        gradients.append(gradient)
    return torch.cat(errors).view(n, k), torch.cat(gradients).view_as(z)


@torch.no_grad()
def _draw(G, z: Tensor, labels: Tensor | None) -> Tensor:
    """Return G(z), or G(z, labels), for noise (M, z_dim) and labels (M,), float (M, C, H, W)."""
    images = []
    for part in _batches(z, labels):
        images.append(arguments.check_pixels(G(*part), len(part[0]), f"noise {tuple(part[0].shape)}"))
    return torch.cat(images)


def _batches(*wholes: Tensor | None) -> Iterator[tuple[Tensor, ...]]:
    """Yield what G draws at once, BATCH rows of each tensor; None is left out."""
    return zip(*(whole.split(BATCH) for whole in wholes if whole is not None), strict=True)
