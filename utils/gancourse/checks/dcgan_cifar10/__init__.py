"""The checks of lesson 6: one module an exercise."""

from gancourse.checks.dcgan_cifar10.batch_norm import batch_norm
from gancourse.checks.dcgan_cifar10.discriminator import Discriminator
from gancourse.checks.dcgan_cifar10.generator import Generator
from gancourse.checks.dcgan_cifar10.questions import question_1, question_2, question_3
from gancourse.checks.dcgan_cifar10.repaired_dcgan import repaired_dcgan
from gancourse.checks.dcgan_cifar10.saliency import saliency
from gancourse.checks.dcgan_cifar10.transposed_conv import transposed_conv
from gancourse.checks.dcgan_cifar10.update_average import update_average
