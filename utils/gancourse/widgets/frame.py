"""What a game shows, as data: panels of heat maps, points, lines and arrows, for the page and for a still picture."""

import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import contourpy
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from torch import Tensor

from gancourse import figures

REAL, FAKE, DISC, INK, FAINT = figures.BLUE, figures.VERMILION, figures.GREEN, "#1f1f1f", figures.GREY
SURFACE = ["#F3B98A", "#FFFFFF", "#8FC3E8"]  # D says fake, one half, real
MARKERS = {"circle": "o", "cross": "x", "triangle": "^", "square": "s"}
STILL_WIDTH = 4.6  # inches, of a column of panels
Limits = tuple[float, float]


@dataclass(frozen=True)
class Heat:
    """Numbers from 0 to 1, (h, w), as colours over the whole panel; row 0 is at the bottom."""

    values: np.ndarray
    colours: Sequence[str] = tuple(SURFACE)

    def data(self) -> np.ndarray:
        """Return the indices of the colours, uint8 (h, w); NaN counts as the middle."""
        return (255 * np.nan_to_num(self.values, nan=0.5).clip(0, 1)).round().astype(np.uint8)

    def message(self) -> dict:
        """Return all but the data."""
        return {"kind": "heat", "shape": self.values.shape, "colours": list(self.colours)}

    def on(self, axes, panel: "Panel") -> None:
        """Draw with matplotlib."""
        colours = LinearSegmentedColormap.from_list("surface", list(self.colours))
        axes.imshow(self.data(), colours, vmin=0, vmax=255, extent=(*panel.x, *panel.y), origin="lower", aspect="auto")


@dataclass(frozen=True)
class Points:
    """Points (n, 2). marker: a name in MARKERS; size: pixels across. A name puts them into the legend."""

    xy: Tensor | np.ndarray
    colour: str
    marker: str = "circle"
    size: float = 6
    name: str = ""
    opacity: float = 0.75

    def data(self) -> np.ndarray:
        """Return float32 (n, 2)."""
        return _float32(self.xy)

    def message(self) -> dict:
        """Return all but the data."""
        look = {"colour": self.colour, "marker": self.marker, "size": self.size, "opacity": self.opacity}
        return {"kind": "points", "name": self.name} | look

    def on(self, axes, panel: "Panel") -> None:
        """Draw with matplotlib."""
        look = {"s": 0.5 * self.size**2, "linewidths": 1.2 if self.marker == "cross" else 0, "alpha": self.opacity}
        axes.scatter(*self.data().T, c=self.colour, marker=MARKERS[self.marker], label=self.name or None, **look)


@dataclass(frozen=True)
class Lines:
    """Lines through points: one (n, 2) or several. dash: lengths of strokes and gaps in pixels; fill: down to zero."""

    xy: Tensor | np.ndarray | Sequence[Tensor | np.ndarray]
    colour: str
    dash: tuple[float, ...] = ()
    width: float = 2
    name: str = ""
    fill: bool = False
    opacity: float = 1

    def parts(self) -> list[np.ndarray]:
        """Return every line, float32 (n, 2)."""
        return [_float32(part) for part in (self.xy if isinstance(self.xy, Sequence) else [self.xy])]

    def data(self) -> np.ndarray:
        """Return the points of all lines, float32 (n, 2)."""
        return np.concatenate([np.zeros((0, 2), np.float32), *self.parts()])

    def message(self) -> dict:
        """Return all but the data."""
        look = {"colour": self.colour, "dash": self.dash, "width": self.width, "opacity": self.opacity}
        return {"kind": "lines", "name": self.name, "fill": self.fill, "lengths": [*map(len, self.parts())]} | look

    def on(self, axes, panel: "Panel") -> None:
        """Draw with matplotlib."""
        style = (0, [0.7 * length / self.width * 2 for length in self.dash]) if self.dash else "-"
        for i, part in enumerate(self.parts()):
            look = {"color": self.colour, "linestyle": style, "linewidth": 0.8 * self.width, "alpha": self.opacity}
            axes.plot(*part.T, label=(self.name or None) if i == 0 else None, **look)
            if self.fill:
                axes.fill_between(*part.T, color=self.colour, alpha=0.12, linewidth=0)


@dataclass(frozen=True)
class Arrows:
    """Arrows (n, 4): x and y of the tail, x and y of the head."""

    xyxy: Tensor | np.ndarray
    colour: str
    width: float = 1.5
    name: str = ""
    opacity: float = 1

    def data(self) -> np.ndarray:
        """Return float32 (n, 4)."""
        return _float32(self.xyxy)

    def message(self) -> dict:
        """Return all but the data."""
        look = {"colour": self.colour, "width": self.width, "opacity": self.opacity}
        return {"kind": "arrows", "name": self.name} | look

    def on(self, axes, panel: "Panel") -> None:
        """Draw with matplotlib."""
        x, y, to_x, to_y = self.data().T
        look = {"color": self.colour, "alpha": self.opacity, "width": 0.004, "headwidth": 5, "headlength": 5}
        scale = {"angles": "xy", "scale_units": "xy", "scale": 1, "minlength": 0.5}
        axes.quiver(x, y, to_x - x, to_y - y, **look, **scale)
        if self.name:
            axes.plot([], [], color=self.colour, marker="$\\rightarrow$", ms=14, ls="none", label=self.name)


