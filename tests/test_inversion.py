"""Noise is found again: of toys whose answer is known, and of real digits with the shipped generators."""

import itertools

import pytest
import torch
from torch import nn

from gancourse import datasets, features, inversion, pretrained, training


class Toy(nn.Module):
    """A generator (N, 1, 8, 8) whose picture tells its noise: a tanh of a random linear map."""

    z_dim = 6

    def __init__(self):
        super().__init__()
        rng = torch.Generator().manual_seed(0)
        self.map = nn.Parameter(0.4 * torch.randn(6, 64, generator=rng))
        self.norm = nn.BatchNorm1d(64)

    def forward(self, z):
        return torch.tanh(self.norm(z @ self.map)).view(-1, 1, 8, 8)


class UniformToy(Toy):
    prior = "uniform"


class ConditionalToy(Toy):
    """Each of three classes has a bright row of its own, as bright as z[0] says."""

    classes = 3

    def forward(self, z, labels):
        images = super().forward(z) * 0.3
        row = torch.nn.functional.one_hot(labels, 8)[:, None, :, None]
        return images + row * torch.sigmoid(z[:, :1, None, None]) * 0.6


class Colour(Toy):
    def forward(self, z):
        return super().forward(z).expand(-1, 3, -1, -1)


QUICK = {"samples": 50, "starts": 2}


def pictures(G: nn.Module, n: int = 5, seed: int = 100, **options) -> torch.Tensor:
    return training.sample(G, n, seed, **options)


@pytest.mark.parametrize("kind", [Toy, UniformToy, Colour])
def test_the_noise_of_its_own_pictures_is_found_again(kind):
    G = kind().eval()
    z = training.noise(G, 5, seed=100)
    found = inversion.invert(G, pictures(G), **QUICK)
    assert found.error.max() < 1e-4
    assert (found.z - z).abs().max() < 0.3  # the penalty on atypical lengths moves it a little
    assert found.labels is None
    assert (found.z.dtype, found.error.dtype, found.images.dtype) == (torch.float32, torch.float32, torch.uint8)
    assert found.z.shape == (5, 6)
    assert torch.equal(found.images, training.to_uint8(G(found.z).detach()))
    assert torch.allclose(found.error, gap(found.images, pictures(G)), atol=1e-4)


