"""Laplacian pyramids (Burt & Adelson 1983, "The Laplacian Pyramid as a Compact Image Code"): a picture as a small, coarse
picture and the detail that each larger size adds.

`reduce` halves both sides and `expand` doubles them. What `expand(reduce(x))` lacks of x is a *band*: the detail between the two
sizes. `decompose` takes band after band, `collapse` adds them again, and the picture is back, to the rounding of float32.

The kernel has the weights 1, 3, 3, 1: of even width, so that a coarse pixel lies in the middle of the four fine ones that it
replaces, and no size shifts the picture. (The paper's has five, 1, 4, 6, 4, 1, for sides of 2ⁿ + 1.) At the border the outermost
pixel is repeated.
"""

import torch
from torch import Tensor
from torch.nn.functional import conv2d, interpolate, pad

KERNEL = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8


def reduce(x: Tensor) -> Tensor:
    """Return images half as high and wide: float (N, C, 2h, 2w) -> (N, C, h, w). A grey area keeps its grey.

    Raises ValueError for an odd side.
    """
    check_images(x, 1)
    channels, weights = x.shape[1], KERNEL.to(x)
    kernel = weights.outer(weights).expand(channels, 1, 4, 4)  # each channel keeps to itself
    return conv2d(pad(x, (1, 1, 1, 1), mode="replicate"), kernel, stride=2, groups=channels)


def expand(x: Tensor) -> Tensor:
    """Return images twice as high and wide: float (N, C, h, w) -> (N, C, 2h, 2w), by bilinear interpolation.

    With this kernel that is four times the adjoint of `reduce`, borders included: for all x and y, the sum of `expand(y) * x` is
    four times that of `y * reduce(x)`.
    """
    check_images(x, 0)
    return interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def decompose(x: Tensor, levels: int) -> tuple[Tensor, list[Tensor]]:
    """Return the coarse picture of float x (N, C, H, W), (N, C, H / 2^levels, W / 2^levels), and its bands, the smallest first.

    Band number i has the size that i + 1 expansions give. Raises ValueError where a side cannot be halved so often.
    """
    check_images(x, levels)
    bands = []
    for _ in range(levels):
        coarse = reduce(x)
        bands.insert(0, x - expand(coarse))
        x = coarse
    return x, bands


def collapse(coarse: Tensor, bands: list[Tensor]) -> Tensor:
    """Return the picture that `decompose` has taken apart: (N, C, h, w) and its bands -> (N, C, h 2^bands, w 2^bands).

    Raises ValueError for a band of another size.
    """
    x = coarse
    for band in bands:
        x = expand(x)
        if band.shape != x.shape:
            raise ValueError(f"a band of {tuple(band.shape)} cannot be added to a picture of {tuple(x.shape)}.")
        x = x + band
    return x


def check_images(x: Tensor, levels: int) -> None:
    """Raise ValueError unless these are float images (N, C, H, W) whose sides can be halved `levels` times."""
    if x.dim() != 4 or not x.is_floating_point():
        raise ValueError(f"a pyramid is built of float images (N, C, H, W), not of {x.dtype} {tuple(x.shape)}.")
    height, width = x.shape[2:]
    if levels < 0 or height % 2**levels or width % 2**levels:
        raise ValueError(
            f"a picture of {height}x{width} cannot be halved {levels} times: sides must be multiples of {2**levels}."
        )
