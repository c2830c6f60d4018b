"""The losses against numbers that theory gives."""

import math

import pytest
import torch

from gancourse import losses
from gancourse.losses import discriminator_loss, non_saturating_loss, r1_penalty, saturating_loss


def test_a_draw_costs_log_4_and_log_2():
    draw = torch.zeros(7)
    assert discriminator_loss(draw, draw).item() == pytest.approx(math.log(4))
    assert non_saturating_loss(draw).item() == pytest.approx(math.log(2))
    assert saturating_loss(draw).item() == pytest.approx(-math.log(2))


def test_losses_equal_their_definition_on_probabilities():
    real, fake = torch.randn(50, dtype=torch.float64), torch.randn(50, dtype=torch.float64)
    p, q = torch.sigmoid(real), torch.sigmoid(fake)
    for t in (1.0, 0.9):
        expected = -(t * p.log() + (1 - t) * (1 - p).log()).mean() - (1 - q).log().mean()
        torch.testing.assert_close(discriminator_loss(real, fake, t), expected)
    torch.testing.assert_close(non_saturating_loss(fake), -q.log().mean())
    torch.testing.assert_close(saturating_loss(fake), (1 - q).log().mean())


def test_smoothing_moves_the_optimum_to_045():
    optimum = torch.logit(torch.tensor([0.45])).requires_grad_()
    loss = discriminator_loss(optimum, optimum, real_target=0.9)
    assert loss.item() == pytest.approx(1.376278, abs=1e-6)
    assert non_saturating_loss(optimum).item() == pytest.approx(0.798508, abs=1e-6)
    (slope,) = torch.autograd.grad(loss, optimum)
    assert slope.item() == pytest.approx(0, abs=1e-6)


def test_gradient_in_the_logit_where_d_is_sure():
    a = torch.tensor([-10.0], requires_grad=True)
    (flat,) = torch.autograd.grad(saturating_loss(a), a)
    (steep,) = torch.autograd.grad(non_saturating_loss(a), a)
    assert flat.item() == pytest.approx(-4.54e-5, rel=1e-3)
    assert steep.item() == pytest.approx(-0.99995, rel=1e-5)


def test_losses_stay_finite_at_extreme_logits():
    extreme = torch.tensor([-1e4, 1e4])
    for loss in (discriminator_loss(extreme, extreme), non_saturating_loss(extreme), saturating_loss(extreme)):
        assert loss.isfinite()


def test_r1_of_a_linear_discriminator_is_its_squared_slope():
    slope = torch.randn(12, requires_grad=True)
    real = torch.randn(5, 1, 3, 4, requires_grad=True)
    penalty = r1_penalty(real.flatten(1) @ slope, real)
    torch.testing.assert_close(penalty, slope.square().sum())
    (gradient,) = torch.autograd.grad(penalty, slope)  # D's parameters must feel it
    torch.testing.assert_close(gradient, 2 * slope)


def test_least_squares_and_wasserstein_at_known_logits():
    real, fake = torch.tensor([1.0, 3.0]), torch.tensor([0.0, -2.0])
    assert losses.least_squares_discriminator_loss(real, fake).item() == pytest.approx(0.5 * 2 + 0.5 * 2)
    assert losses.least_squares_generator_loss(fake).item() == pytest.approx(0.5 * (1 + 9) / 2)
    assert losses.wasserstein_discriminator_loss(real, fake).item() == pytest.approx(-1 - 2)
    assert losses.wasserstein_generator_loss(fake).item() == pytest.approx(1)


def test_the_gradient_penalty_of_a_linear_critic_depends_on_its_slope_alone():
    critic = torch.nn.Linear(2, 1)
    real, fake = torch.randn(6, 2), torch.randn(6, 2)
    penalty = losses.gradient_penalty(critic, real, fake, torch.Generator().manual_seed(0))
    torch.testing.assert_close(penalty, (critic.weight.norm() - 1).square())
    (gradient,) = torch.autograd.grad(penalty, critic.weight)  # the critic's parameters must feel it
    assert gradient.abs().max() > 0
