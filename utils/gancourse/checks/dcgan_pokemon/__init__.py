"""The checks of lesson 7: one module an exercise."""

from gancourse.checks.dcgan_pokemon.augmented_step import augmented_step
from gancourse.checks.dcgan_pokemon.cutout import cutout
from gancourse.checks.dcgan_pokemon.my_augmentation import my_augmentation
from gancourse.checks.dcgan_pokemon.overfitting import overfitting
from gancourse.checks.dcgan_pokemon.questions import question_1, question_2, question_3
from gancourse.checks.dcgan_pokemon.recolour import recolour
from gancourse.checks.dcgan_pokemon.translate import translate
