"""The parts of the explorer that go beyond sliders: history, properties, map, walks and GIFs, training pictures, the search."""

import base64
import html
import io
import re
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from test_explorer import TinyGenerator, conditional_generator, decoded
from torch import nn

from gancourse import datasets, directions, figures, inversion, pretrained, runs, training, walks
from gancourse.widgets import LatentExplorer, latent
from gancourse.widgets.direction_sliders import PROPERTIES
from gancourse.widgets.history import MAX_UNDO, History, Point
from gancourse.widgets.nearest import Nearest
from gancourse.widgets.pins import GIF_LEG, LEG

# ---- history ------------------------------------------------------------------------------------------------------


def history(moves: list[str]) -> History:
    return History(Point(torch.zeros(2), None, 0), moves.append)


def test_a_move_is_told_and_can_be_undone_and_a_drag_is_one_move(monkeypatch):
    moves, now = [], [0.0]
    monkeypatch.setattr("gancourse.widgets.history.time.monotonic", lambda: now[0])
    ours = history(moves)
    start = ours.point
    for i in range(5):
        now[0] += 0.3
        ours.go(replace(start, seed=i), "slider 1")
    now[0] += 2
    ours.go(replace(start, seed=7), "slider 1")
    assert moves == ["slider 1"] * 6
    ours.undo()
    assert ours.point.seed == 4
    ours.undo()
    assert (ours.point, ours.can_undo, moves[-1]) == (start, False, "undo")
    ours.undo()
    assert len(moves) == 8


