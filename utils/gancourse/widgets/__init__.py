"""Widgets to touch: explorers of generators, the live monitor of a training, and games."""

from gancourse.widgets.attack import AttackSlider
from gancourse.widgets.explorer import LatentExplorer
from gancourse.widgets.monitor import TrainingMonitor, fit_live
from gancourse.widgets.real_or_fake import RealOrFake

__all__ = ["AttackSlider", "LatentExplorer", "RealOrFake", "TrainingMonitor", "fit_live"]
