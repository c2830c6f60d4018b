"""What can go wrong in a training step, whatever its players are told and see: for the steps of lessons 3, 5, 7, 9 and 10.

The answers in the lessons share their lines, so one list of edits serves all of them; what differs is filled in.
"""

from gancourse.checks.core import Mistake, mistake
from gancourse.checks.losses import SIGMOID_TWICE

D_ZERO, D_BACK, D_STEP = "    opt_D.zero_grad()\n", "    d_loss.backward()\n", "    opt_D.step()\n"
G_ZERO, G_BACK, G_STEP = "    opt_G.zero_grad()\n", "    g_loss.backward()\n", "    opt_G.step()\n"
REAL, FAKE = "(real_logits > 0).float().mean()", "(fake_logits < 0).float().mean()"
BEGIN = "    fake = "

# What the guard need not see: the next step clears gradients, and how the weights change is looked at closely.
FREE = ("gradients", "weights", "averages")

# Property -> what to say: each tells what was seen in a step.
LOOK = {
    "returned": "the updates are right so far; at the end a dict is wanted, with the keys d_loss, g_loss, d_real and d_fake.",
    "keys": "the dict needs the keys d_loss, g_loss, d_real and d_fake, spelt like this.",
    "order": {
        "opt_D.step(), opt_G.step(), opt_G": "opt_G steps more than once in one training step: in D's turn only opt_D steps, in G's turn only opt_G, once each.",
        "opt_G.step(), opt_G": "opt_G steps in D's turn, where opt_D should. In D's turn only opt_D steps, in G's turn only opt_G.",
        "opt_D.step(), opt_D": "opt_D steps more than once in one training step, or in G's turn: it would learn to be fooled. Each optimiser steps once, in its own turn.",
        "opt_D.step(), opt_G.step(), opt_D": "opt_D steps again in G's turn, on G's loss: D would learn to be fooled. In G's turn only opt_G steps.",
        "opt_G.step(), opt_D": "opt_G steps before opt_D. Finish D's turn (zero_grad, backward, step) first; then G learns against the updated D.",
        "opt_D.step()": "opt_G does not step, so G stays as it is. In every training step, each optimiser steps once.",
        "opt_G.step()": "opt_D does not step, so D stays as it is. In every training step, each optimiser steps once.",
        "": "the optimisers do not step once each, opt_D first: see the order below.",
    },
    "ready:D": "opt_D steps before any gradient has been computed for D. Order: zero_grad, backward, step.",
    "ready:G": "opt_G steps before any gradient of this step has reached G: `step()` stands before `backward()`, or the path from g_loss to G is cut.",
    "asked": "D is not called again after opt_D.step(), so G's loss comes from the old D. Begin G's turn after opt_D.step(): new fakes, D's logits of "
    "them, g_loss, backward.",
    "flow:G in D's turn": "before opt_D steps, a gradient reaches G. In D's turn, detach the fakes: D(fake.detach()), or draw them under torch.no_grad(). Begin G's turn after opt_D.step().",
    "flow:G in its own turn": "in G's own turn no gradient reaches G, so it never moves: what D sees there is detached, made under no_grad(), "
    "or not made by G; or g_loss.backward() is missing.",
    "noise_shape": "draw one noise vector for each image of `real`, no more and no less.",
    "noise_turns": {
        "the same": "both turns use the same noise. G's turn needs noise of its own: draw again, without a seed, and call G again.",
        "": "G is called only once in this step. Each turn draws fresh noise and calls G: D's turn first, then G's.",
    },
    "noise_steps": "the noise repeats that of an earlier step, so G learns pictures for these few vectors only. Draw it inside the step, without a seed.",
    "noise_rows": "several images of a batch come from the same noise vector. Draw as many vectors as there are images.",
    "noise_distribution": "the noise is not standard normal. Take it as the course's function draws it, and change it no further.",
    "mode_while:G": "G is in eval mode while it draws: batch normalisation then uses its running averages instead of the batch's mean and variance. Leave it in training mode.",
    "mode_while:D": "D is called in eval mode, so its batch normalisation uses running averages instead of the batch's mean and variance. Leave it in training mode.",
    "images:real in D's turn": "before its step D does not see every real image of the batch. Its loss is a mean over all of `real`.",
    "images:fakes in D's turn": {
        "of an earlier": "in its turn D sees fakes of an earlier step. Draw them anew in each step.",
        "none": "in its turn D does not see the fakes of this step as G draws them. Call D on G's output, unchanged.",
        "": "in its turn D sees fewer fakes than real images. Draw as many as there are images in `real`.",
    },
    "images:fakes in G's turn": {
        "of an earlier": "in G's turn D sees fakes of an earlier step. Draw them anew in each step.",
        "none": "in G's turn D does not see the fakes of this step as G draws them. Call D on G's output, unchanged.",
        "": "in G's turn D sees fewer fakes than there are real images. Draw as many.",
    },
    "graph": "something that you return, or keep, still holds on to its graph: a history of 10,000 such losses keeps 10,000 graphs in memory. "
    "Return d_loss.detach() and g_loss.detach(), and whatever else you return the same way.",
    "change:D": "D's update is wrong. On which loss, of which images, do you call backward() in D's turn, and which gradients does D hold when opt_D steps?",
    "change:G": "G's update is wrong. On which loss, of which fakes, do you call backward() in G's turn, and which gradients does G hold when opt_G steps?",
    "d_loss": "d_loss should be the loss of D's turn as a number, before its update.",
    "g_loss": "g_loss should be the loss of G's turn as a number, before its update.",
    "d_real": "d_real is wrong. It is the share above 0 of the real logits that went into D's loss, before D's update (0 itself does not count).",
    "d_fake": "d_fake is wrong. It is the share below 0 of the fake logits that went into D's loss, before D's update (0 itself does not count).",
}


