"""The latent explorer without a browser: its state, its picture, what it says to bad input."""

import base64
import html
import io
import json
import re

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from gancourse import figures, walks
from gancourse.networks.conditional import ConditionalGenerator
from gancourse.training import noise, to_uint8
from gancourse.widgets import LatentExplorer, latent, noise_files
from gancourse.widgets.direction_sliders import MOST_CHANGE, PROPERTIES
from gancourse.widgets.pins import MAX_PINS


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
    labels = () if explorer.label is None else (torch.tensor([explorer.label]),)
    with torch.no_grad():
        return to_uint8(explorer.generator((explorer.z if z is None else z)[None], *labels))[0]


def assert_shows_g_of_z(explorer) -> None:
    explorer.wait()
    assert torch.equal(explorer.image, expected(explorer))
    shown = torch.from_numpy(decoded(explorer.stage.picture.value).copy())
    if explorer.stage.view.value == "picture":
        assert torch.equal(shown if shown.dim() == 3 else shown[..., None], expected(explorer).permute(1, 2, 0))
    values = [slider.value for slider in explorer.directions.sliders]
    components = explorer.directions.chosen @ explorer.z
    assert values[: len(components)] == pytest.approx(components.clamp(-4, 4).tolist(), abs=0.026)


def file_behind(explorer, text: str) -> bytes:
    encoded = re.search(rf'base64,([^"]+)">{text}<', explorer.save_picture.value + explorer.save_noise.value).group(1)
    return base64.b64decode(encoded)


def load(explorer, data: bytes) -> None:
    explorer.load.hear({"kind": "file"}, [memoryview(data)])


@pytest.mark.parametrize("shape", [(1, 4, 4), (3, 5, 4)])
def test_the_picture_is_g_of_z(shape):
    explorer = LatentExplorer(TinyGenerator(shape), sliders=5)
    assert len(explorer.directions.sliders) == 5
    assert_shows_g_of_z(explorer)
    before = explorer.image
    explorer.directions.sliders[2].value = 2.5
    assert_shows_g_of_z(explorer)
    assert (explorer.z @ explorer.directions.chosen[2]).item() == pytest.approx(2.5, abs=1e-5)
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
    explorer.wait()
    explorer.directions.sliders[0].value = 1.5
    z = explorer.z
    for title in explorer.directions.menu.options:
        explorer.directions.menu.value = title
        assert torch.equal(explorer.z, z)
        assert_shows_g_of_z(explorer)
    assert explorer.directions.menu.options == (MOST_CHANGE, PROPERTIES, "z[0] to z[7]", "z[8] to z[11]")
    explorer.directions.menu.value = "z[8] to z[11]"
    assert [s.description for s in explorer.directions.sliders[:4]] == ["z[8]", "z[9]", "z[10]", "z[11]"]
    assert [row.layout.display for row in explorer.directions.rows.children] == ["flex"] * 4 + ["none"] * 4
    explorer.directions.sliders[3].value = -1.0
    assert explorer.z[11].item() == pytest.approx(-1.0)
    assert torch.equal(explorer.z[:11], z[:11])
    assert_shows_g_of_z(explorer)


def test_what_the_browser_rounds_is_no_move(explorer):
    z = explorer.z
    component = (z @ explorer.directions.chosen[1]).item()
    explorer.directions.sliders[1].value = round(component * 32) / 32 + 1e-9
    assert torch.equal(explorer.z, z)
    assert explorer.undo.disabled


def test_the_browser_has_nothing_to_round(explorer):
    for _ in range(20):
        explorer.draw.click()
        assert all((32 * slider.value).is_integer() for slider in explorer.directions.sliders)


def test_undo_goes_back_move_by_move_and_takes_a_drag_for_one(explorer):
    points = [explorer.z]
    for value in (0.5, 1.0, 1.5):
        explorer.directions.sliders[0].value = value
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
    kept = explorer.z @ explorer.directions.chosen[2]
    explorer.directions.locks[2].value = True
    assert explorer.directions.sliders[2].disabled
    for act in (explorer.draw.click, explorer.draw.click):
        act()
        assert torch.allclose(explorer.z @ explorer.directions.chosen[2], kept, atol=1e-5)
    explorer.truncation.value = 0.3
    assert torch.allclose(explorer.z @ explorer.directions.chosen[2], kept, atol=1e-5)
    others = explorer.directions.chosen[[0, 1, 3]]
    assert torch.allclose(others @ explorer.z, 0.3 * (others @ noise(explorer.generator, 1, 5)[0]), atol=1e-5)
    explorer.directions.menu.value = "z[0] to z[7]"
    assert not any(
        lock.value or slider.disabled
        for lock, slider in zip(explorer.directions.locks, explorer.directions.sliders, strict=True)
    )


