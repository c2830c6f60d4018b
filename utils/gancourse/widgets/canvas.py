"""The one place where games are drawn: an HTML canvas for every panel of a frame, one message for each frame."""

from collections.abc import Callable
from pathlib import Path

import anywidget
import traitlets

from gancourse.widgets.frame import Frame


class Canvas(anywidget.AnyWidget):
    """Draws frames in the page, the newest one only.

    draw: makes a frame of how things are now; it is called when the page is ready for one.
    label: what can be seen, in words.
    on_pointer(phase, panel, points): the pointer went "down", "move" or "up" in a panel; points: (x, y) in its units.
    on_gone: the last page that showed it is gone.
    call: runs the functions above, where the messages of the page may come from another thread.
    """

    _esm = Path(__file__).with_name("canvas.js")
    label = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        draw: Callable[[], Frame | None],
        call: Callable[..., None] = lambda function, *arguments: function(*arguments),
        on_pointer: Callable[[str, int, list], None] = lambda phase, panel, points: None,
        on_gone: Callable[[], None] = lambda: None,
    ):
        self._draw, self._on_pointer, self._on_gone = draw, on_pointer, on_gone
        self._views: set[int] = set()  # pages that show it
        self._number = 0  # of the newest frame
        self.is_waiting = False  # whether a frame is on its way that no page has drawn yet
        self._stale = False  # whether something has changed since
        self.seen = False  # whether a page has ever drawn a frame
        super().__init__()
        self.on_msg(lambda _, content, buffers: call(self._hear, content))

    def refresh(self) -> None:
        """Say that something has changed. It is drawn when the page has drawn what is on its way."""
        self._stale = True
        self._send_frame()

    @property
    def is_free(self) -> bool:
        """Return whether a page is waiting for a frame."""
        return bool(self._views) and not self.is_waiting

    def _send_frame(self) -> None:
        if not self._stale or not self.is_free:
            return
        self._stale = False
        frame = self._draw()
        if frame is not None:
            content, data = frame.message()
            self._number += 1
            self.is_waiting = True
            self.send({"kind": "frame", "number": self._number, "text": frame.text} | content, data)

    def _hear(self, content: dict) -> None:
        """Handle a message from the page."""
        match content:
            case {"kind": "ready", "view": view}:  # also a page that was loaded anew, and the old one never answered
                self._views.add(view)
                self.is_waiting = False
                self.refresh()
            case {"kind": "drawn", "frame": self._number}:
                self.is_waiting, self.seen = False, True
                self._send_frame()
            case {"kind": "gone", "view": view}:
                self._views.discard(view)
                if not self._views:
                    self.is_waiting = False
                    self._on_gone()
            case {"kind": "pointer", "phase": phase, "panel": panel, "points": points}:
                self._on_pointer(phase, panel, points)
