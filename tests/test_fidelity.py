"""How pictures are made small and enlarged, and the measures of enlarged ones: against Pillow and torchmetrics."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

from gancourse import datasets, fidelity, recipes, resampling
from gancourse.training import to_uint8, to_unit


def photographs(n: int = 20):
    return datasets.load("cifar10", "test").images[:n]


def test_pictures_become_small_as_with_pillow():
    images = photographs()
    pictures = [
        Image.fromarray(image).resize((8, 8), Image.Resampling.BICUBIC) for image in images.permute(0, 2, 3, 1).numpy()
    ]
    theirs = torch.from_numpy(np.stack([np.array(picture) for picture in pictures])).permute(0, 3, 1, 2)
    gap = (recipes.shrunk(images).int() - theirs.int()).abs()
    assert gap.max() <= 2
    assert gap.float().mean() < 0.5


def test_a_grey_picture_keeps_its_grey():
    grey = torch.full((1, 3, 16, 16), 77, dtype=torch.uint8)
    small = recipes.shrunk(grey)
    assert (small == 77).all()
    for mode in ("nearest", "bicubic"):
        assert torch.equal(fidelity.interpolated(small, mode), grey)


def test_sides_that_cannot_be_divided_are_refused():
    with pytest.raises(ValueError, match="multiples of 4; these pictures have 30 x 32"):
        resampling.shrink(torch.zeros(1, 3, 30, 32))


@pytest.mark.parametrize("side", [32, 13])
def test_psnr_and_ssim_are_those_of_torchmetrics(side):
    originals = photographs()[..., :side, :side]
    images = to_uint8(to_unit(originals) * 0.7 + 0.2 * torch.randn(originals.shape))
    a, b = images.double() / 255, originals.double() / 255
    whole = {"data_range": 1.0, "reduction": "none"}
    expected = peak_signal_noise_ratio(a, b, **whole, dim=(1, 2, 3))
    assert torch.allclose(fidelity.psnr(images, originals), expected)
    _, everywhere = structural_similarity_index_measure(a, b, **whole, return_full_image=True)
    inside = everywhere[..., 5 : side - 5, 5 : side - 5]  # where the window does not reach over the border
    assert torch.allclose(fidelity.ssim(images, originals), inside.mean((1, 2, 3)), atol=1e-6)


def test_an_exact_copy_has_an_ssim_of_1_and_an_infinite_psnr():
    images = photographs(3)
    assert fidelity.psnr(images, images).isinf().all()
    assert torch.allclose(fidelity.ssim(images, images), torch.ones(3, dtype=torch.float64))


@pytest.mark.parametrize("measure", [fidelity.psnr, fidelity.ssim])
def test_what_cannot_be_compared_is_refused(measure):
    images = photographs(2)
    with pytest.raises(ValueError, match=r"shape \(1, 3, 32, 32\), their originals \(2, 3, 32, 32\)"):
        measure(images[:1], images)
    with pytest.raises(ValueError, match=r"uint8 \(N, C, H, W\), not torch.float32"):
        measure(to_unit(images), images)


def test_ssim_refuses_pictures_smaller_than_its_window():
    images = photographs(2)[..., :10]
    with pytest.raises(ValueError, match="at least 11 pixels"):
        fidelity.ssim(images, images)
