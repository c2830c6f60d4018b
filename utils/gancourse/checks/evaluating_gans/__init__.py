"""The checks of lesson 4: one module an exercise."""

from gancourse.checks.evaluating_gans.copied_share import copied_share
from gancourse.checks.evaluating_gans.diagnose import diagnose
from gancourse.checks.evaluating_gans.frechet_distance import frechet_distance
from gancourse.checks.evaluating_gans.inception_score import inception_score
from gancourse.checks.evaluating_gans.kernel_distance import kernel_distance
from gancourse.checks.evaluating_gans.precision_recall import precision_recall
from gancourse.checks.evaluating_gans.questions import question_1, question_2, question_3
