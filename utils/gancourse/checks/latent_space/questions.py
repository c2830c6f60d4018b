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
    b="fewer bad images raise precision. But recall is about the real images: which of them can G still draw from noise near the middle?",
    c="it is the reverse. Noise near the middle was frequent in training; what does G draw from it, and what does it no longer draw?",
    d="the weights stay the same, but the images are drawn from other noise, and both measures look at the images only.",
)
question_3 = question(
    "latent_space",
    "question_3",
    a="she has seen one digit. What else may have changed with it, and does it happen to other digits, too?",
    c="another seed gives another generator with other directions. It says nothing about this one.",
    d="farther along, the same digit shows the same effect, until the noise is too long. Is it the same for a digit that she has not seen?",
)
