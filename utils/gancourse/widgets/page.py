"""What the widgets share in the page: their look, and names for the sliders that screen readers can speak."""

import base64
import html
import io
from collections.abc import Callable
from pathlib import Path

import anywidget
import ipywidgets as widgets
import numpy as np
import traitlets
from PIL import Image

HERE = Path(__file__).parent
STILL = 600  # pixels that a picture for readers without widgets has at most after it has been enlarged


class Page(anywidget.AnyWidget):
    """An invisible part of a widget with the class "gancourse": its style sheet, and names for screen readers.

    picture: what the image with the class "gancourse-picture" shows.
    """

    _esm = HERE / "page.js"
    _css = HERE / "page.css"
    picture = traitlets.Unicode("").tag(sync=True)


def png(picture: np.ndarray, at_least: int = 0) -> bytes:
    """Return a picture, uint8 (height, width) or (height, width, 3), as PNG.

    at_least: pixels; a smaller picture is enlarged by a whole factor, for readers that would blur it.
    """
    factor = max(1, at_least // max(picture.shape[:2]))
    buffer = io.BytesIO()
    Image.fromarray(picture.repeat(factor, 0).repeat(factor, 1)).save(buffer, "png", compress_level=1)
    return buffer.getvalue()


def save_link(text: str, name: str, kind: str, data: bytes) -> str:
    """Return HTML: a link that saves data under a name; kind: the data's media type."""
    encoded = base64.b64encode(data).decode()
    name, text = html.escape(name), html.escape(text)
    return f'<a class="gancourse-save" download="{name}" href="data:{kind};base64,{encoded}">{text}</a>'


def sized(width: int | str, label: int) -> dict:
    """Return layout and style for a control: its width, in pixels or as CSS has it, and the pixels of that for its label."""
    width = f"{width}px" if isinstance(width, int) else width
    return {"layout": widgets.Layout(width=width), "style": {"description_width": f"{label}px"}}


def see_through(tooltip: str, place: int, columns: int, press: Callable[[int], None]) -> widgets.Button:
    """Return a see-through button that lies over the cell `place` of a grid of so many columns; a click calls press(place)."""
    row, column = (i + 1 for i in divmod(place, columns))
    area = f"{row} / {column} / {row + 1} / {column + 1}"
    button = widgets.Button(
        tooltip=tooltip, layout=widgets.Layout(width="auto", height="auto", margin="0", grid_area=area)
    )
    button.add_class("gancourse-see-through")
    button.on_click(lambda _: press(place))
    return button


def with_still(bundle, picture: bytes | None):
    """Return what a widget says of itself to a notebook, with a PNG added for readers without widgets (GitHub, paper)."""
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    if picture is not None:
        data["image/png"] = picture
    return bundle


class Message(widgets.HTML):
    """A line for what went wrong, or for a hint; screen readers speak it. Empty, it takes no room."""

    def __init__(self):
        super().__init__(layout=widgets.Layout(margin="0", max_width="100%"))
        self.add_class("gancourse-says")

    def error(self, text: str) -> None:
        """Say what went wrong and what to do."""
        self.value = f'<div class="gancourse-message" role="alert">{html.escape(text)}</div>'

    def hint(self, text: str) -> None:
        """Show a hint, which is not an error."""
        self.value = f'<div class="gancourse-message gancourse-hint" role="status">{html.escape(text)}</div>'

    def clear(self) -> None:
        """Say nothing."""
        self.value = ""


class Window(anywidget.AnyWidget):
    """What the monitor shows of a training: progress, curves and a picture. Change several parts within `hold_sync()`."""

    _esm = HERE / "window.js"
    step = traitlets.Int(0).tag(sync=True)
    steps = traitlets.Int(1).tag(sync=True)
    status = traitlets.Unicode("").tag(sync=True)
    curves = traitlets.Unicode("").tag(sync=True)  # SVG
    picture = traitlets.Bytes(b"").tag(sync=True)  # PNG
    caption = traitlets.Unicode("").tag(sync=True)
