"""Widgets to touch: the latent explorer and the live monitor of a training."""

from gancourse.widgets.explorer import LatentExplorer
from gancourse.widgets.monitor import TrainingMonitor, fit_live

__all__ = ["LatentExplorer", "TrainingMonitor", "fit_live"]
