"""A canvas to draw on."""

from collections.abc import Callable
from pathlib import Path

import anywidget
import traitlets


class Sketch(anywidget.AnyWidget):
    """A canvas, white on black, or coloured on white.

    on_drawing(data): called with the bytes of a PNG after each stroke. on_clear(): called when the canvas is emptied.
    """

    _esm = Path(__file__).with_name("sketch.js")
    colour = traitlets.Bool(False).tag(sync=True)

    def __init__(self, colour: bool, on_drawing: Callable[[bytes], None], on_clear: Callable[[], None]):
        super().__init__(colour=colour)
        self.on_msg(lambda _, content, buffers: on_drawing(bytes(buffers[0])) if buffers else on_clear())
