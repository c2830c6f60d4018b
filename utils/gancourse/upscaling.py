"""Enlarge pictures of any size four times with a trained network, tile by tile, in bounded memory: `gancourse upscale PICTURE`.

Each tile is enlarged with a margin as wide as the network can see, and the margin is cut off again: so the tiles join without a seam.
"""

import struct
import sys
import warnings
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from torch import Tensor, nn

from gancourse import files
from gancourse.pictures import PictureError
from gancourse.resampling import FACTOR, enlarge
from gancourse.training import device_of, to_uint8, to_unit

TILE = 160  # pixels of the small picture; with 224 a 64-channel network would take up to 1 GB
GREY = ("1", "L", "LA", "I;16", "I;16B", "I;16L", "I")


@dataclass(frozen=True)
class Picture:
    """A picture that was read from a file: 8 bits for each number, in sRGB, upright."""

    colour: Tensor  # uint8 (3, h, w), or (1, h, w) of a grey one; on white where it is transparent
    alpha: Tensor | None  # uint8 (1, h, w), 0 where it is transparent
    notes: tuple[str, ...] = ()  # what of the file is lost


def upscale(path: Path, G: nn.Module, out: Path, progress: bool = True) -> Picture:
    """Enlarge a picture file four times and write the result as PNG; return what was read.

    G: a network that enlarges four times and says its `reach`. Raises PictureError for a file that is no picture, and OSError; then no
    file is left.
    """
    if out.suffix.lower() != ".png":
        raise ValueError(f"--out names a PNG file; {out.name} does not end in .png.")
    if out.exists():
        raise ValueError(f"{out} is there already. Remove it, or name another file with --out.")
    picture = read(path)
    height, width = (FACTOR * side for side in picture.colour.shape[1:])
    with files.open_atomically(out) as file:
        write_png(file, width, height, _joined(picture, G, progress))
    return picture


def read(path: Path) -> Picture:
    """Return the picture in a file, of any kind that Pillow reads. Raises PictureError, or OSError where there is no file."""
    with path.open("rb") as file:  # so that an OSError is one of the file system
        try:
            with warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):
                opened = Image.open(file)
            return _prepared(opened)
        except UnidentifiedImageError:
            raise PictureError(f"{path} is no picture that can be read. PNG, JPEG and many others are.") from None
        except Image.DecompressionBombError as error:
            raise PictureError(f"{path} claims more pixels than can be read: {error}.") from None
        except (OSError, ValueError, SyntaxError, zlib.error, struct.error, EOFError) as error:
            raise PictureError(f"{path} is damaged: {error}.") from None


