"""Lesson 3: the generator's non-saturating loss."""

from gancourse.checks import answers, losses
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.values import logit_cases, loss

reference = answers.load("vanilla_gan", "generator_loss")

generator_loss = Exercise(
    reference=reference,
    points=2,
    cases=logit_cases("fake_logits"),
    observe=loss,
    look=losses.LOOK
    | {"": "G wants D(G(z)) to be high; its loss is the mean of -log D(G(z)), and -log of a sigmoid is a softplus."},
    mistakes=(
        mistake(
            "this is the minimax loss, log(1 - D). Its gradient vanishes where D is sure of a fake; the text asks for the "
            "non-saturating one, -log D.",
            "return -softplus(fake_logits).mean()",
        ),
        mistake(
            "this is D's side: it is low when D recognises the fakes, so G would learn to be caught. Mind the sign inside the softplus.",
            "return softplus(fake_logits).mean()",
        ),
        mistake(
            "this is D's loss, both of its terms. G has one aim only: that its fakes are taken for real.",
            "return softplus(-fake_logits).mean() + softplus(fake_logits).mean()",
        ),
        mistake(
            "the label is smoothed to 0.9. If at all, that belongs into D's loss, for real images (section 3.11).",
            "return (softplus(fake_logits) - 0.9 * fake_logits).mean()",
        ),
        mistake(
            "this is minus the mean logit. A softplus is missing: softplus(-a).mean().", "return -fake_logits.mean()"
        ),
        mistake(
            "this is -log of the mean of D. First the logarithm of each, then the mean.",
            "return -fake_logits.sigmoid().mean().log()",
        ),
        *losses.derived(reference),
        mistake(
            losses.LABELS_FIRST, "return F.binary_cross_entropy_with_logits(torch.ones_like(fake_logits), fake_logits)"
        ),
    ),
)
