"""The three questions of lesson 9."""

from gancourse.checks.questions import question

LESSON = "lapgan"

question_1 = question(
    LESSON,
    "question_1",
    b="nothing has to be interpolated well: look at the definition of a band. What is x minus an expansion that is 0?",
    c="the band is x minus the expansion, and the expansion is 0 here. So what does the band hold?",
    d="follow one pixel that is not grey: its band is x - 0. What comes back when you add 0 and this band?",
)
question_2 = question(
    LESSON,
    "question_2",
    a="D sees that an expanded picture is blurred, with or without the coarse picture beside it.",
    c="D still compares with real pictures, which have all colours. Which comparison can this D not make?",
    d="that may happen with your D, too. Which comparison can this D not make?",
)
question_3 = question(
    LESSON,
    "question_3",
    a="a level that overfits would also be worse on the real coarse pictures, which it was not trained on. What differs between the two starts?",
    b="the noise is the same in both cases. What differs between the two starts?",
    d="the same features serve both cases. What differs between the two starts?",
)
