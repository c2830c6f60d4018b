"""The plane around a point that the neighbours and the map show: two directions, and how far to go along them."""

from collections.abc import Callable

import ipywidgets as widgets
import torch
from torch import Tensor

from gancourse.widgets.direction_sliders import DirectionSliders
from gancourse.widgets.history import History
from gancourse.widgets.page import sized


class Plane:
    """Two menus of the sliders' directions and a spread: `controls`. on_change: called when the reader has changed one."""

    def __init__(self, history: History, directions: DirectionSliders, on_change: Callable[[], None]):
        self._history, self._directions, self._on_change = history, directions, on_change
        self.across = widgets.Dropdown(description="across", **sized(190, 50))
        self.down = widgets.Dropdown(description="down", **sized(190, 50))
        self.spread = widgets.FloatSlider(
            value=1.0, min=0.1, max=3, step=0.1, description="spread", readout_format=".1f", **sized(260, 50)
        )
        self.controls = widgets.Box(
            [self.across, self.down, self.spread], layout=widgets.Layout(flex_flow="row wrap", display="none")
        )
        for control in (self.across, self.down, self.spread):
            control.observe(self._on_control, "value")
        self.name(keep=False)

    @property
    def axes(self) -> Tensor:
        """The two directions, across and down, of length 1 each: (2, z_dim)."""
        chosen = self._directions.chosen
        # While the menus change, what they say may be nothing, or a direction that the new sliders do not have.
        return torch.stack([chosen[min(menu.value or 0, len(chosen) - 1)] for menu in (self.across, self.down)])

    def grid(self, z: Tensor, side: int) -> Tensor:
        """Return side² points of the plane around z (z_dim,), row after row: (side², z_dim)."""
        steps = torch.linspace(-1, 1, side) * self.spread.value
        across, down = self.axes
        return z + (steps[:, None, None] * down + steps[None, :, None] * across).flatten(0, 1)

    def name(self, keep: bool = True) -> None:
        """Give the menus the names of the sliders' directions; without `keep` choose the first two."""
        names = self._directions.names
        with self._history.showing():
            for menu, first in ((self.across, 0), (self.down, min(1, len(names) - 1))):
                value = menu.value if keep and menu.value is not None and menu.value < len(names) else first
                menu.options = [(name, i) for i, name in enumerate(names)]
                menu.value = value

    def _on_control(self, _) -> None:
        if not self._history.is_showing:
            self._on_change()
