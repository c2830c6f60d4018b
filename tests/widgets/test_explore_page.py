"""The page of all generators, without a browser."""

import html

import pytest
import torch
from test_explorer import TinyGenerator

from gancourse import pretrained, runs
from gancourse.widgets import ExplorePage
from gancourse.widgets.direction_sliders import PROPERTIES


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "folder", lambda: tmp_path / "runs")


def test_every_shipped_generator_can_be_chosen_by_its_picture_and_is_kept_open():
    page = ExplorePage()
    assert {item["name"] for item in page.chooser.items} == set(pretrained.names())
    assert all(item["picture"].startswith(b"\x89PNG") for item in page.chooser.items)
    assert page.chooser.value == "mnist_better"
    assert page.explorer.show_map.value
    assert page.explorer.directions.menu.value == PROPERTIES
    page.explorer.directions.sliders[0].value = 1.0
    z, first = page.explorer.z, page.explorer
    for name in ("pokemon_dcgan", "cifar10_conditional"):
        page.chooser.value = name
        assert page.explorer.image.shape[0] == 3
        assert page.explorer.layout.display == "flex"
        assert first.layout.display == "none"
    page.chooser.value = "mnist_better"
    assert page.explorer is first
    assert torch.equal(first.z, z)


def test_a_kept_generator_comes_first_under_its_name():
    runs.keep("my digits", TinyGenerator())
    page = ExplorePage("my digits")
    assert page.chooser.items[0]["title"] == "my digits"
    assert page.chooser.value == "own:my digits"
    assert page.explorer.image.shape == (1, 4, 4)
    assert "my digits" in page.about.value


def test_damaged_weights_are_said_and_the_others_open(monkeypatch):
    load = pretrained.load

    def damaged(name):
        if name == "mnist_better":
            raise pretrained.WeightsError("stage-4.safetensors is damaged.")
        return load(name)

    monkeypatch.setattr(pretrained, "load", damaged)
    runs.keep("mine", TinyGenerator())
    (runs.folder() / "mine.pt2").write_bytes(b"no longer")
    (runs.folder() / "mine.png").unlink()
    page = ExplorePage()
    assert page.explorer.image is None
    assert "is damaged" in html.unescape(page.explorer._message.value)
    page.chooser.value = "own:mine"
    assert "Keep the generator again" in html.unescape(page._message.value)
    page.chooser.value = "pokemon_dcgan"
    assert page._message.value == ""
    assert page.explorer.image is not None
