"""The three questions of lesson 8."""

from gancourse.checks.questions import question

question_1 = question(
    "latent_space",
    "question_1",
    a="that is the length at the ends, and halfway on the *arc*. On the straight line each of the 100 numbers is the mean of two independent ones.",
    b="half of 10 would be right if the other vector were 0. It adds to each number half of an independent one: how do variances add?",
    d="they cancel only if one vector is minus the other. Two independent vectors of 100 numbers are nearly at a right angle.",
)
question_2 = question(
    "latent_space",
    "question_2",
    b="in 8.3 precision rises although the pictures become blurred, so that is no sign that bad images are removed. And recall is about the real "
    "images: which of them can G still draw from noise near the middle?",
    c="which of the two measures counts the variety of the images? See the table in 8.3.",
    d="the weights stay the same, but the images are drawn from other noise, and both measures look at the images only.",
)
question_3 = question(
    "latent_space",
    "question_3",
    a="she has seen one digit. What else may have changed with it, and does it happen to other digits, too?",
    c="another seed gives another generator with other directions. It says nothing about this one.",
    d="farther along, the same digit shows the same effect, until the noise is too long. Is it the same for a digit that she has not seen?",
)
