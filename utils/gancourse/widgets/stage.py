"""The explorer's picture: G of the point alone, or in the middle of its neighbours, where a click goes to one of them."""

import time
from collections.abc import Callable
from dataclasses import replace

import ipywidgets as widgets
import numpy as np
from torch import Tensor, nn

from gancourse import figures
from gancourse.widgets import latent
from gancourse.widgets.history import History
from gancourse.widgets.page import png, see_through
from gancourse.widgets.plane import Plane

PIXELS = 320  # of a saved or still picture at most; on the screen page.css says how large it is
NEIGHBOURS = 5  # a side, an odd number: the point itself is in the middle
ORANGE = (230, 159, 0)


class Stage:
    """The picture in its frame (`frame`), with a choice of what it shows (`view`).

    image: the picture of the point, uint8 (C, H, W), or None; sheet: what is shown, uint8 (height, width[, 3]).
    """

    def __init__(
        self, generator: nn.Module, history: History, plane: Plane, image: Tensor, repaint: Callable[[], None]
    ):
        self._generator, self._history, self._plane, self._repaint = generator, history, plane, repaint
        self.image: Tensor | None = image
        self.sheet = figures.tile(image[None], pad=0)
        self.view = widgets.ToggleButtons(
            options=[("Picture", "picture"), ("Neighbours", "neighbours")],
            tooltips=["The picture of z alone", "z in the middle, and what lies around it; click to go there"],
            style={"button_width": "auto"},
        )
        self.picture = widgets.Image(
            format="png",
            layout=widgets.Layout(
                grid_area=f"1 / 1 / {NEIGHBOURS + 1} / {NEIGHBOURS + 1}",
                width="100%",
                height="100%",
                margin="0",
                object_fit="contain",
            ),
        )
        self.picture.add_class("gancourse-picture")
        self.frame = widgets.Box(
            [self.picture],
            layout=widgets.Layout(
                display="grid",
                grid_template_columns=f"repeat({NEIGHBOURS}, 1fr)",
                grid_template_rows=f"repeat({NEIGHBOURS}, 1fr)",
                flex="0 0 auto",
            ),
        )
        self.frame.add_class("gancourse-frame")
        self.view.observe(self._on_view, "value")

    @property
    def is_wide(self) -> bool:
        """Whether the neighbours are shown."""
        return self.view.value == "neighbours"

    def paint(self) -> None:
        """Paint the point as it is now. Raises CannotShow, and then there is no picture."""
        with self._history.lock:
            point, wide = self._history.point, self.is_wide
            z = self._plane.grid(point.z, NEIGHBOURS) if wide else point.z[None]
        try:
            images = latent.draw(self._generator, z, latent.labels_for(point.shares, len(z)))
        except latent.CannotShow:
            self.image, self.sheet = None, np.full((28, 28), 205, np.uint8)
            raise
        else:
            self.image = images[len(images) // 2]
            self.sheet = _framed(images) if wide else figures.tile(self.image[None], pad=0)
        finally:
            self.picture.value = png(self.sheet)

    def _on_view(self, _) -> None:
        if self.is_wide and len(self.frame.children) == 1:
            self.frame.children = [self.picture, *self._buttons()]
        for button in self.frame.children[1:]:
            button.layout.display = "block" if self.is_wide else "none"
        self._repaint()

    def _buttons(self) -> list[widgets.Button]:
        """Return see-through buttons that lie over the neighbours; pressing one goes there."""
        buttons = []
        for i in range(NEIGHBOURS**2):
            row, column = divmod(i, NEIGHBOURS)
            right, below = column - NEIGHBOURS // 2, row - NEIGHBOURS // 2
            told = f"Go there: {_steps(right, 'right', 'left')}, {_steps(below, 'down', 'up')}"
            buttons.append(see_through(told, i, NEIGHBOURS, self._on_neighbour))
        return buttons

    def _on_neighbour(self, i: int) -> None:
        point = self._history.point
        z = self._plane.grid(point.z, NEIGHBOURS)[i]
        self._history.go(replace(point, z=z, moved="moved"), f"neighbour {time.monotonic()}")


def _framed(images: Tensor) -> np.ndarray:
    """Return NEIGHBOURS² images as one sheet in colour, 1 pixel apart, with an orange frame around the one in the middle."""
    sheet = figures.tile(images, NEIGHBOURS, pad=1)
    colour = np.broadcast_to(sheet.reshape(*sheet.shape[:2], -1), (*sheet.shape[:2], 3)).copy()
    height, width = images.shape[2:]
    top, left = NEIGHBOURS // 2 * (height + 1), NEIGHBOURS // 2 * (width + 1)
    bottom, right = top + height + 1, left + width + 1
    colour[[top, bottom], left : right + 1] = ORANGE
    colour[top : bottom + 1, [left, right]] = ORANGE
    return colour


def _steps(n: int, forth: str, back: str) -> str:
    return f"{abs(n)} {forth if n > 0 else back}" if n else f"0 {forth}"
