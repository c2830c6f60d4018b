"""Augmentation of a whole batch at once, on the device where it lies."""

import torch
from torch import Tensor, nn


def random_flip(images: Tensor) -> Tensor:
    """Mirror each image of (N, C, H, W) left to right with probability one half. Not for digits."""
    flip = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.5
    return torch.where(flip, images.flip(-1), images)


def random_shift(images: Tensor, pixels: int = 4) -> Tensor:
    """Move each image of (N, C, H, W) by up to `pixels` in either direction; what comes in is mirrored at the edge."""
    n, _, height, width = images.shape
    padded = nn.functional.pad(images, (pixels,) * 4, mode="reflect")
    down, right = torch.randint(2 * pixels + 1, (2, n, 1), device=images.device)
    rows = down + torch.arange(height, device=images.device)  # (N, H)
    columns = right + torch.arange(width, device=images.device)  # (N, W)
    return _picked(padded, rows, columns)


def flip_and_shift(images: Tensor) -> Tensor:
    """Mirror each image of (N, C, H, W) at random and shift it a little, to train a classifier of small photographs."""
    return random_shift(random_flip(images))


def flip_and_swap_colours(images: Tensor) -> Tensor:
    """Mirror each image of (N, 3, H, W) at random and put its three colours in a random order: six times as many pictures."""
    images = random_flip(images)
    order = torch.rand(len(images), 3, device=images.device).argsort(1)
    return images[torch.arange(len(images), device=images.device)[:, None], order]


# ---- differentiable augmentation (Zhao et al. 2020) --------------------------------------------------------------
#
# For both players: D sees nothing but augmented images, real ones and fakes, and G's gradient comes back through the
# augmentation. What it takes away becomes 0, the grey in the middle of [-1, 1].


def recolour(images: Tensor, brightness: Tensor, saturation: Tensor, contrast: Tensor) -> Tensor:
    """Change the colours of each image of (N, C, H, W) by a number of its own, (N,) each.

    First `brightness` is added to all; then each pixel's colours move to `saturation` times their distance from the pixel's
    grey; at last all numbers move to `contrast` times their distance from the image's mean.
    """
    brightness, saturation, contrast = (factor.view(-1, 1, 1, 1) for factor in (brightness, saturation, contrast))
    images = images + brightness
    grey = images.mean(1, keepdim=True)
    images = grey + saturation * (images - grey)
    mean = images.mean((1, 2, 3), keepdim=True)
    return mean + contrast * (images - mean)


def translate(images: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Move each image of (N, C, H, W) by whole pixels, int64 (N,), upwards or to the left where negative; 0 comes in."""
    _, _, height, width = images.shape
    padded = nn.functional.pad(images, (1, 1, 1, 1))
    rows = torch.arange(height, device=images.device) - down[:, None]  # (N, H), outside the image where 0 comes in
    columns = torch.arange(width, device=images.device) - right[:, None]  # (N, W)
    return _picked(padded, (rows + 1).clamp(0, height + 1), (columns + 1).clamp(0, width + 1))


def cutout(images: Tensor, top: Tensor, left: Tensor, side: int) -> Tensor:
    """Set a square of each image of (N, C, H, W) to 0: its upper left corner, int64 (N,), may lie outside the image."""
    _, _, height, width = images.shape
    rows = torch.arange(height, device=images.device) - top[:, None]  # (N, H), from the upper edge of the square
    columns = torch.arange(width, device=images.device) - left[:, None]  # (N, W)
    inside = ((rows >= 0) & (rows < side))[:, :, None] & ((columns >= 0) & (columns < side))[:, None, :]
    return images.masked_fill(inside[:, None], 0)


def random_colours(images: Tensor) -> Tensor:
    """Recolour each image: brightness from -.5 to .5, saturation from 0 to 2, contrast from .5 to 1.5."""
    brightness, saturation, contrast = torch.rand(3, len(images), device=images.device)
    return recolour(images, brightness - 0.5, 2 * saturation, contrast + 0.5)


def random_place(images: Tensor) -> Tensor:
    """Move each image by up to an eighth of its sides in either direction."""
    height, width = (side // 8 for side in images.shape[2:])
    return translate(images, _integers(images, -height, height), _integers(images, -width, width))


def random_hole(images: Tensor) -> Tensor:
    """Erase a square of half the height of each image, its middle anywhere: it may reach over the edge."""
    height, width = images.shape[2:]
    half = height // 4
    top, left = _integers(images, -half, height - half), _integers(images, -half, width - half)
    return cutout(images, top, left, 2 * half)


def differentiable(images: Tensor) -> Tensor:
    """Return images (N, C, H, W) in other colours, at another place and with a hole, drawn anew for each image."""
    return random_hole(random_place(random_colours(images)))


def _integers(images: Tensor, least: int, most: int) -> Tensor:
    """Return a whole number from `least` to `most` for each image, int64 (N,)."""
    return torch.randint(least, most + 1, (len(images),), device=images.device)


def _picked(images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Return for each of N images its own rows (N, h) and columns (N, w): (N, C, h, w)."""
    i = torch.arange(len(images), device=images.device)[:, None, None]
    return images[i, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2).contiguous()