def test_the_neighbours_lie_around_z_and_one_can_go_there(explorer):
    explorer.stage.view.value = "neighbours"
    explorer.plane.across.value, explorer.plane.down.value, explorer.plane.spread.value = 1, 3, 2.0
    assert_shows_g_of_z(explorer)
    z, right, down = explorer.z, explorer.directions.chosen[1], explorer.directions.chosen[3]
    sheet = decoded(explorer.stage.picture.value)
    points = [z + i * down + j * right for i in (-2, -1, 0, 1, 2) for j in (-2, -1, 0, 1, 2)]
    wanted = figures.tile(torch.stack([expected(explorer, point) for point in points]), 5, pad=1)
    inside = np.ones_like(wanted, bool)
    inside[10:16, 10:16] = inside[11:15, 11:15] = False  # the frame of the middle one
    inside[11:15, 11:15] = True
    assert np.array_equal(sheet[..., 0][inside], wanted[inside])
    buttons = explorer.stage.frame.children[1:]
    assert len(buttons) == 25
    assert buttons[3].tooltip == "Go there: 1 right, 2 up"
    buttons[3].click()
    assert torch.allclose(explorer.z, z - 2 * down + right, atol=1e-6)
    assert_shows_g_of_z(explorer)
    explorer.stage.view.value = "picture"
    assert_shows_g_of_z(explorer)


def test_pins_are_kept_and_walked_between(explorer):
    a = explorer.z
    explorer.pin.click()
    explorer.draw.click()
    b = explorer.z
    explorer.pin.click()
    assert explorer.pins.walking.layout.display == "flex"
    assert explorer.pins.route.value == "A → B → A"
    explorer.pins.walk.value = 30
    assert torch.allclose(explorer.z, walk(a, b, 0.5))
    assert_shows_g_of_z(explorer)
    assert "50% of the way from pin A to pin B" in explorer.text.value
    explorer.pins.walk.value = 60
    assert torch.allclose(explorer.z, b, atol=1e-6)
    go, drop = explorer.pins.strip.children[0].children[1].children
    go.click()
    assert torch.equal(explorer.z, a)
    drop.click()
    assert [box.layout.display for box in explorer.pins.strip.children] == ["none", "flex"]
    assert explorer.pins.walking.layout.display == "none"


def test_a_draw_after_a_walk_is_a_seeds_again(explorer):
    explorer.pin.click()
    explorer.draw.click()
    explorer.pin.click()
    explorer.pins.walk.value = 30
    explorer.wait()
    assert "seed" not in explorer.text.value
    explorer.draw.click()
    explorer.wait()
    assert f"G(z) for seed {explorer.seed.value};" in explorer.text.value


def test_truncation_with_a_lock_no_longer_says_the_seeds_noise(explorer):
    explorer.truncation.value = 0.5
    explorer.directions.locks[0].value = True
    explorer.truncation.value = 1.0
    explorer.show_code.value = True
    explorer.wait()
    assert "with locked sliders" in explorer.text.value
    assert "torch.tensor([[" in explorer.code.value


def test_there_is_room_for_so_many_pins(explorer):
    for _ in range(MAX_PINS + 1):
        explorer.pin.click()
    assert len(explorer.pins.strip.children) == MAX_PINS
    assert "remove one first" in explorer._message.value
    explorer.draw.click()
    assert explorer._message.value == ""


def test_files_and_code_hold_the_point(explorer):
    explorer.show_code.value = True
    explorer.wait()
    assert "training.noise(generator, 1, seed=3)" in explorer.code.value
    explorer.directions.sliders[0].value = 2.0
    explorer.wait()
    assert "torch.tensor([[" in explorer.code.value
    assert json.loads(file_behind(explorer, "Save noise"))["z"] == explorer.z.tolist()
    saved = decoded(file_behind(explorer, "Save picture"))
    assert np.array_equal(saved[::80, ::80], expected(explorer)[0].numpy())
    assert saved.shape == (320, 320)


