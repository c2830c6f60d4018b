"""Arcs through the noise: where they begin and end, how long they are, and where there is none."""

import itertools

import pytest
import torch

from gancourse import walks


def way(a: torch.Tensor, b: torch.Tensor, steps: int) -> torch.Tensor:
    """Return so many points from a to b, both (z_dim,): (steps, z_dim)."""
    return walks.slerp(a.expand(steps, -1), b.expand(steps, -1), torch.linspace(0, 1, steps))


def test_an_arc_begins_and_ends_where_it_should_keeps_the_length_and_turns_evenly():
    torch.manual_seed(0)
    a, b = torch.randn(2, 64)
    points = way(a, b, 11)
    assert torch.allclose(points[[0, -1]], torch.stack([a, b]), atol=1e-5)
    assert torch.allclose(points.norm(dim=1), torch.linspace(a.norm().item(), b.norm().item(), 11), atol=1e-4)
    turns = torch.stack([torch.cosine_similarity(p, q, dim=0).arccos() for p, q in itertools.pairwise(points)])
    assert torch.allclose(turns, turns.mean().expand(10), atol=1e-3)
    assert ((a + b) / 2).norm() < 0.9 * points[5].norm()


def test_every_row_has_its_own_arc():
    torch.manual_seed(0)
    a, b, t = torch.randn(5, 8), torch.randn(5, 8), torch.rand(5)
    together = walks.slerp(a, b, t)
    alone = [walks.slerp(a[i : i + 1], b[i : i + 1], t[i : i + 1]) for i in range(5)]
    assert torch.allclose(together, torch.cat(alone), atol=1e-6)


@pytest.mark.parametrize("b", [torch.ones(4), 2 * torch.ones(4), -torch.ones(4), torch.zeros(4)])
def test_where_there_is_no_arc_the_way_is_straight(b):
    a = torch.ones(4)
    assert torch.allclose(way(a, b, 5)[1], 0.75 * a + 0.25 * b, atol=1e-5)
    assert torch.allclose(way(b, a, 5)[1], 0.75 * b + 0.25 * a, atol=1e-5)


@pytest.mark.parametrize("straight", [False, True])
def test_a_way_along_pins_passes_each_of_them(straight):
    torch.manual_seed(0)
    pins = torch.randn(4, 16)
    assert torch.allclose(walks.along(pins, torch.arange(4.0), straight), pins, atol=1e-5)
    at = torch.tensor([0.5, 1.25, 2.75])
    arcs = [walks.slerp(pins[i : i + 1], pins[i + 1 : i + 2], t[None])[0] for i, t in enumerate(at - torch.arange(3))]
    lines = [torch.lerp(pins[i], pins[i + 1], t) for i, t in enumerate(at - torch.arange(3))]
    assert torch.allclose(walks.along(pins, at, straight), torch.stack(lines if straight else arcs), atol=1e-6)


def test_one_pin_is_a_way_too():
    assert torch.allclose(walks.along(torch.ones(1, 3), torch.zeros(2)), torch.ones(2, 3))
