"""Lesson 3: the discriminator's loss."""

from gancourse.checks import answers, losses
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.values import logit_cases, loss

reference = answers.load("vanilla_gan", "discriminator_loss")

discriminator_loss = Exercise(
    reference=reference,
    points=3,
    cases=logit_cases("real_logits", "fake_logits"),
    observe=loss,
    look=losses.LOOK
    | {
        "": "Write -V from section 3.5 down once more: softplus(-a) for real images, softplus(a) for fakes, a mean of each, and the sum of both."
    },
    mistakes=(
        mistake(
            "real and fake are swapped: this loss is low when D takes fakes for real. Which of the two gets the minus sign inside the softplus?",
            "return softplus(real_logits).mean() + softplus(-fake_logits).mean()",
        ),
        mistake(
            "the fakes do not count. -V has two terms, one for real images and one for fakes.",
            "return softplus(-real_logits).mean()",
        ),
        mistake(
            "the real images do not count. -V has two terms, one for real images and one for fakes.",
            "return softplus(fake_logits).mean()",
        ),
        mistake(
            "both kinds are treated alike: fakes count as real.",
            "return softplus(-real_logits).mean() + softplus(-fake_logits).mean()",
        ),
        mistake(
            "both kinds are treated alike: real images count as fake.",
            "return softplus(real_logits).mean() + softplus(fake_logits).mean()",
        ),
        mistake(
            "the logarithm (softplus) is missing: this is the Wasserstein loss of the logits themselves, without the constraint on D that it needs.",
            "return fake_logits.mean() - real_logits.mean()",
        ),
        mistake(
            "this is the squared error against the labels, another GAN's loss (least squares). The text asks for the cross-entropy.",
            "return (real_logits.sigmoid() - 1).square().mean() + fake_logits.sigmoid().square().mean()",
            "return (real_logits - 1).square().mean() + fake_logits.square().mean()",
        ),
        mistake(
            "the labels of real images are smoothed to 0.9; that comes only in section 3.11.",
            "return (softplus(real_logits) - 0.9 * real_logits).mean() + softplus(fake_logits).mean()",
        ),
        mistake(
            "the second term is subtracted. -V is the sum of the two cross-entropies.",
            "return softplus(-real_logits).mean() - softplus(fake_logits).mean()",
        ),
        mistake(
            "this is the hinge loss, another GAN's. The text asks for the cross-entropy.",
            "return torch.relu(1 - real_logits).mean() + torch.relu(1 + fake_logits).mean()",
        ),
        *losses.derived(reference),
        mistake(
            losses.LABELS_FIRST,
            "bce = F.binary_cross_entropy_with_logits\n"
            "return bce(torch.ones_like(real_logits), real_logits) + bce(torch.zeros_like(fake_logits), fake_logits)",
        ),
    ),
)
