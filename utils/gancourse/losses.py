"""GAN losses on logits.

A logit a(x) is what the discriminator returns; D(x) = sigmoid(a(x)) is its probability that x is real. With
softplus(a) = log(1 + exp(a)), -log D(x) = softplus(-a) and -log(1 - D(x)) = softplus(a): no logarithm of a rounded
zero. Every function averages over the batch and returns a 0-d tensor.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor, real_target: float = 1.0) -> Tensor:
    """Return -V(D, G), the summed binary cross-entropy that D minimises (Goodfellow et al. 2014, eq. 1).

    `real_target` below 1 is one-sided label smoothing (Salimans et al. 2016, section 3.4): 0.9 asks D to be 90 %,
    not 100 %, sure of a real image. Logits have any shape, the same for both.
    """
    # -t log D - (1 - t) log(1 - D) = softplus(a) - t a
    real = (softplus(real_logits) - real_target * real_logits).mean()
    return real + softplus(fake_logits).mean()


def matching_loss(real_logits: Tensor, mismatched_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Return D's loss with a third kind of pairs that D should reject, real images with a wrong label (Reed et al. 2016, algorithm 1).

    Each of the two kinds that D should reject counts half. Logits (N,), the same number of each kind.
    """
    wrong = softplus(mismatched_logits).mean() + softplus(fake_logits).mean()
    return softplus(-real_logits).mean() + 0.5 * wrong


def non_saturating_loss(fake_logits: Tensor) -> Tensor:
    """Return the mean of -log D(G(z)): the generator loss that keeps its gradient when D wins (2014, section 3)."""
    return softplus(-fake_logits).mean()


def saturating_loss(fake_logits: Tensor) -> Tensor:
    """Return the mean of log(1 - D(G(z))), the generator's side of the minimax game; its gradient vanishes where D is sure."""
    return -softplus(fake_logits).mean()


def least_squares_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Return the loss that asks D for 1 on real samples and for 0 on fakes (Mao et al. 2017, eq. 9)."""
    return 0.5 * (real_logits - 1).square().mean() + 0.5 * fake_logits.square().mean()


def least_squares_generator_loss(fake_logits: Tensor) -> Tensor:
    """Return the loss that asks for fakes to which D gives 1 (Mao et al. 2017, eq. 9)."""
    return 0.5 * (fake_logits - 1).square().mean()


def wasserstein_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Return the critic's loss (Arjovsky et al. 2017): what it gives to fakes minus what it gives to real samples."""
    return fake_logits.mean() - real_logits.mean()


def wasserstein_generator_loss(fake_logits: Tensor) -> Tensor:
    """Return minus what the critic gives to fakes (Arjovsky et al. 2017)."""
    return -fake_logits.mean()


def relativistic_loss(better_logits: Tensor, worse_logits: Tensor) -> Tensor:
    """Return the mean of -log sigmoid(a - b), where a is the logit of the image that should look more real, and b its partner's.

    D's loss takes the real images as the better ones, G's loss its fakes (Jolicoeur-Martineau 2019, section 4.1, "RSGAN").
    Logits (N,), partners in the same place.
    """
    return softplus(worse_logits - better_logits).mean()


def r1_penalty(real_logits: Tensor, real: Tensor) -> Tensor:
    """Return the mean squared length of the gradient of a(x) at the real images (Mescheder et al. 2018, eq. 9).

    `real_logits` (N,) must have been computed from `real` (N, ...) with `real.requires_grad_()`. The result can be
    differentiated again, with respect to D's parameters. Multiply by gamma / 2.
    """
    (gradient,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
    return gradient.square().flatten(1).sum(1).mean()


def gradient_penalty(D: nn.Module, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """Return the mean of (|gradient of D| - 1)² at random points between real and fake (N, d) (Gulrajani et al. 2017).

    The result can be differentiated again, with respect to D's parameters. rng: draws the points.
    """
    share = torch.rand(len(real), 1, generator=rng, device=rng.device).to(real.device)
    between = torch.lerp(real, fake, share).requires_grad_()
    (gradient,) = torch.autograd.grad(D(between).sum(), between, create_graph=True)
    return (gradient.norm(dim=1) - 1).square().mean()
