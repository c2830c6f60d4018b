"""The checks of lesson 9: one module an exercise."""

from gancourse.checks.lapgan.band_generator import BandGenerator
from gancourse.checks.lapgan.band_step import band_step
from gancourse.checks.lapgan.blend import blend
from gancourse.checks.lapgan.decompose import decompose
from gancourse.checks.lapgan.draw_levels import draw_levels
from gancourse.checks.lapgan.expand import expand
from gancourse.checks.lapgan.questions import question_1, question_2, question_3
from gancourse.checks.lapgan.reduce import reduce
