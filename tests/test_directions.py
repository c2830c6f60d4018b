"""Names of directions: of generators whose directions are known, and of the shipped ones on points that no name has seen."""

import pytest
import torch
from torch import nn

from gancourse import directions, pretrained, training
from gancourse.appearance import measure
from gancourse.directions import principal_directions

RED = [1.0, -0.553, 0.224]  # more red than green, with the same luma, and as blue as it is yellow


class Colours(nn.Module):
    """A generator (N, 3, 8, 8) of plain pictures in a grey frame: z[0] raises the red, z[1] the brightness, z[2] nothing."""

    z_dim = 3

    def forward(self, z):
        colour = 0.15 * torch.tensor([RED, [1, 1, 1], [0, 0, 0]])
        plain = torch.tanh(z @ colour)[:, :, None, None].expand(-1, -1, 6, 6)
        return nn.functional.pad(plain, (1, 1, 1, 1))


class UniformColours(Colours):
    prior = "uniform"

    def __init__(self):
        super().__init__()
        self.farthest = 0.0

    def forward(self, z):
        self.farthest = max(self.farthest, z.abs().max().item())
        return super().forward(z)


class Bars(nn.Module):
    """A conditional generator (N, 1, 28, 28): a bar, upright (class 0) or lying (class 1), that z[0] brightens."""

    z_dim, classes = 4, 2

    def __init__(self):
        super().__init__()
        self.seen = []
        self.norm = nn.BatchNorm1d(4)

    def forward(self, z, labels):
        self.seen.append(labels)
        image = torch.full((2, 28, 28), -1.0)
        image[0, 4:24, 12:16], image[1, 12:16, 4:24] = 1, 1
        ink = torch.sigmoid(self.norm(z)[:, :1, None])
        return ((image[labels] + 1) * ink - 1)[:, None]


def test_a_known_direction_gets_its_name_and_its_sense():
    red, bright, nothing, dark = directions.name_directions(Colours(), torch.cat([torch.eye(3), -torch.eye(3)[1:2]]))
    assert (red.statistic, red.ends) == ("red-green", ("green", "red"))
    assert (bright.statistic, bright.ends) == ("brightness", ("dark", "bright"))
    assert (dark.statistic, dark.ends) == ("brightness", ("bright", "dark"))
    assert min(red.correlation, bright.correlation, -dark.correlation) > 0.9
    assert min(red.agreement, bright.agreement, dark.agreement) > 0.97
    assert (nothing.statistic, nothing.correlation, nothing.agreement, nothing.ends) == (None, 0, 0, None)


def test_a_change_that_comes_only_half_of_the_time_has_no_name():
    class Half(Colours):
        def forward(self, z):
            return super().forward(z * (z[:, 2:] > 0))

    assert directions.name_directions(Half(), torch.eye(3)[:2])[1].statistic is None


def test_names_do_not_depend_on_the_length_of_a_direction():
    once, thrice = (directions.name_directions(Colours(), factor * torch.eye(3)) for factor in (1, 3))
    assert once == thrice


def test_names_come_one_by_one_and_depend_on_the_seed_alone():
    G, calls = Colours(), []
    G.register_forward_hook(lambda *_: calls.append(1))
    turns = directions.names_in_turn(G, torch.eye(3), points=16)
    first = next(turns)
    assert len(calls) == 2  # before and after one move of all points
    assert [first, *turns] == directions.name_directions(G, torch.eye(3), points=16)
    assert directions.name_directions(G, torch.eye(3), seed=1) != directions.name_directions(G, torch.eye(3))


def test_the_direction_of_a_property_is_found():
    found = directions.property_directions(Colours())
    assert {"red-green", "brightness"} <= set(found)
    for statistic, axis in (("red-green", 0), ("brightness", 1)):
        direction, name = found[statistic]
        assert direction.shape == (3,)
        assert direction.dtype == torch.float32
        assert direction.norm().item() == pytest.approx(1)
        assert direction[axis] > 0.99
        assert name.statistic == statistic
        assert name.correlation > 0.9
    assert "symmetry" not in found  # plain pictures have none


def test_uniform_noise_is_moved_less_far():
    G = UniformColours().eval()
    assert directions.name_directions(G, torch.eye(3))[1].statistic == "brightness"
    assert 2 < G.farthest < 1 + 3 / 3**0.5


def test_a_conditional_generator_keeps_the_class_of_each_point():
    G = Bars().eval()
    brighter, other = directions.name_directions(G, torch.eye(4)[:2], points=64)
    assert (brighter.statistic, other.statistic) == ("ink", None)
    assert len(G.seen) == 3
    assert all(torch.equal(labels, torch.arange(64) % 2) for labels in G.seen)
    direction, name = directions.property_directions(G)["ink"]
    assert direction[0] > 0.99
    assert name.ends == ("little ink", "much ink")


def test_the_generator_is_left_as_it_was():
    G = Bars()
    before = {name: value.clone() for name, value in G.state_dict().items()}
    directions.name_directions(G, torch.eye(4), points=16)
    directions.property_directions(G)
    assert G.training
    assert not G.seen  # a copy was asked
    assert all(torch.equal(value, before[name]) for name, value in G.state_dict().items())
    assert all(p.grad is None and p.requires_grad for p in G.parameters())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (torch.eye(4), r"shape \(n, 3\)"),
        (torch.zeros(1, 3), "length above 0"),
        (torch.full((1, 3), torch.nan), "length above 0"),
        ([1.0, 0.0, 0.0], "not a list"),
    ],
)
def test_directions_that_do_not_fit_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        directions.name_directions(Colours(), given)


def test_too_few_points_are_refused():
    with pytest.raises(ValueError, match="points must be a whole number, at least 8"):
        directions.name_directions(Colours(), torch.eye(3), points=2)


def kept_sense(G: nn.Module, direction: torch.Tensor, name: directions.Name, n: int = 300) -> float:
    """Return the share of n fresh moves that change the statistic in the sense of the name; a test of its own of `Moves`."""
    z, *labels = training.generator_inputs(G, n, seed=4_321)
    rng = torch.Generator().manual_seed(99)
    step = (1 + 2 * torch.rand(n, generator=rng)) * (3**-0.5 if getattr(G, "prior", "") == "uniform" else 1)
    step[::2] *= -1
    with torch.no_grad():
        before, after = (
            measure(training.to_uint8(G(x, *labels)))[name.statistic] for x in (z, z + step[:, None] * direction)
        )
    return ((after - before) * step * name.correlation > 0).float().mean().item()


@pytest.mark.parametrize("shipped", pretrained.names())
def test_named_directions_of_shipped_generators_keep_their_sense_on_fresh_points(shipped):
    G = pretrained.load(shipped).generator
    principal = principal_directions(G, 8)
    named = directions.name_directions(G, principal, seed=3)
    kept = [kept_sense(G, d, name) for d, name in zip(principal, named, strict=True) if name.statistic is not None]
    assert len(kept) >= 1
    assert min(kept) >= 0.9


@pytest.mark.parametrize(
    ("shipped", "expected"),
    [
        ("mnist_tutorial", {"slant", "width"}),
        ("mnist_better", {"slant", "thickness", "ink", "width"}),
        ("mnist_conditional", {"slant", "thickness", "ink"}),
        ("cifar10_dcgan", {"brightness", "red-green", "yellow-blue", "background"}),
    ],
)
def test_the_shipped_generators_have_directions_of_their_properties(shipped, expected):
    G = pretrained.load(shipped).generator
    found = directions.property_directions(G, seed=3)
    assert expected <= set(found)
    for direction, name in found.values():
        assert kept_sense(G, direction, name) >= 0.9
