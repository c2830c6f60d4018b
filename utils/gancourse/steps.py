"""The training steps of the course's recipes: each updates both players once and returns what to record (see training.py)."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from gancourse import pyramid, resampling
from gancourse.augment import differentiable
from gancourse.losses import discriminator_loss, matching_loss, non_saturating_loss, r1_penalty, relativistic_loss
from gancourse.training import TrainStep, noise

SPREAD = 12**-0.5  # of a level's pictures of one coarse picture, see `paired_loss`


def mlp_step(gamma: float = 0.0, every: int = 8, real_target: float = 1.0) -> TrainStep:
    """Return a training step for a GAN without batch-norm in D: non-saturating loss, R1 on every `every`-th step.

    gamma: weight of the R1 penalty, 0 for none; it counts `every` times where it is computed ("lazy" regularisation,
        Karras et al. 2020, appendix B).
    real_target: 0.9 for one-sided label smoothing.

    The step serves conditional players too: `labels` is then [labels of the real images], and the fakes are made for the
    same ones; else it is empty.
    """

    def train_step(G, D, opt_G, opt_D, real: Tensor, *labels_and_step) -> dict[str, Tensor]:
        *labels, step = labels_and_step
        fake = G(noise(G, len(real)), *labels)

        # D: real and fake in one batch, which the processor handles faster than two halves.
        both = torch.cat([real, fake.detach()])
        real_logits, fake_logits = D(both, *(y.repeat(2) for y in labels)).chunk(2)
        d_loss = discriminator_loss(real_logits, fake_logits, real_target)
        penalty = lazy_r1(D, real, labels, gamma, every) if gamma and step % every == 0 else 0
        opt_D.zero_grad()
        (d_loss + penalty).backward()
        opt_D.step()

        # G: through D, whose own gradients nobody needs here.
        D.requires_grad_(False)
        g_loss = non_saturating_loss(D(fake, *labels))
        opt_G.zero_grad()
        g_loss.backward()
        opt_G.step()
        D.requires_grad_(True)

        return {
            "d_loss": d_loss,
            "g_loss": g_loss,
            "d_real": (real_logits > 0).float().mean(),  # share of the real images that D takes for real
            "d_fake": (fake_logits < 0).float().mean(),  # share of the fakes that D sees through
        }

    return train_step


def dcgan_step(
    relativistic: bool = False,
    gamma: float = 0.0,
    every: int = 16,
    mismatched: bool = False,
    seen: Callable[[Tensor], Tensor] = lambda images: images,
) -> TrainStep:
    """Return a training step for a GAN with batch-norm in D: the non-saturating loss, or the relativistic one.

    gamma: weight of the R1 penalty, as in `mlp_step`. Serves conditional players too; with `mismatched`, for those alone, D is also
    shown real images with wrong labels, which it should reject. Raises ValueError for a relativistic loss with these.
    seen: a differentiable augmentation of images, (N, C, H, W) in [-1, 1], of everything that D sees (Zhao et al.
        2020, equation 3).
    """
    if relativistic and mismatched:
        raise ValueError(
            "a relativistic loss compares a real image with a fake; it has no place for a third kind of pairs."
        )

    def train_step(G, D, opt_G, opt_D, real: Tensor, *labels_and_step) -> dict[str, Tensor]:
        *labels, step = labels_and_step
        fake = G(noise(G, len(real)), *labels)

        # D: real images and fakes in batches of their own, for batch-norm mixes what is in a batch. Losses in float32.
        real_logits, fake_logits = D(seen(real), *labels).float(), D(seen(fake.detach()), *labels).float()
        if relativistic:
            d_loss = relativistic_loss(real_logits, fake_logits)
        elif mismatched:
            wrong = D(seen(real), other_labels(*labels, D.classes)).float()
            d_loss = matching_loss(real_logits, wrong, fake_logits)
        else:
            d_loss = discriminator_loss(real_logits, fake_logits)
        penalty = lazy_r1(D, seen(real), labels, gamma, every) if gamma and step % every == 0 else 0
        opt_D.zero_grad()
        (d_loss + penalty).backward()
        opt_D.step()

        # G: through the new D, whose own gradients nobody needs here.
        D.requires_grad_(False)
        new_logits = D(seen(fake), *labels).float()
        if relativistic:
            g_loss = relativistic_loss(new_logits, D(seen(real), *labels).float())
        else:
            g_loss = non_saturating_loss(new_logits)
        opt_G.zero_grad()
        g_loss.backward()
        opt_G.step()
        D.requires_grad_(True)

        # A relativistic logit has a meaning only relative to its partner's.
        real_bound, fake_bound = (fake_logits, real_logits) if relativistic else (0, 0)
        return {
            "d_loss": d_loss,
            "g_loss": g_loss,
            "d_real": (real_logits > real_bound).float().mean(),
            "d_fake": (fake_logits < fake_bound).float().mean(),
        }

    return train_step


def lazy_r1(D, real: Tensor, labels: list[Tensor], gamma: float, every: int) -> Tensor:
    """Return gamma / 2 times the R1 penalty, `every` times as large: it is computed on every `every`-th step alone."""
    with torch.autocast(real.device.type, enabled=False):  # a gradient of a gradient needs float32
        x = real.clone().requires_grad_()
        return gamma / 2 * every * r1_penalty(D(x, *labels), x)


def level_step(weight: float = 10.0, spread: float = SPREAD, mismatched: bool = False) -> TrainStep:
    """Return a training step for a level of a LAPGAN: the non-saturating loss, and `weight` times `paired_loss`.

    Both players are told the coarse versions of the real images, and their labels where they are conditional. G draws two images for
    each of the first half of the coarse ones, so real images and fakes are equally many. mismatched: as in `dcgan_step`.
    """

    def train_step(G, D, opt_G, opt_D, real: Tensor, *labels_and_step) -> dict[str, Tensor]:
        *labels, _ = labels_and_step  # the last one is the step's number
        half = len(real) // 2
        told = (pyramid.reduce(real), *labels)
        twice = [torch.cat([part[:half], part[:half]]) for part in told]
        fake = G(noise(G, 2 * half), *twice)

        real_logits, fake_logits = D(real, *told), D(fake.detach(), *twice)
        if mismatched:
            wrong = D(real, told[0], other_labels(*labels, D.classes))
            d_loss = matching_loss(real_logits, wrong, fake_logits)
        else:
            d_loss = discriminator_loss(real_logits, fake_logits)
        opt_D.zero_grad()
        d_loss.backward()
        opt_D.step()

        D.requires_grad_(False)  # its own gradients nobody needs here
        g_loss = non_saturating_loss(D(fake, *twice))
        pixels = paired_loss(*fake.chunk(2), real[:half], spread)
        opt_G.zero_grad()
        (g_loss + weight * pixels).backward()
        opt_G.step()
        D.requires_grad_(True)

        return {
            "d_loss": d_loss,
            "g_loss": g_loss,
            "d_real": (real_logits > 0).float().mean(),
            "d_fake": (fake_logits < 0).float().mean(),
            "pixels": pixels,
        }

    return train_step


def srgan_step(
    pixels_only: int,
    steps: int,
    content: float = 0.0,
    adversarial: float = 0.02,
    maps: Callable[[], nn.Module] | None = None,
    seen: Callable[[Tensor], Tensor] = differentiable,
) -> TrainStep:
    """Return a training step for a network that enlarges pictures four times: on pixels first, and then also against D (Ledig et al. 2017).

    pixels_only: how many of the `steps` are for pixels alone, while D waits. In the second half of each of the two parts the learning
    rates fall to 0, where they stay. The loss of the second part is that on pixels, plus `content` times the mean squared difference of
    feature maps, plus `adversarial` times the non-saturating loss. maps: returns the network of these maps, such as
    `features.content_maps`; it is called where `content` is not 0. seen: as in `dcgan_step`.
    """

    def train_step(G, D, opt_G, opt_D, real: Tensor, step: int) -> dict[str, Tensor]:
        begin, end = (0, pixels_only) if step <= pixels_only else (pixels_only, steps)
        for optimizer in (opt_G, opt_D):
            for group in optimizer.param_groups:
                group["lr"] = max(0, min(1, 2 * (end - step + 1) / (end - begin))) * optimizer.defaults["lr"]
        fake = G(resampling.shrink(real)).float()
        if step <= pixels_only:
            g_loss = (fake - real).abs().mean()
            nothing = torch.zeros((), device=real.device)
            values = {"d_loss": nothing, "g_loss": nothing, "d_real": nothing, "d_fake": nothing, "pixels": g_loss}
        else:
            real_logits, fake_logits = D(seen(real)), D(seen(fake.detach()))
            d_loss = discriminator_loss(real_logits, fake_logits)
            opt_D.zero_grad()
            d_loss.backward()
            opt_D.step()
            D.requires_grad_(False)  # its own gradients nobody needs here
            fooled = non_saturating_loss(D(seen(fake)))
            D.requires_grad_(True)
            pixels = (fake - real).abs().mean()
            g_loss = pixels + adversarial * fooled
            if content:
                of = maps()
                g_loss = g_loss + content * (of(fake) - of(real)).square().mean()
            values = {
                "d_loss": d_loss,
                "g_loss": fooled,
                "d_real": (real_logits > 0).float().mean(),
                "d_fake": (fake_logits < 0).float().mean(),
                "pixels": pixels,
            }
        opt_G.zero_grad()
        g_loss.backward()
        opt_G.step()
        return values

    return train_step


def paired_loss(one: Tensor, other: Tensor, real: Tensor, spread: float = SPREAD) -> Tensor:
    """Return how far the mean of two images, drawn for the same coarse one, is from the real one, minus `spread` times their own distance.

    All are (N, C, H, W); both distances are means of absolute values. Without the second one G would draw the same image for every
    noise vector. With this weight it gets the right spread if what is possible for a coarse image is normally distributed (Bendel et al.
    2023, *A Regularized Conditional GAN for Posterior Sampling in Image Recovery Problems*, section 3, for two samples).
    """
    return ((one + other) / 2 - real).abs().mean() - spread * (one - other).abs().mean()


def other_labels(labels: Tensor, classes: int) -> Tensor:
    """Return for each label int64 (N,) a random one of the other classes."""
    return (labels + torch.randint(1, classes, labels.shape, device=labels.device)) % classes
