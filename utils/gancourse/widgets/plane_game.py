"""A GAN in the plane to play with: real and fake points, what D thinks of every place, and how G bends its noise."""

import math

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor

from gancourse import toys
from gancourse.widgets import frame
from gancourse.widgets.frame import Frame, Heat, Lines, Panel, Points
from gancourse.widgets.game import Game, one_thread
from gancourse.widgets.page import sized
from gancourse.widgets.plane_players import LOSSES, PlanePlayers, Settings

HALF = 1.6  # of the plane that is shown
CELLS = 56  # of the heat map, in each direction
SHOWN = 300  # points of each kind
THREADS, KNOTS = 13, 25  # lines of G's grid in each direction, and points of a line
FREE_HAND = "free hand"
STILL_STEPS = 600  # before the still picture of players that have not begun; half a second
MAX_SEED = 999_999


class PlaneGame(Game):
    """G and D, two MLPs, on points in the plane: a ring, a grid, moons, clusters, or what the reader draws.

    Controls: the data, the loss, both learning rates, D's steps for each of G, the strength of R1; new players from a seed;
    steps of both players, of D or of G alone. WGAN's critic is held near gradient norm 1 by a gradient penalty between real points
    and fakes, which is a soft limit. data: a name in `toys.CLOUDS` or "free hand".
    """

    def __init__(self, data: str = "ring of 8", seed: int = 0):
        super().__init__(
            "Left, the plane: real points, fakes, the discriminator's output at every place as colour, with a line where it is "
            "undecided, and the grid of the generator's noise, bent. Right, curves of both losses and of the modes covered."
        )
        options = [*toys.CLOUDS, FREE_HAND]
        data, seed = self.known("data set", data, options), int(self.fitting("The seed", seed, 0, MAX_SEED))
        self._strokes: list[list[tuple[float, float]]] = []
        rules = Settings()
        self.data = widgets.Dropdown(options=options, value=data, description="Data", **sized(170, 36))
        self.loss = widgets.Dropdown(options=list(LOSSES), value=rules.loss, description="Loss", **sized(240, 36))
        self.d_rate, self.g_rate = (
            widgets.FloatLogSlider(
                value=value, min=-5, max=-1, step=0.1, readout_format=".1e", description=name, **sized(272, 104)
            )
            for value, name in ((rules.d_rate, "D learning rate"), (rules.g_rate, "G learning rate"))
        )
        self.d_steps = widgets.IntSlider(value=1, min=1, max=10, description="D steps per G step", **sized(272, 124))
        self.gamma = widgets.FloatSlider(
            value=rules.gamma, min=0, max=2, step=0.02, description="R1 gamma", **sized(272, 80)
        )
        self.seed = widgets.BoundedIntText(value=seed, min=0, max=MAX_SEED, description="Seed", **sized(130, 36))
        self.clear = self.button("Clear drawing", "Delete the drawing", self._clear)
        self.follow(self._choose_data, self.data)
        self.follow(lambda: None, self.loss, self.d_rate, self.g_rate, self.d_steps, self.gamma)
        self._new_players()
        self._choose_data()
        self._assemble(
            [self.data, self.clear, self.loss],
            [self.d_rate, self.g_rate],
            [self.d_steps, self.gamma],
            [
                self.play_button,
                self.step_button,
                self.button("D step", "One step of D alone", lambda: self._step_alone("d_step")),
                self.button("G step", "One step of G alone", lambda: self._step_alone("g_step")),
                self.seed,
                self.button("New players", "Start again with new networks from this seed", self._new_players),
            ],
        )

    # ---- play -------------------------------------------------------------------------------------------------

    @property
    def rules(self) -> Settings:
        """Return the settings of the controls."""
        return Settings(self.loss.value, self.d_rate.value, self.g_rate.value, self.d_steps.value, self.gamma.value)

    def advance(self) -> None:
        """Take one step of the game."""
        if self._has_data() and not math.isfinite(sum(self.players.step(self.cloud, self.rules))):
            self.pause()
            self.message.hint(
                "The numbers have grown beyond all bounds: try smaller learning rates and press New players."
            )

    def _step_alone(self, which: str) -> None:
        if which == "g_step":
            self.players.g_step(self.rules)
        elif self._has_data():
            self.players.d_step(self.cloud, self.rules)

    def _has_data(self) -> bool:
        if self.cloud is None:
            self.pause()
            self.message.hint("There is nothing to learn yet: draw in the plane, with the mouse or a finger.")
        return self.cloud is not None

    def _new_players(self) -> None:
        self.players = PlanePlayers(self.seed.value)
        self._z = self.players.noise(SHOWN)

    def _choose_data(self) -> None:
        free = self.data.value == FREE_HAND
        self.clear.layout.display = "inline-block" if free else "none"
        self._set_cloud(self._drawing() if free else toys.CLOUDS[self.data.value])
        self.players.curves.clear()  # of other data they say nothing

    def _set_cloud(self, cloud) -> None:
        self.cloud = cloud
        self._real = cloud.sample(SHOWN, torch.Generator().manual_seed(0)) if cloud else torch.zeros(0, 2)

    # ---- drawing by hand --------------------------------------------------------------------------------------

    def on_pointer(self, phase: str, panel: int, points: list) -> None:
        """Draw data."""
        if phase == "down":
            self._strokes.append([])
        if self._strokes:
            self._strokes[-1] += points
        self._set_cloud(self._drawing())
        self.message.clear()
        self.canvas.refresh()

    def _drawing(self) -> toys.Drawing | None:
        strokes = tuple(torch.tensor(stroke).clamp(-HALF, HALF) for stroke in self._strokes if stroke)
        return toys.Drawing(strokes) if strokes else None

    def _clear(self) -> None:
        self._strokes = []
        self._choose_data()

    # ---- what is seen -----------------------------------------------------------------------------------------

    @torch.no_grad()
    def frame(self) -> Frame:
        """Return the plane, the losses and the modes covered."""
        fakes = self.players.G(self._z)
        records = np.array(self.players.curves.records, np.float64).reshape(-1, 5)
        return Frame([self._plane(fakes), self._losses(records), self._modes(records)], self._words(fakes))

    def still(self) -> bytes:
        """Return a PNG; players that have not begun are shown as they would be after some steps."""
        if self.players.curves.step or self.cloud is None:
            return super().still()
        own, self.players = self.players, PlanePlayers(self.seed.value)
        try:
            with one_thread():
                for _ in range(STILL_STEPS):
                    self.players.step(self.cloud, self.rules)
                return super().still()
        finally:
            self.players = own

    def _plane(self, fakes: Tensor) -> Panel:
        limits = (-HALF, HALF)
        surface = self._surface(fakes)
        layers = [
            Heat(surface),
            Lines(self._manifold(), frame.INK, width=0.8, name="G's grid", opacity=0.45),
            Lines(frame.level_lines(surface, limits, limits), frame.INK, (6, 4), 1.6, "D undecided"),
            Points(self._real, frame.REAL, "circle", 5, "real"),
            Points(fakes, frame.FAKE, "triangle", 6, "fakes"),
        ]
        pointer = "crosshair" if self.data.value == FREE_HAND else ""
        title = "The plane; D: blue “real”, orange “fake”"
        return Panel(title, limits, limits, layers, ratio=1.06, equal=True, pointer=pointer)

    def _surface(self, fakes: Tensor) -> np.ndarray:
        """Return D's judgement of every place (CELLS, CELLS), from 0 for fake to 1 for real."""
        places = (torch.arange(CELLS) + 0.5) / CELLS * 2 * HALF - HALF
        y, x = torch.meshgrid(places, places, indexing="ij")
        values = self.players.D(torch.stack([x, y], 2)).squeeze(2)
        if self.loss.value == "least squares":
            return values.numpy()
        if self.loss.value.startswith("WGAN"):  # a critic knows only differences: what it gives to both is the scale
            fake = self.players.D(fakes).mean()
            real = self.players.D(self._real).mean() if len(self._real) else fake + 1
            values = 4 * (values - (real + fake) / 2) / (real - fake).abs().clamp(min=1e-3)
        return values.sigmoid().numpy()

    def _manifold(self) -> list[Tensor]:
        """Return what G makes of a grid over its noise: 2 · THREADS lines (KNOTS, 2)."""
        across, along = torch.linspace(-1, 1, THREADS), torch.linspace(-1, 1, KNOTS)
        lines = torch.cartesian_prod(across, along)
        bent = self.players.G(torch.cat([lines, lines.flip(1)]))
        return list(bent.view(2 * THREADS, KNOTS, 2))

    def _losses(self, records: np.ndarray) -> Panel:
        values = records[:, 1:3][np.isfinite(records[:, 1:3])]
        low, high = (min(0.0, values.min()), max(1.5, values.max())) if values.size else (0.0, 1.5)
        limits = (1.05 * low, 1.05 * high)
        layers = [
            Lines(records[:, [0, 1]], frame.REAL, width=1.6, name="D's loss"),
            Lines(records[:, [0, 2]], frame.FAKE, (6, 3), 1.6, name="G's loss"),
        ]
        return Panel("Losses", self._steps(), limits, layers, column=1, ratio=0.5)

    def _modes(self, records: np.ndarray) -> Panel:
        k = 0 if self.cloud is None or self.cloud.modes is None else len(self.cloud.modes)
        title = f"Modes, of {k}" if k else "Modes: – (these data have none)"
        share = records[:, [0, 4]] * (1, max(k, 1))
        layers = [
            Lines(records[:, [0, 3]], frame.DISC, name="covered"),
            Lines(share, frame.INK, (3, 3), 1.6, name="share of fakes near one (top: all)"),
        ]
        ticks = [(0, "0"), (k / 2, f"{k / 2:g}"), (k, f"{k}")] if k else []
        top = 1.05 * max(k, 1)
        return Panel(title, self._steps(), (0, top), layers if k else [], "step", y_ticks=ticks, column=1, ratio=0.5)

    def _steps(self) -> tuple[float, float]:
        return 0, max(1000, self.players.curves.step)

    def _words(self, fakes: Tensor) -> str:
        curves, text = self.players.curves, ""
        if curves.records:
            _, d_loss, g_loss, *_ = curves.records[-1]
            text = f" D's loss {d_loss:.3f}, G's loss {g_loss:.3f}."
        if self.cloud is not None and self.cloud.modes is not None:
            covered, share = toys.covered_modes(fakes, self.cloud.modes, self.cloud.std)
            text += (
                f" Modes covered: {covered} of {len(self.cloud.modes)}; {share:.0%} of the fakes are within 3 standard "
                "deviations of one."
            )
        else:
            text += " Modes covered: –."
        if self.loss.value.startswith("WGAN"):
            text += "\nThe critic's gradient norm is held near 1 by a gradient penalty between data and fakes: a soft limit, not a bound."
        return f"Step {curves.step:,}.{text}"
