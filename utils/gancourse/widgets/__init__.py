"""Interactive widgets: explorers of generators, the live monitor of a training, and games."""

from gancourse.widgets.attack import AttackSlider
from gancourse.widgets.before_after import BeforeAfter
from gancourse.widgets.dirac_game import DiracGame
from gancourse.widgets.explore_page import ExplorePage
from gancourse.widgets.explorer import LatentExplorer
from gancourse.widgets.gallery import Gallery
from gancourse.widgets.line_game import LineGame
from gancourse.widgets.monitor import TrainingMonitor, fit_live
from gancourse.widgets.plane_game import PlaneGame
from gancourse.widgets.real_or_fake import RealOrFake
from gancourse.widgets.spoiler import SetSpoiler
from gancourse.widgets.whos_that import WhosThatPokemon

__all__ = [
    "AttackSlider",
    "BeforeAfter",
    "DiracGame",
    "ExplorePage",
    "Gallery",
    "LatentExplorer",
    "LineGame",
    "PlaneGame",
    "RealOrFake",
    "SetSpoiler",
    "TrainingMonitor",
    "WhosThatPokemon",
    "fit_live",
]
