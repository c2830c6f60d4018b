"""The latent explorer in other places: other settings of JupyterLab, and Notebook 7."""

import pytest
from explorer import ExplorerPage
from lab import START_SECONDS, run_cells_with, write_notebook
from playwright.sync_api import expect

EXPLORER = 'from gancourse.widgets import LatentExplorer\nexplorer = LatentExplorer("mnist_better", seed=3)\nexplorer'


def use(explorer: ExplorerPage) -> None:
    """Move a few controls of each kind and look each time."""
    explorer.assert_shows_g_of_z()
    explorer.move("direction 1", *["ArrowLeft"] * 10)
    explorer.assert_shows_g_of_z()
    explorer.press("Draw another")
    explorer.assert_shows_g_of_z()
    explorer.press("Neighbours")
    explorer.move("direction 4", *["ArrowRight"] * 10)
    explorer.assert_shows_g_of_z()
    explorer.press("Go there: 1 left, 1 up")
    explorer.assert_shows_g_of_z()


@pytest.mark.long
@pytest.mark.parametrize("comms", ["disabled", "perComm"])
def test_it_works_with_other_settings_of_labs_subshells(comms, lab):
    with lab(comms).notebook(EXPLORER) as (page, notebook):
        run_cells_with(page, notebook, "LatentExplorer")
        use(ExplorerPage(page))


def test_it_works_in_notebook_7(lab):
    notebook = write_notebook(lab().folder / "seven.ipynb", EXPLORER)
    with lab().page() as page:
        page.goto(f"{lab().address}notebooks/{notebook.name}?token={lab().token}")
        kernel = page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]')
        expect(kernel).to_be_visible(timeout=1000 * START_SECONDS)
        page.locator(".jp-Notebook .jp-CodeCell").first.click()
        page.keyboard.press("Control+Enter")
        use(ExplorerPage(page))
