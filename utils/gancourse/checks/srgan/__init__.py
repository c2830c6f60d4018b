"""The checks of lesson 10: one module an exercise."""

from gancourse.checks.srgan.generator_loss import generator_loss
from gancourse.checks.srgan.in_tiles import in_tiles
from gancourse.checks.srgan.pixel_shuffle import pixel_shuffle
from gancourse.checks.srgan.psnr import psnr
from gancourse.checks.srgan.questions import question_1, question_2, question_3
from gancourse.checks.srgan.residual_block import ResidualBlock
from gancourse.checks.srgan.srgan_step import srgan_step
from gancourse.checks.srgan.ssim import ssim
