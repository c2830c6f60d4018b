"""A GAN on a line to play with: two densities, the discriminator between them, and where it pushes the fakes."""

import math
from collections.abc import Callable

import ipywidgets as widgets
import torch
from torch import Tensor, nn

from gancourse import toys
from gancourse.losses import discriminator_loss
from gancourse.widgets import frame
from gancourse.widgets.frame import Arrows, Frame, Lines, Panel, Points
from gancourse.widgets.game import Game
from gancourse.widgets.page import sized

HALF = 10.0  # of the line that is shown
SHOWN = 401  # points of a curve
FAKES = 19  # that are shown with arrows
ROWS = 5  # in which they are shown
ARROW = 0.5  # units of the line for a push of 1
BATCH = 256
D_RATE, G_RATE = 0.01, 0.02  # Adam's learning rates
LOSS_LIMITS = (-4.0, 8.0)  # that are shown; more, where G's own loss lies outside
FAR = 1e3  # a browser draws no line to 1e300
MEANS, WIDTHS = (-8.0, 8.0), (0.25, 4.25)


class Players:
    """Generator G(z) = mean + width · z with z from N(0, 1), and a discriminator, optimal or learnt.

    data: a name in toys.LINE_DATA. loss: one in toys.GENERATOR_LOSSES. learnt: play against the MLP D, not D*.
    """

    def __init__(self, mean: float, width: float, seed: int = 0):
        self.data, self.loss, self.learnt, self.d_steps = "one bump", "non-saturating", False, 1
        self.rng = torch.Generator().manual_seed(seed)
        self.parameters = nn.Parameter(torch.tensor([mean, math.log(width)], dtype=torch.float64))
        self.opt_G = torch.optim.Adam([self.parameters], lr=G_RATE, betas=(0.5, 0.999))
        self.new_discriminator(seed)

    def new_discriminator(self, seed: int = 0) -> None:
        """Initialise D again, an MLP 1 → 32 → 32 → 1 with tanh."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.D = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1)).double()
        self.opt_D = torch.optim.Adam(self.D.parameters(), lr=D_RATE, betas=(0.5, 0.999))

    @property
    def mean(self) -> float:
        """Return the mean of the fakes' density."""
        return self.parameters[0].item()

    @property
    def width(self) -> float:
        """Return the fakes' standard deviation."""
        return self.parameters[1].exp().item()

    def put(self, mean: float, width: float) -> None:
        """Set the generator; its optimiser forgets where it was heading."""
        with torch.no_grad():
            self.parameters.copy_(torch.tensor([mean, math.log(width)], dtype=torch.float64))
        self.opt_G.state.clear()

    def log_p(self, x: Tensor) -> Tensor:
        """Return the logarithm of the data's density."""
        return toys.log_bumps(x, *toys.LINE_DATA[self.data])

    def log_q(self, x: Tensor) -> Tensor:
        """Return the logarithm of the fakes' density."""
        return toys.log_normal(x, self.mean, self.width)

    def best_logit(self, x: Tensor) -> Tensor:
        """Return the logit of D*, the optimal discriminator against the generator as it is now."""
        return toys.best_logit(self.log_p(x), self.log_q(x))

    def learnt_logit(self, x: Tensor) -> Tensor:
        """Return the logit of the MLP; x of any shape."""
        return self.D(x[..., None] / 4)[..., 0]

    @property
    def logit(self) -> Callable[[Tensor], Tensor]:
        """Return the logit of the discriminator that is played against."""
        return self.learnt_logit if self.learnt else self.best_logit

    def fakes(self, z: Tensor) -> Tensor:
        """Return G(z)."""
        return self.parameters[0] + self.parameters[1].exp() * z

    def step(self) -> None:
        """Let D do its steps, if it has to learn, then G one."""
        for _ in range(self.d_steps if self.learnt else 0):
            self.d_step()
        loss = toys.GENERATOR_LOSSES[self.loss](self.logit(self.fakes(self._noise())))
        self.opt_G.zero_grad()
        loss.backward()
        self.opt_G.step()

    def d_step(self) -> None:
        """Take one step of D on a batch."""
        means, width = toys.LINE_DATA[self.data]
        which = torch.randint(len(means), (BATCH,), generator=self.rng)
        real = torch.tensor(means, dtype=torch.float64)[which] + width * self._noise()
        loss = discriminator_loss(self.learnt_logit(real), self.learnt_logit(self.fakes(self._noise()).detach()))
        self.opt_D.zero_grad()
        loss.backward()
        self.opt_D.step()

    def _noise(self) -> Tensor:
        return torch.randn(BATCH, generator=self.rng, dtype=torch.float64)


