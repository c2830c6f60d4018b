"""Lesson 5: lesson 3's training step, in which both players are told the labels."""

import torch

from gancourse.checks import answers, training_steps
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers import steps

FAKE, IN_G = "G(training.noise(G, len(real)), labels)", "D(G(training.noise(G, len(real)), labels), labels)"
ASKS = "D(real, labels), D(fake, labels)"
D_LOSS = "discriminator_loss(real_logits, fake_logits)"
NO_CLASS = (
    "Here a label says which class an image shows, not whether it is real: that D has to find out. The zeros and ones of the "
    "cross-entropy are in the loss already."
)
SAME = "Give the same labels to both."


def _cases(seed, strict):
    cases = steps.step_cases(seed, strict)
    draw = torch.Generator().manual_seed(seed)
    for case in cases:
        case["labels"] = [torch.randint(steps.CLASSES, (len(batch),), generator=draw) for batch in case["batches"]]
        case["about"] += f", the labels of the first are {case['labels'][0][:8].tolist()} ..."
    return cases


def _told(turn):
    """Return what to say about the labels that D is told of fakes."""
    return {
        "the same": f"in {turn} D is told one and the same label for all fakes. {NO_CLASS}",
        "those that G was given, in": f"in {turn} D gets the labels of the fakes in another order than G did. {SAME}",
        "those of the real": f"in {turn} D is told the labels of the real images, and G made the fakes for others. {SAME}",
        "none": f"in {turn} D does not see the fakes of this step as G draws them. Call D on G's output, unchanged.",
        "": f"in {turn} D gets other labels for the fakes than G did. {SAME}",
    }


conditional_step = Exercise(
    reference=answers.load("conditional_gan", "conditional_step"),
    points=6,
    partial=True,
    random=True,
    cases=_cases,
    observe=steps.training_step,
    free=training_steps.FREE,
    look=training_steps.LOOK
    | {
        "labels:G": "G is asked for one class only, whatever the batch shows. It gets one label for each image: `labels`.",
        "labels:D of real images": {
            "the same": f"D is told one and the same label for all real images. {NO_CLASS}",
            "their own, in": "D gets the labels of the real images in another order than the images. It then learns to say yes to wrong pairs.",
            "their own; and": "D is called on the real images again, with wrong labels. That is the third kind of pairs, of section 5.4; this "
            "step has two kinds: real images and fakes, each with its own label.",
            "none": "D does not see the real images of the batch unchanged. Call D(real, labels).",
            "": "D is told labels of the real images that are not theirs. A real image goes with its own label: D(real, labels).",
        },
        "labels:D of fakes in D's turn": _told("D's turn"),
        "labels:D of fakes in G's turn": _told("G's turn"),
        "": "It is lesson 3's step, but each call of G and each call of D gets the labels, too. Compare the two line by line.",
    },
    mistakes=(
        mistake(
            "a player is called without labels. Both want them in each call: G(z, labels) and D(x, labels).",
            f"{ASKS} → D(real), D(fake)",
            f"fake = {FAKE} → fake = G(training.noise(G, len(real)))",
            "D(fake, labels) → D(fake)",
            f"{IN_G} → D(G(training.noise(G, len(real))))",
            f"{IN_G} → D({FAKE})",
            f"{IN_G} → D(G(training.noise(G, len(real))), labels)",
        ),
        mistake(
            "the arguments of a player are swapped: first the noise or the images, then the labels.",
            f"{ASKS} → D(labels, real), D(labels, fake)",
            f"fake = {FAKE} → fake = G(labels, training.noise(G, len(real)))",
            f"{IN_G} → D(G(labels, training.noise(G, len(real))), labels)",
            f"{IN_G} → D(labels, {FAKE})",
        ),
        mistake(
            "the labels reach a player as floats. A label is a place in a table, a whole number: leave it int64. (Are these the ones and zeros of "
            "the cross-entropy? They are in the loss already; G and D are told which class an image shows.)",
            "    fake = →     labels = labels.float()\n    fake =",
            f"{ASKS} → D(real, labels.float()), D(fake, labels.float())",
            f"{ASKS} → D(real, torch.ones(len(real))), D(fake, torch.zeros(len(real)))",
        ),
        *training_steps.mistakes(fake=FAKE, asks=ASKS, in_g=IN_G, d_loss=D_LOSS, g_loss="non_saturating_loss"),
    ),
)
