"""Lesson 3 as a learner has it, open in JupyterLab, with its latent explorer at work."""

from pathlib import Path

import pytest
from explorer import ExplorerPage
from lab import CHROMIUM, browser_page, open_notebook, run_cells_with, running_lab

from gancourse import workspace

LESSON = "03_vanilla_gan"
EXPLORER_CELLS = ("doctor.check", "better = pretrained.load", "LatentExplorer(")


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    if CHROMIUM is None:
        for item in items:
            if here in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="Chromium is not installed: sudo apt-get install chromium"))


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """The learner's folder, with copies of the released lessons."""
    folder = tmp_path_factory.mktemp("work")
    workspace.prepare(Path(__file__).parents[2] / "lessons", folder)
    return folder


@pytest.fixture(scope="module")
def lesson(work):
    """The explorer of lesson 3, in the page of its notebook."""
    notebook = f"{LESSON}/{LESSON}.ipynb"
    with running_lab(work) as (address, token), browser_page() as page:
        open_notebook(page, address, token, notebook)
        run_cells_with(page, work / notebook, *EXPLORER_CELLS)
        yield ExplorerPage(page)
