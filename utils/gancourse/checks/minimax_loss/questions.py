"""The questions of lesson 2."""

from gancourse.checks.questions import question

question_1 = question(
    "minimax_loss",
    "question_1",
    a="the optimal D says one half only where p_g = p_data. But is this D the optimal one?",
    c="a loss above 0 is no sign of failure in a game: at the solution D's summed loss is log 4.",
    d="the two losses are scores of the players against each other. Which number in this lesson tells how far p_g is from p_data?",
)
question_2 = question(
    "minimax_loss",
    "question_2",
    a="gradients flow through D in G's turn, or G would learn nothing. Only D's *weights* do not change.",
    b="against a perfect D the minimax loss has no gradient (section 2.5). The two take turns all the time.",
    c="p_z is the prior, the noise. What comes out when G is applied to it is another distribution.",
)
question_3 = question(
    "minimax_loss",
    "question_3",
    b="with small steps the distance still grows, only more slowly: look at the eigenvalues of the simultaneous update.",
    c="the gradients of the non-saturating loss are the same at the solution, and so are the eigenvalues there.",
    d="there is a solution, (0, 0): neither player wants to move there. The question is whether the steps lead to it.",
)
