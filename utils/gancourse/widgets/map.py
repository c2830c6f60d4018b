"""The map: the plane around the point as one picture, to click, to drag over, and to walk on with the arrow keys."""

from dataclasses import dataclass, replace
from pathlib import Path

import anywidget
import torch
import traitlets
from torch import Tensor, nn

from gancourse import figures, memory
from gancourse.widgets import latent
from gancourse.widgets.history import History, Point
from gancourse.widgets.page import png
from gancourse.widgets.painter import Painter
from gancourse.widgets.plane import Plane

MOST_PIXELS = 450  # of a side of the map
LEAST_TILES, MOST_TILES = 5, 11  # a side, odd numbers
IN_PLANE = 1e-3  # how far a point may lie off the plane and still be on the map


@dataclass(frozen=True)
class Drawn:
    """What is on the map: the plane around a point, with its axes (2, z_dim), and the shares of the classes."""

    centre: Tensor  # (z_dim,)
    axes: Tensor
    spread: float
    shares: Tensor | None
    tiles: int

    @property
    def edge(self) -> float:
        """Where the map ends, as a share of the spread: half a picture beyond the middle of the outermost one."""
        return self.tiles / (self.tiles - 1)

    def place(self, point: Point, plane: Plane) -> list[float]:
        """Return where a point is on the map, [] where it is not on it, or where the plane is another one now."""
        if self.spread != plane.spread.value or not torch.equal(self.axes, plane.axes):
            return []
        if not _same(self.shares, point.shares):
            return []
        away = point.z - self.centre
        place = torch.linalg.pinv(self.axes.T) @ away / self.spread  # the axes need not be perpendicular
        if (away - place * self.spread @ self.axes).norm() > IN_PLANE or place.abs().max() > self.edge + IN_PLANE:
            return []
        return [round(number, 4) for number in place.tolist()]


class LatentMap(anywidget.AnyWidget):
    """G of a plane through a point: pictures without gaps, and a mark where the explorer stands.

    The map stays while the explorer moves on it, and is drawn anew around the point once it has left the map. The page
    tells where the pointer is only after the last place was painted, so that nothing stale queues up.

    shape: of the generator's images (C, H, W).
    at: the mark, two numbers of -1 to 1 across and down, or [] where the point is not on the map.
    """

    _esm = Path(__file__).with_name("map.js")
    picture = traitlets.Bytes(b"").tag(sync=True)  # PNG
    number = traitlets.Int(0).tag(sync=True)  # of the map; a touch tells which one it meant
    tiles = traitlets.Int(LEAST_TILES).tag(sync=True)
    at = traitlets.List([]).tag(sync=True)

    def __init__(self, generator: nn.Module, shape: tuple[int, ...], history: History, plane: Plane):
        side = max(LEAST_TILES, min(MOST_TILES, MOST_PIXELS // max(shape[1:])))
        super().__init__(tiles=side - (side + 1) % 2)
        self._generator, self._history, self._plane = generator, history, plane
        self._drawn: Drawn | None = None
        self._awaited: list[dict] = []  # answers to the pointer's messages that are not painted yet
        self.is_open = False
        self._painter = Painter(lambda: None, self._draw)  # when the explorer comes to rest, or once a second
        self.on_msg(lambda _, content, buffers: self._hear(content))

    def follow(self) -> None:
        """Move the mark to the point; draw the map anew where the point has left it, or where the plane is another."""
        if self.is_open:
            drawn = self._drawn
            self.at = [] if drawn is None else drawn.place(self._history.point, self._plane)
            if not self.at:
                self._painter.request()

    def centre(self) -> None:
        """Draw the map around the point."""
        self._drawn = None
        self.follow()

    def painted(self) -> None:
        """Say to the page that the picture is that of the pointer's last place."""
        while self._awaited:
            self.send(self._awaited.pop(0))

    def wait(self) -> None:
        """Wait until the map is that of the point."""
        self._painter.wait()

    def _draw(self) -> None:
        with self._history.lock:
            point, drawn = self._history.point, self._drawn
            if drawn is not None and drawn.place(point, self._plane):
                return
            z = self._plane.grid(point.z, self.tiles)
            drawn = Drawn(point.z, self._plane.axes, self._plane.spread.value, point.shares, self.tiles)
        try:
            images = latent.draw(self._generator, z, latent.labels_for(point.shares, len(z)))
        except latent.CannotShow:
            return  # the explorer says it
        picture = png(figures.tile(images, self.tiles, pad=0))
        with self._history.lock, self.hold_sync():
            self._drawn, self.picture, self.number = drawn, picture, self.number + 1
            self.at = drawn.place(self._history.point, self._plane)
        memory.give_back()

    def _hear(self, content: dict) -> None:
        match content:
            case {"kind": "go", "view": view, "number": number, "drag": drag, "map": of, "at": [x, y]}:
                answer = {"kind": "painted", "view": view, "number": number}
                with self._history.lock:
                    drawn, point = self._drawn, self._history.point
                    if drawn is None or of != self.number:  # it meant a map that is gone
                        self.send(answer)
                        return
                    place = torch.tensor([x, y]).clamp(-drawn.edge, drawn.edge)
                    z = drawn.centre + place * drawn.spread @ drawn.axes
                    self._awaited.append(answer)
                    self._history.go(replace(point, z=z, moved="moved on the map"), f"map {drag}")
            case {"kind": "centre"}:
                self.centre()


def _same(a: Tensor | None, b: Tensor | None) -> bool:
    return a is b or (a is not None and b is not None and torch.equal(a, b))