def test_a_noise_file_is_loaded_and_a_bad_one_changes_nothing(explorer):
    z = torch.linspace(-1, 1, 12)
    load(explorer, noise_files.write_noise(z, explorer.generator))
    assert torch.equal(explorer.z, z)
    load(explorer, b"{")
    assert torch.equal(explorer.z, z)
    assert 'role="alert"' in explorer._message.value
    assert "no noise file" in explorer._message.value
    other = TinyGenerator()
    nn.init.zeros_(other.linear.bias)
    load(explorer, noise_files.write_noise(-z, other))
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
    assert [(s.min, s.max) for s in explorer.directions.sliders] == [(-2, 2)] * 8
    explorer.directions.menu.value = "z[0] to z[7]"
    assert [(s.min, s.max) for s in explorer.directions.sliders] == [(-1, 1)] * 8


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
        (TinyGenerator((16, 1, 1)), "into (1, 16, 1, 1); the course takes images"),
        (broken(forward=lambda z: z), "into (1, 12)"),
        (broken(forward=lambda z: None), "into a NoneType"),
        (broken(forward=lambda z: 255 * torch.ones(len(z), 1, 4, 4)), "run from 255.00 to 255.00"),
        (broken(forward=lambda z: {}["x"]), "KeyError"),
        (nan_generator(), "NaN"),
        (broken(forward=lambda z: torch.ones(len(z), 1, 4, 4, dtype=torch.int64)), "type torch.int64"),
        (TinyGenerator, "This is the class TinyGenerator"),
        (3, "this is a int"),
        ("mnist_best", "No weights are shipped"),
        (broken(classes=10), "and labels (1,) with TypeError: TinyGenerator.forward() takes 2 positional"),
        (broken(classes=10), "called as G(z, labels)"),
        (broken(classes=0), "`classes` is 0; it should be the number of its classes"),
        (broken(classes=True), "`classes` is True"),
        (broken(classes=["cat", "dog"]), "`classes` is ['cat', 'dog']; it should be the number"),
        (broken(classes=2, class_names=["cat"]), "must be 2 different names, not 1"),
        (broken(classes=2, class_names=["cat", "cat"]), "not 2 with 1 different"),
        (broken(forward=lambda z, labels: z), "Does it want labels? Then it needs an attribute `classes`"),
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


# ---- conditional generators ---------------------------------------------------------------------------------------


def conditional_generator(classes: int = 10) -> nn.Module:
    """Return a conditional generator with random weights, large enough for every class to look different."""
    torch.manual_seed(0)
    generator = ConditionalGenerator(z_dim=12, classes=classes, hidden=(16,)).eval()
    with torch.no_grad():
        generator.body[0].weight.mul_(3)
    return generator


@pytest.fixture
def conditional():
    return LatentExplorer(conditional_generator(), seed=3)


def at(explorer, z, labels) -> torch.Tensor:
    """Return G(z, labels) of one z (z_dim,), and of labels (1,) or shares (1, classes)."""
    return latent.draw(explorer.generator, z[None], labels)[0]


def walk(a: torch.Tensor, b: torch.Tensor, t: float) -> torch.Tensor:
    """Return the point at t on the way from a to b, all (z_dim,)."""
    return walks.slerp(a[None], b[None], torch.tensor([t]))[0]


def walk_from_3_to_8(explorer) -> None:
    """Pin class 3 and, with other noise, class 8."""
    explorer.label = 3
    explorer.pin.click()
    explorer.draw.click()
    explorer.label = 8
    explorer.pin.click()


def test_a_generator_without_classes_has_no_class_control(explorer):
    assert not any("Class" in str(part) for part in explorer.children[1].children[0].children)
    assert explorer.label is None
    explorer.wait()
    assert explorer.text.value.startswith('<span role="status">G(z) for seed 3;')
    with pytest.raises(ValueError, match="takes no labels"):
        explorer.label = 0


