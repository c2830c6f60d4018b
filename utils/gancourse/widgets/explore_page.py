"""The page that `gancourse explore` opens: choose a generator by its picture, and explore it."""

import html
from pathlib import Path

import anywidget
import ipywidgets as widgets
import traitlets

from gancourse import figures, pretrained, runs, training
from gancourse.widgets import latent
from gancourse.widgets.controls import show
from gancourse.widgets.direction_sliders import PROPERTIES
from gancourse.widgets.explorer import LatentExplorer
from gancourse.widgets.page import Message, Page, png

SAMPLES, COLUMNS = 4, 2  # of a generator's picture
SIDE = 84  # pixels, of that picture at least
SPREAD = 2.0  # of the map
TITLES = {
    "mnist_better": "Digits",
    "mnist_conditional": "Digits by class",
    "pokemon_dcgan": "Pokémon",
    "cifar10_conditional": "Photographs by class",
    "cifar10_dcgan": "Photographs",
    "cifar10_lapgan": "Coarse to fine",
    "cifar10_lapgan_conditional": "Coarse to fine, by class",
    "mnist_tutorial": "Digits, a plainer GAN",
    "pokemon_plain": "Pokémon, without augmentation",
}
ABOUT = {
    "mnist_better": "Digits, from 64 random numbers. It learnt from the 60,000 handwritten digits of MNIST.",
    "mnist_conditional": "Digits of the class that you choose, learnt from MNIST.",
    "pokemon_dcgan": "Creatures, from 100 random numbers. It learnt from 908 Pokémon, each varied at random.",
    "cifar10_conditional": "Small photographs of ten classes, learnt from the 50,000 of CIFAR-10.",
    "cifar10_dcgan": "The same without classes: the noise alone decides what appears.",
    "cifar10_lapgan": "It draws 8 x 8 pixels first, then the detail of 16 x 16 and of 32 x 32. Keep one of the three, and draw the others anew.",
    "cifar10_lapgan_conditional": "The same with ten classes to choose from.",
    "mnist_tutorial": "The small GAN of many tutorials, for comparison: its digits are rougher.",
    "pokemon_plain": "Learnt from the same 908 Pokémon without varying them: it collapsed in part.",
}


SLIDERS = "A slider is named after what it changes; the number says how closely the picture follows it, 1 is exactly."


class Chooser(anywidget.AnyWidget):
    """Buttons with pictures: items, a list of dicts with name, title and picture (PNG); value: the name of the pressed one."""

    _esm = Path(__file__).with_name("chooser.js")
    items = traitlets.List([]).tag(sync=True)
    value = traitlets.Unicode("").tag(sync=True)
    label = traitlets.Unicode("").tag(sync=True)


class ExplorePage(widgets.VBox):
    """Every shipped generator, and those that the reader has kept (`runs.keep`), to be chosen by a picture and explored.

    name: of the one that is open at first; a kept one's name counts before a shipped one's.
    A generator that cannot be opened is a message in the page; the others still can.
    """

    def __init__(self, name: str = "mnist_better"):
        self._message, self._page = Message(), Page()
        self.about = widgets.HTML()
        self.chooser = Chooser(label="Generators")
        self._own = {f"own:{run}": run for run in runs.names()}
        self._opened: dict[str, LatentExplorer] = {}
        self._stage = widgets.VBox()
        choices = widgets.VBox([self.chooser, self._message, self.about, self._page])
        choices.add_class("gancourse")
        super().__init__([choices, self._stage])
        self.add_class("gancourse-page")
        self.chooser.items = [
            {"name": key, "title": TITLES.get(key) or self._own.get(key, key), "picture": self._picture(key)}
            for key in [*self._own, *sorted(pretrained.names(), key=[*TITLES, *pretrained.names()].index)]
        ]
        self.chooser.observe(lambda change: self._open(change.new), "value")
        self.chooser.value = f"own:{name}" if f"own:{name}" in self._own else name

    @property
    def explorer(self) -> LatentExplorer | None:
        """The explorer of the chosen generator; None where it cannot be opened."""
        return self._opened.get(self.chooser.value)

    def _picture(self, key: str) -> bytes:
        """Return some samples of a generator as PNG, b"" where there are none: the reader is told when they choose it.

        A kept one is not loaded for it, because a file can contain anything, and it takes a second.
        """
        if key in self._own:
            return runs.picture(self._own[key])
        try:
            generator = pretrained.load(key).generator
            z, *labels = training.generator_inputs(generator, SAMPLES, seed=1)
            return png(figures.tile(latent.draw(generator, z, *labels), COLUMNS, pad=0), SIDE)
        except (pretrained.WeightsError, ValueError):
            return b""

    def _open(self, key: str) -> None:
        self._message.clear()
        for explorer in self._opened.values():
            explorer.rest()
            show(explorer, False)
        about = ABOUT.get(key) or f"Your own generator: {self._own.get(key, key)}."
        self.about.value = f"<p>{html.escape(about)} {SLIDERS}</p>"
        if key not in self._opened:
            self._message.hint("Opening the generator …")
            try:
                generator = runs.load(self._own[key]) if key in self._own else key
            except runs.RunError as error:
                self._message.error(str(error))
                return
            explorer = self._opened[key] = LatentExplorer(generator, seed=1)
            if explorer.image is not None:
                explorer.plane.spread.value = SPREAD
                if PROPERTIES in explorer.directions.menu.options:
                    explorer.directions.menu.value = PROPERTIES
                explorer.show_map.value = True
            self._stage.children = list(self._opened.values())
            self._message.clear()
        show(self._opened[key], True)
