"""The checks of lesson 8: one module an exercise."""

from gancourse.checks.latent_space.activation_directions import activation_directions
from gancourse.checks.latent_space.class_share import class_share
from gancourse.checks.latent_space.group_direction import group_direction
from gancourse.checks.latent_space.invert import invert
from gancourse.checks.latent_space.path_length import path_length
from gancourse.checks.latent_space.questions import question_1, question_2, question_3
from gancourse.checks.latent_space.slerp import slerp
from gancourse.checks.latent_space.truncated_noise import truncated_noise
