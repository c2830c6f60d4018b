"""Widgets to touch: the latent explorer, the live monitor of a training, and three games of theory."""

from gancourse.widgets.dirac_game import DiracGame
from gancourse.widgets.explorer import LatentExplorer
from gancourse.widgets.line_game import LineGame
from gancourse.widgets.monitor import TrainingMonitor, fit_live
from gancourse.widgets.plane_game import PlaneGame

__all__ = ["DiracGame", "LatentExplorer", "LineGame", "PlaneGame", "TrainingMonitor", "fit_live"]
