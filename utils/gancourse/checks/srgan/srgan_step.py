"""Exercise 6: the training step, on small pictures in place of noise."""

from gancourse.checks import answers, training_steps
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.losses import SIGMOID_TWICE
from gancourse.checks.observers import enlargers, steps
from gancourse.checks.training_steps import D_ZERO

SMALL = "small = resampling.shrink(real)"
ASKS = "D(real), D(fake)"
D_LOSS = "losses.discriminator_loss(real_logits, fake_logits)"
IN_G = "loss_of_G(fake, real, D(fake))"
G_TURN = f"    fake = G(small)\n    g_loss = {IN_G}\n"

srgan_step = Exercise(
    reference=answers.load("srgan", "srgan_step"),
    points=6,
    partial=True,
    random=True,  # as the other steps: two mistakes at once would take too long to try
    cases=lambda seed, strict: [
        case | {"players": enlargers.players, "options": {"loss_of_G": enlargers.loss_of_G}}
        for case in steps.step_cases(seed, strict)
    ],
    observe=steps.training_step,
    free=training_steps.FREE,
    look=training_steps.LOOK
    | {
        "small:G": "G gets other small pictures than resampling.shrink(real), in the order of the batch.",
        "flow:G in D's turn": "before opt_D steps, a gradient reaches G. In D's turn, detach the fakes: fake = G(small).detach().",
        "flow:G in its own turn": "in G's own turn no gradient reaches G, so it never moves: its loss is computed from detached fakes, or g_loss.backward() is "
        "missing. Call G again, without detach().",
        "change:G": "G's update is wrong. Its loss is loss_of_G(fake, real, D(fake)), of fakes that are not detached, with D as it is after its step.",
        "g_loss": "g_loss should be loss_of_G's value as a number, before G's update.",
        "": "D's turn first, as in lesson 3, on fakes = G(small).detach(); then G's turn with loss_of_G(fake, real, D(fake)).",
    },
    mistakes=(
        *training_steps.of_order(),
        mistake(
            "G's turn uses the detached fakes of D's turn, so no gradient reaches G. Call G(small) again, without detach().",
            "    fake = G(small)\n → ",
        ),
        mistake(
            "G's loss uses the logits of D's turn, from the old D and from detached fakes. Ask D again: D(fake), after opt_D.step().",
            f"{IN_G} → loss_of_G(fake, real, fake_logits.detach())",
        ),
        mistake(
            "loss_of_G gets its arguments in another order: first the fakes, then the real pictures, then D's logits of the fakes.",
            f"{IN_G} → loss_of_G(real, fake, D(fake))",
        ),
        mistake(
            "loss_of_G gets D's logits of the real pictures. It needs those of the fakes: D(fake).",
            f"{IN_G} → loss_of_G(fake, real, D(real))",
        ),
        mistake(
            "G's loss is computed before D's update, but its backward() comes after it, when D's weights have changed. Call D again in G's turn.",
            (f"{G_TURN} → ", f"{D_ZERO} → {G_TURN}{D_ZERO}"),
        ),
        mistake(
            "only the adversarial part is left of G's loss. Call loss_of_G(fake, real, D(fake)), which holds all parts.",
            f"{IN_G} → losses.non_saturating_loss(D(fake))",
        ),
        mistake(
            "D's logits reach loss_of_G detached, or computed under no_grad(), so G learns nothing from D. D(fake) needs its graph.",
            f"{IN_G} → loss_of_G(fake, real, D(fake.detach()))",
            f"{IN_G} → loss_of_G(fake, real, D(fake).detach())",
        ),
        mistake(
            "the small pictures are made in another way than by resampling.shrink.",
            f"{SMALL} → small = real[:, :, ::4, ::4]",
            f"{SMALL} → small = F.avg_pool2d(real, 4)",
            f'{SMALL} → small = F.interpolate(real, scale_factor=0.25, mode="bicubic")',
            f'{SMALL} → small = F.interpolate(real, scale_factor=0.25, mode="bicubic", antialias=True)',
        ),
        mistake(
            "G is given the real pictures at their full size. It enlarges small ones: small = resampling.shrink(real).",
            f"{SMALL} → small = real",
        ),
        mistake(
            "D sees the small pictures, or interpolated ones, as real. It compares real pictures with fakes, both at full size.",
            f"{ASKS} → D(small), D(fake)",
            f"{ASKS} → D(resampling.enlarge(small)), D(fake)",
        ),
        mistake(
            "real and fake are swapped in D's loss: it gets the logits of real images first.",
            f"{D_LOSS} → losses.discriminator_loss(fake_logits, real_logits)",
            "real_logits, fake_logits = → fake_logits, real_logits =",
        ),
        mistake(
            SIGMOID_TWICE,
            f"{D_LOSS} → losses.discriminator_loss(real_logits.sigmoid(), fake_logits.sigmoid())",
            f"{IN_G} → loss_of_G(fake, real, D(fake).sigmoid())",
        ),
        mistake(
            "the sign of a loss is wrong. Both are losses already: what the optimisers make smaller.",
            f"{D_LOSS} → -{D_LOSS}",
            f"{IN_G} → -{IN_G}",
        ),
        mistake(
            "a loss is halved, or multiplied by the number of images. Take both as they are.",
            f"{D_LOSS} → 0.5 * {D_LOSS}",
            f"{D_LOSS} → len(real) * {D_LOSS}",
            f"{IN_G} → 0.5 * {IN_G}",
            f"{IN_G} → len(real) * {IN_G}",
        ),
        *training_steps.of_shares(ASKS),
    ),
)
