"""The three questions of lesson 4."""

from gancourse.checks.questions import question

question_1 = question(
    "evaluating_gans",
    "question_1",
    a="the formula is the same for all. In this lesson the number changed although the generator stayed the same: what had changed?",
    c="how long a generator was trained is a property of the generator. The question is how it was *measured*.",
    d="generators of different architectures may well be compared; a measure is for that. What could differ in the measuring?",
)
question_2 = question(
    "evaluating_gans",
    "question_2",
    a="it compares means and covariances. Replayed training images have those of the training images: the distance is at the floor.",
    b="every replayed image is as plausible as a real one, because it is one. So precision is as high as for real images.",
    c="replayed images are clear and of all classes, and the score measures nothing else. It never looks at the training images.",
)
question_3 = question(
    "evaluating_gans",
    "question_3",
    b="draw another 1,000, and another: the distance is about 18 each time. Can all of them be drawn badly?",
    c="all these images are real and drawn from the same distribution. Neither set is better than the other.",
    d="the feature network looks at one image at a time. Its features do not depend on how many other images there are.",
)
