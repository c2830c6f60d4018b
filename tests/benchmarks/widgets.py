"""What the widgets cost, in JupyterLab in a headless Chromium.

    make bench

From a key press on a slider to the decoded picture: the latent explorer against a plain slider and picture. Both stand in one notebook and are moved in turn, ten moves each. The plain pair shows pictures of the same size that were encoded
before; the explorer runs the shipped MNIST generator.

A training in the live monitor: for four seconds it draws as it does, for the next four it does not, and so on in one run,
since a machine's speed drifts by more than the monitor takes.
"""

import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
from lab import CHROMIUM, notebook_in_lab, run_cells_with

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
WINDOWS, WINDOW_SECONDS = 40, 4  # an even number
TRAINING = f"""\
import time
import torch
from gancourse import datasets, recipes
from gancourse.widgets import monitor

class Toggled(monitor.TrainingMonitor):
    "Draws in every second window of time; stops after the last."

    def __init__(self, steps):
        super().__init__(steps)
        self.began, self.done = time.monotonic(), [0] * {WINDOWS}

    def asks(self):
        window = int((time.monotonic() - self.began) / {WINDOW_SECONDS})
        if window < {WINDOWS}:
            self.done[window] += 1
        else:
            self.stop()
        self.off = window % 2 == 1
        return super().asks()

    def _draw(self, *arguments):
        if not self.off:
            super()._draw(*arguments)

monitor.TrainingMonitor = Toggled
recipe, images = recipes.get("mnist_better"), datasets.load("mnist").images
torch.manual_seed(0)
G, D = recipe.networks()
watched = []
show, monitor.display = monitor.display, lambda shown, **options: (watched.append(shown), show(shown, **options))[1]
await monitor.fit_live(
    recipe.train_step, G, D, recipe.optimizer(G), recipe.optimizer(D), images, steps=1_000_000, ema=recipe.ema
)
print("steps in each window", *watched[0].done)"""
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
    with notebook_in_lab(*cells) as (page, notebook):
        run_cells_with(page, notebook, "", seconds=500)
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


def training_windows() -> list[int]:
    """Return how many steps were done in each window of time: drawing, not drawing, drawing, ..."""
    with ran(TRAINING) as page:
        line = page.locator(".jp-OutputArea-output pre", has_text="steps in each window")
        line.wait_for(timeout=1000 * (WINDOWS * WINDOW_SECONDS + 120))
        return [int(word) for word in line.inner_text().split() if word.isdigit()]


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

    done = training_windows()[2:]  # the first pair has the start in it
    ratios = [on / off for on, off in zip(done[::2], done[1::2], strict=True)]
    error = statistics.stdev(ratios) / len(ratios) ** 0.5
    print(f"\nmnist_better in the live monitor, {len(ratios)} pairs of {WINDOW_SECONDS} s with and without drawing")
    print(f"steps/s with drawing {statistics.median(done[::2]) / WINDOW_SECONDS:.1f}, ", end="")
    print(f"without {statistics.median(done[1::2]) / WINDOW_SECONDS:.1f}")
    print(f"ratio: median {statistics.median(ratios):.3f}, mean {statistics.mean(ratios):.3f} ± {error:.3f}")


if __name__ == "__main__":
    main()
