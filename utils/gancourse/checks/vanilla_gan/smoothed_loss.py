"""Lesson 3: the discriminator's loss with one-sided label smoothing."""

from torch import Tensor

from gancourse.checks import answers, losses
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.values import logit_cases, loss

reference = answers.load("vanilla_gan", "smoothed_loss")


def _given(real: str, target: str, fake: str = "softplus(fake_logits).mean()") -> str:
    """Return an answer with another term for the real images, another target for it, or another term for the fakes."""
    return f"a, t = {real}, {target}\nreturn (softplus(a) - t * a).mean() + {fake}"


def _observe(answer, case, like):
    """Observe the loss, and before its value whether it is the same in a second call: random targets are well known."""
    seen, again = loss(answer, case, like), loss(answer, case, like)
    numbers = [[v.tolist() for v in each.values() if isinstance(v, Tensor)] for each in (seen, again)]
    return {"again": "the same" if str(numbers[0]) == str(numbers[1]) else "another"} | seen


smoothed_loss = Exercise(
    reference=reference,
    points=3,
    cases=logit_cases("real_logits", "fake_logits", options=({}, {"target": 0.8}, {"target": 1.0})),
    observe=_observe,
    look=losses.LOOK
    | {
        "again": "the same logits give another loss the second time: something random is in it. The target is one number, `target`.",
        "": "For real images the cross-entropy with target t is softplus(a) - t·a; for fakes nothing changes.",
    },
    mistakes=(
        mistake(
            "the labels of both kinds are smoothed. One-sided means: only those of real images; a raised target for fakes rewards G for staying where it is.",
            _given("real_logits", "target", "(softplus(fake_logits) - (1 - target) * fake_logits).mean()"),
        ),
        mistake(
            "the fakes' label is raised, and that of real images is still 1. It is the other way round.",
            _given("real_logits", "1", "(softplus(fake_logits) - (1 - target) * fake_logits).mean()"),
        ),
        mistake(
            "the real term is multiplied by the target. That only makes it count less; a target of 0.9 also pulls D back where it is too sure: softplus(a) - t·a.",
            "return target * softplus(-real_logits).mean() + softplus(fake_logits).mean()",
        ),
        mistake(
            "the logits are multiplied by the target inside the softplus. The target weighs the linear part alone: softplus(a) - t·a.",
            "return softplus(-target * real_logits).mean() + softplus(fake_logits).mean()",
        ),
        mistake(
            "it is right for a single logit only: t·a is summed over the batch. Take the mean of both parts.",
            "return softplus(real_logits).mean() - target * real_logits.sum() + softplus(fake_logits).mean()",
        ),
        mistake("`target` is not used: it is 0.9 whatever the caller asks for.", _given("real_logits", "0.9")),
        mistake("nothing is smoothed: this is the loss of section 3.5.", _given("real_logits", "1")),
        mistake(
            "real and fake are swapped: the target belongs to the logits of real images.",
            _given("fake_logits", "target", "softplus(real_logits).mean()"),
        ),
        mistake(
            "the target is reversed: 0.9 is what D should say to real images, not 0.1.",
            _given("real_logits", "1 - target"),
        ),
        mistake(
            "the sign before t·a is wrong: with it D is rewarded for calling real images fake.",
            _given("real_logits", "-target"),
        ),
        mistake(
            "softplus(-a) - t·a mixes two forms. Either softplus(-a), for a target of 1, or softplus(a) - t·a.",
            "return (softplus(-real_logits) - target * real_logits).mean() + softplus(fake_logits).mean()",
        ),
        mistake(
            "the fakes get the target of real images. Theirs stays 0: softplus(a).",
            _given("real_logits", "target", "(softplus(fake_logits) - target * fake_logits).mean()"),
        ),
        mistake(
            "the fakes' term is left out, subtracted, or softplus(-a). It stays as in section 3.5: the mean of softplus(a), added.",
            *(
                _given("real_logits", "target", f"{sign}.mean()")
                for sign in ("0 * fake_logits", "softplus(-fake_logits)", "-softplus(fake_logits)")
            ),
        ),
        *losses.derived(reference),
    ),
)
