"""The latent explorer without a browser: its state, its picture, what it says to bad input."""

import base64
import datetime
import html
import io
import json
import re

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from gancourse import figures
from gancourse.training import noise, to_uint8
from gancourse.widgets import LatentExplorer, latent
from gancourse.widgets.explorer import MAX_PINS, MOST_CHANGE


class TinyGenerator(nn.Module):
    z_dim = 12

    def __init__(self, shape=(1, 4, 4)):
        super().__init__()
        self.shape = shape
        torch.manual_seed(0)
        self.linear = nn.Linear(12, torch.Size(shape).numel())

    def forward(self, z):
        return torch.tanh(self.linear(z)).view(-1, *self.shape)


@pytest.fixture
def explorer():
    return LatentExplorer(TinyGenerator(), seed=3)


def decoded(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def expected(explorer, z=None) -> torch.Tensor:
    with torch.no_grad():
        return to_uint8(explorer.generator((explorer.z if z is None else z)[None]))[0]


def assert_shows_g_of_z(explorer) -> None:
    explorer.wait()
    assert torch.equal(explorer.image, expected(explorer))
    shown = torch.from_numpy(decoded(explorer.picture.value).copy())
    if explorer.view.value == "picture":
        assert torch.equal(shown if shown.dim() == 3 else shown[..., None], expected(explorer).permute(1, 2, 0))
    values = [slider.value for slider in explorer.sliders]
    components = explorer._directions @ explorer.z
    assert values[: len(components)] == pytest.approx(components.clamp(-4, 4).tolist(), abs=0.026)


def file_behind(explorer, text: str) -> bytes:
    encoded = re.search(rf'base64,([^"]+)">{text}<', explorer.files.value).group(1)
    return base64.b64decode(encoded)


@pytest.mark.parametrize("shape", [(1, 4, 4), (3, 5, 4)])
def test_the_picture_is_g_of_z(shape):
    explorer = LatentExplorer(TinyGenerator(shape), sliders=5)
    assert len(explorer.sliders) == 5
    assert_shows_g_of_z(explorer)
    before = explorer.image
    explorer.sliders[2].value = 2.5
    assert_shows_g_of_z(explorer)
    assert (explorer.z @ explorer._directions[2]).item() == pytest.approx(2.5, abs=1e-5)
    assert not torch.equal(explorer.image, before)


def test_a_seed_draws_the_noise_of_that_seed(explorer):
    assert torch.equal(explorer.z, noise(explorer.generator, 1, 3)[0])
    explorer.seed.value = 7
    assert torch.equal(explorer.z, noise(explorer.generator, 1, 7)[0])
    explorer.draw.click()
    assert explorer.seed.value == 8
    assert torch.equal(explorer.z, noise(explorer.generator, 1, 8)[0])
    assert_shows_g_of_z(explorer)


def test_other_sliders_do_not_lose_the_point(explorer):
    explorer.sliders[0].value = 1.5
    z = explorer.z
    for title in explorer.slider_set.options:
        explorer.slider_set.value = title
        assert torch.equal(explorer.z, z)
        assert_shows_g_of_z(explorer)
    assert explorer.slider_set.options == (MOST_CHANGE, "z[0] to z[7]", "z[8] to z[11]")
    explorer.slider_set.value = "z[8] to z[11]"
    assert [s.description for s in explorer.sliders[:4]] == ["z[8]", "z[9]", "z[10]", "z[11]"]
    assert [row.layout.display for row in explorer.rows.children] == ["flex"] * 4 + ["none"] * 4
    explorer.sliders[3].value = -1.0
    assert explorer.z[11].item() == pytest.approx(-1.0)
    assert torch.equal(explorer.z[:11], z[:11])
    assert_shows_g_of_z(explorer)


def test_what_the_browser_rounds_is_no_move(explorer):
    z = explorer.z
    component = (z @ explorer._directions[1]).item()
    explorer.sliders[1].value = round(component * 32) / 32 + 1e-9
    assert torch.equal(explorer.z, z)
    assert explorer.undo.disabled


def test_the_browser_has_nothing_to_round(explorer):
    for _ in range(20):
        explorer.draw.click()
        assert all((32 * slider.value).is_integer() for slider in explorer.sliders)


def test_undo_goes_back_move_by_move_and_takes_a_drag_for_one(explorer):
    points = [explorer.z]
    for value in (0.5, 1.0, 1.5):
        explorer.sliders[0].value = value
    points.append(explorer.z)
    explorer.draw.click()
    points.append(explorer.z)
    explorer.truncation.value = 0.5
    for point in reversed(points):
        explorer.undo.click()
        assert torch.equal(explorer.z, point)
        assert_shows_g_of_z(explorer)
    assert explorer.undo.disabled
    assert explorer.seed.value == 3
    assert explorer.truncation.value == 1


def test_truncation_shrinks_z_and_every_later_draw(explorer):
    z = explorer.z
    explorer.truncation.value = 0.5
    assert torch.allclose(explorer.z, 0.5 * z)
    explorer.draw.click()
    assert torch.allclose(explorer.z, 0.5 * noise(explorer.generator, 1, 4)[0])
    explorer.truncation.value = 1.0
    assert torch.allclose(explorer.z, noise(explorer.generator, 1, 4)[0], atol=1e-6)
    assert_shows_g_of_z(explorer)


def test_a_locked_slider_keeps_its_value(explorer):
    kept = explorer.z @ explorer._directions[2]
    explorer.locks[2].value = True
    assert explorer.sliders[2].disabled
    for act in (explorer.draw.click, explorer.draw.click):
        act()
        assert torch.allclose(explorer.z @ explorer._directions[2], kept, atol=1e-5)
    explorer.truncation.value = 0.3
    assert torch.allclose(explorer.z @ explorer._directions[2], kept, atol=1e-5)
    others = explorer._directions[[0, 1, 3]]
    assert torch.allclose(others @ explorer.z, 0.3 * (others @ noise(explorer.generator, 1, 5)[0]), atol=1e-5)
    explorer.slider_set.value = "z[0] to z[7]"
    assert not any(lock.value or slider.disabled for lock, slider in zip(explorer.locks, explorer.sliders, strict=True))


def test_the_neighbours_lie_around_z_and_one_can_go_there(explorer):
    explorer.view.value = "neighbours"
    explorer.across.value, explorer.down.value, explorer.spread.value = 1, 3, 2.0
    assert_shows_g_of_z(explorer)
    z, right, down = explorer.z, explorer._directions[1], explorer._directions[3]
    sheet = decoded(explorer.picture.value)
    points = [z + i * down + j * right for i in (-2, -1, 0, 1, 2) for j in (-2, -1, 0, 1, 2)]
    wanted = figures.tile(torch.stack([expected(explorer, point) for point in points]), 5, pad=1)
    inside = np.ones_like(wanted, bool)
    inside[10:16, 10:16] = inside[11:15, 11:15] = False  # the frame of the middle one
    inside[11:15, 11:15] = True
    assert np.array_equal(sheet[..., 0][inside], wanted[inside])
    buttons = explorer.stage.children[1:]
    assert len(buttons) == 25
    assert buttons[3].tooltip == "Go there: 1 right, 2 up"
    buttons[3].click()
    assert torch.allclose(explorer.z, z - 2 * down + right, atol=1e-6)
    assert_shows_g_of_z(explorer)
    explorer.view.value = "picture"
    assert_shows_g_of_z(explorer)


def test_pins_are_kept_and_walked_between(explorer):
    a = explorer.z
    explorer.pin.click()
    explorer.draw.click()
    b = explorer.z
    explorer.pin.click()
    assert explorer.walking.layout.display == "flex"
    assert (explorer.walk_from.value, explorer.walk_to.value) == ("A", "B")
    explorer.walk.value = 30
    assert torch.allclose(explorer.z, latent.walk(a, b, 0.5))
    assert_shows_g_of_z(explorer)
    assert "50% of the way from pin A to pin B" in explorer.text.value
    explorer.walk.value = 60
    assert torch.allclose(explorer.z, b, atol=1e-6)
    go, drop = explorer.pins.children[0].children[1].children
    go.click()
    assert torch.equal(explorer.z, a)
    drop.click()
    assert [box.layout.display for box in explorer.pins.children] == ["none", "flex"]
    assert explorer.walking.layout.display == "none"


def test_a_draw_after_a_walk_is_a_seeds_again(explorer):
    explorer.pin.click()
    explorer.draw.click()
    explorer.pin.click()
    explorer.walk.value = 30
    explorer.wait()
    assert "seed" not in explorer.text.value
    explorer.draw.click()
    explorer.wait()
    assert f"G(z) for seed {explorer.seed.value};" in explorer.text.value


def test_truncation_with_a_lock_no_longer_says_the_seeds_noise(explorer):
    explorer.truncation.value = 0.5
    explorer.locks[0].value = True
    explorer.truncation.value = 1.0
    explorer.show_code.value = True
    explorer.wait()
    assert "with locked sliders" in explorer.text.value
    assert "torch.tensor([[" in explorer.code.value


def test_there_is_room_for_so_many_pins(explorer):
    for _ in range(MAX_PINS + 1):
        explorer.pin.click()
    assert len(explorer.pins.children) == MAX_PINS
    assert "remove one first" in explorer._message.value
    explorer.draw.click()
    assert explorer._message.value == ""


def test_files_and_code_hold_the_point(explorer):
    explorer.show_code.value = True
    explorer.wait()
    assert "training.noise(generator, 1, seed=3)" in explorer.code.value
    explorer.sliders[0].value = 2.0
    explorer.wait()
    assert "torch.tensor([[" in explorer.code.value
    assert json.loads(file_behind(explorer, "Save noise"))["z"] == explorer.z.tolist()
    saved = decoded(file_behind(explorer, "Save picture"))
    assert np.array_equal(saved[::80, ::80], expected(explorer)[0].numpy())
    assert saved.shape == (320, 320)


def test_a_noise_file_is_loaded_and_a_bad_one_changes_nothing(explorer):
    def load(data: bytes) -> None:
        now = datetime.datetime.now(datetime.UTC)
        file = {"name": "z.json", "type": "", "size": len(data), "content": memoryview(data), "last_modified": now}
        explorer.load.value = (file,)

    z = torch.linspace(-1, 1, 12)
    load(latent.write_noise(z, explorer.generator))
    assert torch.equal(explorer.z, z)
    assert explorer.load.value == ()
    load(b"{")
    assert torch.equal(explorer.z, z)
    assert 'role="alert"' in explorer._message.value
    assert "no noise file" in explorer._message.value
    other = TinyGenerator()
    nn.init.zeros_(other.linear.bias)
    load(latent.write_noise(-z, other))
    assert torch.equal(explorer.z, -z)
    assert "another generator" in explorer._message.value
    assert_shows_g_of_z(explorer)


def test_z_can_be_set_by_code(explorer):
    explorer.z = torch.zeros(12)
    assert_shows_g_of_z(explorer)
    with pytest.raises(ValueError, match="12 finite numbers"):
        explorer.z = torch.zeros(11)
    with pytest.raises(ValueError, match="12 finite numbers"):
        explorer.z = torch.full((12,), float("nan"))


def test_a_uniform_prior_has_its_own_range():
    generator = TinyGenerator()
    generator.prior = "uniform"
    explorer = LatentExplorer(generator)
    assert [(s.min, s.max) for s in explorer.sliders] == [(-2, 2)] * 8
    explorer.slider_set.value = "z[0] to z[7]"
    assert [(s.min, s.max) for s in explorer.sliders] == [(-1, 1)] * 8


def test_readers_without_widgets_get_a_png(explorer):
    bundle = explorer._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert decoded(data["image/png"]).shape == (320, 320)


def test_a_generator_that_trains_goes_on_training():
    generator = TinyGenerator().train()
    explorer = LatentExplorer(generator)
    explorer.draw.click()
    explorer.wait()
    assert generator.training


def broken(**changes) -> nn.Module:
    generator = TinyGenerator()
    for name, value in changes.items():
        setattr(generator, name, value)
    return generator


def nan_generator() -> nn.Module:
    generator = TinyGenerator()
    nn.init.constant_(generator.linear.bias, float("nan"))
    return generator


@pytest.mark.parametrize(
    ("generator", "says"),
    [
        (broken(z_dim=None), "z_dim"),
        (broken(z_dim=13), "stops at noise (1, 13) with RuntimeError"),
        (TinyGenerator((16, 1, 1)), "into (1, 16, 1, 1); the explorer shows images"),
        (broken(forward=lambda z: z), "into (1, 12)"),
        (broken(forward=lambda z: None), "into a NoneType"),
        (broken(forward=lambda z: 255 * torch.ones(len(z), 1, 4, 4)), "run from 255.00 to 255.00"),
        (broken(forward=lambda z: {}["x"]), "KeyError"),
        (nan_generator(), "NaN"),
        (broken(forward=lambda z: torch.ones(len(z), 1, 4, 4, dtype=torch.int64)), "type torch.int64"),
        (TinyGenerator, "This is the class TinyGenerator"),
        (3, "this is a int"),
        ("mnist_best", "No weights are shipped"),
    ],
)
def test_what_cannot_be_shown_is_said_in_the_widget(generator, says):
    explorer = LatentExplorer(generator)
    assert says in html.unescape(explorer._message.value)
    assert 'role="alert"' in explorer._message.value
    explorer._repr_mimebundle_()


def test_a_generator_that_breaks_later_says_so_and_can_be_mended(explorer):
    with torch.no_grad():
        explorer.generator.linear.bias.fill_(float("nan"))
    explorer.draw.click()
    explorer.wait()
    assert "NaN" in explorer._message.value
    with torch.no_grad():
        explorer.generator.linear.bias.zero_()
    explorer.draw.click()
    assert_shows_g_of_z(explorer)
    assert explorer._message.value == ""
