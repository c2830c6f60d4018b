"""Lesson 3: the questions at its end."""

from gancourse.checks.questions import question

question_1 = question(
    "vanilla_gan",
    "question_1",
    a="think of the step you wrote: d_loss.backward() runs in D's turn, so something is propagated back. Through which network?",
    b="it is true that opt_G does not step in D's turn. But detach() stops the gradients before they reach G: look at section 3.7 again.",
    d="train() and eval() change batch normalisation and dropout. They stop no gradient.",
)
question_2 = question(
    "vanilla_gan",
    "question_2",
    a="a loss is a score against this opponent at this moment. Could D's loss also rise because the fakes got better?",
    b="better fakes are one way to make D's loss rise. Is there another, one with bad pictures?",
    c="log 4 is the loss of a D that says one half to everything. A D that sees nothing says that too, however the fakes look.",
)
question_3 = question(
    "vanilla_gan",
    "question_3",
    a="suppose D is sure of everything: what is the gradient of log(1 - D) where its logit is -10? Section 3.6 printed it.",
    c="the gradient through D still points towards 'more real'. But how large is it? Section 3.6 has the number.",
    d="nothing in the code stops. Look at the size of the gradient in section 3.6.",
)
