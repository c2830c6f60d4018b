"""What the losses on logits of several lessons share: wrong answers that are derived from the reference."""

from collections.abc import Callable

from torch import Tensor

from gancourse.checks.core import Mistake, mistake

SIGMOID_TWICE = "the logits go through a sigmoid before they reach a loss that works on logits: that squashes them twice. Remove the sigmoid."
ROUNDED = (
    "for large logits, 30 or 120 say, it is wrong: a sigmoid is rounded to 0 or 1 there, and exp() overflows. A clamp, or a small number "
    "added inside, does not help. Use softplus, or binary_cross_entropy_with_logits, on the logits themselves."
)
INSIDE = "the mean is taken too early: first the softplus of each logit, then the mean of those."
LABELS_FIRST = "the arguments of the cross-entropy are swapped: first the logits, then the labels."
LOOK = {"large_value": ROUNDED, "large_gradient": ROUNDED}


def derived(reference: Callable) -> tuple[Mistake, ...]:
    """Return the mistakes that can be made in any loss on logits (N,): each changes what the reference is given."""

    def given(change: Callable[[Tensor], Tensor]) -> Callable:
        return lambda *logits, **options: reference(*map(change, logits), **options)

    return (
        mistake(SIGMOID_TWICE, given(lambda a: a.sigmoid())),
        mistake(INSIDE, given(lambda a: a.mean().view(1))),
        mistake(
            "the logits go through a tanh or a LeakyReLU first. A loss on logits takes them as the network returns them.",
            given(lambda a: a.tanh()),
            given(lambda a: a.where(a > 0, 0.2 * a)),
        ),
        mistake("the absolute value of the logits is used: remove abs().", given(lambda a: a.abs())),
    )
