"""The checks of lesson 2: one module an exercise."""

from gancourse.checks.minimax_loss.alternating_step import alternating_step
from gancourse.checks.minimax_loss.calm_step import calm_step
from gancourse.checks.minimax_loss.covered_modes import covered_modes
from gancourse.checks.minimax_loss.generator_losses import generator_losses
from gancourse.checks.minimax_loss.optimal_discriminator import optimal_discriminator
from gancourse.checks.minimax_loss.questions import question_1, question_2, question_3
from gancourse.checks.minimax_loss.r1_penalty import r1_penalty
from gancourse.checks.minimax_loss.value import value
from gancourse.checks.minimax_loss.value_at_optimum import value_at_optimum
