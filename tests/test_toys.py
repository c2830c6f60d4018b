"""The toy games against theory and against numbers that were worked out elsewhere."""

import math

import pytest
import torch

from gancourse import toys

X = toys.line()


def densities(mean: float, width: float = 1.0):
    return toys.log_normal(X, 0.0, 1.0), toys.log_normal(X, mean, width)


# ---- densities on a line ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mean", "best"), [(0, -1.386294), (1, -1.163451), (2, -0.712633), (4, -0.120854), (8, -0.000187)]
)
def test_the_optimal_discriminators_value_is_that_of_the_jensen_shannon_divergence(mean, best):
    log_p, log_q = densities(mean)
    value = toys.game_value(log_p, log_q, toys.best_logit(log_p, log_q), X)
    assert value == pytest.approx(best, abs=6e-7)
    assert value == pytest.approx(-math.log(4) + 2 * toys.jensen_shannon(log_p, log_q, X), abs=1e-9)


@pytest.mark.parametrize("name", toys.LINE_DATA)
def test_densities_integrate_to_one(name):
    assert toys.expectation(toys.log_bumps(X, *toys.LINE_DATA[name]), torch.ones_like(X), X) == pytest.approx(1)


def test_no_discriminator_does_better_than_the_best_one():
    log_p, log_q = densities(1.5, 0.7)
    best = toys.best_logit(log_p, log_q)
    value = toys.game_value(log_p, log_q, best, X)
    for other in (best + 0.1, 0.9 * best, torch.zeros_like(best), best + X.sin()):
        assert toys.game_value(log_p, log_q, other, X) < value


def test_a_draw_costs_the_generator_log_2():
    log_p, log_q = densities(0.0)
    losses = toys.generator_losses(log_q, toys.best_logit(log_p, log_q), X)
    assert losses == pytest.approx({"non-saturating": math.log(2), "saturating": -math.log(2)})


def test_the_generators_losses_are_those_of_its_samples():
    log_p, log_q = densities(1.0, 0.8)
    z = torch.randn(400_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    logits = toys.log_normal(1 + 0.8 * z, 0.0, 1.0) - toys.log_normal(1 + 0.8 * z, 1.0, 0.8)
    for name, value in toys.generator_losses(log_q, toys.best_logit(log_p, log_q), X).items():
        assert toys.GENERATOR_LOSSES[name](logits).item() == pytest.approx(value, abs=0.01)


def test_far_away_only_the_non_saturating_loss_pushes():
    fakes = torch.tensor([8.0], dtype=torch.float64)

    def logit(x):
        return toys.log_normal(x, 0.0, 1.0) - toys.log_normal(x, 8.0, 1.0)

    # The logit is 32 - 8x: its slope is -8, and D = sigmoid(-32) at the fake.
    assert toys.push("non-saturating", logit, fakes).item() == pytest.approx(-8)
    assert toys.push("saturating", logit, fakes).item() == pytest.approx(-8 * math.exp(-32))


# ---- clouds in the plane ------------------------------------------------------------------------------------------


def test_the_ring_has_eight_different_modes_and_the_grid_twenty_five():
    for name, k in (("ring of 8", 8), ("grid of 25", 25)):
        modes = toys.CLOUDS[name].modes
        assert modes.shape == (k, 2)
        assert torch.pdist(modes).min() > 0.4
    assert torch.allclose(toys.ring().modes.norm(dim=1), torch.ones(8))


@pytest.mark.parametrize("name", toys.CLOUDS)
def test_a_cloud_depends_on_the_seed_alone_and_fits_into_the_picture(name):
    a, b = (toys.CLOUDS[name].sample(2000, torch.Generator().manual_seed(4)) for _ in range(2))
    assert torch.equal(a, b)
    assert a.shape == (2000, 2)
    assert a.abs().max() < 1.5
    assert a.mean(0).abs().max() < 0.1


def test_samples_of_clusters_cover_them():
    cloud = toys.ring()
    covered, share = toys.covered_modes(cloud.sample(5000, torch.Generator().manual_seed(0)), cloud.modes, cloud.std)
    assert covered == 8
    assert share == pytest.approx(1 - math.exp(-4.5), abs=0.005)  # of a normal cloud in the plane within 3 std
    assert toys.covered_modes(cloud.modes[:3].repeat(5, 1), cloud.modes, cloud.std) == (3, 1.0)
    assert toys.covered_modes(torch.zeros(5, 2), cloud.modes, cloud.std) == (0, 0.0)


def test_a_drawing_is_sampled_along_its_lines():
    corner = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 0.5]])
    points = toys.Drawing((corner,), std=0.0).sample(4000, torch.Generator().manual_seed(0))
    across = points[:, 1] == 0
    assert across.double().mean().item() == pytest.approx(2 / 3, abs=0.03)
    assert (points[~across][:, 0] == 1).all()
    dot = toys.Drawing((torch.tensor([[0.3, 0.4]]),), std=0.0).sample(5, torch.Generator())
    assert torch.allclose(dot, torch.tensor([0.3, 0.4]).expand(5, 2))


# ---- the Dirac-GAN ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "gamma", "steps", "at_once", "in_turn"),
    [
        ("minimax", 0, 500, 3.3534, 1.3392),
        ("non-saturating", 0, 500, 0.6402, 0.2839),
        ("WGAN, unclipped", 0, 500, 25635.97, 1.3979),
        ("minimax", 0.3, 100, 0.1167, 0.0675),
        ("minimax", 1.0, 100, 2.737e-3, 3.892e-3),
    ],
)
def test_the_distance_to_the_equilibrium(loss, gamma, steps, at_once, in_turn):
    for alternating, distance in ((False, at_once), (True, in_turn)):
        way = toys.dirac_trajectory(loss, steps, 0.2, alternating, gamma)
        assert way.shape == (steps + 1, 2)
        assert way.dtype == torch.float64
        assert way[0].tolist() == [1, 1]
        digits = 2 if distance > 100 else 6 if distance < 0.01 else 4
        assert round(way[-1].norm().item(), digits) == distance


@pytest.mark.parametrize("loss", toys.DIRAC_LOSSES)
@pytest.mark.parametrize("alternating", [False, True])
@pytest.mark.parametrize("gamma", [0.0, 0.3, 1.0])
def test_eigenvalues_are_those_of_a_small_step_near_the_equilibrium(loss, alternating, gamma):
    small = 1e-6
    columns = [
        toys.dirac_trajectory(loss, 1, 0.2, alternating, gamma, start)[1] / small
        for start in ((small, 0.0), (0.0, small))
    ]
    expected = torch.linalg.eigvals(torch.stack(columns, 1))
    found = torch.tensor(toys.dirac_eigenvalues(loss, 0.2, alternating, gamma), dtype=torch.complex128)
    assert torch.allclose(found.sum(), expected.sum(), atol=1e-5)
    assert torch.allclose(found.prod(), expected.prod(), atol=1e-5)


def test_players_who_move_at_once_leave_and_those_in_turn_circle():
    assert abs(toys.dirac_eigenvalues("minimax")[0]) == pytest.approx(math.sqrt(1.01))
    assert abs(toys.dirac_eigenvalues("minimax", alternating=True)[0]) == pytest.approx(1)


def test_a_flight_without_bound_ends_in_numbers_not_in_an_error():
    assert not toys.dirac_trajectory("WGAN, unclipped", 5000, 2.0).isfinite().all()
    assert toys.dirac_trajectory("minimax", 5000, 2.0, start=(5.0, -5.0)).shape == (5001, 2)
