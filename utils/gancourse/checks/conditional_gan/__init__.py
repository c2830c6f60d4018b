"""The checks of lesson 5: one module an exercise."""

from gancourse.checks.conditional_gan.class_grid import class_grid
from gancourse.checks.conditional_gan.conditional_loss import conditional_loss
from gancourse.checks.conditional_gan.conditional_step import conditional_step
from gancourse.checks.conditional_gan.join import join
from gancourse.checks.conditional_gan.projection_logit import projection_logit
from gancourse.checks.conditional_gan.questions import question_1, question_2, question_3
from gancourse.checks.conditional_gan.same_hand import same_hand