def gap(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return (training.to_unit(a) - training.to_unit(b)).square().mean((1, 2, 3))


def test_uniform_noise_stays_in_its_range():
    G = UniformToy().eval()
    out_of_reach = training.to_uint8(G(3 * training.noise(G, 4, seed=5)).detach())
    assert inversion.invert(G, out_of_reach, **QUICK).z.abs().max() <= 1


def test_noise_keeps_a_typical_length_where_the_picture_asks_for_a_longer_one():
    G = Toy().eval()
    own = 4 * training.noise(G, 4, seed=5)
    found = inversion.invert(G, training.to_uint8(G(own).detach()), **QUICK)
    assert (found.z.norm(dim=1) < 0.8 * own.norm(dim=1)).all()


def test_the_class_is_found_too():
    G = ConditionalToy().eval()
    labels = torch.tensor([2, 0, 1, 1, 0])
    images = pictures(G, labels=labels)
    found = inversion.invert(G, images, **QUICK)
    assert torch.equal(found.labels, labels)
    assert found.error.max() < 2e-4
    assert torch.equal(found.images, training.to_uint8(G(found.z, found.labels).detach()))


def test_given_labels_are_kept_even_where_they_do_not_fit():
    G = ConditionalToy().eval()
    images = pictures(G, labels=torch.tensor([2, 0, 1, 1, 0]))
    wrong = torch.tensor([0, 1, 2, 0, 2])
    found = inversion.invert(G, images, wrong, **QUICK)
    assert torch.equal(found.labels, wrong)
    assert found.error.min() > 1e-3  # five times what the right class leaves


def test_the_best_so_far_only_improves_and_the_last_is_what_invert_returns():
    G = Toy().eval()
    images = pictures(G)
    turns = list(inversion.search(G, images, steps=50, every=20, **QUICK))
    assert len(turns) == 4  # before the first step, after 20, after 40, and after the last
    for before, after in itertools.pairwise(turns):
        assert (after.error <= before.error).all()
    assert (turns[-1].error < turns[0].error / 10).all()
    last = inversion.invert(G, images, steps=50, **QUICK)
    assert torch.equal(last.z, turns[-1].z)


def test_a_search_that_overshoots_keeps_its_best(monkeypatch):
    monkeypatch.setattr(inversion, "STEP_SIZE", 20.0)
    G = Toy().eval()
    images = pictures(G)
    first, *_, last = inversion.search(G, images, steps=10, every=1, **QUICK)
    assert (last.error <= first.error).all()
    assert torch.allclose(last.error, gap(last.images, images), atol=1e-3)


def test_the_search_starts_at_the_closest_random_picture():
    G = Toy().eval()
    images, pool = pictures(G), training.noise(G, 50, seed=7)
    first = next(inversion.search(G, images, seed=7, **QUICK))
    closest = gap(pictures(G, 50, seed=7)[:, None].expand(-1, 5, -1, -1, -1).flatten(0, 1), images.repeat(50, 1, 1, 1))
    assert torch.equal(first.z, pool[closest.view(50, 5).argmin(0)])


def test_the_result_depends_on_the_seed_alone():
    G, images = Toy().eval(), pictures(Toy().eval())
    torch.manual_seed(1)
    once = inversion.invert(G, images, steps=20, seed=3, **QUICK)
    torch.manual_seed(2)
    again = inversion.invert(G, images, steps=20, seed=3, **QUICK)
    other = inversion.invert(G, images, steps=20, seed=4, **QUICK)
    assert torch.equal(once.z, again.z)
    assert not torch.equal(once.z, other.z)


def test_a_picture_is_found_alike_alone_and_among_many():
    G = Toy().eval()
    images = pictures(G, 150)  # more pictures with their starts than are drawn at once
    together = inversion.invert(G, images, steps=30, **QUICK)
    alone = inversion.invert(G, images[140:141], steps=30, **QUICK)
    assert torch.allclose(together.z[140:141], alone.z, atol=1e-3)


@pytest.mark.parametrize("kind", [Toy, ConditionalToy])
def test_the_generator_is_left_as_it_was(kind):
    G = kind()
    images = pictures(G, 3)
    state = {name: value.clone() for name, value in G.state_dict().items()}
    with torch.no_grad():  # whatever the caller does
        inversion.invert(G, images, steps=5, **QUICK)
    assert G.training
    assert all(p.requires_grad and p.grad is None for p in G.parameters())
    assert all(torch.equal(value, state[name]) for name, value in G.state_dict().items())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": torch.zeros(2, 1, 8, 8)}, "must be uint8"),
        ({"images": torch.zeros(1, 8, 8, dtype=torch.uint8)}, r"shape \(N, C, H, W\)"),
        ({"images": torch.zeros(0, 1, 8, 8, dtype=torch.uint8)}, "the set is empty"),
        ({"images": torch.zeros(2, 3, 8, 8, dtype=torch.uint8)}, r"draws images \(1, 8, 8\); these are \(3, 8, 8\)"),
        ({"labels": torch.zeros(2)}, "whole numbers"),
        ({"labels": torch.zeros(3, dtype=torch.int64)}, r"shape \(2,\)"),
        ({"labels": torch.tensor([0, 3])}, "labels run from 0 to 2"),
        ({"steps": 0}, "steps must be a whole number, at least 1"),
        ({"samples": 3}, "4 starts cannot be chosen from 3 samples"),
        ({"generator": nn.Linear(6, 64)}, "z_dim"),
    ],
)
def test_what_does_not_fit_is_said_at_once(change, message):
    given = {"generator": ConditionalToy(), "images": torch.zeros(2, 1, 8, 8, dtype=torch.uint8)} | change
    with pytest.raises(ValueError, match=message):
        inversion.search(**given)


def test_labels_for_a_generator_that_takes_none_are_refused():
    with pytest.raises(ValueError, match="takes no labels"):
        inversion.search(Toy(), pictures(Toy(), 2), torch.tensor([0, 1]))


def test_real_digits_keep_their_class():
    test = datasets.load("mnist", "test")
    images, labels = test.images[:40], test.labels[:40]
    G = pretrained.load("mnist_better").generator
    found, random = inversion.invert(G, images), inversion.invert(G, images, samples=1, starts=1)
    assert (features.digits()(found.images)[1].argmax(1) == labels).float().mean() >= 0.9
    assert found.error.mean() < 0.03 < random.error.mean()
    assert (found.z.norm(dim=1) / 8 - 1).abs().max() < 0.25


def test_the_class_of_real_digits_is_found():
    test = datasets.load("mnist", "test")
    found = inversion.invert(pretrained.load("mnist_conditional").generator, test.images[:40], steps=20)
    assert (found.labels == test.labels[:40]).float().mean() >= 0.85
