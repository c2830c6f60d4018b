"""The explorer's sliders: each moves the noise along one direction; a lock keeps its value while anything else moves."""

from collections.abc import Callable
from dataclasses import replace

import ipywidgets as widgets
import torch
from torch import Tensor, nn

from gancourse.widgets import latent
from gancourse.widgets.controls import show
from gancourse.widgets.history import History, Point
from gancourse.widgets.levels import Levels
from gancourse.widgets.page import sized

MOST_CHANGE = "directions of most change"
PROPERTIES = "properties"
LEAST = 0.05  # share of a direction that must be left beside locked ones, or a slider would jump


class DirectionSliders:
    """A menu of sets of directions, and a slider with a lock for each direction of the chosen set.

    principal: orthonormal directions (n, z_dim) that change the picture most; the other sets are coordinates of z, and
    what `add_set` adds.
    levels: whose noise a slider leaves as it is. on_change: called when other directions are chosen, or when they get names.
    on_stuck: called when a slider cannot move, because the noise along its direction is kept.
    """

    def __init__(
        self,
        generator: nn.Module,
        history: History,
        principal: Tensor,
        levels: Levels,
        on_change: Callable[[], None],
        on_stuck: Callable[[], None],
    ):
        self._history, self._levels, self._on_change, self._on_stuck = history, levels, on_change, on_stuck
        self._uniform = latent.is_uniform(generator)
        n, coordinates = len(principal), torch.eye(generator.z_dim).split(len(principal))
        titles = [f"z[{i * n}] to z[{i * n + len(c) - 1}]" for i, c in enumerate(coordinates)]
        self._sets = {MOST_CHANGE: principal} | dict(zip(titles, coordinates, strict=True))
        self._names = {MOST_CHANGE: [f"direction {i + 1}" for i in range(n)]}
        self._names |= {
            title: [f"z[{i * n + j}]" for j in range(len(c))]
            for i, (title, c) in enumerate(zip(titles, coordinates, strict=True))
        }
        self._told: dict[str, list[str]] = {}  # what a set's names mean, for the pointer
        self.menu = widgets.Dropdown(options=list(self._sets), description="Sliders", **sized(300, 84))
        self.sliders = [
            widgets.FloatSlider(
                step=1 / 64 if self._uniform else 1 / 32,
                readout_format=".2f",
                layout=widgets.Layout(flex="1 1 auto", width="auto", min_width="0"),
                style={"description_width": "128px"},
            )
            for _ in range(n)
        ]
        self.locks = [
            widgets.ToggleButton(icon="unlock", layout=widgets.Layout(width="32px", flex="0 0 auto"))
            for _ in self.sliders
        ]
        for slider, lock in zip(self.sliders, self.locks, strict=True):
            slider.observe(self._on_slider, "value")
            lock.add_class("gancourse-small")
            lock.observe(self._on_lock, "value")
        self.rows = widgets.VBox([widgets.HBox(pair) for pair in zip(self.sliders, self.locks, strict=True)])
        self.menu.observe(self._on_menu, "value")
        self._name()

    @property
    def chosen(self) -> Tensor:
        """The directions that the sliders move along, (n, z_dim), of length 1."""
        return self._sets[self.menu.value]

    @property
    def names(self) -> list[str]:
        """The names of the chosen directions."""
        return self._names[self.menu.value]

    @property
    def any_locked(self) -> bool:
        """Whether a slider is locked."""
        return any(lock.value for lock in self.locks)

    def add_set(self, title: str, directions: Tensor, names: list[str], told: list[str]) -> None:
        """Put a set of directions (k, z_dim) of length 1, at most as many as sliders, into the menu; told: tooltips."""
        n = len(self.sliders)
        first, *others = self._sets.items()
        self._sets = dict([first, (title, directions[:n]), *others])
        self._names[title], self._told[title] = names[:n], told[:n]
        chosen = self.menu.value
        with self._history.showing():
            self.menu.options, self.menu.value = list(self._sets), chosen

    def rename(self, title: str, names: list[str], told: list[str]) -> None:
        """Give the directions of a set other names."""
        self._names[title], self._told[title] = names, told
        if self.menu.value == title:
            self._name()
            self._on_change()

    def show(self, point: Point, but: widgets.FloatSlider | None = None) -> None:
        """Set every slider to the point, except one that the reader holds. Called while the history is showing."""
        for slider, value in zip(self.sliders, self.chosen @ point.z, strict=False):
            if slider is not but:
                slider.value = round(value.item() / slider.step) * slider.step  # and clamped; the point is not

    def beyond(self, point: Point) -> list[str]:
        """Return the names of the sliders that are too short for the point."""
        values = zip(self.names, self.sliders, self.chosen @ point.z, strict=False)
        return [name for name, slider, value in values if abs(value) > slider.max]

    def keep(self, z: Tensor) -> Tensor:
        """Return z (z_dim,) with the noise of the levels that are kept, and otherwise changed as little as possible so that every
        locked slider keeps its value."""
        return self.keep_locked(torch.where(self._levels.free > 0, z, self._history.point.z))

    def keep_locked(self, z: Tensor) -> Tensor:
        """Return z (z_dim,), changed as little as possible, and not in levels that are kept, so that every locked slider keeps its
        value."""
        locked, free = self._locked(), self._levels.free
        return z + free * (torch.linalg.pinv(locked * free) @ (locked @ (self._history.point.z - z)))

    def _locked(self) -> Tensor:
        """Return the directions of the locked sliders, (m, z_dim)."""
        pairs = zip(self.chosen, self.locks, strict=False)
        return torch.stack([*(d for d, lock in pairs if lock.value), torch.zeros(self.chosen.shape[1])])

    def unlock(self) -> bool:
        """Open every lock; return whether one was closed."""
        closed = self.any_locked
        for lock in self.locks:
            lock.value = False
        return closed

    def _on_slider(self, change) -> None:
        """Move along the slider's direction, without what lies along locked ones (Shen et al. 2020, section 3.2)."""
        if self._history.is_showing:
            return
        i = self.sliders.index(change.owner)
        direction, point, locked = self.chosen[i], self._history.point, self._locked()
        by = change.new - (point.z @ direction).item()
        if abs(by) <= change.owner.step / 2:
            return  # the browser rounds what it was told and sends it back
        free = self._levels.free
        way = direction * free
        way = way - free * (torch.linalg.pinv(locked * free) @ (locked @ way))
        if self._levels.kept and way @ direction < LEAST:
            with self._history.showing():
                self.show(point)
            self._on_stuck()
            return
        way = way / (way @ direction).clamp_min(LEAST)
        self._history.go(replace(point, z=point.z + by * way, moved="moved"), f"slider {i}")
        if (
            self.menu.value == PROPERTIES or self._levels.kept
        ):  # the way was not orthogonal to the others: they have moved, too
            with self._history.showing():
                self.show(self._history.point, but=change.owner)

    def _on_lock(self, change) -> None:
        i = self.locks.index(change.owner)
        self.sliders[i].disabled = change.new
        change.owner.icon = "lock" if change.new else "unlock"

    def _on_menu(self, _) -> None:
        if not self._history.is_showing:
            self._name()
            self._on_change()

    def _name(self) -> None:
        """Give the sliders the names and the range of the chosen directions."""
        coordinates = self.names[0].startswith("z[")
        # At least 3 deviations, and a power of two, like the steps. The page sends back what it has to round, perhaps after
        # the explorer has moved on; it need not round these numbers.
        limit = (1.0 if coordinates else 2.0) if self._uniform else 4.0
        told = self._told.get(self.menu.value, [])
        with self._history.showing():
            for i, (slider, lock) in enumerate(zip(self.sliders, self.locks, strict=True)):
                show(self.rows.children[i], i < len(self.names))
                if i < len(self.names):
                    slider.min, slider.max = -limit, limit
                    slider.description = self.names[i]
                    slider.tooltip = told[i] if told else None
                    lock.tooltip = f"Lock {self.names[i]}: new draws keep its value"
