"""Diagrams that explain: data and gradients of a GAN, transposed convolution, the two modes of batch normalisation."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from gancourse.figures import BLUE, GREY, VERMILION

# Where the parts of a GAN stand: name -> centre of its box.
PLACES = {"z": (0.5, 2), "G": (2.2, 2), "G(z)": (4, 2), "x": (4, 0.7), "D": (5.8, 1.35), "loss": (7.6, 1.35)}
TEXTS = {"z": "noise z", "G": "G", "G(z)": "fake G(z)", "x": "real x", "D": "D", "loss": "loss"}


def data_flow() -> Figure:
    """Return a drawing of how noise, fakes and real images flow through G and D, and how gradients come back to each."""
    figure, ax = _canvas(8.2, 2.9)
    _parts(ax, "GD")
    _gradients(ax, "gradient to D", "gradient to G, through D")
    return _done(figure)


def turns() -> Figure:
    """Return two drawings: where gradients flow in D's turn, and in G's."""
    figure, axes = plt.subplots(2, 1, figsize=(8.2, 6))
    for ax, player in zip(axes, "DG", strict=True):
        _empty(ax)
        _parts(ax, player, real=player == "D")
        ax.set_title(f"{player}'s turn: only opt_{player} steps", loc="left", fontsize=11, weight="bold")
        if player == "D":
            _gradients(ax, "gradient to D's weights")
            ax.plot([3.1, 3.1], [1.55, 2.45], color=VERMILION, linewidth=3)
            ax.text(3.1, 2.5, "detach(): no gradient beyond", color=VERMILION, ha="center", fontsize=9)
        else:
            _gradients(ax, "through D, which does not step", "gradient to G's weights")
    return _done(figure)


def transposed_convolution() -> Figure:
    """Return a drawing of a 3x3 kernel that a transposed convolution lays down for two neighbours, with stride 2."""
    figure, ax = _canvas(7.2, 3.3)
    for column, colour in enumerate((BLUE, VERMILION)):
        ax.add_patch(Rectangle((0.6 * column, 1.2), 0.6, 0.6, facecolor=colour, alpha=0.45, edgecolor="black"))
        left = 3 + 1.2 * column
        ax.add_patch(Rectangle((left, 0.6), 1.8, 1.8, facecolor=colour, alpha=0.45, edgecolor=colour, linewidth=2))
        ax.annotate(
            "", (left + 0.9, 2.5), (0.6 * column + 0.3, 1.9), arrowprops=_arrow(colour, "arc3,rad=-0.25", "-|>")
        )
    for row in range(3):
        for column in range(5):
            ax.add_patch(Rectangle((3 + 0.6 * column, 0.6 + 0.6 * row), 0.6, 0.6, fill=False, edgecolor=GREY))
    ax.text(0.6, 0.95, "input: 1 x 2", ha="center", fontsize=10)
    ax.text(
        4.5, 0.2, "output: 3 x 5, with a 3 x 3 kernel; where kernels overlap, they add up", ha="center", fontsize=10
    )
    ax.annotate("", (4.2, 3.25), (3, 3.25), arrowprops=_arrow("black", "arc3", "<->"))
    ax.text(3.6, 3.35, "stride 2", ha="center", fontsize=10)
    ax.set(xlim=(-0.3, 6.6), ylim=(0, 3.7))
    return _done(figure)


def batch_norm_modes() -> Figure:
    """Return a drawing of which numbers batch normalisation uses in training mode and in eval mode."""
    figure, axes = plt.subplots(1, 2, figsize=(8.6, 2.6))
    for ax, mode in zip(axes, ("training", "eval"), strict=True):
        _empty(ax)
        _box(ax, 0.9, 1.2, "batch", GREY, 1.3)
        _box(ax, 3.2, 0.4, "running mean,\nrunning variance", VERMILION, 2.2)
        _box(ax, 5.6, 1.2, "(x - m) / √(v + ε)", GREY, 2.1)
        start, end = ((4.2, 2.1), (5.2, 1.56)) if mode == "training" else ((4.2, 0.4), (5.2, 0.84))
        ax.annotate("", end, start, arrowprops=_arrow("black", "arc3", "-|>"))
        ax.annotate("", (4.5, 1.2), (1.55, 1.2), arrowprops=_arrow("black", "arc3", "-|>"))
        if mode == "training":
            _box(ax, 3.2, 2.2, "mean, variance\nof this batch", BLUE, 1.9)
            ax.annotate("", (2.2, 2.1), (1.3, 1.5), arrowprops=_arrow("black", "arc3", "-|>"))
            ax.annotate("", (3.2, 0.75), (3.2, 1.85), arrowprops=_arrow(VERMILION, "arc3", "-|>"))
            ax.text(3.3, 1.35, "updates", fontsize=9, color=VERMILION)
        ax.text(0.3, 2.85, f"{mode} mode", fontsize=11, weight="bold")
        ax.set(xlim=(0.1, 6.8), ylim=(-0.1, 3.1))
    return _done(figure)


def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    figure, ax = plt.subplots(figsize=(width, height))
    _empty(ax)
    return figure, ax


def _empty(ax: Axes) -> None:
    ax.set(xlim=(-0.2, 8.4), ylim=(0, 3.1), aspect="equal")
    ax.axis("off")


def _done(figure: Figure) -> Figure:
    figure.tight_layout()
    plt.close(figure)  # the caller shows it once, by returning it
    return figure


def _arrow(colour: str, path: str, style: str) -> dict:
    return {"arrowstyle": style, "color": colour, "connectionstyle": path, "linewidth": 1.6, "shrinkA": 0, "shrinkB": 0}


def _box(ax: Axes, x: float, y: float, text: str, colour: str, width: float) -> None:
    outline = (x - width / 2, y - 0.32), width, 0.64
    style = "round,pad=0.02,rounding_size=0.1"
    ax.add_patch(FancyBboxPatch(*outline, boxstyle=style, facecolor="white", edgecolor=colour, linewidth=1.8))
    ax.text(x, y, text, ha="center", va="center", fontsize=10)


def _parts(ax: Axes, learning: str, real: bool = True) -> None:
    """Draw the parts and the way of the data; players in `learning` are coloured."""
    for name, (x, y) in PLACES.items():
        if name != "x" or real:
            _box(ax, x, y, TEXTS[name], BLUE if name in learning else GREY, 0.8 if name in "GD" else 1.2)
    ways = [("z", "G"), ("G", "G(z)"), ("G(z)", "D"), ("D", "loss"), *[("x", "D")] * real]
    for start, end in ways:
        (x1, y1), (x2, y2) = PLACES[start], PLACES[end]
        x1, x2 = x1 + (0.42 if start in "GD" else 0.62), x2 - (0.42 if end in "GD" else 0.62)
        ax.annotate("", (x2, y2 + 0.3 * (y1 - y2)), (x1, y1), arrowprops=_arrow("black", "arc3", "-|>"))


def _gradients(ax: Axes, at_d: str, at_g: str = "") -> None:
    """Draw the gradient from the loss back to D and, if `at_g` is given, on through the fakes to G."""
    _gradient(ax, "loss", "D", at_d)
    if at_g:
        _gradient(ax, "D", "G(z)", "")
        _gradient(ax, "G(z)", "G", at_g)


def _gradient(ax: Axes, start: str, end: str, text: str) -> None:
    """Draw a gradient on its way back, above the data."""
    (x1, y1), (x2, y2) = PLACES[start], PLACES[end]
    arrow = _arrow(VERMILION, "arc3,rad=0.3", "-|>") | {"linestyle": "--"}
    ax.annotate("", (x2 + 0.15, y2 + 0.36), (x1 - 0.15, y1 + 0.36), arrowprops=arrow)
    ax.text((x1 + x2) / 2 + 0.2, max(y1, y2) + 0.75, text, color=VERMILION, ha="center", fontsize=9)
