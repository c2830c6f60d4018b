"""Statistics of images: what a person would say first about a picture, as one number each.

`measure` returns all of them. Grey images are read as light ink on black, as in MNIST; colour images as they are, with a border
that belongs to the background. Each statistic has two plain words for its two ends, so that a slider can say "thin ↔ thick".
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from gancourse import arguments

LUMA = (0.299, 0.587, 0.114)  # how bright red, green and blue look (ITU-R BT.601)
BORDER = 16  # the border is a 16th of the side wide, on all four sides
DIFFERENT = 0.15  # from 0 to 1: a pixel belongs to the subject if a channel is farther than this from the background's
PLAIN = 0.75  # share of the border that has the background's colour, at least, where the background is plain
TINY = 1e-6


@dataclass(frozen=True)
class Statistic:
    """One number for each image, and the words for a small and for a large number."""

    of: Callable[[Tensor], Tensor]  # pixels float32 (N, C, H, W) from 0 to 1 -> float32 (N,)
    low: str
    high: str


def measure(images: Tensor) -> dict[str, Tensor]:
    """Return every statistic of images uint8 (N, C, H, W), by name, each float32 (N,) on the CPU.

    C = 1: the names of GREY; C = 3: those of COLOUR. Only `size` can be NaN. Raises ValueError for what are no such images.
    """
    pixels = arguments.images_of(images).cpu().float() / 255
    return {name: statistic.of(pixels) for name, statistic in statistics_for(pixels.shape[1]).items()}


def statistics_for(channels: int) -> dict[str, Statistic]:
    """Return the statistics of images with 1 or 3 channels, by name. Raises ValueError for another number."""
    if channels not in (1, 3):
        raise ValueError(f"images have 1 channel (grey) or 3 (colour); these have {channels}.")
    return GREY if channels == 1 else COLOUR


def ends(statistic: str) -> tuple[str, str]:
    """Return the words for a small and for a large value of a statistic, such as ("thin", "thick")."""
    found = (GREY | COLOUR)[statistic]
    return found.low, found.high


# ---- grey: one sign, light on black ---------------------------------------------------------------------------------


def slant(pixels: Tensor) -> Tensor:
    """Return how far the ink moves to the right for each step up, (N,): 0 is upright, 1 leans by 45 degrees.

    pixels: (N, 1, H, W). It is the shear of the second moments of the ink, as in the deskewing of LeCun et al. 1998,
    *Gradient-Based Learning Applied to Document Recognition*.
    """
    _, across, down = _moments(pixels)
    return -across / down.clamp_min(TINY)


def thickness(pixels: Tensor) -> Tensor:
    """Return the mean width of the strokes in pixels, (N,): twice the area of the ink by the length of its outline.

    pixels: (N, 1, H, W). A stroke of length l and width w has the area l w and an outline of nearly 2 l. The outline is the
    total variation of the ink (coarea formula), so that neither soft edges nor pale ink change the result.
    """
    ink = pixels.squeeze(1)
    outline = (_variation(ink) + _variation(ink.flip(-1))) / 2  # so that a mirrored sign gets the same number
    return 2 * ink.sum((1, 2)) / outline.clamp_min(TINY)


def ink(pixels: Tensor) -> Tensor:
    """Return the mean of all pixels, (N,), from 0 to 1. pixels: (N, 1, H, W)."""
    return pixels.mean((1, 2, 3))


def width(pixels: Tensor) -> Tensor:
    """Return how wide the sign is, in pixels, (N,): the standard deviation of the ink's columns, without the slant.

    pixels: (N, 1, H, W). A slanting 1 is narrow, too: each row is first moved back by what its height explains.
    """
    right, across, down = _moments(pixels)
    return (right - across.square() / down.clamp_min(TINY)).clamp_min(0).sqrt()


def _moments(pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the variance of the ink's columns, its covariance with the rows, and the variance of the rows, each (N,)."""
    share = pixels.squeeze(1) / pixels.sum((1, 2, 3)).clamp_min(TINY)[:, None, None]
    columns, rows = share.sum(1), share.sum(2)  # (N, W), (N, H)
    x, y = (torch.arange(part.shape[1], dtype=part.dtype, device=part.device) for part in (columns, rows))
    right = x - (columns @ x)[:, None]
    down = y - (rows @ y)[:, None]
    across = torch.einsum("nhw,nh,nw->n", share, down, right)
    return (columns * right.square()).sum(1), across, (rows * down.square()).sum(1)


def _variation(ink: Tensor) -> Tensor:
    """Return the sum of the lengths of all gradients of ink (N, H, W), (N,). Outside the picture there is none."""
    ink = pad(ink, (1, 1, 1, 1))
    right, down = ink[:, :-1, 1:] - ink[:, :-1, :-1], ink[:, 1:, :-1] - ink[:, :-1, :-1]
    return (right.square() + down.square()).sqrt().sum((1, 2))