def mistakes(fake: str, asks: str, in_g: str, d_loss: str, g_loss: str) -> tuple[Mistake, ...]:
    """Return the mistakes of a step whose answer has these pieces: how fakes are drawn, what D is asked in both turns
    (`asks` and `in_g`, which holds `fake`), D's loss and the name of G's."""
    real, fakes = "real_logits", "fake_logits"
    G_LINE = f"    g_loss = {g_loss}({in_g})\n"
    in_loss = f"{g_loss}({in_g})"
    drawn = f"fake = {fake}.detach()"
    of_sigmoids = asks.replace("), D(", ").sigmoid(), D(") + ".sigmoid()"
    both = fake.replace("len(real)", "2 * len(real)").replace("labels", "labels.repeat(2)")
    return (
        *of_order(),
        mistake(
            "G's loss is computed before D's update, but its backward() comes after it, when D's weights have changed. Call D again "
            "in G's turn.",
            (f"{G_LINE} → ", f"{D_ZERO} → {G_LINE}{D_ZERO}"),
        ),
        mistake(
            "G's turn uses the logits of D's turn: their graph is used up, and no path leads from them to G. Draw new fakes and "
            "call D on them.",
            f"{in_loss} → {g_loss}(fake_logits)",
        ),
        mistake(
            "the fakes of both turns come out of one call of G. With batch normalisation in G they then depend on each other: "
            "call it once in each turn.",
            (
                f"{drawn} → fake, fake_2 = {both}.chunk(2); fake = fake.detach()",
                f"{in_loss} → {g_loss}({in_g.replace(fake, 'fake_2')})",
            ),
        ),
        mistake(
            "real and fake are swapped in D's loss: it gets the logits of real images first.",
            f"{d_loss} → {d_loss.replace('real_logits, fake_logits', 'fake_logits, real_logits')}",
            "real_logits, fake_logits = → fake_logits, real_logits =",
        ),
        mistake(
            "the loss is summed over the batch. A mean is asked for, so that a step does not grow with the batch.",
            (f"{d_loss} → len(real) * {d_loss}", f"{in_loss} → len(real) * {in_loss}"),
            f"{d_loss} → len(real) * {d_loss}",
            f"{in_loss} → len(real) * {in_loss}",
        ),
        mistake(
            SIGMOID_TWICE,
            (f"{d_loss} → {d_loss.replace('_logits', '_logits.sigmoid()')}", f"{in_loss} → {g_loss}({in_g}.sigmoid())"),
            f"{d_loss} → {d_loss.replace('_logits', '_logits.sigmoid()')}",
            f"{in_loss} → {g_loss}({in_g}.sigmoid())",
            (f"{asks} → {of_sigmoids}", f"{in_loss} → {g_loss}({in_g}.sigmoid())"),
            f"{asks} → {of_sigmoids}",
        ),
        mistake(
            "G trains on the minimax loss, log(1 - D). The text asks for the non-saturating one: the mean of softplus(-a).",
            f"{in_loss} → -F.softplus({in_g}).mean()",
        ),
        mistake(
            "G learns to be caught: its loss is low where D recognises the fakes. It is the mean of softplus(-a) over the logits of fakes.",
            f"{in_loss} → F.softplus({in_g}).mean()",
            f"{in_loss} → -{in_loss}",
        ),
        mistake(
            "the sign of D's loss is wrong, so that D learns to be wrong. It is a loss already: what the optimiser makes smaller.",
            f"{d_loss} → -{d_loss}",
        ),
        mistake(
            "the real labels of the cross-entropy are smoothed to 0.9, or the fakes' raised to 0.1. This step has no smoothing of its own.",
            f"{d_loss} → (F.softplus({real}) - 0.9 * {real}).mean() + F.softplus({fakes}).mean()",
            f"{d_loss} → (F.softplus({real}) - 0.9 * {real}).mean() + (F.softplus({fakes}) - 0.1 * {fakes}).mean()",
        ),
        mistake(
            "this is the loss of another GAN: least squares, Wasserstein or hinge. Here D and G take the cross-entropy.",
            f"{d_loss} → ({real} - 1).square().mean() + {fakes}.square().mean()",
            f"{d_loss} → {fakes}.mean() - {real}.mean()",
            f"{d_loss} → (1 - {real}).relu().mean() + (1 + {fakes}).relu().mean()",
            f"{in_loss} → ({in_g} - 1).square().mean()",
            f"{in_loss} → -{in_g}.mean()",
        ),
        mistake(
            "a loss is halved. D's loss is the sum of its two means, G's loss is its mean. Remove the factor.",
            f"{d_loss} → 0.5 * {d_loss}",
            f"{in_loss} → 0.5 * {in_loss}",
            (f"{d_loss} → 0.5 * {d_loss}", f"{in_loss} → 0.5 * {in_loss}"),
        ),
        mistake(
            "D's loss leaves out the fakes or the real images, or from one of the two no gradient comes back (no_grad(), detach()).",
            f"{d_loss} → F.softplus(-{real}).mean()",
            f"{d_loss} → F.softplus({fakes}).mean()",
        ),
        *of_shares(asks),
    )


