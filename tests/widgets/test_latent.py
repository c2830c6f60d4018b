"""Directions, walks, noise files and code of the latent explorer, without a widget."""

import json

import pytest
import safetensors.torch
import torch
from torch import nn

from gancourse import checkpoints, directions, pretrained, training
from gancourse.widgets import latent, noise_files
from gancourse.widgets.latent import CannotShow
from toy_training import toy_fit


class Linear(nn.Module):
    """A generator whose Jacobian is known: small enough for its tanh to be straight."""

    z_dim = 6

    def __init__(self, matrix):
        super().__init__()
        self.matrix = nn.Parameter(matrix)

    def forward(self, z):
        return (z @ self.matrix).view(-1, 1, 2, 4)


def test_principal_directions_are_the_singular_vectors_of_a_linear_generator():
    torch.manual_seed(0)
    left, right = (torch.linalg.qr(torch.randn(8, 8)).Q for _ in range(2))
    scales = torch.tensor([0.1, 0.08, 0.05, 0.03, 0.02, 0.01])
    matrix = left[:6, :6] @ torch.diag(scales) @ right[:6]
    found = directions.principal_directions(Linear(matrix), 6)
    assert torch.allclose(found @ found.T, torch.eye(6), atol=1e-5)
    change = (found @ matrix).norm(dim=1)
    assert torch.allclose(change, torch.linalg.svdvals(matrix), rtol=1e-3)


def test_a_step_along_the_first_direction_changes_the_picture_more_than_any_coordinate():
    generator = pretrained.load("mnist_better").generator
    first = directions.principal_directions(generator, 8)[0]
    z = training.noise(generator, 200, seed=5)

    def change(direction):
        with torch.no_grad():
            return (generator(z + 0.5 * direction) - generator(z)).square().mean().item()

    assert change(first) > 2 * max(change(axis) for axis in torch.eye(generator.z_dim))


def test_noise_comes_back_from_its_file_to_the_last_bit():
    generator = pretrained.load("mnist_better").generator
    z = training.noise(generator, 1, seed=9)[0]
    data = noise_files.write_noise(z, generator)
    back, shares, hint = noise_files.read_noise(data, generator)
    assert torch.equal(back, z)
    assert (shares, hint) == (None, "")
    _, _, hint = noise_files.read_noise(data, pretrained.load("mnist_better", stage=1).generator)
    assert "saved with another generator" in hint


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\x89PNG", "no noise file"),
        (b"{}", "no noise file"),
        (b'{"z": "abc", "generator": ""}', "no noise file"),
        (b'{"z": [[1.0]], "generator": ""}', "damaged"),
        (b'{"z": [NaN, 1.0], "generator": ""}', "damaged"),
        (b'{"z": [3e38, 1.0], "generator": ""}', "as large as 3e"),
        (b'{"z": [], "generator": ""}', "damaged"),
        (b'{"z": [0.0, 1.0], "generator": ""}', "has 2 numbers, this generator takes 64"),
        (b"[" * 50_000, "no noise file"),
        (b" " * 200_000, "200,000 bytes"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_words(data, says):
    with pytest.raises(CannotShow, match=says):
        noise_files.read_noise(data, pretrained.load("mnist_better").generator)


@pytest.mark.parametrize("seed", [None, 4])
def test_the_code_makes_the_picture(seed):
    generator = pretrained.load("mnist_better").generator
    z = training.noise(generator, 1, seed=4)[0]
    lines = noise_files.code(z, seed, torch.device("cpu"), "network")
    names = {"network": generator}
    exec(lines, names)
    assert torch.equal(names["image"], latent.draw(generator, z[None])[0])


# ---- classes ------------------------------------------------------------------------------------------------------


class Conditional(nn.Module):
    """A generator of which every class moves two pixels by one coordinate of its own: class k by z[k]."""

    z_dim, classes = 6, 4

    def __init__(self, scales=(0.1, 0.1, 0.1, 0.1)):
        super().__init__()
        self.scales = nn.Parameter(torch.tensor(scales))

    def forward(self, z, labels):
        shares = labels if labels.is_floating_point() else torch.eye(4)[labels]
        return (shares * self.scales * z[:, :4]).repeat(1, 2).view(-1, 1, 2, 4)


def test_the_directions_of_a_conditional_generator_are_those_of_all_its_classes():
    found = directions.principal_directions(Conditional((0.02, 0.1, 0.07, 0.04)), 4)
    assert torch.allclose(found.abs(), torch.eye(6)[[1, 2, 3, 0]], atol=1e-5)


def test_every_class_counts_as_often():
    """1,024 // 6 = 170 noise vectors are no multiple of four; that class 0 came more often would put it first."""
    seen = []
    generator = Conditional()
    generator.register_forward_pre_hook(lambda _, inputs: seen.append(int(inputs[1][0])))
    directions.principal_directions(generator, 4)
    assert len(seen) == 172
    assert [seen.count(label) for label in range(4)] == [43] * 4
    generator.classes, generator.forward = 1000, lambda z, labels: torch.zeros(len(z), 1, 2, 4)
    seen.clear()
    directions.principal_directions(generator, 4)
    assert len(seen) == 170


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ([0, 0, 1.0, 0, 0, 0], "class 2"),
        ([0.5, 0, 0, 0.5, 0, 0], "half class 0, half class 3"),
        ([0.125, 0.875, 0, 0, 0, 0], "12% class 0, 88% class 1"),
        ([0.998, 0.002, 0, 0, 0, 0], "100% class 0"),
        ([0.05, 0.4, 0.3, 0.1, 0.1, 0.05], "40% class 1, 30% class 2, 10% class 3, 10% class 4, 10% others"),
    ],
)
def test_shares_are_said_in_words(shares, words):
    assert latent.shares_in_words(torch.tensor(shares), list("012345")) == words


