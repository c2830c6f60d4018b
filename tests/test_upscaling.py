"""Enlarging picture files: without seams, whatever kind of file, and nothing half-written."""

import io

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms

from gancourse import resampling, training, upscaling
from gancourse.networks.srgan import SRGenerator
from gancourse.pictures import PictureError


def network() -> SRGenerator:
    """Return a small network that changes what bicubic enlargement gives, and looks far."""
    torch.manual_seed(0)
    G = SRGenerator(width=8, blocks=2).eval()
    for p in G.parameters():
        torch.nn.init.normal_(p, 0, 0.15)
    return G


def joined(G, image: torch.Tensor, tile: int = upscaling.TILE) -> torch.Tensor:
    """Return an image uint8 (C, h, w), enlarged tile by tile."""
    return torch.cat(list(upscaling.bands(G, image, tile)), dim=1)


def noise(*shape: int) -> np.ndarray:
    """Return a smooth random picture, uint8 (height, width[, channels])."""
    rng = np.random.default_rng(0)
    small = Image.fromarray(rng.integers(0, 256, (7, 9, 3), np.uint8)).resize(shape[1::-1], Image.Resampling.BICUBIC)
    return np.array(small)[..., : shape[2]] if len(shape) == 3 else np.array(small.convert("L"))


def saved(tmp_path, array: np.ndarray, name: str = "picture.png", mode: str | None = None, **more):
    image = Image.fromarray(array)
    (image.convert(mode) if mode else image).save(tmp_path / name, **more)
    return tmp_path / name


def upscaled(path, tmp_path, G=None) -> Image.Image:
    out = tmp_path / "out.png"
    upscaling.upscale(path, G or network(), out, progress=False)
    image = Image.open(out)
    image.load()
    return image


@pytest.mark.parametrize(("height", "width", "tile"), [(40, 53, 16), (24, 24, 24), (7, 90, 40), (33, 5, 8)])
@torch.no_grad()
def test_tiles_join_without_a_seam(height, width, tile):
    G, image = network(), torch.from_numpy(noise(height, width, 3)).permute(2, 0, 1).contiguous()
    whole = training.to_uint8(G(training.to_unit(image[None])))[0]
    assert (
        whole.int() - training.to_uint8(resampling.enlarge(training.to_unit(image[None])))[0].int()
    ).abs().max() > 20
    gap = (joined(G, image, tile).int() - whole.int()).abs()
    assert gap.max() <= 1


@torch.no_grad()
def test_a_margin_narrower_than_what_the_network_sees_would_show():
    G, image = network(), torch.from_numpy(noise(40, 53, 3)).permute(2, 0, 1).contiguous()
    whole = joined(G, image)
    G.reach -= 3
    assert not torch.equal(joined(G, image, 16), whole)


def test_a_colour_file_comes_back_four_times_as_large(tmp_path):
    array = noise(30, 41, 3)
    image = upscaled(saved(tmp_path, array), tmp_path)
    expected = joined(network(), torch.from_numpy(array).permute(2, 0, 1).contiguous())
    assert (image.mode, image.size) == ("RGB", (164, 120))
    assert np.array_equal(np.array(image), expected.permute(1, 2, 0).numpy())


def test_a_grey_file_stays_grey(tmp_path):
    image = upscaled(saved(tmp_path, noise(20, 30)), tmp_path, SRGenerator(8, 1).eval())
    assert (image.mode, image.size) == ("L", (120, 80))
    bicubic = Image.fromarray(noise(20, 30)).resize((120, 80), Image.Resampling.BICUBIC)
    assert np.abs(np.array(image, int) - np.array(bicubic, int))[8:-8, 8:-8].max() <= 12  # Pillow's kernel has a = -0.5


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_kept(tmp_path, mode):
    array = noise(20, 30, 3)
    image = Image.fromarray(array)
    alpha = np.zeros((20, 30), np.uint8)
    alpha[:, 15:] = 255
    image.putalpha(Image.fromarray(alpha))
    image.convert(mode).save(tmp_path / "picture.png")
    out = upscaled(tmp_path / "picture.png", tmp_path, SRGenerator(8, 1).eval())
    assert (out.mode, out.size) == (mode, (120, 80))
    large = np.array(out.getchannel("A"))
    assert large[:, :50].max() == 0
    assert large[:, 70:].min() == 255
    on_white = Image.new("RGBA", out.size, "white")
    on_white.alpha_composite(out.convert("RGBA"))
    assert np.array(on_white)[:, :50].min() == 255


def test_a_palette_with_transparency_is_read(tmp_path):
    image = Image.fromarray(noise(8, 8, 3)).quantize(8)
    image.save(tmp_path / "picture.png", transparency=0)
    assert upscaled(tmp_path / "picture.png", tmp_path).mode == "RGBA"


