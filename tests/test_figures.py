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


@pytest.mark.parametrize(("width", "shown"), [(28, 56), (32, 96), (64, 128)])
def test_images_are_shown_large_enough(width, shown):
    figure = figures.image_grids({"one": torch.zeros(4, 1, width, width, dtype=torch.uint8)}, columns=2)
    (ax,) = figure.axes
    pixels = ax.get_position().width * figure.get_figwidth() * figures.DPI
    assert pixels == pytest.approx(2 * shown + 3 * 2 * shown / width)  # two images and the lines around them


def test_grids_that_do_not_fit_beside_each_other_lie_below():
    images = torch.zeros(16, 1, 28, 28, dtype=torch.uint8)
    figure = figures.image_grids(dict.fromkeys(("a", "b", "c"), images), columns=8)
    tops = [round(ax.get_position().y1, 6) for ax in figure.axes]
    assert tops[0] == tops[1] > tops[2]


def test_rows_of_a_grid_have_their_names_at_the_left():
    images = torch.zeros(6, 3, 32, 32, dtype=torch.uint8)
    (ax,) = figures.image_grids({"classes": images}, columns=2, rows=("cat", "dog", "ship")).axes
    assert [text.get_text() for text in ax.texts] == ["cat", "dog", "ship"]
    assert [text.get_position()[1] for text in ax.texts] == sorted(text.get_position()[1] for text in ax.texts)


def test_measurements_show_a_dot_for_each_seed_and_their_numbers():
    figure = figures.seeds({"plain": (1458, 1392), "other": ((2.0, 0.1), (2.07, 0.1))}, "distance", {"noise": 3.0})
    (ax,) = figure.axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["plain", "other"]
    told = [text.get_text() for text in ax.texts]
    assert {"1,458 · 1,392", "2.00 ± 0.10 · 2.07 ± 0.10", "noise"} <= set(told)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["seed 0", "seed 1"]