def test_a_search_is_undone_as_one_however_slow_it_is(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("gancourse.widgets.history.time.monotonic", lambda: now[0])
    ours = history([])
    start = ours.point
    for i in range(3):
        now[0] += 10
        ours.go(replace(start, seed=i), "search 1")
    ours.undo()
    assert ours.point == start


def test_a_move_that_comes_after_another_one_is_not_made():
    moves = []
    ours = history(moves)
    number = ours.go(replace(ours.point, seed=1), "search 1", after=0)
    ours.go(replace(ours.point, seed=2), "seed")
    assert ours.go(replace(ours.point, seed=3), "search 1", after=number) is None
    assert ours.point.seed == 2
    assert moves == ["search 1", "seed"]


def test_only_the_thread_that_shows_ignores_what_controls_report():
    ours, seen = history([]), []
    with ours.showing():
        other = threading.Thread(target=lambda: seen.append(ours.is_showing))
        other.start()
        other.join()
        assert ours.is_showing
    assert seen == [False]


def test_only_so_many_points_are_kept():
    ours = history([])
    for i in range(MAX_UNDO + 50):
        ours.go(replace(ours.point, seed=i), f"seed {i}")
    for _ in range(MAX_UNDO):
        assert ours.can_undo
        ours.undo()
    assert not ours.can_undo


# ---- properties ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits():
    return pretrained.load("mnist_better").generator


def test_the_sliders_of_a_shipped_generator_have_measured_names_at_once():
    explorer = LatentExplorer("mnist_better")
    names = explorer.directions.names
    assert len(names) == 8
    assert all(re.fullmatch(r"\d · (no name|[a-z-]+ −?0\.\d\d)", name) for name in names)
    assert any("no name" not in name for name in names)
    explorer.directions.menu.value = PROPERTIES
    assert [name.split()[0] for name in explorer.directions.names] == ["slant", "thickness", "ink", "width"]
    assert "From thin to thick" in explorer.directions.sliders[1].tooltip
    assert explorer.plane.across.options[1] == (explorer.directions.names[1], 1)


def test_what_ships_is_what_is_measured(digits):
    measured = directions.measure(digits, directions.principal_directions(digits, 8))
    shipped = directions.read(pretrained.folder() / "mnist_better" / directions.FILE, digits)
    assert torch.allclose(shipped.principal, measured.principal, atol=1e-3)
    assert torch.allclose(shipped.properties, measured.properties, atol=1e-3)
    for key in ("names", "property_names"):
        assert [n.statistic for n in getattr(shipped, key)] == [n.statistic for n in getattr(measured, key)]


def test_a_property_slider_takes_the_others_along_and_a_lock_keeps_one():
    explorer = LatentExplorer("mnist_better")
    explorer.directions.menu.value = PROPERTIES
    thickness, ink = explorer.directions.sliders[1:3]
    vectors = explorer.directions.chosen
    before = ink.value
    thickness.value = thickness.value + 1
    assert ink.value > before + 0.3  # thick digits have more ink
    for slider, value in zip(explorer.directions.sliders, vectors @ explorer.z, strict=False):
        assert slider.value == pytest.approx(value.clamp(-4, 4).item(), abs=0.02)
    explorer.directions.locks[2].value = True
    kept = vectors[2] @ explorer.z
    target = thickness.value + 1
    thickness.value = target
    assert (vectors[2] @ explorer.z).item() == pytest.approx(kept.item(), abs=1e-4)
    assert (vectors[1] @ explorer.z).item() == pytest.approx(target, abs=1e-4)
    explorer.draw.click()
    assert (vectors[2] @ explorer.z).item() == pytest.approx(kept.item(), abs=1e-4)


def test_names_that_belong_to_other_weights_are_not_shown(digits, tmp_path):
    path = tmp_path / directions.FILE
    directions.write(path, directions.measure(digits, directions.principal_directions(digits, 2)))
    assert directions.read(path, digits) is not None
    assert directions.read(path, pretrained.load("mnist_better", stage=1).generator) is None
    path.write_bytes(path.read_bytes()[:500])
    assert directions.read(path, digits) is None
    assert directions.read(tmp_path / "missing", digits) is None


# ---- the map ------------------------------------------------------------------------------------------------------


@pytest.fixture
def mapped():
    explorer = LatentExplorer(TinyGenerator(), seed=3)
    explorer.wait()
    explorer.show_map.value = True
    explorer.wait()
    return explorer


def touch(explorer, x: float, y: float, of: int | None = None) -> None:
    of = explorer.map.number if of is None else of
    explorer.map._hear({"kind": "go", "view": 1, "number": 1, "drag": 1, "map": of, "at": [x, y]})


def test_the_map_is_the_plane_around_the_point_and_the_mark_is_in_its_middle(mapped):
    n = mapped.map.tiles
    assert n % 2 == 1
    assert mapped.map.at == [0.0, 0.0]
    across, down = mapped.directions.chosen[:2]
    steps = torch.linspace(-1, 1, n)
    z = torch.stack([mapped.z + y * down + x * across for y in steps for x in steps])
    wanted = figures.tile(latent.draw(mapped.generator, z), n, pad=0)
    assert np.abs(decoded(mapped.map.picture).astype(int) - wanted).max() <= 1


def test_a_touch_goes_there_and_the_map_stays(mapped):
    picture, z = mapped.map.picture, mapped.z
    across, down = mapped.directions.chosen[:2]
    touch(mapped, 0.5, -0.25)
    mapped.wait()
    assert torch.allclose(mapped.z, z + 0.5 * across - 0.25 * down, atol=1e-6)
    assert mapped.map.at == pytest.approx([0.5, -0.25], abs=1e-3)
    assert mapped.map.picture == picture
    assert "moved on the map" in mapped.text.value
    mapped.undo.click()
    assert torch.equal(mapped.z, z)


def test_a_map_of_properties_that_are_not_perpendicular_stays_under_the_pointer():
    explorer = LatentExplorer("mnist_better")
    explorer.directions.menu.value = PROPERTIES
    explorer.plane.across.value, explorer.plane.down.value = 1, 2  # thickness and ink
    explorer.show_map.value = True
    explorer.wait()
    assert explorer.plane.axes.prod(0).sum() > 0.5
    touch(explorer, 0.5, -0.25)
    assert explorer.map.at == pytest.approx([0.5, -0.25], abs=1e-3)


def test_a_touch_of_a_map_that_is_gone_moves_nothing_and_is_answered(mapped, monkeypatch):
    before, told = mapped.map.number, []
    mapped.draw.click()
    mapped.wait()
    z = mapped.z
    monkeypatch.setattr(mapped.map, "send", told.append)
    touch(mapped, 0.5, 0.5, of=before)
    assert torch.equal(mapped.z, z)
    assert told == [{"kind": "painted", "view": 1, "number": 1}]


def test_the_map_follows_a_point_that_leaves_it(mapped):
    picture = mapped.map.picture
    mapped.directions.sliders[0].value = mapped.directions.sliders[0].value + 0.5  # along the map's own axis
    mapped.wait()
    assert mapped.map.picture == picture
    assert mapped.map.at[0] == pytest.approx(0.5, abs=0.05)
    mapped.draw.click()
    mapped.wait()
    assert mapped.map.picture != picture
    assert mapped.map.at == [0.0, 0.0]
    for change in (
        lambda: setattr(mapped.plane.spread, "value", 2.0),
        lambda: setattr(mapped.plane.down, "value", 3),
        lambda: setattr(mapped.directions.menu, "value", "z[8] to z[11]"),
    ):
        picture = mapped.map.picture
        change()
        mapped.wait()
        assert mapped.map.picture != picture
        assert mapped.map.at == [0.0, 0.0]


def test_the_page_is_told_when_its_last_place_is_painted(mapped, monkeypatch):
    told = []
    monkeypatch.setattr(mapped.map, "send", told.append)
    touch(mapped, 0.1, 0.1)
    mapped.wait()
    assert told == [{"kind": "painted", "view": 1, "number": 1}]


def test_a_closed_map_costs_nothing(monkeypatch):
    explorer = LatentExplorer(TinyGenerator())
    explorer.draw.click()
    explorer.wait()
    assert explorer.map.picture == b""


def test_a_map_of_a_conditional_generator_has_its_class():
    explorer = LatentExplorer(conditional_generator())
    explorer.show_map.value = True
    explorer.wait()
    first = explorer.map.picture
    explorer.label = 5
    explorer.wait()
    assert explorer.map.picture != first


# ---- walks and GIFs -----------------------------------------------------------------------------------------------


def pin_three(explorer) -> torch.Tensor:
    """Pin three points; return their noise (3, z_dim)."""
    z = []
    for _ in range(3):
        explorer.draw.click()
        explorer.pin.click()
        z.append(explorer.z)
    return torch.stack(z)


def saved_gif(explorer) -> Image.Image:
    explorer.pins.make_gif.click()
    return Image.open(io.BytesIO(base64.b64decode(re.search(r"base64,([^\"]+)", explorer.pins.gif.value)[1])))


def test_a_walk_passes_every_pin_and_comes_back():
    explorer = LatentExplorer(TinyGenerator())
    z = pin_three(explorer)
    assert explorer.pins.route.value == "A → B → C → A"
    assert explorer.pins.walk.max == 3 * LEG
    for value, at in ((LEG, z[1]), (2 * LEG, z[2]), (3 * LEG, z[0])):
        explorer.pins.walk.value = value
        assert torch.allclose(explorer.z, at, atol=1e-5)
    explorer.pins.walk.value = 5 * LEG // 2
    assert torch.allclose(explorer.z, walks.slerp(z[2:], z[:1], torch.tensor([0.5]))[0], atol=1e-6)
    explorer.wait()
    assert "50% of the way from pin C to pin A" in explorer.text.value
    explorer.pins.loop.value = False
    assert explorer.pins.route.value == "A → B → C"
    assert explorer.pins.walk.max == 2 * LEG


def test_a_loop_is_saved_as_a_gif_of_the_walk():
    explorer = LatentExplorer(TinyGenerator())
    z = pin_three(explorer)
    gif = saved_gif(explorer)
    assert gif.n_frames == 3 * GIF_LEG
    assert gif.info["loop"] == 0
    wanted = latent.draw(explorer.generator, z)
    for frame, image in zip((0, GIF_LEG, 2 * GIF_LEG), wanted, strict=True):
        gif.seek(frame)
        shown = np.asarray(gif.convert("L"))
        assert np.abs(shown[::64, ::64].astype(int) - image[0].numpy()).max() <= 1
    assert 'download="walk-A-B-C.gif"' in explorer.pins.gif.value
    explorer.pins.loop.value = False
    assert explorer.pins.gif.value == ""  # that was another walk
    assert saved_gif(explorer).n_frames == 2 * GIF_LEG + 1


def test_a_gif_between_classes_and_of_a_generator_that_takes_no_shares():
    explorer = LatentExplorer(conditional_generator())
    explorer.pin.click()
    explorer.label = 5
    explorer.pin.click()
    assert saved_gif(explorer).n_frames == 2 * GIF_LEG
    forward = explorer.generator.forward
    explorer.generator.forward = lambda z, labels: forward(z, nn.functional.one_hot(labels, 10).float())
    explorer.pins.make_gif.click()
    assert "Between classes they are shares" in html.unescape(explorer._message.value)


# ---- training pictures --------------------------------------------------------------------------------------------


def test_a_copied_training_picture_is_found_and_a_held_out_one_is_none():
    nearest = Nearest((1, 28, 28), known=True)
    train, test = (datasets.load("mnist", split).images for split in ("train", "test"))
    nearest.open(train[123])
    nearest.wait()
    sheet = decoded(nearest.picture.value)
    assert np.array_equal(sheet[1:29, 1:29], train[123, 0].numpy())
    assert "may be a copy" in nearest.text.value
    nearest.update(test[5])
    assert "No sign of a copy" in nearest.text.value
    assert "60,000 training pictures of MNIST." in nearest.text.value
    assert "if your generator learnt from it" not in nearest.text.value
    assert not np.array_equal(decoded(nearest.picture.value), sheet)


def test_without_the_dataset_it_is_greyed_out_and_says_why(monkeypatch):
    monkeypatch.setattr("gancourse.datasets.status", lambda *_: "not fetched")
    explorer = LatentExplorer("mnist_better")
    assert explorer.show_nearest.disabled
    assert "gancourse data mnist" in explorer.show_nearest.tooltip
    assert explorer.finder.test.disabled
    other = LatentExplorer(TinyGenerator())
    assert other.show_nearest.disabled
    assert "no dataset of the course has pictures of 1 x 4 x 4" in other.show_nearest.tooltip


def test_what_an_unknown_generator_learnt_from_is_only_assumed():
    nearest = Nearest((1, 28, 28), known=False)
    nearest.open(datasets.load("mnist", "test").images[0])
    nearest.wait()
    assert "of MNIST, if your generator learnt from it" in nearest.text.value


def test_training_pictures_that_cannot_be_read_are_said_and_tried_again(monkeypatch):
    def full(*_):
        raise OSError("the disk is <full>")

    nearest = Nearest((1, 28, 28), known=True)
    with monkeypatch.context() as patched:
        patched.setattr("gancourse.metrics.real", full)
        nearest.open(datasets.load("mnist").images[0])
        nearest.wait()
    assert "the disk is &lt;full&gt;" in nearest.text.value
    nearest.close()
    nearest.open(datasets.load("mnist").images[0])
    nearest.wait()
    assert "may be a copy" in nearest.text.value


# ---- the search ---------------------------------------------------------------------------------------------------


def drawing(digit: torch.Tensor) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(digit[0].numpy()).resize((280, 280), Image.Resampling.BICUBIC).save(buffer, "png")
    return buffer.getvalue()


def test_a_drawing_is_searched_and_the_explorer_goes_there():
    explorer = LatentExplorer("mnist_better")
    start = explorer.z
    explorer.show_finder.value = True
    digit = datasets.load("mnist", "test").images[0]
    explorer.finder.sketch._handle_custom_msg({"kind": "drawing"}, [memoryview(drawing(digit))])
    explorer.finder.wait()
    explorer.wait()
    assert "found for a picture" in explorer.text.value
    wanted, found = (x.double() for x in (explorer.finder.wanted, explorer.image))
    blank = wanted.square().mean()
    assert (wanted - found).square().mean() < 0.2 * blank
    explorer.undo.click()
    assert torch.equal(explorer.z, start)


def test_another_move_ends_the_search_at_once():
    explorer = LatentExplorer("mnist_better")
    explorer.finder.find(datasets.load("mnist", "test").images[0])
    while "noise found" not in explorer._history.point.moved:
        time.sleep(0.005)
    explorer.draw.click()
    z, began = explorer.z, time.monotonic()
    explorer.finder.wait()
    assert time.monotonic() - began < 5
    assert torch.equal(explorer.z, z)
    assert "Stopped searching" in explorer.finder.text.value
    assert explorer.finder.stop_button.disabled


def test_a_search_that_is_overtaken_moves_nothing(monkeypatch):
    """Between two reports the reader goes elsewhere, and the search has not heard of it yet."""
    explorer = LatentExplorer("mnist_better")
    monkeypatch.setattr(explorer.finder, "stop", lambda: None)

    def slow(generator, images, **_):
        for _ in range(2):
            yield inversion.Found(torch.ones(1, 64), images, torch.zeros(1), None)
            explorer.draw.click()

    monkeypatch.setattr("gancourse.inversion.search", slow)
    explorer.finder.find(datasets.load("mnist", "test").images[0])
    explorer.finder.wait()
    assert torch.equal(explorer.z, training.noise(explorer.generator, 1, 1)[0])


def test_a_newer_picture_replaces_the_search_and_only_one_runs():
    explorer = LatentExplorer("pokemon_dcgan")
    images = datasets.load("pokemon", "test").images
    before = threading.active_count()
    for image in images[:6]:
        explorer.finder.find(image)
        time.sleep(0.2)
    explorer.finder.stop()
    explorer.finder.wait()
    explorer.wait()
    assert threading.active_count() <= before
    assert torch.equal(explorer.finder.wanted, images[5])


def test_a_found_point_is_not_truncated():
    explorer = LatentExplorer("mnist_better")
    explorer.truncation.value = 0.3
    explorer.finder.find(datasets.load("mnist", "test").images[0])
    explorer.finder.wait()
    assert explorer.truncation.value == 1
    assert explorer.z.norm() == pytest.approx(8, abs=1.5)


def test_a_message_stays_while_a_search_moves_on():
    explorer = LatentExplorer("mnist_better")
    explorer.finder.find(datasets.load("mnist", "test").images[0])
    explorer.load.hear({"kind": "file"}, [memoryview(b"{")])
    explorer.finder.wait()
    assert "no noise file" in explorer._message.value


def test_a_kept_generator_is_searched_and_its_code_opens_it(tmp_path, monkeypatch):
    monkeypatch.setattr("gancourse.runs.folder", lambda: tmp_path)
    runs.keep("my digits", pretrained.load("mnist_better").generator)
    explorer = LatentExplorer(runs.load("my digits"))
    digit = datasets.load("mnist", "test").images[0]
    explorer.finder.find(digit)
    explorer.finder.wait()
    explorer.show_code.value = True
    explorer.wait()
    assert explorer._message.value == ""
    assert (explorer.image.double() - digit).square().mean() < 0.2 * digit.double().square().mean()
    assert "generator = runs.load('my digits')" in html.unescape(explorer.code.value)


def test_a_generator_that_breaks_in_the_search_is_said():
    generator = TinyGenerator((1, 28, 28))
    explorer = LatentExplorer(generator)
    explorer.wait()

    def full(z):
        raise RuntimeError("out of memory")

    generator.forward = full
    explorer.finder.find(datasets.load("mnist", "test").images[0])
    explorer.finder.wait()
    assert "RuntimeError: out of memory" in html.unescape(explorer._message.value)
    assert explorer.finder.stop_button.disabled


def test_pictures_that_are_not_square_are_not_searched():
    explorer = LatentExplorer(TinyGenerator((3, 32, 64)))
    assert explorer.show_finder.disabled
    assert "not square, 32 x 64" in explorer.show_finder.tooltip


def test_a_conditional_generator_finds_the_class_too():
    explorer = LatentExplorer("mnist_conditional")
    test = datasets.load("mnist", "test")
    explorer.finder.find(test.images[0])
    explorer.finder.wait()
    assert explorer.label == int(test.labels[0])


@pytest.mark.parametrize(
    ("content", "data", "says"),
    [
        ({"kind": "file"}, b"%PDF", "no picture that can be read"),
        ({"kind": "too large", "bytes": 120_000_000}, b"", "120.0 MB, too much to read; 8 MB are the most"),
    ],
)
def test_a_file_that_is_no_picture_is_said_and_nothing_moves(content, data, says):
    explorer = LatentExplorer(TinyGenerator())
    z = explorer.z
    explorer.finder.file.hear(content, [memoryview(data)] if data else [])
    assert says in explorer._message.value
    assert torch.equal(explorer.z, z)
    explorer.load.hear({"kind": "too large", "bytes": 120_000_000}, [])
    assert "100 kB are the most" in explorer._message.value
