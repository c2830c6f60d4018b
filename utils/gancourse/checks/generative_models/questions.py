"""The questions of lesson 1."""

from gancourse.checks.questions import question

question_1 = question(
    "generative_models",
    "question_1",
    a="p_z is the prior: what goes *into* the generator. You chose it and drew from it yourself.",
    b="that is the distribution of the data, which G should imitate. Nobody can write it down.",
    d="G is a function, not a distribution. What does it make of the noise?",
)
question_2 = question(
    "generative_models",
    "question_2",
    a="a classifier is trained on p(label | image). To draw an image you would need p(image), which it never learns.",
    c="classifiers are neural networks trained by gradients, too. What can you do with a generative model only?",
    d="GANs were trained on labelled and on unlabelled data. That is not what makes them generative.",
)
question_3 = question(
    "generative_models",
    "question_3",
    a="look at your numbers again: how many of the wrong answers came with more confidence than the right one?",
    b="nothing was changed in the network. Its weights are the same before and after.",
    c="look at the picture at epsilon 0.1 again: could you still read it?",
)
