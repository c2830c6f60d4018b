"""Take a picture of the latent explorer in JupyterLab, such as the README's: screenshot.py OUT.png [--width 1280]."""

import argparse
from pathlib import Path

from explorer import ExplorerPage
from lab import notebook_in_lab, run_cells_with

EXPLORER = 'from gancourse.widgets import LatentExplorer\n\nLatentExplorer("mnist_better", seed=1)'

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("out", type=Path)
parser.add_argument("--width", type=int, default=1280, help="pixels")
parser.add_argument("--height", type=int, default=820, help="pixels")
options = parser.parse_args()

with notebook_in_lab(EXPLORER, name="explore", width=options.width, height=options.height) as (page, notebook):
    run_cells_with(page, notebook, "LatentExplorer")
    explorer = ExplorerPage(page)
    explorer.press("Code")
    explorer.press("Pin")
    for _ in range(4):
        explorer.press("Draw another")
    explorer.press("Pin")
    explorer.press("Neighbours")
    explorer.box.evaluate("box => box.scrollIntoView({block: 'center'})")
    page.mouse.move(0, 0)
    page.wait_for_timeout(2000)  # the layout settles
    page.screenshot(path=options.out)
