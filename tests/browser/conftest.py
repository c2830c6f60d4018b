"""A notebook with a latent explorer, open in JupyterLab, all of its cells run."""

import nbformat
import pytest
from lab import CHROMIUM, browser_page, run_notebook, running_lab

CELLS = [
    """\
import torch
from gancourse.widgets import LatentExplorer

torch.manual_seed(0)
generator = torch.nn.Sequential(torch.nn.Linear(4, 784), torch.nn.Tanh(), torch.nn.Unflatten(1, (1, 28, 28)))
generator.z_dim = 4""",
    "LatentExplorer(generator, seed=3)",
]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: sudo apt-get install chromium")
    folder = tmp_path_factory.mktemp("work")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(notebook, folder / "explore.ipynb")
    with running_lab(folder) as (address, token), browser_page() as page:
        run_notebook(page, address, token, folder / "explore.ipynb")
        yield page


@pytest.fixture(scope="module")
def generator():
    """The generator that the notebook makes."""
    names: dict = {}
    exec(CELLS[0], names)
    return names["generator"]
