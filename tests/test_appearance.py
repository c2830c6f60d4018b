"""Statistics of made-up pictures whose slant, thickness, colour and so on are known."""

import pytest
import torch

from gancourse import appearance


def stroke(lean: float = 0.0, thick: float = 3.0, pale: float = 1.0, side: int = 28) -> torch.Tensor:
    """Return an upright stroke, uint8 (1, side, side), 16 rows tall, that leans by `lean` columns to the right for each row up."""
    fine = 8  # samples of a pixel, in each direction: soft edges
    place = (torch.arange(side * fine) + 0.5) / fine - side / 2
    down, right = place[:, None], place
    distance = (right + lean * down).abs() / (1 + lean**2) ** 0.5  # at a right angle to the stroke
    inside = ((distance <= thick / 2) & (down.abs() <= 8)).float()
    soft = torch.nn.functional.avg_pool2d(inside[None], fine)
    return (255 * pale * soft).round().to(torch.uint8)


def coloured(red: int, green: int, blue: int, side: int = 16) -> torch.Tensor:
    return torch.tensor([red, green, blue], dtype=torch.uint8)[:, None, None].expand(3, side, side).clone()


def subject(cover: float, colour: int = 90, side: int = 64) -> torch.Tensor:
    """Return a grey square in the middle of a white picture, uint8 (3, side, side), that covers this share of it."""
    image = torch.full((3, side, side), 255, dtype=torch.uint8)
    edge = round(side * cover**0.5 / 2)
    image[:, side // 2 - edge : side // 2 + edge, side // 2 - edge : side // 2 + edge] = colour
    return image


def rises(values: torch.Tensor) -> bool:
    return bool((values.diff() > 0).all())


def test_slant_is_the_lean_of_a_stroke():
    leans = torch.tensor([-0.8, -0.4, 0.0, 0.4, 0.8])
    slant = appearance.measure(torch.stack([stroke(lean) for lean in leans.tolist()]))["slant"]
    assert torch.allclose(slant, leans, atol=0.05)


@pytest.mark.parametrize("lean", [0.0, 0.5, -0.5, 1.0])
def test_thickness_is_the_width_of_a_stroke_whatever_its_slant(lean):
    widths = torch.tensor([2.0, 3.0, 4.0, 5.0])
    thickness = appearance.measure(torch.stack([stroke(lean, thick) for thick in widths.tolist()]))["thickness"]
    assert rises(thickness)
    assert ((thickness / widths - 1).abs() < 0.3).all()  # the two ends of the stroke belong to its outline, too


def test_thickness_depends_neither_on_pale_ink_nor_on_how_much_is_written():
    one, pale = stroke(thick=3.0), stroke(thick=3.0, pale=0.5)
    two = (one.int() + one.roll(9, -1)).clamp(max=255).to(torch.uint8)
    measured = appearance.measure(torch.stack([one, pale, two]))
    assert measured["thickness"][1:] == pytest.approx(measured["thickness"][0].item(), rel=0.02)
    assert measured["ink"][1:] / measured["ink"][0] == pytest.approx(torch.tensor([0.5, 2.0]), rel=0.02)


def test_width_does_not_count_the_slant():
    narrow, leaning = appearance.measure(torch.stack([stroke(0.0), stroke(0.8)]))["width"]
    wide = appearance.measure((stroke().int() + stroke().roll(8, -1)).clamp(max=255).to(torch.uint8)[None])["width"]
    assert leaning < 1.5 * narrow
    assert wide.item() == pytest.approx(4, abs=0.4)


def test_a_mirrored_picture_slants_the_other_way_and_is_otherwise_the_same():
    rng = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (20, 1, 28, 28), generator=rng).to(torch.uint8)
    here, mirrored = appearance.measure(images), appearance.measure(images.flip(-1))
    assert torch.allclose(here.pop("slant"), -mirrored.pop("slant"), atol=1e-4)
    for name, values in here.items():
        assert torch.allclose(values, mirrored[name], atol=1e-4), name


def test_symmetry():
    right_half = stroke()
    right_half[..., :14] = 0
    upright, leaning, half = appearance.measure(torch.stack([stroke(), stroke(0.8), right_half]))["symmetry"]
    assert upright.item() == pytest.approx(1)
    assert half < leaning < 0.7


def test_hue_is_two_axes():
    red, green, blue, yellow = (coloured(*rgb) for rgb in ((200, 40, 40), (40, 200, 40), (40, 40, 200), (200, 200, 40)))
    measured = appearance.measure(torch.stack([green, yellow, red]))
    assert rises(measured["red-green"])
    measured = appearance.measure(torch.stack([blue, red, yellow]))
    assert rises(measured["yellow-blue"])


def test_brightness_saturation_and_contrast_rise_with_what_they_are_called_after():
    greys = torch.stack([coloured(v, v, v) for v in (0, 60, 120, 255)])
    measured = appearance.measure(greys)
    assert rises(measured["brightness"])
    assert measured["saturation"].abs().max() == 0
    colours = torch.stack([coloured(120 + v, 120, 120 - v) for v in (0, 30, 60, 100)])
    assert rises(appearance.measure(colours)["saturation"])
    split = torch.stack([coloured(128, 128, 128) for _ in range(3)])
    for i, step in enumerate((0, 40, 100)):
        split[i, :, :8] -= step
    assert rises(appearance.measure(split)["contrast"])


def test_size_is_the_share_that_the_subject_covers_and_the_background_is_the_border():
    images = torch.stack([subject(cover) for cover in (0.1, 0.3, 0.6)])
    measured = appearance.measure(images)
    assert measured["size"] == pytest.approx(torch.tensor([0.1, 0.3, 0.6]), abs=0.05)
    assert measured["background"] == pytest.approx(torch.ones(3))
    darker = appearance.measure(images - 80)
    assert torch.equal(darker["size"], measured["size"])
    assert (darker["background"] < 0.7).all()


def test_a_picture_without_a_plain_border_has_no_size():
    noise = torch.randint(0, 256, (2, 3, 32, 32), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    measured = appearance.measure(noise)
    assert measured["size"].isnan().all()
    assert all(values.isfinite().all() for name, values in measured.items() if name != "size")


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("value", [0, 128, 255])
def test_pictures_of_one_colour_have_finite_statistics(channels, value):
    measured = appearance.measure(torch.full((2, channels, 28, 28), value, dtype=torch.uint8))
    assert set(measured) == set(appearance.statistics_for(channels))
    for values in measured.values():
        assert values.dtype == torch.float32
        assert values.shape == (2,)
        assert values.isfinite().all()


def test_every_statistic_has_two_different_words():
    for name, statistic in (appearance.GREY | appearance.COLOUR).items():
        assert appearance.ends(name) == (statistic.low, statistic.high)
        assert statistic.low != statistic.high


def test_what_is_no_picture_is_said():
    with pytest.raises(ValueError, match="must be uint8"):
        appearance.measure(torch.zeros(2, 1, 28, 28))
    with pytest.raises(ValueError, match="1 channel"):
        appearance.measure(torch.zeros(2, 2, 28, 28, dtype=torch.uint8))
