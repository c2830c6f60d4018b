"""The live monitor in JupyterLab: buttons act while the cell runs, with and without subshells; other widgets, too."""

import re

import pytest
from explorer import ExplorerPage
from lab import serious
from playwright.sync_api import expect

CELLS = [
    """\
import torch
from gancourse import datasets, recipes
from gancourse.widgets import LatentExplorer, fit_live

recipe = recipes.get("mnist_better")
images = torch.randint(0, 256, (1000, 1, 28, 28), dtype=torch.uint8)
G, D = recipe.networks()
LatentExplorer("mnist_better")""",
    """\
run = await fit_live(recipe.train_step, G, D, recipe.optimizer(G), recipe.optimizer(D), images, steps=100_000)
print("ended after", run.step, run.interrupted)""",
    'print("the next cell")',
]


@pytest.fixture(scope="module", params=["perCommTarget", pytest.param("disabled", marks=pytest.mark.long)])
def page(request, lab):
    with lab(request.param).notebook(*CELLS, height=1600) as (page, _):
        for _ in CELLS:
            page.keyboard.press("Shift+Enter")
        yield page


def monitor(page):
    return page.locator(".gancourse").nth(1)


def step(page) -> int:
    return int(re.search(r"step ([\d,]+) of", monitor(page).inner_text()).group(1).replace(",", ""))


def press(page, name: str) -> None:
    monitor(page).get_by_role("button", name=name, exact=True).click()


def wait_for_other_step(page, before: int) -> int:
    for _ in range(100):
        page.wait_for_timeout(100)
        if step(page) != before:
            return step(page)
    raise AssertionError(f"the training stays at step {before}")


def test_the_page_follows_the_training(page):
    expect(monitor(page).get_by_text("steps/s")).to_be_visible(timeout=60_000)
    first = step(page)
    wait_for_other_step(page, first)
    assert monitor(page).locator("svg[role=img]").count() == 2
    assert monitor(page).locator("img.gancourse-picture").evaluate("image => image.naturalWidth") == 8 * 29 + 1


def test_pause_acts_at_once_and_go_on_goes_on(page):
    press(page, "Pause")
    expect(monitor(page).get_by_text("Paused.")).to_be_visible(timeout=2_000)
    paused = step(page)
    page.wait_for_timeout(1500)
    assert step(page) == paused
    press(page, "Go on")
    assert wait_for_other_step(page, paused) > paused


def test_sample_now_acts_at_once(page):
    press(page, "Pause")
    expect(monitor(page).get_by_text("Paused.")).to_be_visible(timeout=2_000)
    press(page, "Go on")
    before = wait_for_other_step(page, step(page))
    press(page, "Sample now")
    page.wait_for_timeout(500)
    assert step(page) > before


def test_another_widget_works_meanwhile_and_afterwards(page):
    # Lab shows only what is near: the explorer stands above the monitor.
    box = page.locator(".gancourse").first
    explorer = ExplorerPage(page, box)
    for _ in range(3):
        explorer.move("direction 1", *["ArrowRight"] * 5)
        explorer.assert_shows_g_of_z()
    press(page, "Stop")
    expect(page.get_by_text(re.compile(r"ended after \d+ True"))).to_be_visible(timeout=5_000)
    expect(page.get_by_text("the next cell", exact=True)).to_be_visible(timeout=5_000)
    for _ in range(3):
        explorer.move("direction 2", *["ArrowRight"] * 5)
        explorer.assert_shows_g_of_z()


def test_afterwards_a_slider_shows_the_pictures_of_earlier_steps(page):
    handle = monitor(page).get_by_role("slider", name="snapshot")
    expect(handle).to_be_visible()
    last = monitor(page).get_by_text("pictures of G after step").inner_text()
    handle.focus()
    page.keyboard.press("Home")
    expect(monitor(page).get_by_text("pictures of G after step")).not_to_have_text(last)
    monitor(page).get_by_role("button", name="Play", exact=True).click()
    expect(monitor(page).get_by_text("pictures of G after step")).to_have_text(
        last, timeout=20_000
    )  # it plays to the end
    assert page.get_by_text("Error displaying widget").count() == 0
    assert serious(page) == []
