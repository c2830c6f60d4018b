"""Lesson 3: one training step of both players."""

from torch.nn.functional import softplus

from gancourse.checks import answers, training_steps
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers import steps


def _half_as_much(real_logits, fake_logits):
    """A loss of D that no lesson has: half of it, with the real labels at 0.7."""
    return 0.5 * ((softplus(real_logits) - 0.7 * real_logits).mean() + softplus(fake_logits).mean())


def _cases(seed, strict):
    cases = steps.step_cases(seed, strict)
    cases[3]["options"] = {"d_loss_function": _half_as_much}
    cases[3]["about"] += " with another d_loss_function"
    return cases


train_step = Exercise(
    reference=answers.load("vanilla_gan", "train_step"),
    points=6,
    partial=True,
    random=True,
    cases=_cases,
    observe=steps.training_step,
    free=training_steps.FREE,
    look=training_steps.LOOK
    | {
        "d_loss": "d_loss should be the number that d_loss_function returned, before D's update.",
        "g_loss": "g_loss should be the number that generator_loss returned.",
        "noise_shape": "draw one noise vector for each image of `real`: draw_noise(len(real), real.device).",
        "": "Follow your step line by line with section 3.7: whose noise, whose loss, whose gradients are cleared, who steps.",
    },
    mistakes=(
        *training_steps.mistakes(
            fake="G(draw_noise(len(real), real.device))",
            asks="D(real), D(fake)",
            in_g="D(G(draw_noise(len(real), real.device)))",
            d_loss="d_loss_function(real_logits, fake_logits)",
            g_loss="generator_loss",
        ),
        mistake(
            "D's loss is always the same function. Call d_loss_function: section 3.11 will pass another one.",
            "d_loss_function(real_logits → discriminator_loss(real_logits",
        ),
    ),
)
