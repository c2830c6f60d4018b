"""The map: the plane around the point as one picture, to click, to drag over, and to walk on with the arrow keys."""

from dataclasses import replace
from pathlib import Path

import anywidget
import torch
import traitlets
from torch import Tensor, nn

from gancourse import figures
from gancourse.widgets import latent
from gancourse.widgets.history import History, Point
from gancourse.widgets.page import png
from gancourse.widgets.painter import Painter
from gancourse.widgets.plane import Plane

MOST_PIXELS = 450  # of a side of the map
MOST_TILES = 11  # a side
IN_PLANE = 1e-3  # how far a point may lie off the plane and still be on the map


class LatentMap(anywidget.AnyWidget):
    """G of a plane through a point: pictures without gaps, and a mark where the explorer stands.

    The map stays while the explorer moves on it, and is drawn anew around the point once it has left the map. The page
    tells where the pointer is only after the last place was painted, so that nothing stale queues up.

    at: the mark, two numbers of -1 to 1 across and down, or [] where the point is not on the map.
    """

    _esm = Path(__file__).with_name("map.js")
    picture = traitlets.Bytes(b"").tag(sync=True)  # PNG
    tiles = traitlets.Int(1).tag(sync=True)  # pictures a side
    at = traitlets.List([]).tag(sync=True)

    def __init__(self, generator: nn.Module, history: History, plane: Plane):
        super().__init__()
        self._generator, self._history, self._plane = generator, history, plane
        self._centre: Tensor | None = None  # what is drawn: its middle (z_dim,), axes (2, z_dim), spread and shares
        self._axes, self._spread, self._shares = plane.axes, plane.spread.value, None
        self._awaited: list[dict] = []  # answers to the pointer's messages that are not painted yet
        self.is_open = False
        self._painter = Painter(lambda: None, self._draw)  # when the explorer comes to rest, or once a second
        self.on_msg(lambda _, content, buffers: self._hear(content))

    def follow(self) -> None:
        """Move the mark to the point; draw the map anew where the point has left it, or where the plane is another."""
        if not self.is_open:
            return
        self.at = self._place(self._history.point)
        if not self.at:
            self._painter.request()

    def centre(self) -> None:
        """Draw the map around the point."""
        self._centre = None
        self.follow()

    def painted(self) -> None:
        """Say to the page that the picture is that of the pointer's last place."""
        while self._awaited:
            self.send(self._awaited.pop(0))

    def wait(self) -> None:
        """Wait until the map is that of the point."""
        self._painter.wait()

    @property
    def _edge(self) -> float:
        """Where the map ends, as a share of the spread: half a picture beyond the middle of the outermost one."""
        return self.tiles / max(1, self.tiles - 1) + 1e-3

    def _place(self, point: Point) -> list[float]:
        """Return where a point is on the map that is drawn, [] where it is not on it."""
        if self._centre is None or self._spread != self._plane.spread.value:
            return []
        if not torch.equal(self._axes, self._plane.axes) or not _same(self._shares, point.shares):
            return []
        away = point.z - self._centre
        place = torch.linalg.pinv(self._axes.T) @ away / self._spread  # the axes need not be perpendicular
        if (away - place * self._spread @ self._axes).norm() > IN_PLANE or place.abs().max() > self._edge:
            return []
        return [round(number, 4) for number in place.tolist()]

    def _draw(self) -> None:
        with self._history.lock:
            point = self._history.point
            if self._place(point):
                return
            axes, spread = self._plane.axes, self._plane.spread.value
            side = self.tiles if self._centre is not None else 5
            z = self._plane.grid(point.z, side)
        try:
            images = latent.draw(self._generator, z, latent.labels_for(point.shares, len(z)))
            if self._centre is None:  # now the size of a picture is known
                side = max(5, min(MOST_TILES, MOST_PIXELS // images.shape[3])) // 2 * 2 + 1
                z = self._plane.grid(point.z, side)
                images = latent.draw(self._generator, z, latent.labels_for(point.shares, len(z)))
        except latent.CannotShow:
            return  # the explorer says it
        self._centre, self._axes, self._spread, self._shares = point.z, axes, spread, point.shares
        with self.hold_sync():
            self.tiles, self.picture = side, png(figures.tile(images, side, pad=0))
            self.at = self._place(self._history.point)

    def _hear(self, content: dict) -> None:
        match content:
            case {"kind": "go", "view": view, "number": number, "drag": drag, "at": [x, y]}:
                answer = {"kind": "painted", "view": view, "number": number}
                with self._history.lock:
                    if self._centre is None:
                        self.send(answer)
                        return
                    place = torch.tensor([x, y]).clamp(-self._edge, self._edge)
                    z = self._centre + place * self._spread @ self._axes
                    point = replace(self._history.point, z=z, moved="moved on the map")
                self._awaited.append(answer)
                self._history.go(point, f"map {drag}")
            case {"kind": "centre"}:
                self.centre()


def _same(a: Tensor | None, b: Tensor | None) -> bool:
    return a is b or (a is not None and b is not None and torch.equal(a, b))
