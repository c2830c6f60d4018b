"""Buttons that keep the noise of single levels, for a generator that draws from coarse to fine."""

import ipywidgets as widgets
import torch
from torch import Tensor, nn

from gancourse.widgets.controls import row, show, toggle
from gancourse.widgets.latent import CannotShow


class Levels:
    """One button for each group of a generator's noise; what is pressed is kept by new draws and by sliders.

    generator: with `noise_groups`, a dict of names to slices of z, or without: then there is no button, and nothing is kept. Raises
    CannotShow where the groups are anything else.
    """

    def __init__(self, generator: nn.Module):
        groups = getattr(generator, "noise_groups", {})
        if not (isinstance(groups, dict) and all(isinstance(group, slice) for group in groups.values())):
            raise CannotShow(
                'The generator\'s `noise_groups` should be a dict of names to slices of z, such as {"8x8": slice(0, 100)}.'
            )
        self._z_dim, self._groups = generator.z_dim, {str(name): group for name, group in groups.items()}
        self.buttons = {
            name: toggle(
                name,
                f"Keep the noise of {name}: new draws and the sliders of directions leave it as it is",
                lambda pressed: None,
            )
            for name in self._groups
        }
        self.box = row(widgets.Label("Keep"), *self.buttons.values())
        show(self.box, bool(groups))

    @property
    def kept(self) -> list[str]:
        """The names of the groups that are kept."""
        return [name for name, button in self.buttons.items() if button.value]

    @property
    def all_kept(self) -> bool:
        """Whether no group is left to change."""
        return not self.free.any()

    @property
    def free(self) -> Tensor:
        """What may change: float32 (z_dim,), 0 where a number belongs to a group that is kept, else 1."""
        free = torch.ones(self._z_dim)
        for name in self.kept:
            free[self._groups[name]] = 0
        return free
