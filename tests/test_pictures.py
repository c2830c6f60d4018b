"""Pictures from outside: of the right size and kind, or refused in words."""

import io

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from gancourse import datasets, features, pictures


def file(picture: Image.Image, kind: str = "png", **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def seven(paper: str, ink: str, mode: str = "L", size=(200, 300)) -> Image.Image:
    """Return a picture of a 7, not in the middle."""
    picture = Image.new(mode, size, paper)
    ImageDraw.Draw(picture).line([(20, 30), (90, 30), (50, 130)], fill=ink, width=12)
    return picture


@pytest.mark.parametrize(("paper", "ink"), [("white", "black"), ("black", "white"), ("lightgrey", "darkblue")])
def test_ink_on_paper_becomes_a_digit_like_mnists(paper, ink):
    digit = pictures.read(file(seven(paper, ink, "RGB")), (1, 28, 28))
    assert (digit.shape, digit.dtype) == ((1, 28, 28), torch.uint8)
    ink = digit[0].double()
    rows, columns = (torch.nonzero(ink.sum(axis)).flatten() for axis in (1, 0))
    assert rows[-1] - rows[0] == 19
    assert columns[-1] - columns[0] < 20
    place = torch.arange(28.0, dtype=torch.float64)
    centre = (ink.sum(1) @ place / ink.sum()).item(), (ink.sum(0) @ place / ink.sum()).item()
    assert centre == pytest.approx((14, 14), abs=0.75)
    assert int(features.digits()(digit[None])[1].argmax()) == 7


def test_a_digit_of_mnist_comes_back_nearly_as_it_was():
    original = datasets.load("mnist", "test").images[0]
    large = Image.fromarray(original[0].numpy()).resize((280, 280), Image.Resampling.BICUBIC)
    back = pictures.read(file(large), (1, 28, 28))
    assert (back.double() - original).abs().mean() < 12


def test_a_thing_on_white_is_kept_whole_and_a_photograph_is_cropped():
    thing = Image.new("RGB", (100, 300), "white")
    ImageDraw.Draw(thing).ellipse([10, 100, 90, 200], fill="red")
    kept = pictures.read(file(thing), (3, 32, 32))
    assert kept[:, 0, 0].tolist() == [255, 255, 255]
    assert kept[0, 16, 16] > 200 > 60 > kept[1, 16, 16]
    half = np.zeros((40, 120, 3), np.uint8)
    half[:, 40:80] = (0, 200, 0)
    cropped = pictures.read(file(Image.fromarray(half)), (3, 32, 32))
    assert (cropped[1].double() - 200).abs().max() <= 2


def test_transparent_pixels_are_white_and_a_camera_held_sideways_is_turned():
    clear = Image.new("RGBA", (50, 50), (255, 0, 0, 0))
    assert (pictures.read(file(clear), (3, 32, 32)) == 255).all()
    sideways = Image.new("RGB", (60, 60), "blue")
    sideways.paste("yellow", (0, 0, 60, 30))  # the upper half
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees to the right
    turned = pictures.read(file(sideways, "jpeg", quality=95, exif=exif), (3, 32, 32))
    assert turned[0, 16, 28] > 200
    assert turned[0, 16, 3] < 60


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "CMYK", "I;16"])
def test_every_kind_of_pixels_is_read(mode):
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(seven("white", "black")).astype(np.uint16) * 257)
    else:
        picture = seven("white", "black", "RGB").convert(mode)
    kind = "tiff" if mode == "CMYK" else "png"
    assert int(features.digits()(pictures.read(file(picture, kind), (1, 28, 28))[None])[1].argmax()) == 7
    assert pictures.read(file(picture, kind), (3, 64, 64)).shape == (3, 64, 64)


def test_what_is_no_picture_is_refused_in_words():
    whole = file(seven("white", "black"))
    cases = {
        b"": "no picture that can be read",
        b"%PDF-1.7 something": "no picture that can be read",
        whole[: len(whole) // 2]: "damaged",
        file(Image.new("L", (50, 50), "white")): "empty",
        b"\0" * (pictures.MOST_BYTES + 1): "8 MB are the most",
        file(Image.new("1", (10_000, 10_000))): "10,000 x 10,000 pixels, too many",
    }
    for data, says in cases.items():
        with pytest.raises(pictures.PictureError, match=says):
            pictures.read(data, (1, 28, 28))
