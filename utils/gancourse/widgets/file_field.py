"""A button for a file of the reader's; unlike ipywidgets' upload it refuses one that would break the connection."""

from collections.abc import Callable
from pathlib import Path

import anywidget
import traitlets


class FileField(anywidget.AnyWidget):
    """A button that lets the reader choose a file. accept: as HTML has it, such as ".json".

    on_file(data): called with the file's bytes. on_error(text): called where it has more than most_bytes.
    """

    _esm = Path(__file__).with_name("file_field.js")
    text = traitlets.Unicode("").tag(sync=True)
    told = traitlets.Unicode("").tag(sync=True)  # `tooltip` is taken
    accept = traitlets.Unicode("").tag(sync=True)
    most_bytes = traitlets.Int(0).tag(sync=True)

    def __init__(
        self,
        text: str,
        tooltip: str,
        accept: str,
        most_bytes: int,
        on_file: Callable[[bytes], None],
        on_error: Callable[[str], None],
    ):
        self._on_file, self._on_error = on_file, on_error
        super().__init__(text=text, told=tooltip, accept=accept, most_bytes=most_bytes)
        self.on_msg(lambda _, content, buffers: self.hear(content, buffers))

    def hear(self, content: dict, buffers: list) -> None:
        """Handle a message from the page."""
        match content:
            case {"kind": "file"} if buffers:
                self._on_file(bytes(buffers[0]))
            case {"kind": "too large", "bytes": int(size)}:
                least = (
                    f"{self.most_bytes / 1e6:.0f} MB" if self.most_bytes >= 1e6 else f"{self.most_bytes / 1e3:.0f} kB"
                )
                self._on_error(f"This file has {size / 1e6:,.1f} MB, too much to read; {least} are the most.")
