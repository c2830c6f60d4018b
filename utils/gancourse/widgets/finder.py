"""Inversion in the page: the reader gives a picture, and the explorer goes to noise of which G draws something like it."""

from collections.abc import Callable
from dataclasses import replace

import ipywidgets as widgets
import torch
from torch import Tensor, nn

from gancourse import datasets, figures, inversion, pictures
from gancourse.widgets import latent
from gancourse.widgets.controls import button, row, show
from gancourse.widgets.file_field import FileField
from gancourse.widgets.history import SEARCH, History, Point
from gancourse.widgets.page import Message, png
from gancourse.widgets.sketch import Sketch
from gancourse.widgets.task import Task

WANTED_PIXELS = 140
INVITATION = "Draw something, or choose a picture: the generator will draw what it can that is most like it."
EVERY = 10  # steps from one picture to the next that is shown


class Finder:
    """A canvas, a file, or a test picture, and a search for its noise, which can be watched: `box`.

    on_start: called when a search begins. why_not: why nothing can be searched, "" if it can.
    """

    def __init__(
        self,
        generator: nn.Module,
        shape: tuple[int, int, int],
        history: History,
        message: Message,
        on_start: Callable[[], None],
    ):
        self._on_start = on_start
        self._generator, self._shape, self._history, self._message = generator, shape, history, message
        self._dataset = datasets.of_shape(shape)
        self._tests = self._searches = 0
        self._search = Task(self._on_error)
        self.wanted: Tensor | None = None  # uint8 (C, H, W)
        self.sketch = Sketch(shape[0] == 3, self._on_picture, self._on_clear)
        about = "Of what is in it, the explorer looks for the most similar picture that the generator can draw"
        self.file = FileField("A file …", about, "image/*", pictures.MOST_BYTES, self._on_picture, message.error)
        self.why_not = (
            "" if shape[1] == shape[2] else f"the generator's pictures are not square, {shape[1]} x {shape[2]}"
        )
        self.test = button("A test picture", "A picture that the generator has never seen", self._on_test)
        self.test.disabled = not self._dataset or datasets.status(self._dataset) != "ready"
        self.stop_button = button("Stop", "End the search here", self.stop)
        self.stop_button.disabled = True
        side = f"{WANTED_PIXELS}px"
        self.picture = widgets.Image(format="png", layout=widgets.Layout(width=side, height=side, object_fit="contain"))
        self.picture.add_class("gancourse-wanted")
        self.text = widgets.HTML(INVITATION)
        beside = widgets.VBox([self.text, self.picture, row(self.file, self.test, self.stop_button)])
        self.box = widgets.Box([self.sketch, beside], layout=widgets.Layout(flex_flow="row wrap", grid_gap="0 16px"))
        show(self.picture, False)
        show(self.box, False)

    def find(self, picture: Tensor) -> None:
        """Search for the noise of a picture, uint8 (C, H, W), in a thread; a search that is under way ends."""
        self._on_start()
        self.wanted = picture
        self.picture.value = png(figures.tile(picture[None], pad=0), WANTED_PIXELS)
        show(self.picture, True)
        self.text.value = "Searching for the picture below …"
        self.stop_button.disabled = False
        generator, point, number = latent.quiet_copy(self._generator), self._history.point, self._history.number
        self._searches += 1
        control = f"{SEARCH} {self._searches}"
        self._search.run(lambda stopped: self._look(generator, picture, point, control, number, stopped))

    def stop(self) -> None:
        """End the search that is under way."""
        with self._history.lock:  # so that the search says nothing after this
            if not self.stop_button.disabled:
                self._search.stop()
                self.text.value = self.text.value.replace("Searching", "Stopped searching")
                self.stop_button.disabled = True

    def wait(self) -> None:
        """Wait until the search has ended."""
        self._search.wait()

    def _look(self, generator, picture: Tensor, point: Point, control: str, number: int, stopped) -> None:
        """Go to better and better noise, until the reader goes elsewhere; number: of the move before the search."""
        latent.stop_when(generator, stopped)
        for found in inversion.search(generator, picture[None], every=EVERY):
            shares = point.shares
            if found.labels is not None:
                shares = latent.shares_of(int(found.labels[0]), len(shares))
            told = {"moved": "noise found for a picture", "of_seed": False, "truncation": 1.0}
            number = self._history.go(replace(point, z=found.z[0], shares=shares, **told), control, after=number)
            if number is None:
                return
            error = f"Mean squared difference of the pixels: {found.error[0]:.3f}."
            with self._history.lock:
                if stopped():
                    return
                self.text.value = f"Searching for the picture below. {error}"
        with self._history.lock:
            if not stopped():
                self.text.value = f"This is the best that was found for the picture below. {error}"
                self.stop_button.disabled = True

    def _on_error(self, text: str) -> None:
        self.text.value = "The search has ended with an error."
        self.stop_button.disabled = True
        self._message.error(text)

    def _on_clear(self) -> None:
        self.stop()
        self.text.value = INVITATION
        show(self.picture, False)

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
