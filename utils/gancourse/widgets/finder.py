"""Inversion in the page: the reader gives a picture, and the explorer goes to noise of which G draws something like it."""

import threading
from dataclasses import replace

import ipywidgets as widgets
import torch
from torch import Tensor, nn

from gancourse import datasets, figures, inversion, pictures
from gancourse.widgets import latent
from gancourse.widgets.controls import button, row, show
from gancourse.widgets.file_field import FileField
from gancourse.widgets.history import History
from gancourse.widgets.nearest import DATASETS
from gancourse.widgets.page import Message, png
from gancourse.widgets.sketch import Sketch

WANTED_PIXELS = 140


class Finder:
    """A canvas, a file, or a test picture, and a search for its noise, which can be watched: `box`."""

    def __init__(self, generator: nn.Module, shape: tuple[int, int, int], history: History, message: Message):
        self._generator, self._shape, self._history, self._message = generator, shape, history, message
        self._dataset = DATASETS.get(tuple(shape), "")
        self._tests = 0
        self._search = 0  # number of the search that may go on
        self._thread: threading.Thread | None = None
        self.wanted: Tensor | None = None  # uint8 (C, H, W)
        self.sketch = Sketch(shape[0] == 3, self._on_picture)
        about = "Of what is in it, the explorer looks for the most similar picture that the generator can draw"
        self.file = FileField("A file …", about, "image/*", pictures.MOST_BYTES, self._on_picture, message.error)
        self.test = button("A test picture", "A picture that the generator has never seen", self._on_test)
        self.test.disabled = not self._dataset or datasets.status(self._dataset) != "ready"
        self.stop_button = button("Stop", "End the search here", self.stop)
        side = f"{WANTED_PIXELS}px"
        self.picture = widgets.Image(format="png", layout=widgets.Layout(width=side, height=side, object_fit="contain"))
        self.picture.add_class("gancourse-wanted")
        self.text = widgets.HTML(
            "Draw something, or choose a picture. The explorer looks for noise of which the generator draws the same."
        )
        beside = widgets.VBox([self.text, self.picture, row(self.file, self.test, self.stop_button)])
        self.box = widgets.Box([self.sketch, beside], layout=widgets.Layout(flex_flow="row wrap", grid_gap="0 16px"))
        show(self.picture, False)
        show(self.box, False)

    def find(self, picture: Tensor) -> None:
        """Search for the noise of a picture, uint8 (C, H, W), in a thread; a search that is under way ends."""
        self._search += 1
        self.wanted = picture
        self.picture.value = png(figures.tile(picture[None], pad=0), WANTED_PIXELS)
        show(self.picture, True)
        self._thread = threading.Thread(target=self._run, args=(picture, self._search), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the search that is under way."""
        self._search += 1

    def wait(self) -> None:
        """Wait until the search has ended."""
        if self._thread is not None:
            self._thread.join()

    def _run(self, picture: Tensor, number: int) -> None:
        point = self._history.point
        try:
            for found in inversion.search(self._generator, picture[None]):
                if number != self._search:
                    return
                shares = point.shares
                if found.labels is not None:
                    shares = latent.shares_of(int(found.labels[0]), len(shares))
                moved = replace(point, z=found.z[0], shares=shares, moved="noise found for a picture", of_seed=False)
                self._history.go(moved, "search")
                self.text.value = (
                    f"Searched is the picture below. Mean squared difference of the pixels: {found.error[0]:.3f}"
                )
        except ValueError as error:
            self._message.error(str(error))

    def _on_picture(self, data: bytes) -> None:
        try:
            self.find(pictures.read(data, self._shape))
        except pictures.PictureError as error:
            self._message.error(str(error))

    def _on_test(self) -> None:
        images = datasets.load(self._dataset, "test").images
        self._tests += 1
        order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
        self.find(images[order[self._tests % len(images)]])
