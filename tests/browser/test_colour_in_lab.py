"""The latent explorer of the shipped conditional DCGAN, in JupyterLab, in a browser: colours, and names of classes."""

import pytest
import torch
from explorer import ExplorerPage
from lab import run_cells_with, serious

from gancourse import pretrained

SHOW = 'from gancourse.widgets import LatentExplorer\n\nLatentExplorer("cifar10_conditional")'


@pytest.fixture(scope="module")
def colour(lab):
    """The explorer of the shipped generator, in the page of a notebook."""
    with lab().notebook(SHOW) as (page, notebook):
        run_cells_with(page, notebook, "LatentExplorer")
        yield ExplorerPage(page, generator=pretrained.load("cifar10_conditional").generator)


def test_each_class_has_its_name_and_its_picture_in_colour(colour):
    colour.assert_shows_g_of_z()
    z = colour.z()
    for label, name in ((8, "ship"), (6, "frog")):
        colour.press(f"class {name}")
        colour.assert_shows_g_of_z()
        assert torch.equal(colour.inputs()[1], torch.tensor([label]))
        assert torch.equal(colour.z(), z)
        assert name in colour.text()
    red, green, blue = colour.pixels().unbind(-1)
    assert not torch.equal(red, green)
    assert not torch.equal(green, blue)
    assert serious(colour.page) == []