@dataclass(frozen=True)
class Panel:
    """A plot: its title, its axes' limits, and what lies on it from the bottom to the top.

    column: 0 or 1, the panels of one stand above each other; ratio: height to width; equal: one unit is as long in both
    directions. ticks: where the axes have numbers, and which text. pointer: tell the game where it is touched.
    """

    title: str
    x: Limits
    y: Limits
    layers: list = field(default_factory=list)
    x_label: str = ""
    x_ticks: Sequence[tuple[float, str]] | None = None
    y_ticks: Sequence[tuple[float, str]] | None = None
    column: int = 0
    ratio: float = 0.6
    equal: bool = False
    pointer: str = ""

    def ticks(self) -> tuple[Sequence[tuple[float, str]], Sequence[tuple[float, str]]]:
        """Return places and texts of the numbers along x and along y."""
        x = ticks(*self.x) if self.x_ticks is None else self.x_ticks
        return x, ticks(*self.y) if self.y_ticks is None else self.y_ticks

    def message(self) -> dict:
        """Return all but the layers' data."""
        x_ticks, y_ticks = self.ticks()
        look = {"title": self.title, "column": self.column, "ratio": self.ratio, "equal": self.equal}
        axes = {"x": self.x, "y": self.y, "x_ticks": x_ticks, "y_ticks": y_ticks, "x_label": self.x_label}
        return look | axes | {"pointer": self.pointer, "layers": [layer.message() for layer in self.layers]}


@dataclass(frozen=True)
class Frame:
    """All that is shown at one time. text: the same in numbers."""

    panels: list[Panel]
    text: str

    def message(self) -> tuple[dict, list[np.ndarray]]:
        """Return what is sent to the page: JSON, and the data of all layers one after the other."""
        data = [np.ascontiguousarray(layer.data()) for panel in self.panels for layer in panel.layers]
        return {"panels": [panel.message() for panel in self.panels]}, data

    def still(self) -> bytes:
        """Return the panels as a PNG, for readers without widgets."""
        shown = [panel for panel in self.panels if any(len(layer.data()) for layer in panel.layers)]
        figure = Figure()
        for column in (0, 1):
            top = 0.0
            for panel in (panel for panel in shown if panel.column == column):
                top = _plot(figure, panel, column * STILL_WIDTH, top)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=100, bbox_inches="tight")
        return buffer.getvalue()


def ticks(low: float, high: float, about: int = 4) -> list[tuple[float, str]]:
    """Return round numbers from low to high, about so many, and how they are written."""
    size = (high - low) / about
    power = 10.0 ** math.floor(math.log10(size))
    step = power * next(factor for factor in (1, 2, 5, 10) if factor * power >= 0.99 * size)
    numbers = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    return [(n * step, with_minus(f"{n * step:.6g}")) for n in numbers]


def with_minus(text: str) -> str:
    """Return the text with a minus sign, not a hyphen, before numbers."""
    return re.sub(r"-(?=\d)", "\N{MINUS SIGN}", text)


def level_lines(values: np.ndarray, x: Limits, y: Limits, level: float = 0.5) -> list[np.ndarray]:
    """Return where values (h, w), as in Heat, cross a level: lines (n, 2)."""
    height, width = values.shape
    # A value stands for a cell; the centres of the cells are half a cell inside the limits.
    across, up = ((np.arange(n) + 0.5) / n * (high - low) + low for n, (low, high) in ((width, x), (height, y)))
    return contourpy.contour_generator(across, up, values).lines(level)


def _float32(values: Tensor | np.ndarray) -> np.ndarray:
    return np.asarray(values.detach() if isinstance(values, Tensor) else values, np.float32)


def _plot(figure: Figure, panel: Panel, left: float, top: float) -> float:
    """Draw a panel at a place in inches from the upper left corner; return where the next one begins."""
    names = [layer.name for layer in panel.layers if getattr(layer, "name", "")]
    columns = 3 if sum(map(len, names)) < 40 else 2
    legend = 0.19 * -(-len(names) // columns)
    width = STILL_WIDTH - 0.7
    height = width * (1 if panel.equal else panel.ratio)
    below = top + 0.25 + legend + height
    across, up = figure.get_size_inches()
    axes = figure.add_axes(((left + 0.5) / across, -below / up, width / across, height / up))
    for layer in panel.layers:
        layer.on(axes, panel)
    for direction, places, limits in (("x", panel.ticks()[0], panel.x), ("y", panel.ticks()[1], panel.y)):
        values, texts = zip(*places, strict=True) if places else ((), ())
        axes.set(**{f"{direction}ticks": values, f"{direction}ticklabels": texts, f"{direction}lim": limits})
    axes.set_aspect("auto")
    axes.set_title(panel.title, fontsize=10, loc="left", pad=5 + 72 * legend)
    axes.set_xlabel(panel.x_label, fontsize=9)
    axes.tick_params(labelsize=8)
    if names:
        place = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0.2, "borderpad": 0}
        axes.legend(fontsize=8, ncols=columns, frameon=False, labelspacing=0.3, **place)
    return below + (0.6 if panel.x_label else 0.4)
