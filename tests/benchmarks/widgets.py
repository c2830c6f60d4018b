"""What the widgets cost, in JupyterLab in a headless Chromium.

    make bench

From a key press on a slider to the decoded picture: the latent explorer against a plain slider and picture. Both stand in one notebook and are moved in turn, ten moves each. The plain pair shows pictures of the same size that were encoded
before; the explorer runs the shipped MNIST generator.

A training with the live monitor against one without: `fit_live` and `fit` in turn in one kernel, wall-clock time.
"""

import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
from lab import CHROMIUM, browser_page, run_notebook, running_lab, write_notebook

MOVES, BLOCK, WARM_UP = 50, 10, 5
PLAIN = """\
import ipywidgets, torch
from gancourse import pretrained, training
from gancourse.widgets.page import png

images = training.sample(pretrained.load("mnist_better").generator, 100)
pictures = [png(image[0].numpy()) for image in images]
slider = ipywidgets.IntSlider(value=50)
picture = ipywidgets.Image(value=pictures[50])
slider.observe(lambda change: setattr(picture, "value", pictures[change.new % 100]), "value")
box = ipywidgets.VBox([slider, picture])
box.add_class("plain")
box"""
EXPLORER = """\
from gancourse.widgets import LatentExplorer

LatentExplorer("mnist_better")"""
TRAININGS = 6  # of each kind
TRAINING = """\
import time
import torch
from gancourse import datasets, recipes, training
from gancourse.widgets import fit_live

recipe, images = recipes.get("mnist_better"), datasets.load("mnist").images

def players():
    torch.manual_seed(0)
    G, D = recipe.networks()
    return G, D, recipe.optimizer(G), recipe.optimizer(D)

async def seconds(live, steps=3_000):
    arguments = (recipe.train_step, *players(), images)
    began = time.perf_counter()
    if live:
        await fit_live(*arguments, steps=steps)
    else:
        training.fit(*arguments, steps=steps, progress=False)
    return time.perf_counter() - began

await seconds(False, 100)
for i in range({trainings}):  # each kind goes first by turns: a machine slows down as it warms up
    took = {live: await seconds(live) for live in ((False, True) if i % 2 else (True, False))}
    print(f"seconds {took[False]:.3f} {took[True]:.3f}")
print("all done")"""
# Milliseconds from the press of a key to the frame after the new picture was decoded.
CLOCK = """([box, key]) => new Promise((done, failed) => {
  const image = document.querySelector(box + " img"), handle = document.querySelector(box + " .noUi-handle");
  const late = setTimeout(() => failed(new Error("no new picture within 5 s")), 5000);
  new MutationObserver(async (_, observer) => {
    observer.disconnect();
    try { await image.decode(); } catch { return failed(new Error("the picture was replaced while it was decoded")); }
    requestAnimationFrame(() => { clearTimeout(late); done(performance.now() - began); });
  }).observe(image, { attributes: true, attributeFilter: ["src"] });
  handle.focus();
  const began = performance.now();
  handle.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
})"""


@contextmanager
def ran(*cells: str) -> Iterator[Page]:
    """Run the cells in JupyterLab; yield the page."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_notebook(Path(folder) / "bench.ipynb", *cells)
        with running_lab(Path(folder)) as (address, token), browser_page() as page:
            run_notebook(page, address, token, path, seconds=500)
            yield page


def moves() -> dict[str, list[float]]:
    """Return the milliseconds of every move: CSS selector of the widget -> (MOVES,)."""
    times: dict[str, list[float]] = {".plain": [], ".gancourse": []}
    with ran(PLAIN, EXPLORER) as page:
        page.locator(".gancourse img.gancourse-picture").wait_for()
        page.wait_for_timeout(3000)
        for box in times:
            for _ in range(WARM_UP):
                page.evaluate(CLOCK, [box, "ArrowRight"])
        for block in range(MOVES // BLOCK):
            for box, own in times.items():
                for _ in range(BLOCK):
                    own.append(page.evaluate(CLOCK, [box, "ArrowRight" if block % 2 else "ArrowLeft"]))
                    page.wait_for_timeout(60)
    return times


def trainings() -> list[tuple[float, float]]:
    """Return the seconds of each pair of trainings, without and with the monitor."""
    with ran(TRAINING.replace("{trainings}", str(TRAININGS))) as page:
        page.locator(".jp-OutputArea-output pre", has_text="all done").wait_for(timeout=500_000)
        printed = "\n".join(page.locator(".jp-OutputArea-output pre").all_inner_texts())
    lines = [line.split() for line in printed.splitlines() if line.startswith("seconds")]
    return [(float(without), float(live)) for _, without, live in lines]


def main() -> None:
    """Print both tables, or why there are none."""
    if CHROMIUM is None:
        print("Chromium is not installed, so the widgets are not measured: sudo apt-get install chromium")
        return
    times = moves()
    print(f"Slider move to decoded picture, {MOVES} moves each, in turn, milliseconds")
    print(f"{'':24}{'median':>8}{'p95':>8}{'most':>8}")
    rows = {"plain slider + picture": times[".plain"], "LatentExplorer, MNIST": times[".gancourse"]}
    figures = {name: (statistics.median(t), sorted(t)[int(0.95 * len(t)) - 1], max(t)) for name, t in rows.items()}
    for name, row in figures.items():
        print(f"{name:24}" + "".join(f"{value:8.1f}" for value in row))
    plain, ours = figures.values()
    print(f"{'difference':24}" + "".join(f"{b - a:8.1f}" for a, b in zip(plain, ours, strict=True)))

    pairs = trainings()
    ratios = [live / without for without, live in pairs]
    print(f"\n3,000 steps of mnist_better with the live monitor, {TRAININGS} pairs of runs in turn")
    print(
        f"without {statistics.median(w for w, _ in pairs):.2f} s, with {statistics.median(v for _, v in pairs):.2f} s"
    )
    print(f"ratio: median {statistics.median(ratios):.3f}, from {min(ratios):.3f} to {max(ratios):.3f}")


if __name__ == "__main__":
    main()