def of_order() -> tuple[Mistake, ...]:
    """Return the mistakes of a step about when gradients are cleared and used."""
    return (
        mistake(
            "gradients accumulate: PyTorch adds new ones to the old ones. Call zero_grad() of each optimiser before its backward().",
            (f"{D_ZERO} → ", f"{G_ZERO} → "),
            f"{D_ZERO} → ",
            f"{G_ZERO} → ",
        ),
        mistake(
            "zero_grad() stands between backward() and step(), so the gradients are gone before they are used. Call it before backward().",
            (f"{D_ZERO}{D_BACK} → {D_BACK}{D_ZERO}", f"{G_ZERO}{G_BACK} → {G_BACK}{G_ZERO}"),
            f"{D_ZERO}{D_BACK} → {D_BACK}{D_ZERO}",
            f"{G_ZERO}{G_BACK} → {G_BACK}{G_ZERO}",
        ),
        mistake(
            "D's gradients are cleared too early, right after its step: G's loss then leaves its own in D, and D's next step uses "
            "them. Clear them before D's backward().",
            (f"{D_ZERO} → ", f"{D_STEP} → {D_STEP}{D_ZERO}"),
            (f"{D_ZERO} → ", f"{D_STEP} → {D_STEP}{D_ZERO}", f"{G_ZERO} → ", f"{G_STEP} → {G_STEP}{G_ZERO}"),
        ),
        mistake(
            "opt_D steps only after G's loss has left its gradients in D. Finish D's turn, with zero_grad, backward and step, "
            "before G's begins.",
            (f"{D_STEP} → ", f"{G_STEP} → {D_STEP}{G_STEP}"),
            (f"{D_BACK}{D_STEP} → ", f"{G_BACK}{G_STEP} →     (d_loss + g_loss).backward()\n{D_STEP}{G_STEP}"),
            (f"{D_STEP} → ", f"{G_BACK} → {G_BACK}{D_STEP}"),
        ),
    )


