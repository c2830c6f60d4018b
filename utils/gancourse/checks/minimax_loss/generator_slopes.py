"""The derivatives of the generator's two losses in the logit."""

import torch

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.values import first_numbers, function, logit_cases

TWO = ("slope of the saturating loss", "slope of the non-saturating loss")
BOTH = "return both derivatives as a tuple, that of the saturating loss first, each with one number for each logit."


def _cases(seed: int, strict: bool) -> list[dict]:
    """The logits of the exercise before, several first, and without ±120: the text does not ask for those here."""
    drawn = [case["logits"]["fake_logits"] for case in logit_cases("fake_logits")(seed, strict) if not case["extreme"]]
    drawn = [torch.tensor([-10.0, 10.0, -3.0, seed % 5 / 2]), *drawn]
    return [{"about": f"fake_logits = {first_numbers(a)}", "arguments": (a,), "returns": TWO} for a in drawn]


generator_slopes = Exercise(
    reference=answers.load("minimax_loss", "generator_slopes"),
    points=2,
    cases=_cases,
    observe=function,
    look={
        "returned": {"a tensor": BOTH, "1": BOTH, "3": BOTH},
        TWO[0]: "the first derivative, of log(1 - D) in the logit, is not right. It is -sigmoid(a).",
        TWO[1]: "the second derivative, of -log D in the logit, is not right. It is -(1 - sigmoid(a)).",
        "": "The derivatives are -sigmoid(a) and -(1 - sigmoid(a)), both negative, one number for each logit.",
    },
    mistakes=(
        mistake("the two are in the wrong order.", "return -(-fake_logits).sigmoid(), -fake_logits.sigmoid()"),
        mistake(
            "this is the derivative of D itself, D (1 - D). The losses are logarithms of it, which cancel one of the factors.",
            "D = fake_logits.sigmoid()\nreturn D * (1 - D), D * (1 - D)",
            "D = fake_logits.sigmoid()\nreturn -D * (1 - D), -D * (1 - D)",
        ),
        mistake(
            "these are derivatives in the probability D. For those in the logit multiply by D (1 - D), by the chain rule.",
            "D = fake_logits.sigmoid()\nreturn -1 / (1 - D), -1 / D",
        ),
        mistake(
            "these are the losses, not their derivatives.",
            "return -softplus(fake_logits), softplus(-fake_logits)",
            "return -softplus(fake_logits).mean(), softplus(-fake_logits).mean()",
        ),
    ),
)
