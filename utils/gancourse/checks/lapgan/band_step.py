"""Exercise 5: lesson 3's training step, in which both players are told the coarse pictures."""

from gancourse.checks import answers, training_steps
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers import levels, steps

FAKE, IN_G = "G(training.noise(G, len(real)), coarse)", "D(G(training.noise(G, len(real)), coarse), coarse)"
ASKS = "D(real, coarse), D(fake, coarse)"
D_LOSS = "losses.discriminator_loss(real_logits, fake_logits)"
COARSE = "coarse = pyramid.reduce(real)"


def _told(turn: str) -> dict[str, str]:
    """Return what to say about the coarse pictures that D is told of fakes."""
    return {
        "none": f"in {turn} D does not see the fakes of this step as G draws them. Call D on G's output, unchanged.",
        "in another": f"in {turn} D gets the coarse pictures in another order than G did. A fake belongs to the coarse picture that it was made from.",
        "": f"in {turn} D gets other coarse pictures for the fakes than G did. A fake belongs to the coarse picture that it was made from.",
    }


band_step = Exercise(
    reference=answers.load("lapgan", "band_step"),
    points=6,
    partial=True,
    random=True,
    cases=lambda seed, strict: [case | {"players": levels.players} for case in steps.step_cases(seed, strict)],
    observe=steps.training_step,
    free=training_steps.FREE,
    look=training_steps.LOOK
    | {
        "coarse:G": {
            "in another": "G gets the coarse pictures in another order. Hand over pyramid.reduce(real) in the order of the batch, as the text asks.",
            "": "G gets other coarse pictures than pyramid.reduce(real).",
        },
        "coarse:D of real images": {
            "none": "D does not see the real images of the batch unchanged. Call D(real, coarse).",
            "in another": "D gets the coarse pictures of the real images in another order. A real image goes with its own coarse version.",
            "": "D gets coarse pictures of the real images that are not theirs: a real image goes with pyramid.reduce of itself.",
        },
        "coarse:D of fakes in D's turn": _told("D's turn"),
        "coarse:D of fakes in G's turn": _told("G's turn"),
        "images:real in D's turn": "before its step D does not see every real image of the batch as it is. Call D(real, coarse): D computes the band itself.",
        "": "It is lesson 3's step, but each call of G and each call of D gets the coarse pictures, too. Compare the two line by line.",
    },
    mistakes=(
        mistake(
            "a player is called without the coarse pictures. Both want them in each call: G(z, coarse) and D(x, coarse).",
            f"{ASKS} → D(real), D(fake)",
            f"fake = {FAKE} → fake = G(training.noise(G, len(real)))",
            "D(fake, coarse) → D(fake)",
            f"{IN_G} → D({FAKE})",
            f"{IN_G} → D(G(training.noise(G, len(real))), coarse)",
        ),
        mistake(
            "a player gets pictures of the full size where it should get the coarse ones: coarse = pyramid.reduce(real), neither real nor an expansion.",
            f"{COARSE} → coarse = real",
            f"{ASKS} → D(real, real), D(fake, coarse)",
            f"fake = {FAKE} → fake = G(training.noise(G, len(real)), real)",
        ),
        mistake(
            "the arguments of a player are swapped: first the noise or the images, then the coarse pictures.",
            f"{ASKS} → D(coarse, real), D(coarse, fake)",
            f"fake = {FAKE} → fake = G(coarse, training.noise(G, len(real)))",
            f"{IN_G} → D(coarse, {FAKE})",
        ),
        mistake(
            "D is told the coarse versions of the fakes, computed from the fakes themselves, and not the coarse pictures that G was given. G need not keep to "
            "its coarse picture then, because D never sees it.",
            ("D(fake, coarse) → D(fake, pyramid.reduce(fake))", f"{IN_G} → D(made := {FAKE}, pyramid.reduce(made))"),
            "D(fake, coarse) → D(fake, pyramid.reduce(fake))",
            f"{IN_G} → D(made := {FAKE}, pyramid.reduce(made))",
        ),
        mistake(
            "the coarse pictures are made in another way than by pyramid.reduce.",
            f"{COARSE} → coarse = real[:, :, ::2, ::2]",
            f"{COARSE} → coarse = F.avg_pool2d(real, 2)",
        ),
        *training_steps.mistakes(fake=FAKE, asks=ASKS, in_g=IN_G, d_loss=D_LOSS, g_loss="losses.non_saturating_loss"),
    ),
)
