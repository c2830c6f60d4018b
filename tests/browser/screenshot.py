"""Run a notebook in JupyterLab and save a picture of it: screenshot.py NOTEBOOK OUT.png [--scroll-to CLASS]."""

import argparse
import shutil
import tempfile
from pathlib import Path

from lab import browser_page, run_notebook, running_lab

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("notebook", type=Path)
parser.add_argument("out", type=Path)
parser.add_argument("--scroll-to", metavar="CLASS", help="CSS class of what shall be in the middle of the picture")
parser.add_argument("--height", type=int, default=900, help="pixels; the width is 1280")
parser.add_argument("--seconds", type=float, default=900, help="how long the cells may run")
options = parser.parse_args()

with tempfile.TemporaryDirectory() as folder:
    copy = Path(shutil.copy(options.notebook, folder))
    with running_lab(Path(folder)) as (address, token), browser_page(height=options.height) as page:
        run_notebook(page, address, token, copy, options.seconds)
        if options.scroll_to:
            page.locator(f".{options.scroll_to}").first.evaluate("e => e.scrollIntoView({block: 'center'})")
        page.wait_for_timeout(2000)  # the layout settles
        page.screenshot(path=options.out)
