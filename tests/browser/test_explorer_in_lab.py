"""Every control of the latent explorer, in JupyterLab, in a browser: the picture is always G(z) of the z that is shown."""

import json

import pytest
import torch
from lab import serious
from playwright.sync_api import expect

from gancourse import training
from gancourse.directions import principal_directions
from gancourse.walks import slerp


def test_it_begins_with_the_noise_of_a_seed(lesson):
    lesson.assert_shows_g_of_z()
    assert torch.equal(lesson.z(), training.noise(lesson.generator, 1, seed=0)[0])


def test_every_slider_moves_the_picture(lesson):
    for i in range(8):
        before, z = lesson.pixels(), lesson.z()
        lesson.move(f"direction {i + 1}", *["ArrowRight"] * 12)
        lesson.assert_shows_g_of_z()
        assert (lesson.z() - z).norm() > 0.1
        assert not torch.equal(lesson.pixels(), before)


def test_draw_another_seed_and_undo(lesson):
    z = lesson.z()
    lesson.press("Draw another")
    lesson.assert_shows_g_of_z()
    assert torch.equal(lesson.z(), training.noise(lesson.generator, 1, seed=1)[0])
    seed = lesson.box.get_by_label("Seed")
    seed.fill("42")
    seed.press("Enter")
    lesson.assert_shows_g_of_z()
    assert torch.equal(lesson.z(), training.noise(lesson.generator, 1, seed=42)[0])
    lesson.press("Undo")
    lesson.press("Undo")
    lesson.assert_shows_g_of_z()
    assert torch.equal(lesson.z(), z)


def test_the_page_sends_what_the_reader_does_and_nothing_else(lesson):
    """A slider that sent back what it was told would move a point that has gone elsewhere meanwhile."""
    lesson.settle()
    lesson.count_moves()
    for _ in range(5):
        lesson.press("Draw another")
    lesson.settle()
    assert lesson.moves_sent() == 0
    lesson.move("direction 1", "ArrowRight")
    lesson.settle()
    assert lesson.moves_sent() == 1


def test_fast_draws_end_with_the_noise_of_the_last_seed(lesson):
    seed = int(lesson.box.get_by_label("Seed").input_value())
    for _ in range(12):
        lesson.press("Draw another")
    lesson.assert_shows_g_of_z()
    assert torch.equal(lesson.z(), training.noise(lesson.generator, 1, seed=seed + 12)[0])


def test_other_sliders_keep_the_point(lesson):
    z = lesson.z()
    lesson.menu("Sliders").select_option("z[8] to z[15]")
    lesson.assert_shows_g_of_z()
    assert torch.equal(lesson.z(), z)
    lesson.move("z[9]", "PageUp")
    lesson.assert_shows_g_of_z()
    changed = (lesson.z() != z).nonzero().flatten().tolist()
    assert changed == [9]
    lesson.menu("Sliders").select_option("directions of most change")
    lesson.assert_shows_g_of_z()


def test_a_locked_slider_is_kept(lesson):
    lesson.press("Lock direction 2: new draws keep its value")
    second = principal_directions(lesson.generator, 2)[1]
    before = lesson.z() @ second
    lesson.press("Draw another")
    lesson.assert_shows_g_of_z()
    assert torch.allclose(lesson.z() @ second, before, atol=1e-4)
    lesson.press("Lock direction 2: new draws keep its value")


def test_truncation_shortens_z(lesson):
    length = lesson.z().norm()
    lesson.move("truncation", *["ArrowLeft"] * 10)
    lesson.assert_shows_g_of_z()
    assert torch.allclose(lesson.z().norm(), 0.5 * length, rtol=1e-4)
    assert "truncation 0.50" in lesson.text()
    lesson.move("truncation", "End")
    lesson.assert_shows_g_of_z()


def test_neighbours_are_shown_and_one_can_go_there(lesson):
    lesson.press("Neighbours")
    lesson.assert_shows_g_of_z()
    lesson.menu("across").select_option(index=2)
    lesson.menu("down").select_option(index=0)
    lesson.move("spread", *["ArrowRight"] * 5)
    lesson.assert_shows_g_of_z()
    sheet, z = lesson.pixels(), lesson.z()
    principal = principal_directions(lesson.generator, 8)
    corner = z + 1.5 * (principal[2] + principal[0])  # two to the right, two down: the spread is 1.5
    assert (sheet[117:145, 117:145].int() - lesson.picture_of(corner).int()).abs().max() <= 1
    lesson.press("Go there: 2 right, 2 down")
    lesson.assert_shows_g_of_z()
    assert torch.allclose(lesson.z(), corner, atol=1e-4)
    lesson.press("Picture")
    lesson.assert_shows_g_of_z()


