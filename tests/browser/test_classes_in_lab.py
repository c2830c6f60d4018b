"""The latent explorer of a conditional generator, in JupyterLab, in a browser: the picture is G(z, label)."""

import pytest
import torch
from explorer import ExplorerPage
from lab import run_cells_with, serious

CONDITIONAL = """\
import torch
from gancourse.networks.conditional import ConditionalGenerator

torch.manual_seed(0)
generator = ConditionalGenerator().eval()
with torch.no_grad():
    generator.body[0].weight.mul_(3)  # every class looks different
"""


@pytest.fixture(scope="module")
def conditional(lab):
    """The explorer of a conditional generator with random weights, in the page of a notebook."""
    show = "from gancourse.widgets import LatentExplorer\n\nLatentExplorer(generator)"
    names = {}
    exec(CONDITIONAL, names)
    with lab().notebook(CONDITIONAL + show) as (page, notebook):
        run_cells_with(page, notebook, "LatentExplorer")
        yield ExplorerPage(page, generator=names["generator"])


def pressed(explorer) -> list[str]:
    """Return the names of the classes whose buttons are pressed."""
    group = explorer.box.get_by_role("group", name="Class", exact=True)
    return [b.get_attribute("aria-label") for b in group.get_by_role("button", pressed=True).all()]


def test_a_class_button_draws_the_same_noise_as_that_class(conditional):
    conditional.assert_shows_g_of_z()
    assert pressed(conditional) == ["class 0"]
    z, before = conditional.z(), conditional.pixels()
    conditional.press("class 3")
    conditional.assert_shows_g_of_z()
    assert torch.equal(conditional.z(), z)
    assert torch.equal(conditional.inputs()[1], torch.tensor([3]))
    assert not torch.equal(conditional.pixels(), before)
    assert "G(z, 3) for class 3, seed 0" in conditional.text()
    conditional.page.keyboard.press("Tab")
    conditional.page.keyboard.press("Space")
    conditional.assert_shows_g_of_z()
    assert pressed(conditional) == ["class 4"]
    conditional.press("Undo")
    conditional.assert_shows_g_of_z()
    assert pressed(conditional) == ["class 3"]
    assert serious(conditional.page) == []


def test_a_walk_between_classes_presses_no_button_and_the_page_does_not_answer(conditional):
    conditional.press("Pin")
    conditional.press("Draw another")
    conditional.press("class 8")
    conditional.settle()
    conditional.press("Pin")
    conditional.settle()
    conditional.count_moves()
    conditional.move("Walk", *["ArrowRight"] * 15)
    conditional.assert_shows_g_of_z()
    assert 1 <= conditional.moves_sent() <= 15  # moves of the slider, some of them joined
    shares = torch.zeros(1, 10)
    shares[0, [3, 8]] = torch.tensor([0.75, 0.25])
    assert torch.equal(conditional.inputs()[1], shares)
    assert pressed(conditional) == []
    assert "75% class 3, 25% class 8" in conditional.text()
    before = conditional.moves_sent()
    for name in ("A", "B", "Draw another", "Undo", "Undo", "Undo"):
        conditional.press(name)
    conditional.assert_shows_g_of_z()
    assert conditional.moves_sent() == before
    assert pressed(conditional) == []
    conditional.press("class 8")
    conditional.assert_shows_g_of_z()
    assert pressed(conditional) == ["class 8"]
    assert serious(conditional.page) == []
    assert conditional.page.locator(".jp-RenderedText[data-mime-type*='stderr']").all_inner_texts() == []