@pytest.mark.parametrize("shares", [[0, 0, 0, 1.0], [0.1, 0.2, 0.3, 0.4]])
def test_a_class_comes_back_from_its_file_and_the_code_makes_its_picture(shares, monkeypatch):
    generator, z, shares = Conditional((1.0, 0.5, 0.2, 0.3)), torch.rand(6), torch.tensor(shares)
    _, back, hint = noise_files.read_noise(noise_files.write_noise(z, generator, shares), generator)
    assert torch.equal(back, shares)
    assert hint == ""
    monkeypatch.setattr("matplotlib.pyplot.imshow", lambda *_, **__: None)
    names = {"network": generator}
    exec(noise_files.code(z, None, torch.device("cpu"), "network", shares), names)
    assert torch.equal(names["image"], latent.draw(generator, z[None], latent.labels_for(shares, 1))[0])


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({}, "names no class"),
        ({"class": 4}, "run from 0 to 3"),
        ({"class": -1}, "run from 0 to 3"),
        ({"class": 10**400}, "run from 0 to 3"),
        ({"class": True}, "run from 0 to 3"),
        ({"class": 1.0}, "run from 0 to 3"),
        ({"class": None}, "run from 0 to 3"),
        ({"class": ["<b>"]}, "run from 0 to 3"),
        ({"shares": 1.0}, "not 4 numbers"),
        ({"shares": "abcd"}, "not 4 numbers"),
        ({"shares": [0.5, 0.5]}, "not 4 numbers"),
        ({"shares": [0.5, 0.5, 0.5, 0.5]}, "not 4 numbers"),
        ({"shares": [2.0, -1.0, 0.0, 0.0]}, "not 4 numbers"),
        ({"shares": [float("nan"), 1.0, 0.0, 0.0]}, "not 4 numbers"),
        ({"shares": [float("inf"), 1.0, 0.0, 0.0]}, "not 4 numbers"),
        ({"shares": [10**400, 1, 0, 0]}, "not 4 numbers"),
        ({"shares": [[0.25, 0.25], [0.25, 0.25]]}, "not 4 numbers"),
    ],
)
def test_a_class_that_does_not_fit_is_said_and_the_noise_is_read(entry, says):
    generator = Conditional()
    file = json.loads(noise_files.write_noise(torch.ones(6), generator)) | entry
    z, shares, hint = noise_files.read_noise(json.dumps(file).encode(), generator)
    assert torch.equal(z, torch.ones(6))
    assert shares is None
    assert says in hint
    assert hint.endswith("the class stays as it is.")


# ---- opening ------------------------------------------------------------------------------------------------------


def test_a_generator_is_opened_by_its_name_or_from_a_checkpoint(tmp_path):
    shipped = pretrained.load("mnist_better")
    named = latent.open_generator("mnist_better")
    assert latent.fingerprint(named) == latent.fingerprint(shipped.generator)
    checkpoints.write_players(tmp_path / "snapshot.safetensors", shipped.generator, shipped.discriminator)
    fresh = type(shipped.generator)()
    opened = latent.open_generator(fresh, tmp_path / "snapshot.safetensors")
    assert latent.fingerprint(opened) == latent.fingerprint(shipped.generator)


def test_the_averaged_generator_of_a_checkpoint_is_that_of_the_run(tmp_path):
    run = toy_fit(tmp_path, steps=30)
    opened = latent.open_generator(type(run.G)(z_dim=8, hidden=(32, 32)), tmp_path / "checkpoint.safetensors")
    assert torch.equal(training.sample(opened, 16), training.sample(run.generator, 16))


def test_a_generator_in_training_is_drawn_in_eval_mode_and_not_touched():
    generator = type(pretrained.load("mnist_better").generator)().train()
    before = latent.fingerprint(generator)
    alone = latent.draw(generator, torch.zeros(1, 64))
    assert torch.equal(alone, latent.draw(generator, torch.zeros(5, 64))[:1])
    assert generator.training
    assert latent.fingerprint(generator) == before


def test_weights_that_are_missing_damaged_or_of_another_network_are_refused_and_change_nothing(tmp_path):
    shipped = pretrained.load("mnist_better")
    fresh = type(shipped.generator)()
    before = latent.fingerprint(fresh)
    (tmp_path / "damaged.safetensors").write_bytes(b"not weights")
    averaged = {f"average.module.{name}": t.contiguous() for name, t in shipped.generator.state_dict().items()}
    safetensors.torch.save_file(averaged, tmp_path / "untold.safetensors")  # of which training, it does not say
    other = type(shipped.generator)(hidden=(32, 64))
    checkpoints.write_players(tmp_path / "other.safetensors", other, shipped.discriminator)
    for name, says in (
        ("none", "does not exist"),
        ("damaged", "cannot be read"),
        ("untold", "no checkpoint of this course"),
        ("other", "another network"),
    ):
        with pytest.raises(CannotShow, match=says):
            latent.open_generator(fresh, tmp_path / f"{name}.safetensors")
        assert latent.fingerprint(fresh) == before
    with pytest.raises(CannotShow, match="No weights are shipped under 'mnist_best'"):
        latent.open_generator("mnist_best")


def test_a_noise_file_can_be_read_without_the_course():
    z = torch.randn(6)
    file = json.loads(noise_files.write_noise(z, Linear(torch.zeros(6, 8))))
    assert torch.equal(torch.tensor(file["z"]), z)
