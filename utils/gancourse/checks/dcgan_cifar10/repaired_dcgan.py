"""A DCGAN that runs, with five faults to find; three parts are judged by the checks of lessons 2 and 3."""

from gancourse.checks import minimax_loss, vanilla_gan
from gancourse.checks.dcgan_cifar10.discriminator import Discriminator
from gancourse.checks.dcgan_cifar10.generator import Generator
from gancourse.checks.dcgan_cifar10.update_average import update_average
from gancourse.checks.repairs import repair

repaired_dcgan = repair(
    "dcgan_cifar10",
    "repaired_dcgan",
    sound={"vanilla_gan.discriminator_loss": vanilla_gan.discriminator_loss},
    faulty={
        "dcgan_cifar10.Generator": Generator,
        "dcgan_cifar10.Discriminator": Discriminator,
        "minimax_loss.r1_penalty": minimax_loss.r1_penalty,
        "vanilla_gan.train_step": vanilla_gan.train_step,
        "dcgan_cifar10.update_average": update_average,
    },
)