def of_shares(asks: str) -> tuple[Mistake, ...]:
    """Return the mistakes of a step about what it returns; asks: as in `mistakes`."""
    real, fakes = "real_logits", "fake_logits"
    return (
        mistake(
            "d_real and d_fake are mean probabilities or mean logits. They should be shares of images that D got right: for real images (logits > 0).float().mean().",
            (f"{REAL} → {real}.mean().detach()", f"{FAKE} → {fakes}.mean().detach()"),
            (f"{REAL} → {real}.sigmoid().mean().detach()", f"{FAKE} → (1 - {fakes}.sigmoid()).mean().detach()"),
            (f"{REAL} → {real}.sigmoid().mean().detach()", f"{FAKE} → {fakes}.sigmoid().mean().detach()"),
        ),
        mistake(
            "d_real or d_fake is the share that D was wrong about. D is right about real images with a logit above 0 and fakes with one below 0.",
            "fake_logits < 0 → fake_logits > 0",
            "real_logits > 0 → real_logits < 0",
        ),
        mistake(
            "the logits are compared with 0.5, which is for probabilities. A logit of 0 is a probability of one half.",
            ("real_logits > 0 → real_logits > 0.5", "fake_logits < 0 → fake_logits < 0.5"),
        ),
        mistake(
            "d_real, or d_fake, is taken after D's update. Compute both from the logits that went into D's loss, before the update.",
            (
                "(real_logits > 0) → (real_after > 0)",
                "(fake_logits < 0) → (fake_after < 0)",
                f"{G_STEP} → {G_STEP}    real_after, fake_after = {asks}\n",
            ),
            ("(real_logits > 0) → (real_after > 0)", f"{G_STEP} → {G_STEP}    real_after, fake_after = {asks}\n"),
            ("(fake_logits < 0) → (fake_after < 0)", f"{G_STEP} → {G_STEP}    real_after, fake_after = {asks}\n"),
        ),
        mistake(
            "two values of the dict have changed places.",
            ('"d_loss": d_loss → "d_loss": g_loss', '"g_loss": g_loss → "g_loss": d_loss'),
            ('"d_real": → "d_x":', '"d_fake": → "d_real":', '"d_x": → "d_fake":'),
        ),
        mistake(
            "d_real and d_fake are counts, or percentages. They are shares, from 0 to 1: divide by the number of images, or take the mean.",
            (f"{REAL} → 100 * {REAL}", f"{FAKE} → 100 * {FAKE}"),
            (f"{REAL} → (real_logits > 0).sum()", f"{FAKE} → (fake_logits < 0).sum()"),
        ),
    )
