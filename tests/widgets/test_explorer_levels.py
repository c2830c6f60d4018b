"""The explorer of a generator that draws from coarse to fine: levels whose noise is kept."""

import pytest
import torch
from test_explorer import TinyGenerator, assert_shows_g_of_z

from gancourse.training import noise
from gancourse.widgets import LatentExplorer

COARSE, FINE = slice(0, 8), slice(8, 12)


@pytest.fixture
def explorer():
    generator = TinyGenerator()
    generator.noise_groups = {"8x8": COARSE, "16x16": FINE}
    return LatentExplorer(generator, seed=3)


def test_only_a_generator_of_levels_has_buttons_for_them(explorer):
    assert list(explorer.levels.buttons) == ["8x8", "16x16"]
    assert explorer.levels.box.layout.display == "flex"
    plain = LatentExplorer(TinyGenerator())
    assert plain.levels.buttons == {}
    assert plain.levels.box.layout.display == "none"


@pytest.mark.parametrize(("kept", "moved"), [("8x8", FINE), ("16x16", COARSE)])
def test_a_new_draw_leaves_the_noise_of_a_kept_level(explorer, kept, moved):
    before = explorer.z
    explorer.levels.buttons[kept].value = True
    explorer.draw.click()
    drawn = noise(explorer.generator, 1, 4)[0]
    assert torch.equal(explorer.z[moved], drawn[moved])
    others = torch.ones(12, dtype=torch.bool)
    others[moved] = False
    assert torch.equal(explorer.z[others], before[others])
    assert_shows_g_of_z(explorer)
    assert f"seed 4, with the noise of {kept} kept" in explorer.text.value
    explorer.undo.click()
    assert torch.equal(explorer.z, before)


def test_once_released_a_level_is_drawn_again(explorer):
    button = explorer.levels.buttons["8x8"]
    button.value = True
    explorer.draw.click()
    button.value = False
    explorer.draw.click()
    assert torch.equal(explorer.z, noise(explorer.generator, 1, 5)[0])
    explorer.wait()
    assert "kept" not in explorer.text.value


def test_sliders_leave_the_noise_of_a_kept_level(explorer):
    before = explorer.z
    explorer.levels.buttons["8x8"].value = True
    explorer.directions.sliders[0].value = 1.5
    assert torch.equal(explorer.z[COARSE], before[COARSE])
    assert not torch.equal(explorer.z[FINE], before[FINE])
    assert_shows_g_of_z(explorer)


def test_a_locked_slider_keeps_its_value_with_the_noise_that_is_free(explorer):
    explorer.levels.buttons["8x8"].value = True
    explorer.directions.locks[1].value = True
    before, direction = explorer.z, explorer.directions.chosen[1]
    explorer.draw.click()
    assert torch.equal(explorer.z[COARSE], before[COARSE])
    assert (explorer.z @ direction).item() == pytest.approx((before @ direction).item(), abs=1e-4)
    explorer.wait()
    assert "kept, with locked sliders" in explorer.text.value


def test_kept_noise_stays_to_the_bit_with_two_locks(explorer):
    explorer.levels.buttons["8x8"].value = True
    for lock in explorer.directions.locks[:2]:
        lock.value = True
    before = explorer.z
    for _ in range(20):
        explorer.draw.click()
        assert torch.equal(explorer.z[COARSE], before[COARSE])


def test_a_slider_whose_noise_is_kept_does_not_move_and_says_why(explorer):
    explorer.directions.menu.value = "z[0] to z[7]"
    explorer.levels.buttons["8x8"].value = True
    before, shown = explorer.z, explorer.directions.sliders[0].value
    explorer.directions.sliders[0].value = shown + 1.0
    assert torch.equal(explorer.z, before)
    assert explorer.directions.sliders[0].value == shown
    assert "moves noise that is kept" in explorer._message.value
    assert explorer.undo.disabled


def test_truncation_applies_to_kept_levels_too(explorer):
    explorer.levels.buttons["8x8"].value = True
    explorer.draw.click()
    before = explorer.z
    explorer.truncation.value = 0.5
    assert torch.allclose(explorer.z, before / 2)


def test_with_every_level_kept_a_draw_says_that_it_changes_nothing(explorer):
    before = explorer.z
    for button in explorer.levels.buttons.values():
        button.value = True
    explorer.draw.click()
    assert torch.equal(explorer.z, before)
    assert (explorer.seed.value, explorer.undo.disabled) == (3, True)
    assert "Every level is kept" in explorer._message.value
    assert "gancourse-hint" in explorer._message.value


@pytest.mark.parametrize("groups", [["8x8"], {"8x8": 8}])
def test_groups_that_are_none_are_a_message(groups):
    generator = TinyGenerator()
    generator.noise_groups = groups
    assert "dict of names to slices" in LatentExplorer(generator)._message.value
