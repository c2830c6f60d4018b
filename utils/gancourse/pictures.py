"""Pictures from outside, a file or a drawing, made into what a generator draws: the same size, and the same kind."""

import contextlib
import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from gancourse.datasets import square

MOST_BYTES = 8_000_000
MOST_PIXELS = (
    40_000_000  # to decode; a telephone's camera has 12 to 50 million, a file of a few kilobytes may claim more
)
KINDS = ("PNG", "JPEG", "WEBP", "AVIF", "GIF", "BMP", "TIFF", "PPM", "ICO")  # EPS would start another program
ENOUGH = 1_024  # pixels of the longer side; far more than any generator draws
WHITE = 0.95  # brightness of a border that is paper
INK = 0.2  # of the brightest pixel: darker ones are paper
DIGIT = 20  # side that MNIST's digits are fitted into (LeCun et al. 1998, section III.A), in a picture of 28


class PictureError(ValueError):
    """A file is no picture that can be used; the message says why."""


def open_picture(file: BinaryIO) -> Image.Image:
    """Return a picture that is not decoded yet. Raises what Pillow raises."""
    Image.init()
    return Image.open(file, formats=[kind for kind in KINDS if kind in Image.OPEN])


@contextlib.contextmanager
def read_as(what: str) -> Iterator[None]:
    """Turn whatever Pillow raises for a file that it cannot read into a PictureError about `what`, and keep its warnings quiet."""
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    except PictureError:
        raise
    except UnidentifiedImageError:
        raise PictureError(f"{what} is no picture that can be read. PNG and JPEG are.") from None
    except Image.DecompressionBombError as error:
        raise PictureError(f"{what} has far too many pixels. {error}.") from None
    except (OSError, ValueError, SyntaxError, TypeError, RuntimeError, EOFError, struct.error, zlib.error) as error:
        raise PictureError(f"{what} is damaged: {error}.") from None


def with_8_bits(picture: Image.Image) -> Image.Image:
    """Return a picture of 16 bits, which `convert` would clip at 255, with 8; any other as it is."""
    if not picture.mode.startswith("I"):
        return picture
    return Image.fromarray((np.asarray(picture).clip(0, 65_535) // 257).astype(np.uint8))


def read(data: bytes, shape: tuple[int, int, int]) -> Tensor:
    """Return a picture file as uint8 of this shape (C, H, W), H = W: a grey one is prepared like MNIST's digits.

    A colour one is resized once: all of it where its border is white, else its square middle. Raises PictureError.
    """
    if len(data) > MOST_BYTES:
        raise PictureError(
            f"This file has {len(data) / 1e6:.0f} MB; {MOST_BYTES / 1e6:.0f} MB are the most. Make it smaller."
        )
    channels, side, _ = shape
    with read_as("This file"):
        picture = open_picture(io.BytesIO(data))
        if picture.width * picture.height > MOST_PIXELS:
            raise PictureError(
                f"This picture has {picture.width:,} x {picture.height:,} pixels, too many to read. "
                f"Make it smaller: {side} x {side} are enough."
            )
        picture = with_8_bits(ImageOps.exif_transpose(picture))  # a camera held sideways
        picture.thumbnail((ENOUGH, ENOUGH), Image.Resampling.BOX)  # what follows need not hold millions of pixels
        grey = _on_white(picture)
        if channels == 1:
            pixels = _as_digit(grey, side)
        elif _border(grey) > WHITE:  # a thing on white: all of it
            pixels = square(picture, side)
        else:  # a photograph: its middle
            pixels = square(ImageOps.fit(picture, [min(picture.size)] * 2), side)
    return torch.from_numpy(np.ascontiguousarray(pixels))


def _on_white(picture: Image.Image) -> np.ndarray:
    """Return a picture as grey float32 (height, width), 0 to 1, with what is transparent in white."""
    rgba = picture.convert("RGBA")
    paper = Image.new("RGBA", rgba.size, "white")
    return np.asarray(Image.alpha_composite(paper, rgba).convert("L"), np.float32) / 255


def _border(grey: np.ndarray) -> float:
    """Return the brightness of a picture's border, 0 to 1: the median."""
    return float(np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])))


def _as_digit(grey: np.ndarray, side: int) -> np.ndarray:
    """Return ink on paper, float (height, width), as MNIST has it: white on black, fitted, its centre of mass in the middle.

    The result is uint8 (1, side, side). Dark ink on a light ground is inverted. Raises PictureError for an empty picture.
    """
    paper = _border(grey)
    ink = (paper - grey if paper > 0.5 else grey - paper).clip(0)
    if ink.max() < 0.1:
        raise PictureError("This picture is empty: there is no ink on it.")
    ink = np.where(ink < INK * ink.max(), 0, ink / ink.max())
    rows, columns = (np.flatnonzero(ink.any(axis)) for axis in (1, 0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = DIGIT * side / 28 / max(ink.shape)
    size = [max(1, round(scale * n)) for n in reversed(ink.shape)]
    small = np.asarray(Image.fromarray(ink.astype(np.float32)).resize(size, Image.Resampling.BOX), np.float32)
    down, right = (
        np.arange(n) @ small.sum(axis) / max(small.sum(), 1e-6)
        for n, axis in ((small.shape[0], 1), (small.shape[1], 0))
    )
    top, left = (
        min(max(round(side / 2 - centre), 0), side - n)
        for centre, n in ((down, small.shape[0]), (right, small.shape[1]))
    )
    canvas = np.zeros((1, side, side), np.float32)
    canvas[0, top : top + small.shape[0], left : left + small.shape[1]] = small
    return (255 * canvas / canvas.max()).round().astype(np.uint8)
