"""Lesson 7: lesson 3's training step, in which D sees all images through an augmentation."""

import torch

from gancourse.checks import answers, training_steps
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers import steps

FAKE = "G(training.noise(G, len(real)))"
ASKS, IN_G = "D(augment(real)), D(augment(fake))", f"D(augment({FAKE}))"
D_LOSS = "losses.discriminator_loss(real_logits, fake_logits)"
PLAIN_IN_G = f"{IN_G} → D({FAKE})"


def _augmentation(images):
    """Mirror each image, erase a third of its columns, double its numbers, so that some lie beyond -1 and 1."""
    return images.flip(-1) * 2 * (torch.arange(images.shape[-1]) % 3 > 0)


def _cases(seed, strict):
    cases = steps.step_cases(seed, strict)
    for case in cases:
        case |= {"batch_norm": True, "sees": _augmentation}  # this lesson's D has batch normalisation
        case["about"] += ", with an `augment` that mirrors images, doubles numbers and erases a third of the columns"
    return cases


def _observe(answer, case, like):
    """Return what a training step of both players does, and how it calls the `augment` that it is given.

    In the case "both" augment draws a random number, which it does not use; in the others answers share their noise. In
    the case "D" the fakes of all calls of G differ.
    """
    calls = []  # the state of the random numbers at each call
    images_of = []  # each call's images

    def augment(images):
        calls.append(torch.get_rng_state().numpy().tobytes())
        images_of.extend(steps.rows(images))
        if case["part"] == "both":
            torch.rand(1)
        return _augmentation(images)

    seen = steps.training_step(answer, {**case, "options": {"augment": augment}}, like)
    if case["part"] == "both":
        seen["random_numbers"] = "its own at each call" if len(set(calls)) == len(calls) else "the same at two calls"
    if case["part"] == "D":
        seen["augmented"] = "each image once" if len(set(images_of)) == len(images_of) else "an image twice"
    return {"augment_calls": "some" if calls else "none"} | seen


augmented_step = Exercise(
    reference=answers.load("dcgan_pokemon", "augmented_step"),
    points=5,
    partial=True,
    random=True,
    cases=_cases,
    observe=_observe,
    free=training_steps.FREE,
    look=training_steps.LOOK
    | {
        "augment_calls": "`augment` is never called. Pass each image through it before D sees it, and change the image in no other way.",
        "augmented": "an image goes through augment twice, and augment changes it in another way each time. Keep the logits "
        "of D's turn: the loss, d_real and d_fake come from the same ones.",
        "random_numbers": "augment begins at the same random numbers twice, so the images of both calls are changed alike, one by one. "
        "Set no seed in a training step, and do not put the random numbers' state back.",
        "images:real in D's turn": "before its step, D does not see every real image after one pass through `augment`. Call D(augment(real)).",
        "images:fakes in D's turn": "in D's turn, D does not see the fakes after one pass through `augment`. Call D(augment(fake)).",
        "images:fakes in G's turn": "in G's turn, D does not see the fakes after one pass through `augment`. Call D(augment(G(z))).",
        "": "It is lesson 3's step, but each image goes through augment before D sees it. Compare the two line by line.",
    },
    mistakes=(
        mistake(
            "D sees real images through augment, and fakes as they are. It then tells the two apart by the augmentation alone, and G "
            "learns to draw augmented images: it leaks. Fakes go through augment, too, in both turns.",
            (f"{ASKS} → D(augment(real)), D(fake)", PLAIN_IN_G),
        ),
        mistake(
            "in D's turn the real images go through augment and the fakes do not; in G's turn they do. D should see augmented images in all three calls.",
            f"{ASKS} → D(augment(real)), D(fake)",
        ),
        mistake(
            "the fakes go through augment, and the real images do not: D tells the two apart by the augmentation alone.",
            f"{ASKS} → D(real), D(augment(fake))",
            (f"{ASKS} → D(real), D(augment(fake))", PLAIN_IN_G),
        ),
        mistake(
            "in G's turn the fakes reach D without augment. D has learnt to judge augmented images only; what it says about others is no guide for G.",
            PLAIN_IN_G,
        ),
        mistake(
            "augment is used in G's turn only. D needs it for all images that it learns from.",
            f"{ASKS} → D(real), D(fake)",
        ),
        mistake(
            "what augment has made is cut off at -1 and 1 before D sees it. Let D see it as it is: a number that was cut off has gradient 0.",
            tuple(
                f"D({seen}) → D({seen}.clamp(-1, 1))" for seen in ("augment(real)", "augment(fake)", f"augment({FAKE})")
            ),
            tuple(f"D({seen}) → D({seen}.clamp(-1, 1))" for seen in ("augment(real)", "augment(fake)")),
        ),
        mistake(
            "images go through augment twice.",
            *(f"D(augment({images})) → D(augment(augment({images})))" for images in ("real", "fake", FAKE)),
            (f"{ASKS} → D(augment(augment(real))), D(augment(augment(fake)))", f"{IN_G} → D(augment(augment({FAKE})))"),
        ),
        mistake(
            "D's output goes through augment, but D(...) returns logits, and augment takes images. Swap the calls: D(augment(real)).",
            (f"{ASKS} → augment(D(real)), augment(D(fake))", f"{IN_G} → augment(D({FAKE}))"),
            f"{IN_G} → augment(D({FAKE}))",
        ),
        mistake(
            "real images and fakes are in one batch. D's batch normalisation then takes the mean of both together, and the logit "
            "of an image depends on the other kind. Call D twice.",
            f"{ASKS} → D(augment(torch.cat([real, fake]))).split(len(real))",
            f"{ASKS} → D(torch.cat([augment(real), fake])).split(len(real))",
        ),
        mistake(
            "in G's turn, D sees the right images, but G's gradient goes past augment: a part is under no_grad() or detached. D(augment(G(z))).",
            f"{IN_G} → D((made := {FAKE}) + (augment(made) - made).detach())",
        ),
        *training_steps.mistakes(fake=FAKE, asks=ASKS, in_g=IN_G, d_loss=D_LOSS, g_loss="losses.non_saturating_loss"),
    ),
)
