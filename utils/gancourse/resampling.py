"""Super-resolution's other end: how pictures are made small, and enlarged without a network. Images are float, from -1 to 1.

`shrink` is the *degradation* that the course's networks are trained for: bicubic, antialiased, rounded to whole grey levels, as when a
program resizes a picture and saves it. Pillow's `resize(..., BICUBIC)` gives the same pixels, up to two grey levels: it rounds twice.
"""

from torch import Tensor
from torch.nn.functional import interpolate

FACTOR = 4


def shrink(images: Tensor) -> Tensor:
    """Return images (N, C, 4h, 4w), made small: (N, C, h, w), in 256 grey levels. Raises ValueError for sides that 4 does not divide."""
    height, width = images.shape[2:]
    if height % FACTOR or width % FACTOR:
        raise ValueError(f"the sides must be multiples of {FACTOR}; these pictures have {height} x {width} pixels.")
    small = interpolate(images, (height // FACTOR, width // FACTOR), mode="bicubic", antialias=True)
    return small.add(1).mul(127.5).round().clamp(0, 255).div(127.5).sub(1)  # bicubic weights overshoot: clamp


def enlarge(small: Tensor, mode: str = "bicubic") -> Tensor:
    """Return images (N, C, h, w), enlarged to (N, C, 4h, 4w); mode: "bicubic", which may overshoot, or "nearest"."""
    return interpolate(small, scale_factor=FACTOR, mode=mode)
