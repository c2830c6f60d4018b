"""The page that `gancourse explore` opens, in Voilà, in a browser: as someone with five minutes would use it."""

import io
import math
import re

import numpy as np
import pytest
import torch
from explorer import DRAG, ExplorerPage, pixels_of
from lab import running_explore, serious
from PIL import Image
from playwright.sync_api import Page, expect

from gancourse import features, pretrained, training
from gancourse.widgets import latent, noise_files
from gancourse.widgets.pins import GIF_LEG

MOST_PER_SECOND = 60
LEAST_PER_SECOND = 10


@pytest.fixture(scope="module")
def address():
    with running_explore() as address:
        yield address


@pytest.fixture
def page(address, lab):
    errors = []
    with lab().page() as page:
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        page.locator("img.gancourse-picture").first.wait_for()
        yield page
    assert errors == []


def choose(page: Page, name: str) -> ExplorerPage:
    """Choose a generator by its picture; return its explorer."""
    page.locator(f".gancourse-choices button[data-name='{name}']").click()
    expect(page.locator(f".gancourse-choices button[data-name='{name}']")).to_have_attribute("aria-pressed", "true")
    page.locator("img.gancourse-picture").filter(visible=True).wait_for()
    page.wait_for_timeout(1500)
    return ExplorerPage(page, generator=pretrained.load(name).generator)


def test_no_code_is_shown_and_every_generator_draws_what_it_should(page):
    assert page.get_by_text("ExplorePage").count() == 0
    for name in pretrained.names():
        explorer = choose(page, name)
        explorer.assert_shows_g_of_z()
        explorer.press("Draw another")
        explorer.assert_shows_g_of_z()
    assert serious(page) == []


def test_sliders_are_named_after_what_they_change(page):
    explorer = choose(page, "mnist_better")
    thickness = explorer.box.get_by_role("slider", name=re.compile("^thickness 0"))
    z, ink = explorer.z(), explorer.pixels().float().mean()
    thickness.focus()
    for _ in range(32):
        page.keyboard.press("ArrowRight")
    explorer.assert_shows_g_of_z()
    assert (explorer.z() - z).norm() == pytest.approx(1, abs=0.1)
    assert explorer.pixels().float().mean() > ink


@pytest.mark.parametrize("name", ["mnist_better", "pokemon_dcgan"])
def test_the_map_follows_a_fast_drag_and_ends_with_the_last_place(page, name):
    explorer = choose(page, name)
    explorer.assert_shows_g_of_z()
    pictures, seconds = page.evaluate(DRAG, [".gancourse-latent", 3])
    print(f"{name}: {pictures / seconds:.1f} pictures a second while dragging")
    assert LEAST_PER_SECOND <= pictures / seconds <= MOST_PER_SECOND
    explorer.assert_shows_g_of_z()
    mark = explorer.box.locator(".gancourse-map svg")
    place = [float(mark.evaluate(f"part => parseFloat(part.style.{side})")) for side in ("left", "top")]
    assert place == pytest.approx([75, 25], abs=0.5)
    assert "moved on the map" in explorer.text()


