"""Take a picture of the page that `gancourse explore` opens, such as the README's: screenshot.py OUT.png [--width 1280]."""

import argparse
from pathlib import Path

from explorer import ExplorerPage
from lab import running_chromium, running_explore

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("out", type=Path)
parser.add_argument("--width", type=int, default=1280, help="pixels")
parser.add_argument("--height", type=int, default=1060, help="pixels")
parser.add_argument("--generator", default="mnist_better")
options = parser.parse_args()

with running_explore() as address, running_chromium() as browser:
    page = browser.new_page(viewport={"width": options.width, "height": options.height})
    page.goto(address)
    page.locator("img.gancourse-picture").first.wait_for()
    page.locator(f".gancourse-choices button[data-name='{options.generator}']").click()
    page.wait_for_timeout(1500)
    explorer = ExplorerPage(page)
    for seed in (1, 5, 12):
        explorer.box.get_by_label("Seed").fill(str(seed))
        explorer.box.get_by_label("Seed").press("Enter")
        explorer.settle()
        explorer.press("Pin")
    explorer.press("A")
    explorer.settle()
    explorer.press("Code")
    page.mouse.move(0, 0)
    page.wait_for_timeout(2000)  # the layout settles
    page.screenshot(path=options.out)
