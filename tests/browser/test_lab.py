"""The latent explorer as a learner sees it: in JupyterLab, in a browser."""

import torch
from playwright.sync_api import expect

from gancourse.training import noise, to_uint8

# What the browser shows of the picture, decoded: [height, width, grey levels].
PIXELS = """async image => {
  for (let tries = 0; tries < 50; tries++) {  // a picture that is just being replaced cannot be decoded
    try { await image.decode(); break; } catch { await new Promise(later => setTimeout(later, 50)); }
  }
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const rgba = context.getImageData(0, 0, canvas.width, canvas.height).data;
  return [canvas.height, canvas.width, Array.from(rgba).filter((_, i) => i % 4 == 0)];
}"""


def shown(page) -> torch.Tensor:
    height, width, grey = page.locator("img.gancourse-picture").evaluate(PIXELS)
    enlarged = torch.tensor(grey, dtype=torch.uint8).view(1, height, width)
    factor = height // 28
    return enlarged[:, ::factor, ::factor]


def expected(page, generator, seed: int) -> torch.Tensor:
    """G(z) for the seed's noise with the numbers that stand beside the sliders."""
    z = noise(generator, 1, seed)
    numbers = page.locator(".widget-slider .widget-readout").all_inner_texts()
    z[0, : len(numbers)] = torch.tensor([float(number.replace("\N{MINUS SIGN}", "-")) for number in numbers])
    with torch.no_grad():
        return to_uint8(generator(z))[0]


def assert_shows_what_it_says(page, generator, seed: int) -> None:
    for _ in range(50):
        if shown(page).equal(expected(page, generator, seed)):
            return
        page.wait_for_timeout(100)
    torch.testing.assert_close(shown(page), expected(page, generator, seed), rtol=0, atol=0)


def test_the_picture_is_what_the_generator_makes_of_the_shown_noise(page, generator):
    page.locator("img.gancourse-picture").wait_for()
    assert_shows_what_it_says(page, generator, seed=3)
    first = shown(page)

    readout = page.locator(".widget-readout").nth(1)
    before = readout.inner_text()
    page.locator(".noUi-handle").nth(1).focus()
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    expect(readout).not_to_have_text(before)
    assert_shows_what_it_says(page, generator, seed=3)
    moved = shown(page)
    assert not moved.equal(first)

    page.get_by_role("button", name="Next seed").click()
    expect(page.locator(".widget-html", has_text="seed 4")).to_be_visible()
    assert_shows_what_it_says(page, generator, seed=4)
    assert not shown(page).equal(moved)


def test_nothing_in_the_notebook_failed(page):
    assert page.locator(".jp-RenderedText[data-mime-type*='stderr']").all_inner_texts() == []
    assert page.get_by_text("Error displaying widget").count() == 0
    assert page.locator(".jp-Dialog").count() == 0