def _prepared(opened: Image.Image) -> Picture:
    notes = []
    if getattr(opened, "n_frames", 1) > 1:
        notes.append("only the first of its pictures is enlarged")
    image = ImageOps.exif_transpose(opened)  # a camera held sideways
    if image.mode == "F":
        raise ValueError("its pixels are floating-point numbers, save it with 8 bits for each colour")
    if image.mode.startswith("I"):  # 16 bits, which `convert` would clip at 255
        notes.append("16 bits become 8")
        image = Image.fromarray((np.asarray(image).clip(0, 65_535) // 257).astype(np.uint8))
    is_grey = image.mode in GREY
    has_alpha = image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info
    alpha = image.convert("RGBA").getchannel("A") if has_alpha else None
    if not is_grey:
        image = _in_srgb(image, notes)
    if alpha is not None:
        paper = Image.new("RGB", image.size, "white")
        paper.paste(image.convert("RGB"), mask=alpha)
        image = paper
    image = image.convert("L" if is_grey else "RGB")
    return Picture(_as_tensor(image), None if alpha is None else _as_tensor(alpha), tuple(notes))


def _in_srgb(image: Image.Image, notes: list[str]) -> Image.Image:
    """Return a picture in the colours that screens show, as its profile describes them."""
    profile = image.info.get("icc_profile")
    if image.mode == "CMYK":
        notes.append("inks become the colours of a screen")
    if profile and image.mode in ("RGB", "CMYK"):
        import io

        try:
            return ImageCms.profileToProfile(
                image, io.BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError):
            notes.append("its colour profile cannot be read and is ignored")
    return image


def _as_tensor(image: Image.Image) -> Tensor:
    array = np.array(image)
    return torch.from_numpy(array[None] if array.ndim == 2 else array.transpose(2, 0, 1).copy())


def in_tiles(G: nn.Module, image: Tensor, tile: int = TILE) -> Tensor:
    """Return an image uint8 (3, h, w), enlarged by G to (3, 4h, 4w), with no more than `tile` times `tile` pixels at once."""
    return torch.cat(list(bands(G, image, tile)), dim=1)


def bands(G: nn.Module, image: Tensor, tile: int = TILE, progress: bool = False) -> Iterator[Tensor]:
    """Yield an image uint8 (3, h, w), enlarged by G, in bands from the top to the bottom: uint8 (3, 4 times up to `tile`, 4w)."""
    height, width = image.shape[1:]
    tops, lefts = range(0, height, tile), range(0, width, tile)
    with _bar(len(tops) * len(lefts), progress) as bar:
        for top in tops:
            band = []
            for left in lefts:
                band.append(_tile(G, image, top, left, tile))
                bar.update()
            yield torch.cat(band, dim=2)


@torch.no_grad()
def _tile(G: nn.Module, image: Tensor, top: int, left: int, tile: int) -> Tensor:
    """Return one enlarged tile: enlarged with a margin as wide as G sees, which is then cut off."""
    bottom, right = min(top + tile, image.shape[1]), min(left + tile, image.shape[2])
    above, before = max(top - G.reach, 0), max(left - G.reach, 0)
    with_margin = image[:, above : bottom + G.reach, before : right + G.reach]
    x = G(to_unit(with_margin[None]).to(device_of(G)))[0]
    rows = slice(FACTOR * (top - above), FACTOR * (bottom - above))
    columns = slice(FACTOR * (left - before), FACTOR * (right - before))
    return to_uint8(x[:, rows, columns]).cpu()


def _bar(tiles: int, progress: bool):
    from tqdm import tqdm

    return tqdm(total=tiles, desc="tiles", unit="tile", file=sys.stdout, disable=not progress, ncols=90)


def _joined(picture: Picture, G: nn.Module, progress: bool) -> Iterator[np.ndarray]:
    """Yield the enlarged rows of a picture, uint8 (rows, width, channels), colour and alpha together."""
    grey = len(picture.colour) == 1
    colour = bands(G, picture.colour.expand(3, -1, -1), progress=progress)
    if picture.alpha is None:
        for band in colour:
            yield _rows(_greyed(band) if grey else band)
        return
    bicubic = Bicubic()
    for band, alpha in zip(colour, bands(bicubic, picture.alpha), strict=True):
        band = _greyed(band) if grey else band
        yield _rows(torch.cat([_without_paper(band, alpha), alpha]))


class Bicubic(nn.Module):
    """Enlarges as `resampling.enlarge` does, with the reach of its kernel."""

    reach = 3

    def forward(self, small: Tensor) -> Tensor:
        return enlarge(small)


def _greyed(band: Tensor) -> Tensor:
    return band.float().mean(0, keepdim=True).round().to(torch.uint8)


def _without_paper(band: Tensor, alpha: Tensor) -> Tensor:
    """Return the colours that give this band where they lie on white with this alpha."""
    share = alpha.float() / 255
    colour = 255 - (255 - band.float()) / share.clamp(min=1 / 255)
    return colour.round().clamp(0, 255).to(torch.uint8)


def _rows(band: Tensor) -> np.ndarray:
    return band.permute(1, 2, 0).contiguous().numpy()


def write_png(file: BinaryIO, width: int, height: int, rows: Iterable[np.ndarray]) -> None:
    """Write a PNG from top to bottom, so that it need never be in memory as a whole, which Pillow cannot do.

    rows: arrays uint8 (any number of rows, width, channels); 1 channel is grey, 2 grey and alpha, 3 red, green and blue, 4 these and alpha.
    """
    file.write(b"\x89PNG\r\n\x1a\n")
    compressor = None
    for part in rows:
        channels = part.shape[2]
        if compressor is None:
            kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
            _chunk(file, b"IHDR", struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0))
            compressor = zlib.compressobj()
        flat = part.reshape(len(part), -1)
        filtered = np.empty((len(part), 1 + flat.shape[1]), np.uint8)
        filtered[:, 0] = 1  # "Sub": each number minus that of the pixel before, which compresses better
        filtered[:, 1 : 1 + channels] = flat[:, :channels]
        filtered[:, 1 + channels :] = flat[:, channels:] - flat[:, :-channels]
        _chunk(file, b"IDAT", compressor.compress(filtered))
    _chunk(file, b"IDAT", compressor.flush())
    _chunk(file, b"IEND", b"")


def _chunk(file: BinaryIO, kind: bytes, data: bytes) -> None:
    file.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))
