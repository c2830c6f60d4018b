"""Laplacian pyramids: nothing is lost, `expand` is the adjoint of `reduce`, and a coarse picture is where the fine one was."""

import pytest
import torch
from torch.nn.functional import avg_pool2d

from gancourse import pyramid

SIDES = range(4, 257, 2)


def images(side: int, n: int = 2, width: int | None = None, seed: int = 0) -> torch.Tensor:
    """Return random images float32 (n, 3, side, width or side) in [-1, 1]."""
    rng = torch.Generator().manual_seed(seed + side)
    return torch.rand(n, 3, side, width or side, generator=rng) * 2 - 1


def times_halved(side: int) -> int:
    """Return how often a side can be halved."""
    return (side & -side).bit_length() - 1


@pytest.mark.parametrize("side", SIDES)
def test_a_picture_comes_back(side):
    x = images(side, n=1 + side % 3)
    levels = times_halved(side)
    coarse, bands = pyramid.decompose(x, levels)
    assert coarse.shape[-1] == side // 2**levels
    assert [band.shape[-1] for band in bands] == [side // 2**i for i in reversed(range(levels))]
    assert (pyramid.collapse(coarse, bands) - x).abs().max() <= 1e-6


def test_sides_need_not_be_equal():
    x = images(12, width=40)
    coarse, bands = pyramid.decompose(x, 2)
    assert coarse.shape == (2, 3, 3, 10)
    assert (pyramid.collapse(coarse, bands) - x).abs().max() <= 1e-6


@pytest.mark.parametrize("side", SIDES)
def test_expand_is_four_times_the_adjoint_of_reduce(side):
    x, y = images(side), images(side // 2, seed=1)
    one = (pyramid.expand(y).double() * x).sum()
    other = 4 * (y.double() * pyramid.reduce(x)).sum()
    assert abs(one - other) <= 1e-6 * x.norm() * y.norm()


def test_a_grey_area_keeps_its_grey():
    x = torch.full((1, 3, 8, 8), 0.3)
    coarse, bands = pyramid.decompose(x, 3)
    assert torch.allclose(coarse, torch.full((1, 3, 1, 1), 0.3))
    assert all(band.abs().max() <= 1e-6 for band in bands)


def test_the_coarse_picture_is_not_shifted():
    """A ramp keeps its slope: a coarse pixel has the mean grey of the four fine ones below it."""
    ramp = torch.arange(16.0).expand(1, 1, 16, 16)
    inside = (..., slice(1, -1))
    assert torch.allclose(pyramid.reduce(ramp)[inside], avg_pool2d(ramp, 2)[inside])
    small = torch.arange(8.0).expand(1, 1, 8, 8)
    assert torch.allclose(avg_pool2d(pyramid.expand(small), 2)[inside], small[inside])


def test_mirroring_and_reducing_can_be_swapped():
    x = images(32)
    assert torch.allclose(pyramid.reduce(x.flip(-1)), pyramid.reduce(x).flip(-1), atol=1e-6)


def test_channels_and_images_keep_to_themselves():
    x = images(16, n=3)
    one = pyramid.reduce(x[1:2, 2:])
    assert torch.allclose(pyramid.reduce(x)[1:2, 2:], one)
    assert torch.allclose(pyramid.expand(x)[1:2, 2:], pyramid.expand(x[1:2, 2:]))


def test_gradients_pass_through():
    x = images(8).requires_grad_()
    coarse, bands = pyramid.decompose(x, 2)
    coarse.sum().backward(retain_graph=True)
    assert (x.grad > 0).all()
    assert bands[0].requires_grad


@pytest.mark.parametrize(
    ("x", "levels", "says"),
    [
        (images(6), 2, "6x6 cannot be halved 2 times: sides must be multiples of 4"),
        (images(4)[0], 1, r"float images \(N, C, H, W\)"),
        (torch.zeros(1, 3, 4, 4, dtype=torch.uint8), 1, r"not of torch.uint8"),
    ],
)
def test_what_has_no_pyramid_is_refused(x, levels, says):
    with pytest.raises(ValueError, match=says):
        pyramid.decompose(x, levels)


def test_a_band_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"a band of \(1, 3, 1, 1\)"):
        pyramid.collapse(images(4)[:1], [images(4)[:1, :, :1, :1]])


def test_whole_numbers_are_not_expanded():
    with pytest.raises(ValueError, match="float images"):
        pyramid.expand(torch.zeros(1, 3, 4, 4, dtype=torch.uint8))


def test_an_odd_side_cannot_be_reduced():
    with pytest.raises(ValueError, match="7x7"):
        pyramid.reduce(torch.zeros(1, 1, 7, 7))