def test_inks_become_colours(tmp_path):
    red = np.full((8, 8, 3), (200, 30, 30), np.uint8)
    path = saved(tmp_path, red, "picture.jpg", "CMYK", quality=95)
    image = upscaled(path, tmp_path, SRGenerator(8, 1).eval())
    assert image.mode == "RGB"
    assert np.abs(np.array(image, int) - (200, 30, 30)).max() <= 8
    assert "inks" in upscaling.read(path).notes[0]


def test_sixteen_bits_are_scaled_to_eight(tmp_path):
    Image.fromarray(np.linspace(0, 65_535, 64).astype(np.uint16).reshape(8, 8)).save(tmp_path / "picture.png")
    picture = upscaling.read(tmp_path / "picture.png")
    assert torch.equal(picture.colour.flatten()[[0, -1]], torch.tensor([0, 255], dtype=torch.uint8))
    assert picture.notes == ("16 bits become 8",)
    assert upscaled(tmp_path / "picture.png", tmp_path).mode == "L"


def test_a_camera_held_sideways_is_turned(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = saved(tmp_path, noise(10, 30, 3), "picture.jpg", exif=exif, quality=95)
    assert upscaled(path, tmp_path).size == (40, 120)


def test_a_colour_profile_is_applied(tmp_path):
    array = np.full((8, 8, 3), 100, np.uint8)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert torch.equal(
        upscaling.read(saved(tmp_path, array, icc_profile=profile)).colour, torch.full((3, 8, 8), 100).byte()
    )
    picture = upscaling.read(saved(tmp_path, array, icc_profile=b"nonsense"))
    assert picture.notes == ("its colour profile cannot be read and is ignored",)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_a_profile_of_other_colours_is_applied_in_every_mode(tmp_path, mode):
    image = Image.fromarray(np.full((8, 8, 3), (200, 60, 20), np.uint8)).convert(mode)
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = lab.replace(b"rXYZ", b"tmpX").replace(b"gXYZ", b"rXYZ").replace(b"tmpX", b"gXYZ")
    image.save(tmp_path / "picture.png", icc_profile=swapped)
    picture = upscaling.read(tmp_path / "picture.png")
    assert picture.notes == ()
    red, green, _ = picture.colour[:, 4, 4].tolist()
    assert green > 150 > red  # the profile's first number is green


def test_what_is_lost_is_said_and_broken_extras_do_not_matter(tmp_path):
    array = noise(8, 8, 3)
    assert upscaling.read(saved(tmp_path, array, exif=b"garbage")).colour.shape == (3, 8, 8)
    frames = [Image.fromarray(array), Image.fromarray(255 - array)]
    frames[0].save(tmp_path / "moves.gif", save_all=True, append_images=frames[1:])
    assert upscaling.read(tmp_path / "moves.gif").notes == ("only the first of its pictures is enlarged",)


def test_a_very_wide_picture_is_cut_into_lower_bands():
    image = torch.zeros(3, 100, 20_000, dtype=torch.uint8)
    heights = [band.shape[1] for band in upscaling.bands(upscaling.Bicubic(), image)]
    assert heights == [128, 128, 128, 16]


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.png", b"not a picture", "no picture that can be read"),
        ("a.png", None, "is damaged"),
        ("a.tif", Image.fromarray(np.ones((8, 8), np.float32)), "pixels have 32 bits"),
    ],
)
def test_a_file_that_cannot_be_enlarged_is_one_clear_error(tmp_path, name, data, says):
    path = tmp_path / name
    if isinstance(data, Image.Image):
        data.save(path)
    elif data is None:
        buffer = io.BytesIO()
        Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 50, 3), np.uint8)).save(buffer, "PNG")
        path.write_bytes(buffer.getvalue()[:3_000])
    else:
        path.write_bytes(data)
    with pytest.raises(PictureError, match=says):
        upscaling.upscale(path, network(), tmp_path / "out.png", progress=False)
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_nothing_is_overwritten(tmp_path):
    path = saved(tmp_path, noise(8, 8, 3))
    (tmp_path / "out.png").write_text("mine")
    with pytest.raises(ValueError, match="is there already"):
        upscaling.upscale(path, network(), tmp_path / "out.png", progress=False)
    assert (tmp_path / "out.png").read_text() == "mine"
    with pytest.raises(ValueError, match="names a PNG file"):
        upscaling.upscale(path, network(), tmp_path / "out.jpg", progress=False)


def test_ctrl_c_leaves_no_half_file(tmp_path):
    class Stopped(SRGenerator):
        calls = 0

        def forward(self, small):
            self.calls += 1
            if self.calls == 2:
                raise KeyboardInterrupt
            return super().forward(small)

    path = saved(tmp_path, noise(8, 400, 3))
    with pytest.raises(KeyboardInterrupt):
        upscaling.upscale(path, Stopped(8, 1).eval(), tmp_path / "out.png", progress=False)
    assert [file.name for file in tmp_path.iterdir()] == ["picture.png"]
