"""Enlarge picture files four times with a trained network, tile by tile: `gancourse upscale PICTURE`.

Each tile is enlarged with a margin as wide as the network can see, and the margin is cut off again: so the tiles join without a seam.
Only the small picture, and a band of the large one, are in memory.
"""

import io
import struct
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from PIL import Image, ImageCms, ImageOps
from torch import Tensor, nn

from gancourse import files, pictures
from gancourse.resampling import FACTOR, enlarge
from gancourse.training import device_of, to_uint8, to_unit

TILE = 160  # pixels of the small picture; with 224 a network of 64 channels would take up to 1 GB
LOWEST = 32  # a tile of a picture so wide that a band of it would take too much memory
BAND = 500_000  # pixels of the small picture


@dataclass(frozen=True)
class Picture:
    """A picture that was read from a file: 8 bits for each number, upright, its colours as a screen shows them (sRGB)."""

    colour: Tensor  # uint8 (3, h, w), or (1, h, w) of a grey one; on white where it is transparent
    alpha: Tensor | None  # uint8 (1, h, w), 0 where it is transparent
    notes: tuple[str, ...] = ()  # what of the file is lost


def upscale(path: Path, G: nn.Module, out: Path, progress: bool = True) -> Picture:
    """Enlarge a picture file four times and write the result as PNG; return what was read.

    G: a network that enlarges four times and says its `reach`. Raises PictureError for a file that is no picture, ValueError for an `out`
    that cannot be, and OSError; then no file is left.
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
    """Return the picture in a file. Raises PictureError, or OSError where there is no file."""
    with path.open("rb") as file, pictures.read_as(str(path)):
        return _prepared(pictures.open_picture(file))


def _prepared(image: Image.Image) -> Picture:
    notes = []
    if getattr(image, "n_frames", 1) > 1 and image.format != "MPO":  # a telephone keeps a preview in an MPO
        notes.append("only the first of its pictures is enlarged")
    if image.mode in ("F", "I"):
        raise pictures.PictureError(f"Its pixels have 32 bits ({image.mode}). Save it with 8 bits for each colour.")
    if any(";16" in str(part) for part in image.tile):
        notes.append("16 bits become 8")
    image.load()
    try:
        ImageOps.exif_transpose(image, in_place=True)  # a camera held sideways
    except (ValueError, TypeError, KeyError, SyntaxError, struct.error):
        notes.append("which side is up cannot be read")
    is_grey = image.mode in ("1", "L", "LA") or image.mode.startswith("I")
    alpha, profile = None, image.info.get("icc_profile")
    if image.mode.startswith("I") and "transparency" in image.info:
        notes.append("its transparency is lost")
    elif image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
    image = pictures.with_8_bits(image)
    if not is_grey:
        image = _in_srgb(image, profile, notes)
    if alpha is not None:
        paper = Image.new("RGB", image.size, "white")
        paper.paste(image.convert("RGB"), mask=alpha)
        image = paper
    wanted = "L" if is_grey else "RGB"
    image = image if image.mode == wanted else image.convert(wanted)
    return Picture(_as_tensor(image), None if alpha is None else _as_tensor(alpha), tuple(notes))


def _in_srgb(image: Image.Image, profile: bytes | None, notes: list[str]) -> Image.Image:
    """Return a picture as RGB in the colours that screens show, as its profile describes them."""
    if image.mode == "CMYK":
        notes.append("inks become the colours of a screen")
    elif image.mode != "RGB":
        image = image.convert("RGB")
    if profile:
        try:
            its_own, screens = io.BytesIO(profile), ImageCms.createProfile("sRGB")
            return ImageCms.profileToProfile(image, its_own, screens, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            notes.append("its colour profile cannot be read and is ignored")
    return image


def _as_tensor(image: Image.Image) -> Tensor:
    pixels = torch.from_numpy(np.array(image))  # (h, w) or (h, w, 3)
    return pixels[None] if pixels.dim() == 2 else pixels.permute(2, 0, 1)


def bands(G: nn.Module, image: Tensor, tile: int = TILE, progress: bool = False) -> Iterator[Tensor]:
    """Yield an image uint8 (C, h, w), enlarged by G, in bands from the top to the bottom: uint8 (C, 4 times some rows, 4w).

    G gets no more than `tile` times `tile` pixels at once, and a margin.
    """
    height, width = image.shape[1:]
    rows = min(tile, max(LOWEST, BAND // width))
    tops, lefts = range(0, height, rows), range(0, width, tile)
    with _bar(len(tops) * len(lefts), progress) as bar:
        for top in tops:
            band = []
            for left in lefts:
                band.append(_tile(G, image, top, left, min(top + rows, height), min(left + tile, width)))
                bar.update()
            yield torch.cat(band, dim=2)


@torch.no_grad()
def _tile(G: nn.Module, image: Tensor, top: int, left: int, bottom: int, right: int) -> Tensor:
    """Return one enlarged tile: enlarged with a margin as wide as G sees, which is then cut off."""
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
    joined = bands(G, picture.colour.expand(3, -1, -1), progress=progress)
    if len(picture.colour) == 1:
        joined = map(_greyed, joined)
    if picture.alpha is not None:
        alphas = bands(Bicubic(), picture.alpha)
        joined = (torch.cat([_without_paper(band, alpha), alpha]) for band, alpha in zip(joined, alphas, strict=True))
    yield from map(_rows, joined)


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
