"""What the widgets cost, in JupyterLab in a headless Chromium.

    make bench

From a key press on a slider to the decoded picture: the latent explorer against a plain slider and picture, for digits and for
Pokémon of 64x64 pixels, with the map closed and open. All stand in one notebook and are moved in turn, ten moves each. The plain
pairs show pictures of the same size that were encoded before; the explorers run the shipped generators.

Over the map: a pointer that moves with every frame of the page; how many pictures are shown in a second.

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
from explorer import DRAG
from lab import CHROMIUM, notebook_in_lab, run_cells_with

MOVES, BLOCK, WARM_UP = 50, 10, 5
PAIRS = """\
import ipywidgets, torch
from gancourse import figures, pretrained, training
from gancourse.widgets.page import png

def pair(name):
    images = training.sample(pretrained.load(name).generator, 100)
    pictures = [png(figures.tile(image[None], pad=0)) for image in images]
    slider = ipywidgets.IntSlider(value=50)
    picture = ipywidgets.Image(value=pictures[50])
    slider.observe(lambda change: setattr(picture, "value", pictures[change.new % 100]), "value")
    box = ipywidgets.VBox([slider, picture])
    box.add_class("pair-" + name)
    return box

ipywidgets.HBox([pair("mnist_better"), pair("pokemon_dcgan")])"""
EXPLORERS = """\
from gancourse.widgets import LatentExplorer

def explorer(name, shows_map):
    made = LatentExplorer(name)
    made.show_map.value = shows_map
    made.add_class(("map-" if shows_map else "explorer-") + name)
    return made

ipywidgets.VBox([explorer(name, shown) for name in ("mnist_better", "pokemon_dcgan") for shown in (False, True)])"""
MAP_SECONDS = 5
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
  const image = document.querySelector(box + " img.gancourse-picture") ?? document.querySelector(box + " img");
  const handle = document.querySelector(box + " .noUi-handle");
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


def moves() -> tuple[dict[str, list[float]], dict[str, float]]:
    """Return the milliseconds of every move, kind-generator -> (MOVES,), and pictures a second over the map, by generator."""
    names = ("mnist_better", "pokemon_dcgan")
    times: dict[str, list[float]] = {f"{kind}-{name}": [] for name in names for kind in ("pair", "explorer", "map")}
    with ran(PAIRS, EXPLORERS) as page:
        page.locator(".map-pokemon_dcgan img.gancourse-picture").wait_for()
        page.wait_for_timeout(5000)
        for box in times:
            for _ in range(WARM_UP):
                page.evaluate(CLOCK, [f".{box}", "ArrowRight"])
        for block in range(MOVES // BLOCK):
            for box, own in times.items():
                for _ in range(BLOCK):
                    own.append(page.evaluate(CLOCK, [f".{box}", "ArrowRight" if block % 2 else "ArrowLeft"]))
                    page.wait_for_timeout(60)
        shown = {}
        for name in names:
            pictures, seconds = page.evaluate(DRAG, [f".map-{name}", MAP_SECONDS])
            shown[name] = pictures / seconds
    return times, shown


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
    times, shown = moves()
    print(f"Slider move to decoded picture, {MOVES} moves each, in turn, milliseconds")
    print(f"{'':38}{'median':>8}{'p95':>8}{'most':>8}{'  median - pair':>15}{'p95 - pair':>12}")
    for box, own in times.items():
        kind, name = box.split("-")
        what = {"pair": "plain slider + picture", "explorer": "LatentExplorer", "map": "with its map open"}[kind]
        median, p95, most = figures = statistics.median(own), sorted(own)[int(0.95 * len(own)) - 1], max(own)
        if kind == "pair":
            pair = figures
        print(f"{name:14}{what:24}{median:8.1f}{p95:8.1f}{most:8.1f}{median - pair[0]:15.1f}{p95 - pair[1]:12.1f}")
    for name, rate in shown.items():
        print(f"{name}: {rate:.0f} pictures a second while the pointer is dragged over the map")

    done = training_windows()[2:]  # the first pair has the start in it
    ratios = [on / off for on, off in zip(done[::2], done[1::2], strict=True)]
    error = statistics.stdev(ratios) / len(ratios) ** 0.5
    print(f"\nmnist_better in the live monitor, {len(ratios)} pairs of {WINDOW_SECONDS} s with and without drawing")
    print(f"steps/s with drawing {statistics.median(done[::2]) / WINDOW_SECONDS:.1f}, ", end="")
    print(f"without {statistics.median(done[1::2]) / WINDOW_SECONDS:.1f}")
    print(f"ratio: median {statistics.median(ratios):.3f}, mean {statistics.mean(ratios):.3f} ± {error:.3f}")


if __name__ == "__main__":
    main()
