"""The saturating and the non-saturating loss of the generator."""

from gancourse.checks import answers, losses
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.values import logit_cases, loss

TWO = ("the saturating loss", "the non-saturating loss")
BOTH = "return both losses as a tuple, the saturating one first: `return saturating, non_saturating`."
REFERENCE = answers.load("minimax_loss", "generator_losses")

generator_losses = Exercise(
    reference=REFERENCE,
    points=3,
    cases=logit_cases("fake_logits", losses=TWO),
    observe=loss,
    look={
        **losses.LOOK,
        "returned": {"a tensor": BOTH, "1": BOTH, "3": BOTH},
        f"value:{TWO[0]}": "the saturating loss is not right. It is the mean of log(1 - D) = -softplus(a).",
        f"value:{TWO[1]}": "the non-saturating loss is not right. It is the mean of -log D = softplus(-a).",
        "": "The mean of log(1 - D) = -softplus(a) is the saturating loss, that of -log D = softplus(-a) the other.",
    },
    mistakes=(
        mistake("the two are swapped.", "return softplus(-fake_logits).mean(), -softplus(fake_logits).mean()"),
        mistake(
            "the logarithms are missing: these are means of D or of its logits.",
            "return (1 - fake_logits.sigmoid()).mean(), -fake_logits.sigmoid().mean()",
            "return -fake_logits.mean(), -fake_logits.mean()",
        ),
        mistake(
            "the logarithm of the mean of D is taken. Take the logarithm of each first, then the mean.",
            "return (1 - fake_logits.sigmoid().mean()).log(), -fake_logits.sigmoid().mean().log()",
        ),
        *losses.derived(REFERENCE),
    ),
)
