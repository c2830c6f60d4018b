"""The three questions of lesson 5."""

from gancourse.checks.questions import question

question_1 = question(
    "conditional_gan",
    "question_1",
    a="G learns from D's gradient. Can a D that never sees the label tell a 3 that was asked for from a 3 that was not?",
    c="a D without labels is the D of lesson 3, a network like any other. Nothing in the code has to fail.",
    d="G draws one picture for each pair of noise and label, and D knows how real pictures look. Would it believe a mixture of ten digits?",
)
question_2 = question(
    "conditional_gan",
    "question_2",
    a="the class changes from row to row. Go down a column of your grid and read the digits.",
    b="a whole column comes from one noise vector. Go down a column of your grid and look at how the digits are drawn.",
    d="G gets another label in each row. If the pixels were the same, which digit would they show?",
)
question_3 = question(
    "conditional_gan",
    "question_3",
    b="the first classifier learnt from real digits, the second from samples alone. Which of them meets digits that it has not seen?",
    c="with swapped labels, what would the first classifier say of samples that were asked for as 3 and show an 8?",
    d="could the first classifier be right about 99 % of samples that are blurred beyond recognition?",
)
