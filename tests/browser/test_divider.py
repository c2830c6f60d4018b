"""The divider of lesson 10 between two pictures: dragged, moved with the keyboard, enlarged; in JupyterLab and in Voilà."""

import io

import numpy as np
import pytest
from lab import run_cells_with, serious, write_notebook
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from gancourse.widgets import BeforeAfter
from gancourse.widgets.before_after import BICUBIC, ORIGINAL, SMALL

CELL = "from gancourse.widgets import BeforeAfter\n\nBeforeAfter(number=3)"
CLOSE = 40  # of 255: a screenshot may blur the border of a pixel
WIDTHS = (700, 1280)


@pytest.fixture(scope="module")
def images():
    return {name: image.permute(1, 2, 0).numpy() for name, image in BeforeAfter(number=3).images.items()}


@pytest.fixture(scope="module", params=WIDTHS)
def in_lab(lab, request):
    with lab().notebook(CELL, width=request.param) as (page, notebook):
        run_cells_with(page, notebook, "BeforeAfter")
        yield page


def seen(page: Page) -> np.ndarray:
    """Return what is on the screen inside the divider's border, without its line: uint8 (h, w, 3)."""
    page.wait_for_timeout(200)
    png = page.locator(".gancourse-divider .view").screenshot()
    return np.array(Image.open(io.BytesIO(png)).convert("RGB"))[1:-1, 1:-1]


def share_like(screen: np.ndarray, image: np.ndarray, columns: slice) -> float:
    """Return the share of places of these columns (in 64ths) where the screen shows the image, in the middle of each pixel."""
    side = image.shape[0]
    height, width = screen.shape[:2]
    rows, across = ((np.arange(side) + 0.5) / side * n for n in (height, width))
    sampled = screen[rows.astype(int)][:, across.astype(int)].astype(int)
    return float((np.abs(sampled - image.astype(int)).max(2) <= CLOSE)[:, columns].mean())


def drag(page: Page, share: float) -> None:
    """Drag the line to a share of the width."""
    box = page.locator(".gancourse-divider .view").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * share, y, steps=5)
    page.mouse.up()


def slider_of(page: Page) -> Locator:
    return page.get_by_role("slider", name="Divider")


def use(page: Page, images: dict[str, np.ndarray]) -> None:
    """Compare two ways by dragging, with the keyboard, and enlarged."""
    page.get_by_label("Left", exact=True).select_option(SMALL)
    page.get_by_label("Right", exact=True).select_option(ORIGINAL)
    drag(page, 0.25)
    expect(slider_of(page)).to_have_value("25")
    screen = seen(page)
    assert share_like(screen, images[SMALL], slice(0, 14)) > 0.98
    assert share_like(screen, images[ORIGINAL], slice(18, 64)) > 0.98
    assert share_like(screen, images[ORIGINAL], slice(0, 14)) < 0.98

    slider = slider_of(page)
    slider.focus()
    page.keyboard.press("End")
    assert share_like(seen(page), images[SMALL], slice(0, 60)) > 0.98
    page.keyboard.press("Home")
    assert share_like(seen(page), images[ORIGINAL], slice(4, 64)) > 0.98
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_value("1")

    page.get_by_label("Right", exact=True).select_option(BICUBIC)
    page.keyboard.press("Home")
    slider.press("Home")
    assert share_like(seen(page), images[BICUBIC], slice(4, 64)) > 0.98

    page.get_by_label("Zoom").select_option("4 ×")
    middle = images[BICUBIC][24:40, 24:40]
    screen = seen(page)
    inside = screen[: int(0.95 * len(screen)), : int(0.95 * len(screen))]  # there may be scroll bars
    assert (
        np.abs(inside.astype(int) - np.array(Image.fromarray(middle).resize(inside.shape[1::-1], 0), int)).mean() < 30
    )
    page.locator(".gancourse-divider .scroll").focus()
    before = seen(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert np.abs(seen(page).astype(int) - before.astype(int)).mean() > 1
    page.get_by_label("Zoom").select_option("1 ×")


def test_it_compares_two_pictures_in_lab(in_lab: Page, images):
    use(in_lab, images)


def test_it_fits_the_page_and_an_accessibility_check_finds_nothing_serious(in_lab: Page):
    assert not serious(in_lab)
    box = in_lab.locator(".gancourse-divider").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= in_lab.viewport_size["width"]
    assert abs(in_lab.locator(".gancourse-divider .view").bounding_box()["height"] - box["width"]) < 2


def test_another_picture_is_shown(in_lab: Page):
    number = in_lab.get_by_role("spinbutton", name="Picture")
    number.fill("4")
    number.press("Enter")
    expect(in_lab.locator(".gancourse [role=status]")).to_contain_text("Held-out picture 4")
    assert in_lab.locator(".gancourse-divider img").first.get_attribute("alt").startswith("held-out picture 4: ")


@pytest.mark.parametrize("width", WIDTHS)
def test_it_compares_two_pictures_in_voila(lab, images, width):
    notebook = write_notebook(lab().folder / f"divider-{width}.ipynb", CELL)
    with lab().page(width=width) as page:
        page.goto(f"{lab().address}voila/render/{notebook.name}?token={lab().token}")
        expect(slider_of(page)).to_be_visible(timeout=60_000)
        use(page, images)
