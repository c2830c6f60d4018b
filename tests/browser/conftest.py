"""JupyterLab and a browser for all tests of this folder, and lesson 3 in it as a learner has it."""

import contextlib
import functools
from pathlib import Path

import pytest
from explorer import ExplorerPage
from lab import CHROMIUM, Lab, run_cells_with, running_chromium, running_lab

from gancourse import workspace

LESSON = "03_vanilla_gan"
EXPLORER_CELLS = ("doctor.check", "better = pretrained.load", "LatentExplorer(")


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    if CHROMIUM is None:
        for item in items:
            if here in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="Chromium is not installed: sudo apt-get install chromium"))


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A function: setting of JupyterLab's subshells -> folder, address and token of one with it, which runs to the end."""
    with contextlib.ExitStack() as at_the_end:

        @functools.cache
        def server(comms: str) -> tuple[Path, str, str]:
            folder = tmp_path_factory.mktemp("lab")
            return folder, *at_the_end.enter_context(running_lab(folder, comms))

        yield server


@pytest.fixture(scope="module")
def lab(server):
    """A function: setting of JupyterLab's subshells -> a Lab with it.

    The browser ends with the module: while it is there an event loop runs, and other tests could not start theirs.
    """
    with running_chromium() as browser:
        yield lambda comms="perCommTarget": Lab(*server(comms), browser)


@pytest.fixture(scope="module")
def work(lab):
    """The learner's folder, with copies of the released lessons."""
    folder = lab().folder / "work"
    workspace.prepare(Path(__file__).parents[2] / "lessons", folder)
    return folder


@pytest.fixture(scope="module")
def lesson(lab, work):
    """The explorer of lesson 3, in the page of its notebook."""
    notebook = work / LESSON / f"{LESSON}.ipynb"
    with lab().page() as page:
        lab().open(page, notebook)
        run_cells_with(page, notebook, *EXPLORER_CELLS)
        yield ExplorerPage(page)
