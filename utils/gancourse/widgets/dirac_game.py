"""An interactive Dirac-GAN: two parameters, their path through the plane, and whether they converge."""

import math

import ipywidgets as widgets
import numpy as np
import torch

from gancourse import toys
from gancourse.widgets import frame
from gancourse.widgets.frame import Arrows, Frame, Lines, Panel, Points
from gancourse.widgets.game import Game
from gancourse.widgets.page import sized

MOST_STEPS = 500
HALF = 2.5  # of the plane that is shown
FIELD = 13  # arrows in each direction
LONGEST = 0.7 * 2 * HALF / FIELD  # of an arrow
DECADES = (-3, 2)  # of the distance that is shown


class DiracGame(Game):
    """One fake against one real point (Mescheder et al. 2018): generator theta, discriminator psi, see `gancourse.toys`.

    Controls: the loss, the step size, both players at once or in turn, the strength of R1, the start (also by dragging in
    the picture) and how many steps are shown; Play shows one after the other.
    """

    pace = 25

    def __init__(self, loss: str = "minimax", start: tuple[float, float] = (1.0, 1.0)):
        super().__init__(
            "Left, the plane of theta, across, and psi, upwards: arrows for where gradient descent leads, and the path that the "
            "players take from the start. Right, their distance from the solution after each step, logarithmic."
        )
        loss = self.known("loss", loss, toys.DIRAC_LOSSES)
        self.start = tuple(
            self.fitting(f"{name} at the start", value, -2, 2)
            for name, value in zip(("theta", "psi"), start, strict=True)
        )
        self.loss = widgets.Dropdown(options=list(toys.DIRAC_LOSSES), value=loss, description="Loss", **sized(220, 40))
        self.order = widgets.Dropdown(
            options=[("both at once", False), ("in turn, D first", True)], description="Updates", **sized(210, 60)
        )
        self.step_size = widgets.FloatSlider(
            value=0.2, min=0.01, max=1, step=0.01, description="Step size", **sized(260, 64)
        )
        self.gamma = widgets.FloatSlider(value=0, min=0, max=3, step=0.05, description="R1 gamma", **sized(270, 80))
        self.theta, self.psi = (
            widgets.FloatSlider(value=value, min=-2, max=2, step=1 / 16, description=name, **sized(260, width))
            for value, name, width in zip(self.start, ("Start theta", "Start psi"), (76, 64), strict=True)
        )
        self.steps = widgets.IntSlider(value=100, min=0, max=MOST_STEPS, description="Steps", **sized(320, 40))
        self.follow(lambda: None, self.loss, self.order, self.step_size, self.gamma, self.steps)
        self.follow(self._put, self.theta, self.psi)
        self._assemble(
            [self.loss, self.order],
            [self.step_size, self.gamma],
            [self.theta, self.psi],
            [self.play_button, self.step_button, self.button("Back", "To the start", self.back), self.steps],
        )

    def trajectory(self) -> torch.Tensor:
        """Return the way that is shown, float64 (steps + 1, 2)."""
        return toys.dirac_trajectory(self.loss.value, self.steps.value, start=self.start, **self._update())

    def eigenvalues(self) -> tuple[complex, complex]:
        """Return the eigenvalues of the update that is set, at the solution."""
        return toys.dirac_eigenvalues(self.loss.value, **self._update())

    def _update(self) -> dict:
        return {"step_size": self.step_size.value, "alternating": self.order.value, "gamma": self.gamma.value}

    def _put(self) -> None:
        self.start = self.theta.value, self.psi.value

    def back(self) -> None:
        """Show the start."""
        self.steps.value = 0

    def advance(self) -> None:
        """Show one step more, up to MOST_STEPS."""
        self.steps.value += 1
        if self.steps.value >= MOST_STEPS:
            self.pause()

    def followers(self) -> list[tuple[widgets.FloatSlider, float]]:
        """Return the sliders and the start."""
        return list(zip((self.theta, self.psi), self.start, strict=True))

    def on_pointer(self, phase: str, panel: int, points: list) -> None:
        """Move the start to where the pointer is."""
        self.start = tuple(min(max(value, self.theta.min), self.theta.max) for value in points[-1])
        self.let_follow(at_once=phase == "up")
        self.canvas.refresh()

    # ---- what is seen -----------------------------------------------------------------------------------------

    def frame(self) -> Frame:
        """Return the plane and the distance after each step."""
        way = self.trajectory()
        distance = way.norm(dim=1)
        return Frame([self._plane(way), self._distance(distance)], self._words(distance[-1].item()))

    def _plane(self, way: torch.Tensor) -> Panel:
        way = way[way.isfinite().all(1)].clamp(-100, 100)  # a browser draws no line to 1e300
        layers = [
            Arrows(self._field(), frame.FAINT, name="where gradient descent leads"),
            Lines(way, frame.FAKE, name="the players"),
            Points(way[:1], frame.INK, "square", 9, "start", 1),
            Points(way[-1:], frame.FAKE, "circle", 10, f"step {self.steps.value}", 1),
            Points(np.zeros((1, 2)), frame.REAL, "cross", 13, "solution", 1),
        ]
        limits = (-HALF, HALF)
        title = "psi (D), upwards, and theta (G), across"
        return Panel(title, limits, limits, layers, "theta", ratio=1.08, equal=True, pointer="crosshair")

    def _field(self) -> np.ndarray:
        places = (np.arange(FIELD) + 0.5) / FIELD * 2 * HALF - HALF
        grid = [(theta, psi) for theta in places for psi in places]
        flow = np.array([toys.dirac_field(self.loss.value, *place, self.gamma.value) for place in grid])
        length = np.linalg.norm(flow, axis=1, keepdims=True)
        # A long arrow for a fast flow, but not in proportion: near the solution there would be none to see.
        arrows = LONGEST * flow / np.maximum(np.sqrt(length * length.max()), 1e-9)
        return np.concatenate([grid - arrows / 2, grid + arrows / 2], 1)

    def _distance(self, distance: torch.Tensor) -> Panel:
        height = distance.nan_to_num(10.0 ** DECADES[1]).log10().clamp(*DECADES)
        steps = torch.arange(len(height), dtype=torch.float64)
        last = max(100, self.steps.value)
        layers = [
            Lines(np.array([[0, 0], [last, 0]]), frame.FAINT, (2, 4), 1, "distance 1"),
            Lines(torch.stack([steps, height], 1), frame.FAKE, name="distance of the players"),
        ]
        ticks = [(k, f"{10.0**k:g}") for k in range(DECADES[0], DECADES[1] + 1)]
        return Panel(
            "Distance from the solution", (0, last), DECADES, layers, "step", y_ticks=ticks, column=1, ratio=0.72
        )

    def _words(self, distance: float) -> str:
        first, second = self.eigenvalues()
        largest = max(abs(first), abs(second))
        if abs(largest - 1) < 1e-9:
            verdict = "exactly 1: near the solution the distance stays the same to first order, which decides nothing"
        else:
            verdict = "below 1: near the solution they converge" if largest < 1 else "above 1: they move away from it"
        gone = f"{distance:.4g}" if math.isfinite(distance) else "not a finite number"
        return (
            f"Distance from the solution after {self.steps.value} steps: {gone}.\n"
            f"Eigenvalues of one update there: {_complex(first)} and {_complex(second)}; "
            f"absolute values {abs(first):.6f} and {abs(second):.6f}, the larger one {verdict}."
        )


def _complex(value: complex) -> str:
    if abs(value.imag) < 1e-12:
        return f"{value.real:.4f}"
    sign = "+" if value.imag > 0 else "\N{MINUS SIGN}"
    return f"{value.real:.4f} {sign} {abs(value.imag):.4f}i"