def test_pins_walks_and_play(lesson):
    a = lesson.z()
    lesson.press("Pin")
    lesson.press("Draw another")
    lesson.settle()
    b = lesson.z()
    lesson.press("Pin")
    lesson.settle()
    lesson.move("Walk", *["ArrowRight"] * 20)
    lesson.assert_shows_g_of_z()
    assert torch.allclose(lesson.z(), slerp(a[None], b[None], torch.tensor([20 / 60]))[0], atol=1e-5)
    lesson.press("Play")
    lesson.page.wait_for_timeout(1500)
    lesson.press("Pause")
    lesson.assert_shows_g_of_z()
    assert "of the way from pin A to pin B" in lesson.text()
    assert not torch.allclose(lesson.z(), slerp(a[None], b[None], torch.tensor([20 / 60]))[0], atol=1e-3)
    lesson.box.get_by_label("and back").uncheck()
    expect(lesson.box.get_by_text("A → B", exact=True)).to_be_visible()
    lesson.press("A")
    lesson.assert_shows_g_of_z()
    assert torch.equal(lesson.z(), a)
    lesson.press("Remove pin A")
    expect(lesson.box.locator(".gancourse-pinned:visible")).to_have_count(1)
    lesson.press("Remove pin B")
    expect(lesson.box.locator(".gancourse-pinned:visible")).to_have_count(0)


def test_files_are_saved_and_loaded(lesson, tmp_path):
    z = lesson.z()
    with lesson.page.expect_download() as download:
        lesson.box.get_by_text("Save noise", exact=True).click()
    download.value.save_as(tmp_path / "z.json")
    assert json.loads((tmp_path / "z.json").read_text())["z"] == z.tolist()
    with lesson.page.expect_download() as download:
        lesson.box.get_by_text("Save picture", exact=True).click()
    download.value.save_as(tmp_path / "z.png")
    assert (tmp_path / "z.png").read_bytes().startswith(b"\x89PNG")
    lesson.press("Draw another")
    lesson.settle()
    lesson.load(tmp_path / "z.json")
    lesson.assert_shows_g_of_z()
    assert torch.equal(lesson.z(), z)
    (tmp_path / "broken.json").write_text("{")
    lesson.load(tmp_path / "broken.json")
    expect(lesson.box.get_by_role("alert")).to_contain_text("no noise file")
    assert torch.equal(lesson.z(), z)
    lesson.press("Draw another")
    lesson.assert_shows_g_of_z()
    expect(lesson.box.get_by_role("alert")).to_have_count(0)


def test_a_fast_drag_ends_with_the_picture_of_where_it_ended(lesson):
    place = lesson.slider("direction 1").bounding_box()
    mouse = lesson.page.mouse
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    mouse.move(x, y)
    mouse.down()
    for i in range(150):
        mouse.move(x + 60 * (-1) ** i * (i % 40) / 40, y)
    mouse.move(x + 37, y)
    mouse.up()
    lesson.assert_shows_g_of_z()
    first = principal_directions(lesson.generator, 1)[0]
    assert (lesson.z() @ first).item() == pytest.approx(lesson.number("direction 1"), abs=0.026)


def test_an_accessibility_check_finds_nothing_serious(lesson):
    lesson.press("Pin")
    lesson.press("Draw another")
    lesson.press("Pin")
    lesson.press("Neighbours")
    lesson.settle()
    assert serious(lesson.page) == []


def test_it_works_in_a_narrow_window(lesson):
    lesson.page.set_viewport_size({"width": 700, "height": 900})
    lesson.move("direction 1", *["ArrowLeft"] * 10)
    lesson.assert_shows_g_of_z()
    lesson.press("Go there: 1 left, 1 up")
    lesson.assert_shows_g_of_z()
    box = lesson.box.bounding_box()
    for control in lesson.box.locator("button:visible, select:visible, .noUi-handle:visible, img:visible").all():
        place = control.bounding_box()
        assert place["x"] >= box["x"] - 1
        assert place["x"] + place["width"] <= box["x"] + box["width"] + 1


def test_nothing_in_the_notebook_failed(lesson):
    page = lesson.page
    assert page.locator(".jp-RenderedText[data-mime-type*='stderr']").all_inner_texts() == []
    assert page.get_by_text("Error displaying widget").count() == 0
    assert page.get_by_text("Click to show javascript error").count() == 0
    assert page.locator(".jp-Dialog").count() == 0
