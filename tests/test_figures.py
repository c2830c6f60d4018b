"""Figures: the pixels are where they should be."""

import pytest
import torch

from gancourse import figures


def test_a_tile_shows_every_image_in_its_place():
    images = torch.arange(5, dtype=torch.uint8).view(5, 1, 1, 1).expand(5, 1, 4, 6)
    sheet = figures.tile(images, columns=3, pad=1, background=99)
    assert sheet.shape == (11, 22)
    assert [sheet[1 + 5 * (i // 3), 1 + 7 * (i % 3)] for i in range(5)] == [0, 1, 2, 3, 4]
    assert sheet[0, 0] == 99
    assert sheet[-2, -2] == 99  # the place of a sixth image stays empty
    assert figures.tile(images.expand(5, 3, 4, 6)).shape[2] == 3


def test_a_tile_refuses_images_that_are_not_uint8():
    with pytest.raises(ValueError, match="to_uint8"):
        figures.tile(torch.zeros(2, 1, 4, 4))


def test_curves_are_running_means_and_the_axes_are_labelled():
    history = {name: torch.arange(400.0) for name in ("d_loss", "g_loss", "d_real", "d_fake")}
    left, right = figures.training_curves(history, window=50).axes
    x, y = left.lines[0].get_data()
    assert (x[0], y[0]) == pytest.approx((50, 24.5))
    assert (x[-1], y[-1]) == pytest.approx((400, 374.5))
    assert left.get_ylabel() == "loss in nats"
    assert right.get_xlabel() == "step"


def test_a_very_short_run_can_be_drawn():
    figures.training_curves({name: torch.zeros(1) for name in ("d_loss", "g_loss", "d_real", "d_fake")})
