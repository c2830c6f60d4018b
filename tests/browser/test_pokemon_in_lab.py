"""The game and the gallery of lesson 7, and the explorer of its generator, in JupyterLab, in a browser."""

import json
import re
from collections.abc import Callable

import pytest
import torch
from explorer import ExplorerPage, pixels_of
from lab import run_cells_with, serious
from playwright.sync_api import Page, expect

from gancourse import pretrained, training
from gancourse.widgets.whos_that import ANSWERS

CELLS = [
    "from gancourse.widgets import Gallery, LatentExplorer, WhosThatPokemon\n\ngame = WhosThatPokemon(rounds=4)\ngame",
    "gallery = Gallery()\ngallery",
    'explorer = LatentExplorer("pokemon_dcgan")\nexplorer',
    'gallery.keep(explorer.z, "From the explorer")',
]


@pytest.fixture(scope="module")
def pokemon(lab):
    """A page with the three of them."""
    with lab().notebook(*CELLS, height=3000) as (page, notebook):
        run_cells_with(page, notebook, *CELLS[:3])
        yield page


def wait_until(page: Page, condition: Callable[[], bool]) -> None:
    """Wait for what no locator can expect; fail after five seconds."""
    for _ in range(50):
        if condition():
            return
        page.wait_for_timeout(100)
    raise AssertionError("this did not come true in five seconds")


def test_the_game_is_played_and_says_what_was_right(pokemon: Page):
    box = pokemon.locator(".gancourse").nth(0)
    picture = box.locator("img.gancourse-picture")
    before = pixels_of(picture)
    silhouettes = box.get_by_label("Silhouettes")
    status = box.locator("[role=status]")
    expect(status).to_contain_text("Picture 1 of 4")
    silhouettes.check()
    wait_until(pokemon, lambda: len(pixels_of(picture).flatten(0, 1).unique(dim=0)) <= 2)
    silhouettes.uncheck()
    wait_until(pokemon, lambda: torch.equal(pixels_of(picture), before))
    right = 0
    for number, kind in enumerate(ANSWERS):
        box.get_by_role("button", name=kind, exact=True).click()
        expect(status).to_contain_text("You:" if number == 3 else f"Picture {number + 2} of 4")
        verdict, was = re.search(r"(Right|No): that was (.+?)\.", status.inner_text()).groups()
        assert was in ANSWERS.values()
        assert (verdict == "Right") == (was == ANSWERS[kind])
        right += verdict == "Right"
    expect(status).to_contain_text(f"You: {right} of 4")
    box.get_by_role("button", name="Again").click()
    expect(status).to_contain_text("Picture 1 of 4")


def test_a_click_in_the_gallery_keeps_what_was_clicked_on_and_saves_it_under_its_name(pokemon: Page):
    box = pokemon.locator(".gancourse").nth(1)
    G = pretrained.load("pokemon_dcgan").generator
    box.get_by_role("button", name="Keep picture 8", exact=True).click()
    name = box.get_by_label("Name of favourite 1", exact=True)
    name.fill("Mr. Blob")
    name.press("Enter")
    link = box.get_by_role("link", name="Noise", exact=True).first
    expect(link).to_have_attribute("download", "pokemon-Mr-Blob.json")
    with pokemon.expect_download() as download:
        link.click()
    z = torch.tensor(json.loads(download.value.path().read_text())["z"])
    assert torch.equal(z, training.noise(G, 12, seed=0)[7])
    expect(box.get_by_role("link", name="Save the gallery")).to_be_visible()
    box.get_by_role("button", name="Remove favourite 1", exact=True).click()
    expect(name).to_be_hidden()


def test_the_explorer_shows_the_generator_and_gives_to_the_gallery(pokemon: Page):
    explorer = ExplorerPage(pokemon, pokemon.locator(".gancourse").nth(2), pretrained.load("pokemon_dcgan").generator)
    explorer.assert_shows_g_of_z()
    explorer.move("direction 1", *["ArrowRight"] * 20)
    explorer.assert_shows_g_of_z()
    box = pokemon.locator(".gancourse").nth(1)
    name = box.get_by_label("Name of favourite 1", exact=True)
    expect(name).to_be_hidden()
    pokemon.keyboard.press("Escape")
    pokemon.locator(".jp-CodeCell").nth(3).locator(".jp-InputPrompt").first.click()
    pokemon.keyboard.press("Control+Enter")
    expect(name).to_have_value("From the explorer")
    with pokemon.expect_download() as download:
        box.get_by_role("link", name="Noise", exact=True).first.click()
    kept = torch.tensor(json.loads(download.value.path().read_text())["z"])
    torch.testing.assert_close(kept, explorer.z())


def test_nothing_serious_stands_between_a_screen_reader_and_them(pokemon: Page):
    assert serious(pokemon) == []
