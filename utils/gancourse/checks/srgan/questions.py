"""The three questions of lesson 10."""

from gancourse.checks.questions import question

LESSON = "srgan"

question_1 = question(
    LESSON,
    "question_1",
    b="more blocks would lower the error a little, but the picture of the lowest error is still one: what does it look like where several originals are possible?",
    c="pixel shuffle only moves numbers. Which picture has the lowest expected error where several originals are possible?",
    d="the network has converged by then, and its edges are still soft. Which picture has the lowest expected error where several originals are possible?",
)
question_2 = question(
    LESSON,
    "question_2",
    a="PSNR compares pixels with one original. May a picture look real and still have other pixels?",
    b="both are tested on pictures that they were not trained on. May a picture look real and still have other pixels than its original?",
    d="the number of steps is not the reason: look at the trade-off curve, where all networks had as many.",
)
question_3 = question(
    LESSON,
    "question_3",
    a="look at 10.9: pictures that differ all agree with the same small one. Which of them would be evidence?",
    b="a measure over many pictures says nothing about one detail of one picture.",
    c="a smaller distance means that the pictures look more real as a set. Does it make a detail of one picture true?",
)
