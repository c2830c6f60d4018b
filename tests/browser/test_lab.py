"""The latent explorer as a learner sees it: in JupyterLab, in a browser."""

import pytest
import torch

from conftest import CELLS
from gancourse.training import noise, to_uint8

# What the browser shows of the picture, decoded: [height, width, grey levels].
PIXELS = """async image => {
  await image.decode();
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const rgba = context.getImageData(0, 0, canvas.width, canvas.height).data;
  return [canvas.height, canvas.width, Array.from(rgba).filter((_, i) => i % 4 == 0)];
}"""


@pytest.fixture(scope="module")
def generator():
    names: dict = {}
    exec(CELLS[0], names)
    return names["generator"]


def shown(page) -> torch.Tensor:
    height, width, grey = page.locator("img.gancourse-picture").evaluate(PIXELS)
    return torch.tensor(grey, dtype=torch.uint8).view(1, height, width)


def wait_for_another(page, before: torch.Tensor) -> torch.Tensor:
    for _ in range(50):
        if not shown(page).equal(before):
            return shown(page)
        page.wait_for_timeout(100)
    raise AssertionError("the picture did not change within 5 s")


def picture_of(generator, z: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return to_uint8(generator(z[None]))[0]


def test_the_explorer_shows_what_the_generator_makes_of_the_shown_noise(page, generator):
    z = noise(generator, 1, seed=3)[0]
    page.locator("img.gancourse-picture").wait_for()
    first = shown(page)
    assert first.equal(picture_of(generator, z))

    page.locator(".noUi-handle").nth(1).focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(1000)
    z[1] = float(page.locator(".widget-readout").nth(1).inner_text().replace("\N{MINUS SIGN}", "-"))
    assert wait_for_another(page, first).equal(picture_of(generator, z))

    page.get_by_role("button", name="Next seed").click()
    assert wait_for_another(page, picture_of(generator, z)).equal(picture_of(generator, noise(generator, 1, seed=4)[0]))


def test_nothing_in_the_notebook_failed(page):
    assert page.locator(".jp-RenderedText[data-mime-type*='stderr']").all_inner_texts() == []
    assert page.get_by_text("Error displaying widget").count() == 0