def test_the_map_shows_what_the_generator_draws_and_keys_move_on_it(page):
    explorer = choose(page, "mnist_better")
    sheet = pixels_of(explorer.box.locator(".gancourse-map img"))
    n = round(len(sheet) / 28)
    middle = 28 * (n // 2)
    own = explorer.picture_of(explorer.z())
    assert (sheet[middle : middle + 28, middle : middle + 28].int() - own.int()).abs().max() <= 1
    z = explorer.z()
    explorer.box.locator(".gancourse-map").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
        page.wait_for_timeout(100)
    explorer.assert_shows_g_of_z()
    assert (explorer.z() - z).norm() == pytest.approx(
        2 * math.hypot(0.2, 0.1), rel=0.3
    )  # properties are not orthogonal
    before = explorer.box.locator(".gancourse-map img").get_attribute("src")
    page.keyboard.press("Enter")
    expect(explorer.box.locator(".gancourse-map img")).not_to_have_attribute("src", before)


@pytest.mark.parametrize("kept", ["8x8", "32x32"])
def test_a_kept_level_stays_while_the_others_are_drawn_anew(page, kept):
    explorer = choose(page, "cifar10_lapgan")
    explorer.assert_shows_g_of_z()
    before, group = explorer.z(), explorer.generator.noise_groups[kept]
    explorer.press(kept)
    explorer.press("Draw another")
    explorer.assert_shows_g_of_z()
    z = explorer.z()
    stayed = z == before
    assert stayed[group].all()
    assert stayed.sum() == group.stop - group.start
    assert f"with the noise of {kept} kept" in explorer.text()
    explorer.press("Undo")
    explorer.assert_shows_g_of_z()
    assert torch.equal(explorer.z(), before)


def test_three_pins_a_walk_and_a_gif(page, tmp_path):
    explorer = choose(page, "pokemon_dcgan")
    points = []
    for _ in range(3):
        explorer.press("Draw another")
        explorer.press("Pin")
        explorer.settle()
        points.append(explorer.z())
    expect(explorer.box.get_by_text("A → B → C → A")).to_be_visible()
    explorer.press("Play")
    page.wait_for_timeout(1000)
    explorer.press("Pause")
    explorer.assert_shows_g_of_z()
    assert "of the way from pin A to pin B" in explorer.text()
    explorer.press("Make a GIF")
    with page.expect_download() as download:
        explorer.box.get_by_text("Save GIF", exact=True).click()
    download.value.save_as(tmp_path / "walk.gif")
    gif = Image.open(io.BytesIO((tmp_path / "walk.gif").read_bytes()))
    assert gif.n_frames == 3 * GIF_LEG
    for i, z in enumerate(points):
        gif.seek(i * GIF_LEG)
        frame = torch.from_numpy(np.array(gif.convert("RGB"), np.int32))[::4, ::4]
        assert (frame - explorer.picture_of(z).int()).abs().double().mean() < 6  # 256 colours


def test_a_drawing_is_found(page):
    explorer = choose(page, "mnist_better")
    explorer.press("Draw your own")
    field = explorer.box.locator(".gancourse-sketch canvas")
    field.scroll_into_view_if_needed()
    canvas = field.bounding_box()
    x, y = canvas["x"], canvas["y"]
    page.mouse.move(x + 110, y + 40)
    page.mouse.down()
    page.mouse.move(x + 105, y + 190, steps=12)
    page.mouse.up()
    expect(explorer.box.get_by_text("Mean squared difference")).to_be_visible()
    page.wait_for_timeout(3000)
    explorer.assert_shows_g_of_z()
    image = explorer.pixels()[None, :, :, :1].permute(0, 3, 1, 2)
    assert int(features.digits()(image)[1].argmax()) == 1


def test_bad_files_are_said_and_the_kernel_goes_on(page, tmp_path):
    explorer = choose(page, "mnist_better")
    explorer.press("Draw your own")
    z = explorer.z()

    def give(button: str, data: bytes, name: str) -> None:
        path = tmp_path / name
        path.write_bytes(data)
        with page.expect_file_chooser() as chooser:
            explorer.press(button)
        chooser.value.set_files(path)

    huge = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(huge, "png")
    other = latent.open_generator("cifar10_dcgan")
    foreign = noise_files.write_noise(training.noise(other, 1, seed=0)[0], other)
    for button, data, name, says in (
        ("A file …", b"%PDF-1.7", "x.png", "no picture that can be read"),
        ("A file …", huge.getvalue(), "huge.png", "too many to read"),
        ("A file …", b"\0" * 60_000_000, "large.png", "60.0 MB, too much to read"),
        ("Load noise", foreign, "z.json", "has 100 numbers, this generator takes 64"),
        ("Load noise", b"{" * 300_000, "z2.json", "too much to read; 100 kB are the most"),
        ("Load noise", b"{", "z3.json", "no noise file"),
    ):
        give(button, data, name)
        expect(explorer.box.get_by_role("alert")).to_contain_text(says)
        assert torch.equal(explorer.z(), z)
    explorer.press("Draw another")
    explorer.assert_shows_g_of_z()
    expect(explorer.box.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize("width", [390, 700])
def test_nothing_sticks_out_of_a_narrow_page(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    explorer = choose(page, "cifar10_conditional")
    explorer.press("Pin")
    explorer.press("Draw another")
    explorer.press("Pin")
    explorer.press("Draw your own")
    explorer.press("Is it a copy?")
    page.wait_for_timeout(1000)
    for part in explorer.box.locator("button, select, .noUi-handle, img, canvas, pre").filter(visible=True).all():
        place = part.bounding_box()
        assert place["x"] >= 0
        assert place["x"] + place["width"] <= width, part.evaluate("part => part.outerHTML.slice(0, 200)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert serious(page) == []
