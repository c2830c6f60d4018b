"""Exercise 7: the losses of D and G for pairs of a real image and a fake."""

from gancourse.checks import answers, losses
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers import values

REFERENCE = answers.load("dcgan_cifar10", "relativistic_losses")


def _cases(seed: int, strict: bool) -> list[dict]:
    """Where both logits of a pair are the same, a right loss may have a kink: only one case has such pairs."""
    drawn = values.logit_cases("real_logits", "fake_logits", losses=("d_loss", "g_loss"))(seed, strict)
    for case in drawn:
        if not case["kink"]:
            real, fake = case["logits"].values()
            fake[fake == real] += 0.5
    return drawn


def _observe(answer, case, like) -> dict:
    """As any loss; but whether g_loss has a gradient in the real logits is free, as these do not depend on G."""
    seen = values.loss(answer, case, like)
    return {name: value for name, value in seen.items() if not name.endswith(":g_loss in real_logits")}


GAP = "gap = real_logits - fake_logits\n"
AVERAGES = "r, f = real_logits - fake_logits.mean(), fake_logits - real_logits.mean()\n"

relativistic_losses = Exercise(
    reference=REFERENCE,
    points=2,
    cases=_cases,
    observe=_observe,
    look=losses.LOOK
    | {
        "returned": {"nothing": "", "": "Return the two losses: `return d_loss, g_loss`."},
        "gradient:d_loss in fake_logits": "D's loss has no right gradient in the logits of the fakes. D learns from both logits of a pair; what is "
        "detached in D's turn is the fake image, outside of this function.",
        "gradient:g_loss in fake_logits": "G's loss has no right gradient in the logits of the fakes, through which G learns. Detach nothing here.",
        "": "Take the difference of each pair's logits, then softplus of that (with which sign for D, with which for G?), then the mean over the pairs.",
    },
    mistakes=(
        mistake(
            "the two losses are swapped, or the sign of the difference is. D's loss should be small where the real image of a pair has the higher logit.",
            "return softplus(real_logits - fake_logits).mean(), softplus(fake_logits - real_logits).mean()",
        ),
        mistake(
            "both losses are the same. What D wants, G does not: the difference has the opposite sign for G.",
            *(f"{GAP}return softplus({gap}).mean(), softplus({gap}).mean()" for gap in ("-gap", "gap")),
        ),
        mistake(
            "G's loss is minus D's, as in the minimax game, where G has no gradient while D wins. Swap real and fake inside softplus instead.",
            f"{GAP}return softplus(-gap).mean(), -softplus(-gap).mean()",
        ),
        mistake(
            "each logit is judged by itself, as in the lessons before. Both losses should depend only on the difference between the two logits of a pair.",
            "return softplus(-real_logits).mean() + softplus(fake_logits).mean(), softplus(-fake_logits).mean()",
            "return (softplus(-real_logits).mean() + softplus(fake_logits).mean()) / 2, softplus(-fake_logits).mean()",
            "r, f = real_logits, fake_logits\nreturn (softplus(-r) + softplus(f)).mean(), (softplus(-f) + softplus(r)).mean()",
        ),
        mistake(
            "D's loss is right, and G's is the one of the lessons before. G's loss, too, takes the difference between the fake's logit and the real one's.",
            "softplus(real_logits - fake_logits) → softplus(-fake_logits)",
        ),
        mistake(
            "a logit is compared with the mean of the others: that is the relativistic *average* loss (RaGAN). Here real i is compared with fake i.",
            "r, f = real_logits, fake_logits\nreturn softplus(f.mean() - r).mean(), softplus(r.mean() - f).mean()",
            f"{AVERAGES}return softplus(-r).mean() + softplus(f).mean(), softplus(-f).mean() + softplus(r).mean()",
            f"{AVERAGES}return (softplus(-r).mean() + softplus(f).mean()) / 2, (softplus(-f).mean() + softplus(r).mean()) / 2",
        ),
        mistake(
            "every real image is compared with every fake, in a table (N, N). Pair i is real i with fake i: subtract (N,) from (N,).",
            "gap = real_logits[:, None] - fake_logits\nreturn softplus(-gap).mean(), softplus(gap).mean()",
        ),
        mistake(
            losses.SIGMOID_TWICE,
            f"{GAP}return softplus(-gap.sigmoid()).mean(), softplus(gap.sigmoid()).mean()",
            f"{GAP}return softplus(-gap.sigmoid()).mean(), softplus(-(-gap).sigmoid()).mean()",
        ),
        mistake(
            "the losses are the differences themselves, as for a Wasserstein critic, which needs a bound on D's gradient. Take softplus of each.",
            "return (fake_logits - real_logits).mean(), (real_logits - fake_logits).mean()",
        ),
        mistake(
            "another function than softplus is taken of the difference: a square, a hinge, a ReLU, an exponential or a sigmoid.",
            *(
                f"{GAP}return ({loss.replace('gap', '(gap)')}).mean(), ({loss.replace('gap', '(-gap)')}).mean()"
                for loss in (
                    "(gap - 1) ** 2",
                    "F.relu(1 - gap)",
                    "F.relu(-gap)",
                    "torch.exp(-gap)",
                    "torch.sigmoid(-gap)",
                )
            ),
        ),
        mistake(
            "both signs of the difference count, or the logits are added, so that it does not matter which of the two images is real. Subtract them, once.",
            f"{GAP}return softplus(-gap).mean() + softplus(gap).mean(), softplus(-gap).mean() + softplus(gap).mean()",
            f"{GAP}return (softplus(-gap) + softplus(gap)).mean() / 2, (softplus(-gap) + softplus(gap)).mean() / 2",
            f"{GAP}return softplus(-gap.abs()).mean(), softplus(-gap.abs()).mean()",
            *(
                f"gap = real_logits + fake_logits\nreturn softplus(-gap).mean(), softplus({g}).mean()"
                for g in ("gap", "-gap")
            ),
        ),
        mistake(
            "the mean is taken too early: first the softplus of each pair's difference, then the mean of those.",
            "gap = real_logits.mean() - fake_logits.mean()\nreturn softplus(-gap), softplus(gap)",
        ),
        *(each for each in losses.derived(REFERENCE) if each.says != losses.INSIDE),
    ),
)