def test_a_class_changes_the_picture_and_keeps_z(conditional):
    z, pictures = conditional.z, []
    for label in range(10):
        conditional.classes.value = label
        assert_shows_g_of_z(conditional)
        assert torch.equal(conditional.z, z)
        assert conditional.label == label
        assert f"G(z, {label}) for class {label}, seed 3; length" in conditional.text.value
        assert f'download="seed-3-class-{label}.png"' in (conditional.save_picture.value + conditional.save_noise.value)
        pictures.append(conditional.image)
    assert len(torch.stack(pictures).unique(dim=0)) == 10


def test_the_class_is_kept_by_every_other_move_and_undone_like_them(conditional):
    conditional.classes.value = 8
    acts = [
        conditional.draw.click,
        lambda: setattr(conditional.directions.sliders[0], "value", 2.0),
        lambda: setattr(conditional.truncation, "value", 0.5),
        lambda: setattr(conditional, "z", torch.ones(12)),
        lambda: setattr(conditional.seed, "value", 77),
    ]
    for act in acts:
        act()
        assert conditional.label == conditional.classes.value == 8
        assert_shows_g_of_z(conditional)
    z = conditional.z
    conditional.classes.value = 2
    conditional.classes.value = 5
    for label in (2, 8):
        conditional.undo.click()
        assert torch.equal(conditional.z, z)
        assert conditional.label == conditional.classes.value == label
        assert_shows_g_of_z(conditional)
    for _ in acts:
        conditional.undo.click()
    conditional.undo.click()
    assert conditional.label == 0
    assert conditional.undo.disabled


def test_the_neighbours_are_of_the_same_class(conditional):
    conditional.classes.value = 4
    conditional.stage.view.value = "neighbours"
    assert_shows_g_of_z(conditional)
    corner = conditional.z - sum(conditional.directions.chosen[:2])
    sheet = decoded(conditional.stage.picture.value)
    assert np.array_equal(sheet[1:29, 1:29, 0], at(conditional, corner, torch.tensor([4]))[0].numpy())
    conditional.stage.frame.children[1].click()
    assert conditional.label == 4
    assert_shows_g_of_z(conditional)


@pytest.mark.parametrize("label", [-1, 10, 3.0, "3", None, True, torch.tensor([1, 2])])
def test_a_label_that_is_none_is_refused(conditional, label):
    conditional.label = torch.tensor(7)  # as a data set has it
    with pytest.raises(ValueError, match="a whole number from 0 to 9"):
        conditional.label = label
    assert conditional.label == 7


def test_pins_keep_their_class_and_a_walk_between_two_mixes_the_classes(conditional):
    walk_from_3_to_8(conditional)
    a, b = (conditional.pins.kept[name] for name in "AB")
    assert conditional.pins.strip.children[0].children[1].children[0].tooltip == "Go to pin A, class 3"
    conditional.pins.walk.value = 30
    conditional.wait()
    half = torch.zeros(1, 10)
    half[0, [3, 8]] = 0.5
    z = walk(a.z, b.z, 0.5)
    assert torch.equal(conditional.z, z)
    assert torch.equal(conditional.image, at(conditional, z, half))
    assert conditional.label is None
    assert conditional.classes.value is None
    assert "G(z, shares) for half class 3, half class 8, 50% of the way" in conditional.text.value
    conditional.pins.walk.value = 22
    conditional.wait()
    assert "63% class 3, 37% class 8, 37% of the way" in conditional.text.value
    conditional.draw.click()
    conditional.wait()
    assert "63% class 3, 37% class 8, seed 5" in conditional.text.value
    for value, label in ((60, 8), (1, None), (0, 3)):
        conditional.pins.walk.value = value
        assert conditional.label == conditional.classes.value == label
    assert_shows_g_of_z(conditional)
    conditional.pins.walk.value = 30
    conditional.classes.value = 6
    assert torch.equal(conditional.z, z)
    assert_shows_g_of_z(conditional)
    conditional.undo.click()
    assert conditional.classes.value is None
    conditional.pins.strip.children[1].children[1].children[0].click()
    assert conditional.label == 8
    assert torch.equal(conditional.z, b.z)


def test_a_walk_within_a_class_stays_in_it(conditional):
    conditional.label = 3
    conditional.pin.click()
    conditional.draw.click()
    conditional.pin.click()
    for value in range(61):
        conditional.pins.walk.value = value
        assert conditional.label == 3


