"""The checks of lesson 3: one module an exercise."""

from gancourse.checks.vanilla_gan.discriminator import Discriminator
from gancourse.checks.vanilla_gan.discriminator_loss import discriminator_loss
from gancourse.checks.vanilla_gan.draw_noise import draw_noise
from gancourse.checks.vanilla_gan.generator import Generator
from gancourse.checks.vanilla_gan.init_weights import init_weights
from gancourse.checks.vanilla_gan.questions import question_1, question_2, question_3
from gancourse.checks.vanilla_gan.repaired_gan import repaired_gan
from gancourse.checks.vanilla_gan.train_loop import train_loop
from gancourse.checks.vanilla_gan.train_step import train_step
