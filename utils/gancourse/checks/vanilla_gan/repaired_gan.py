"""A GAN for digits that runs and does not learn: five faults to find."""

from gancourse.checks.repairs import repair
from gancourse.checks.vanilla_gan.discriminator import Discriminator
from gancourse.checks.vanilla_gan.discriminator_loss import discriminator_loss
from gancourse.checks.vanilla_gan.draw_noise import draw_noise
from gancourse.checks.vanilla_gan.generator import Generator
from gancourse.checks.vanilla_gan.train_loop import train_loop
from gancourse.checks.vanilla_gan.train_step import train_step

repaired_gan = repair(
    "vanilla_gan",
    "repaired_gan",
    sound={"vanilla_gan.Generator": Generator},
    faulty={
        "vanilla_gan.draw_noise": draw_noise,
        "vanilla_gan.Discriminator": Discriminator,
        "vanilla_gan.discriminator_loss": discriminator_loss,
        "vanilla_gan.train_step": train_step,
        "vanilla_gan.train_loop": train_loop,
    },
)