def test_a_generator_that_takes_no_shares_says_so_on_a_walk_and_goes_on_after_it(conditional):
    forward = conditional.generator.forward
    conditional.generator.forward = lambda z, labels: forward(z, nn.functional.one_hot(labels, 10).float())
    walk_from_3_to_8(conditional)
    conditional.pins.walk.value = 30
    conditional.wait()
    assert "shares (1, 10) with RuntimeError" in conditional._message.value
    assert "Between classes they are shares, float32 (N, classes)" in conditional._message.value
    conditional.draw.click()
    conditional.wait()
    assert conditional.image is None
    conditional.label = 4
    assert_shows_g_of_z(conditional)
    assert conditional._message.value == ""


@pytest.mark.parametrize("way", [0, 22, 30])
def test_file_and_code_hold_class_and_shares(conditional, monkeypatch, way):
    walk_from_3_to_8(conditional)
    conditional.pins.walk.value = 60
    conditional.pins.walk.value = way
    conditional.show_code.value = True
    conditional.wait()
    lines = html.unescape(re.sub("<[^>]*>", "", conditional.code.value))
    monkeypatch.setattr("matplotlib.pyplot.imshow", lambda *_, **__: None)
    names = {"explorer": conditional}
    exec(lines, names)
    assert torch.equal(names["image"], conditional.image)
    assert ("shares" in json.loads(file_behind(conditional, "Save noise"))) == (way > 0)
    assert ("-between-classes.json" in (conditional.save_picture.value + conditional.save_noise.value)) == (way > 0)
    image, data = conditional.image, file_behind(conditional, "Save noise")
    conditional.draw.click()
    conditional.label = 5
    load(conditional, data)
    conditional.wait()
    assert torch.equal(conditional.image, image)
    assert conditional._message.value == ""


def test_code_for_a_seed_names_the_seed_and_the_class(conditional):
    conditional.label = 8
    conditional.show_code.value = True
    conditional.wait()
    assert "z = training.noise(generator, 1, seed=3)\nlabels = torch.tensor([8])\n" in conditional.code.value


def test_a_file_whose_class_does_not_fit_loads_its_noise_and_says_so(conditional, explorer):
    def file(**changes) -> bytes:
        about = json.loads(noise_files.write_noise(torch.ones(12), conditional.generator))
        return json.dumps(about | changes).encode()

    conditional.label = 6
    for changes, says in (
        ({}, "names no class: the class stays"),
        ({"class": 10}, "does not fit this generator, whose classes run from 0 to 9: the class stays"),
        ({"shares": [0.5, 0.5]}, "not 10 numbers that sum to one"),
    ):
        conditional.draw.click()
        load(conditional, file(**changes))
        assert torch.equal(conditional.z, torch.ones(12))
        assert conditional.label == 6
        assert says in html.unescape(conditional._message.value)
        assert 'role="status"' in conditional._message.value
        assert_shows_g_of_z(conditional)
    load(explorer, file(**{"class": 3}))
    assert torch.equal(explorer.z, torch.ones(12))
    assert "this generator takes none" in explorer._message.value
    assert "another generator" in explorer._message.value
    assert_shows_g_of_z(explorer)


def test_names_of_classes_are_shown_and_many_classes_are_a_menu():
    generator = conditional_generator(classes=3)
    generator.class_names = ("cat", "dog", "owl")
    explorer = LatentExplorer(generator)
    explorer.classes.value = 2
    explorer.wait()
    assert explorer.classes.options == (("cat", 0), ("dog", 1), ("owl", 2))
    assert explorer.classes.tooltips == ("class cat", "class dog", "class owl")
    assert "G(z, 2) for class owl, seed 0" in explorer.text.value
    many = LatentExplorer(conditional_generator(classes=13))
    assert type(many.classes).__name__ == "Dropdown"
    many.classes.value = 12
    assert_shows_g_of_z(many)


def test_a_shipped_conditional_generator_is_opened_by_its_name(monkeypatch):
    generator = conditional_generator()
    shipped = type("Shipped", (), {"generator": generator})()
    monkeypatch.setattr("gancourse.pretrained.load", lambda name: shipped)
    explorer = LatentExplorer("mnist_conditional")
    explorer.label = 2
    explorer.show_code.value = True
    assert_shows_g_of_z(explorer)
    assert 'generator = pretrained.load("mnist_conditional").generator' in html.unescape(explorer.code.value)