class LineGame(Game):
    """A generator with a mean and a width against a density on a line, see `gancourse.toys`.

    Controls: the data, the generator's mean (also by dragging in the upper picture) and width, its loss, the optimal
    discriminator or one that learns. Play trains. Where the generator or a number leaves the picture it is clipped.
    """

    pace = 60

    def __init__(self, mean: float = 3.0, width: float = 1.0):
        super().__init__(
            "Three plots. The densities of data and fakes with arrows that show where the generator's loss pushes the fakes; below "
            "it the discriminator D; beside them the generator's losses at other means, with D fixed."
        )
        mean, width = self.fitting("The mean", mean, *MEANS), self.fitting("The width", width, *WIDTHS)
        self.players = Players(mean, width)
        self.data = widgets.Dropdown(options=list(toys.LINE_DATA), description="Data", **sized(160, 36))
        self.loss = widgets.Dropdown(options=list(toys.GENERATOR_LOSSES), description="G's loss", **sized(210, 56))
        self.which = widgets.Dropdown(
            options=[("optimal D*", False), ("learnt", True)], description="D", **sized(160, 20)
        )
        self.mean, self.width = (
            widgets.FloatSlider(value=value, min=low, max=high, step=1 / 16, description=name, **sized(across, 44))
            for name, value, (low, high), across in (("Mean", mean, MEANS, 290), ("Width", width, WIDTHS, 254))
        )
        self.d_steps = widgets.IntSlider(value=1, min=1, max=10, description="D steps per G step", **sized(280, 124))
        self.follow(self._put, self.mean, self.width)
        self.follow(self._choose, self.data, self.loss, self.which, self.d_steps)
        self.d_step_button = self.button("D step", "One step of D alone", self._d_step)
        self.new_d = self.button("New D", "Initialise D again", self.players.new_discriminator)
        self._choose()
        self._assemble(
            [self.data, self.loss, self.which],
            [self.mean, self.width],
            [self.play_button, self.step_button, self.d_step_button, self.new_d, self.d_steps],
        )

    def _put(self) -> None:
        self.players.put(self.mean.value, self.width.value)

    def _choose(self) -> None:
        players = self.players
        players.data, players.loss, players.learnt = self.data.value, self.loss.value, self.which.value
        players.d_steps = self.d_steps.value
        for control in (self.d_steps, self.d_step_button, self.new_d):
            control.disabled = not players.learnt

    def _d_step(self) -> None:
        self.players.d_step()

    def advance(self) -> None:
        """Train for one step; the generator stays where the sliders can show it."""
        self.players.step()
        with torch.no_grad():
            low = torch.tensor([self.mean.min, math.log(self.width.min)], dtype=torch.float64)
            high = torch.tensor([self.mean.max, math.log(self.width.max)], dtype=torch.float64)
            self.players.parameters.clamp_(low, high)
        if not self.playing:
            self.let_follow()

    def followers(self) -> list[tuple[widgets.FloatSlider, float]]:
        """Return the sliders and what the generator is."""
        return [(self.mean, self.players.mean), (self.width, self.players.width)]

    def on_pointer(self, phase: str, panel: int, points: list) -> None:
        """Move the mean to where the pointer is."""
        mean = min(max(points[-1][0], self.mean.min), self.mean.max)
        self.players.put(mean, self.players.width)
        self.let_follow(at_once=phase == "up")
        self.canvas.refresh()

    # ---- what is seen -----------------------------------------------------------------------------------------

    @torch.no_grad()
    def frame(self) -> Frame:
        """Return the densities, both discriminators and the losses at other means."""
        x = torch.linspace(-HALF, HALF, SHOWN, dtype=torch.float64)
        return Frame([self._densities(x), self._discriminators(x), self._other_means()], self._words())

    def _pushes(self) -> tuple[Tensor, Tensor]:
        """Return the shown fakes and where the loss pushes them, both (FAKES,)."""
        shares = (torch.arange(FAKES, dtype=torch.float64) + 0.5) / FAKES
        fakes = self.players.fakes(math.sqrt(2) * torch.erfinv(2 * shares - 1))
        with torch.enable_grad():
            return fakes, toys.push(self.players.loss, self.players.logit, fakes)

    def _densities(self, x: Tensor) -> Panel:
        p, q = self.players.log_p(x).exp(), self.players.log_q(x).exp()
        fakes, push = self._pushes()
        top = max(0.5, 1.1 * p.max().item(), 1.1 * q.max().item())
        below = -top * (0.07 + 0.06 * (torch.arange(FAKES) % ROWS))  # in rows, so that the arrows can be told apart
        layers = [
            Lines(torch.stack([x, p], 1), frame.REAL, name="data p", fill=True),
            Lines(torch.stack([x, q], 1), frame.FAKE, (7, 4), name="fakes q", fill=True),
            Points(torch.stack([fakes, below], 1), frame.FAKE, "circle", 5),
            Arrows(torch.stack([fakes, below, fakes + ARROW * push, below], 1), frame.INK, name="push of G's loss"),
        ]
        limits = (-top * (0.08 + 0.06 * ROWS), top)
        ticks = [tick for tick in frame.ticks(*limits) if tick[0] >= 0]
        return Panel("Densities", (-HALF, HALF), limits, layers, y_ticks=ticks, ratio=0.66, pointer="ew-resize")

    def _discriminators(self, x: Tensor) -> Panel:
        half = torch.tensor([[-HALF, 0.5], [HALF, 0.5]])
        layers = [
            Lines(half, frame.FAINT, (2, 4), 1, "one half"),
            Lines(torch.stack([x, self.players.best_logit(x).sigmoid()], 1), frame.DISC, name="optimal D: p / (p + q)"),
        ]
        if self.players.learnt:
            learnt = self.players.learnt_logit(x).sigmoid()
            layers.append(Lines(torch.stack([x, learnt], 1), frame.INK, (3, 3), name="learnt D"))
        return Panel("Discriminator: probability of “real”", (-HALF, HALF), (-0.03, 1.03), layers, "x", ratio=0.5)

    def _other_means(self) -> Panel:
        """Return the losses of G as functions of its mean, with D fixed: G's next step follows their gradient."""
        means = torch.linspace(self.mean.min, self.mean.max, 65, dtype=torch.float64)
        z = torch.linspace(-5, 5, 31, dtype=torch.float64)
        weight = toys.log_normal(z, 0.0, 1.0).exp()
        logits = self.players.logit(means[:, None] + self.players.width * z)
        layers, (low, high) = [], LOSS_LIMITS
        for name, dash, colour in (("non-saturating", (), frame.FAKE), ("saturating", (7, 4), frame.REAL)):
            values = toys.softplus(-logits) if name == "non-saturating" else -toys.softplus(logits)
            curve = torch.trapezoid(weight * values, z).clamp(-FAR, FAR)
            layers.append(Lines(torch.stack([means, curve], 1), colour, dash, name=name))
            if name == self.players.loss:
                loss = curve[(means - self.players.mean).abs().argmin()].item()
                here = Points([[self.players.mean, loss]], colour, "circle", 11, "G is here", 1)
                low, high = min(low, 1.1 * loss), max(high, 1.1 * loss)
        layers.append(here)
        limits = (self.mean.min, self.mean.max)
        return Panel("G's loss at other means, D fixed", limits, (low, high), layers, "mean", column=1, ratio=0.75)

    def _words(self) -> str:
        players, x = self.players, toys.line(points=2001)
        log_p, log_q = players.log_p(x), players.log_q(x)
        best, js = players.best_logit(x), toys.jensen_shannon(log_p, log_q, x)
        value = toys.game_value(log_p, log_q, best, x)
        losses = toys.generator_losses(log_q, players.logit(x), x)
        own = toys.game_value(log_p, log_q, players.logit(x), x)
        push = self._pushes()[1].abs().mean().item()
        return (
            f"Fakes from N({round(players.mean, 2) + 0.0:.2f}, {players.width:.2f}²). Optimal D: V(D*, G) = {value:.4f} = −log 4 + 2 JS, with the "
            f"Jensen-Shannon divergence JS = {js:.4f} of at most log 2 = 0.6931.\n"
            f"{'Learnt' if players.learnt else 'Optimal'} D: its loss −V is {-own:.4f}; G's loss is {losses['non-saturating']:.4f} "
            f"non-saturating, {losses['saturating']:.4f} saturating. The {players.loss} loss pushes a fake by {push:.3g} on average."
        )
