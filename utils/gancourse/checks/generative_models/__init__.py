"""The checks of lesson 1: one module an exercise."""

from gancourse.checks.generative_models.density_ratio import density_ratio
from gancourse.checks.generative_models.fit_generator import fit_generator
from gancourse.checks.generative_models.fit_scale import fit_scale
from gancourse.checks.generative_models.pushed_density import pushed_density
from gancourse.checks.generative_models.questions import question_1, question_2, question_3
from gancourse.checks.generative_models.sign_attack import sign_attack
