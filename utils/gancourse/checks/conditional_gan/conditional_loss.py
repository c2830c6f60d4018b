"""conditional_loss: the loss of a D that is also shown real images with wrong labels."""

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.losses import LOOK, derived
from gancourse.checks.observers.values import logit_cases, loss

RIGHT = "-real_logits, mismatched_logits, fake_logits"


def _of(weights: str = "1, .5, .5", logits: str = RIGHT, term: str = "softplus(a)") -> str:
    """Return the text of a loss with these weights of the three kinds of pairs and this term, in `a`."""
    return f"return sum(w * ({term}).mean() for w, a in zip(({weights}), ({logits})))"


def _logits(*logits: str) -> list[str]:
    return [_of(logits=each) for each in logits]


reference = answers.load("conditional_gan", "conditional_loss")
conditional_loss = Exercise(
    reference=reference,
    points=3,
    cases=logit_cases("real_logits", "mismatched_logits", "fake_logits"),
    observe=loss,
    look=LOOK
    | {
        "": "It has three means: softplus(-a) over the real images with their own labels, softplus(a) over those with wrong "
        "labels and over the fakes, each of these two counted half."
    },
    mistakes=(
        mistake(
            "the mismatched pairs count as real. The image is real, but it does not show what the label says: softplus(a).",
            *_logits("-real_logits, -mismatched_logits, fake_logits"),
            *(_of(w, "-real_logits, -mismatched_logits, fake_logits") for w in ("1, 1, 1", ".5, .5, 1")),
        ),
        mistake(
            "the half is missing at one or both kinds of wrong pairs. Together they should weigh as much as the right ones: 0.5 * (... + ...).",
            *map(_of, ("1, 1, 1", "1, .5, 1", "1, 1, .5")),
        ),
        mistake(
            "a factor is in the wrong place. The real images with their own labels have the factor 1, each of the other two kinds 0.5.",
            *map(_of, ("1/3, 1/3, 1/3", ".5, .5, .5", ".5, 1, 1", ".5, .25, .25")),
        ),
        mistake(
            "the mismatched pairs do not count, so nothing tells D directly to refuse a good image with a wrong label.",
            *map(_of, ("1, 0, 1", "1, 0, .5")),
        ),
        mistake(
            "the fakes, or the real images with their own labels, do not count. The loss has three terms.",
            *map(_of, ("1, 1, 0", "1, .5, 0", "0, .5, .5", "0, 1, 1")),
        ),
        mistake(
            "a term is subtracted. All three are added; the minus stands inside the first softplus.",
            *map(_of, ("1, -.5, -.5", "1, -.5, .5", "1, .5, -.5")),
        ),
        mistake(
            "a sign inside a softplus is wrong: softplus(-a) for the real images with their own labels, softplus(a) for the others.",
            *_logits("real_logits, -mismatched_logits, -fake_logits", "-real_logits, mismatched_logits, -fake_logits"),
            *_logits("real_logits, mismatched_logits, fake_logits", "-real_logits, -mismatched_logits, -fake_logits"),
        ),
        mistake(
            "the arguments come in another order: first real images with their own labels, then with wrong labels, then fakes.",
            *_logits("-mismatched_logits, real_logits, fake_logits", "-fake_logits, mismatched_logits, real_logits"),
        ),
        mistake(
            "this is the loss of another GAN: hinge, squared error or Wasserstein. The text asks for softplus.",
            *(_of(term="F.relu(1 + a)"), _of(term="a")),
            _of(term="a.square()", logits="real_logits - 1, mismatched_logits, fake_logits"),
        ),
        mistake(
            "the label of the real pairs is smoothed to 0.9. This loss has no smoothing.",
            *(
                f"return (F.softplus(-real_logits) + 0.1 * real_logits).mean() * {w[0]} + {w[1]} * F.softplus(mismatched_logits).mean() + {w[1]} * "
                "F.softplus(fake_logits).mean()"
                for w in (("1", "0.5"), ("1/3", "1/3"))
            ),
        ),
        *derived(reference),
    ),
)