# ---- colour ---------------------------------------------------------------------------------------------------------


def brightness(pixels: Tensor) -> Tensor:
    """Return the mean luma, (N,), from 0 to 1. pixels: (N, 3, H, W)."""
    return luma(pixels).mean((1, 2))


def contrast(pixels: Tensor) -> Tensor:
    """Return the standard deviation of the luma within each picture, (N,), from 0 to 0.5. pixels: (N, 3, H, W)."""
    return luma(pixels).std((1, 2), correction=0)


def saturation(pixels: Tensor) -> Tensor:
    """Return the mean chroma, (N,), from 0 (grey) to 1: the largest minus the smallest channel of a pixel.

    pixels: (N, 3, H, W). It is not divided by the brightness, as the S of HSV is: nearly black pixels would count most.
    """
    return (pixels.amax(1) - pixels.amin(1)).mean((1, 2))


def red_green(pixels: Tensor) -> Tensor:
    """Return the mean of red minus green, (N,), from -1 to 1. pixels: (N, 3, H, W).

    Hue is an angle, which has no correlation with anything; this and `yellow_blue` are the two axes that span it (Hering's
    opponent colours).
    """
    red, green, _ = pixels.mean((2, 3)).unbind(1)
    return red - green


def yellow_blue(pixels: Tensor) -> Tensor:
    """Return the mean of yellow, which is half red and half green, minus blue, (N,), from -1 to 1. pixels: (N, 3, H, W)."""
    red, green, blue = pixels.mean((2, 3)).unbind(1)
    return (red + green) / 2 - blue


def background(pixels: Tensor) -> Tensor:
    """Return the mean luma of the border, (N,), from 0 to 1. pixels: (N, 3, H, W)."""
    return _border(luma(pixels)[:, None]).mean((1, 2))


def size(pixels: Tensor) -> Tensor:
    """Return the share of the picture that the subject covers, (N,), from 0 to 1; NaN where the border is not plain.

    pixels: (N, 3, H, W). The subject is what differs from the background, whose colour is the median of the border. Most
    photos have no plain border.
    """
    behind = _border(pixels).median(2).values[:, :, None, None]
    subject = ((pixels - behind).abs().amax(1, keepdim=True) > DIFFERENT).float()
    plain = _border(subject).mean((1, 2)) <= 1 - PLAIN
    return torch.where(plain, subject.mean((1, 2, 3)), torch.nan)


def luma(pixels: Tensor) -> Tensor:
    """Return how bright each pixel looks, (N, H, W), from 0 to 1. pixels: (N, 3, H, W), or (N, 1, H, W), which are it."""
    if pixels.shape[1] == 1:
        return pixels.squeeze(1)
    return sum(share * channel for share, channel in zip(LUMA, pixels.unbind(1), strict=True))


def _border(pixels: Tensor) -> Tensor:
    """Return the pixels (N, C, P) of the border of pictures (N, C, H, W)."""
    height, width = pixels.shape[2:]
    wide = max(1, min(height, width) // BORDER)
    inside = torch.zeros(height, width, dtype=torch.bool, device=pixels.device)
    inside[wide : height - wide, wide : width - wide] = True
    return pixels[:, :, ~inside]


# ---- both -----------------------------------------------------------------------------------------------------------


def symmetry(pixels: Tensor) -> Tensor:
    """Return the correlation of each picture with its mirror image, (N,), from -1 to 1: 1 is symmetric, left and right.

    pixels: (N, C, H, W). A picture of one colour gets 0.
    """
    bright = luma(pixels)
    bright = bright - bright.mean((1, 2), keepdim=True)
    return (bright * bright.flip(-1)).mean((1, 2)) / bright.square().mean((1, 2)).clamp_min(TINY)


GREY = {
    "slant": Statistic(slant, "to the left", "to the right"),
    "thickness": Statistic(thickness, "thin", "thick"),
    "ink": Statistic(ink, "little ink", "much ink"),
    "width": Statistic(width, "narrow", "wide"),
    "symmetry": Statistic(symmetry, "lopsided", "symmetric"),
}
COLOUR = {
    "brightness": Statistic(brightness, "dark", "bright"),
    "contrast": Statistic(contrast, "low contrast", "high contrast"),
    "saturation": Statistic(saturation, "pale", "colourful"),
    "red-green": Statistic(red_green, "green", "red"),
    "yellow-blue": Statistic(yellow_blue, "blue", "yellow"),
    "background": Statistic(background, "dark background", "light background"),
    "size": Statistic(size, "small", "large"),
    "symmetry": Statistic(symmetry, "lopsided", "symmetric"),
}
