"""Two pictures of the same thing on each other, with a line between them that can be dragged."""

from collections.abc import Mapping
from pathlib import Path

import anywidget
import traitlets
from torch import Tensor

from gancourse import figures
from gancourse.widgets.page import png


class Divider(anywidget.AnyWidget):
    """Pictures of one thing, all of the same size, two of which are seen: one left of the line, one right of it.

    left, right: numbers of pictures. place: of the line, 0 to 100. zoom: 1, 2, 4 or 8. label: what is seen, in words.
    """

    _esm = Path(__file__).with_name("divider.js")
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    pictures = traitlets.List(traitlets.Bytes()).tag(sync=True)  # PNG
    label = traitlets.Unicode("").tag(sync=True)
    left = traitlets.Int(0).tag(sync=True)
    right = traitlets.Int(0).tag(sync=True)
    place = traitlets.Float(50).tag(sync=True)
    zoom = traitlets.Int(1).tag(sync=True)

    def show(self, pictures: Mapping[str, Tensor], label: str) -> None:
        """Show pictures, name -> uint8 (C, H, W); those that were chosen stay chosen."""
        with self.hold_sync():
            self.names = list(pictures)
            self.pictures = [png(figures.tile(image[None], pad=0)) for image in pictures.values()]
            self.label = label
