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
    i = torch.arange(n, device=images.device)[:, None, None]
    return padded[i, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2).contiguous()


def flip_and_shift(images: Tensor) -> Tensor:
    """What a classifier of small photographs may be shown of an image (N, C, H, W): mirrored or not, and a little moved."""
    return random_shift(random_flip(images))
