"""What the engine refuses, and in which words; and what it accepts because it can mean only one thing."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from gancourse import arguments, training
from gancourse.checkpoints import CheckpointError
from gancourse.datasets import ImageDataset
from gancourse.networks.conditional import ConditionalDiscriminator, ConditionalGenerator
from gancourse.steps import mlp_step
from gancourse.widgets.latent import CannotShow, open_generator
from toy_training import images, players, toy_fit, weights_hash

SIGMOID = nn.Sequential(nn.Linear(8, 784), nn.Sigmoid(), nn.Unflatten(1, (1, 28, 28)))


def fit(G=None, D=None, data=None, step=None, **settings):
    """Train for two steps; G, D, the data, the step or the settings are the ones that are tried."""
    own_G, own_D, *_ = players()
    G, D = G or own_G, D or own_D
    optimizers = [torch.optim.Adam(network.parameters()) for network in (G, D)]
    settings = {"steps": 2, "batch_size": 32, "progress": False} | settings
    return training.fit(step or mlp_step(), G, D, *optimizers, images() if data is None else data, **settings)


def with_z(network, z_dim=8):
    network.z_dim = z_dim
    return network


def with_latent_dim(network):
    network.latent_dim = 8
    return network


class Tuple(nn.Module):
    z_dim = 8

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(8, 784)

    def forward(self, z):
        x = self.layer(z).tanh().view(-1, 1, 28, 28)
        return x, x


class Convolutional(nn.Sequential):
    z_dim = 8

    def __init__(self):
        super().__init__(nn.ConvTranspose2d(8, 1, 28), nn.Tanh())


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (DataLoader(images(64)), "not a DataLoader. The engine draws its own batches"),
        (TensorDataset(images(64)), "not a TensorDataset. Collect all images in one tensor"),
        (list(images(64)), "not a list. `torch.stack`"),
        ("mnist", "not a str"),
        (images()[:, 0], r"Grey ones need `images\[:, None\]`"),
        (images().expand(-1, 3, -1, -1).permute(0, 2, 3, 1), r"`images.permute\(0, 3, 1, 2\)`"),
        (images().float(), "images must be uint8, from 0 to 255, as they would be saved; these are torch.float32"),
        (images()[:0], "the set is empty"),
    ],
)
def test_data_that_are_not_one_tensor_of_images_are_refused(data, says):
    with pytest.raises(ValueError, match=says):
        fit(data=data)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"batch_size": 0}, "batch_size must be a whole number, at least 1, not 0"),
        ({"batch_size": -1}, "batch_size must be a whole number"),
        ({"batch_size": 1.5}, "batch_size must be a whole number"),
        ({"steps": 2.5}, "steps must be a whole number, at least 0, not 2.5"),
        ({"steps": -1}, "steps must be a whole number"),
    ],
)
def test_settings_that_are_no_whole_numbers_are_refused(settings, says):
    with pytest.raises(ValueError, match=says):
        fit(**settings)


@pytest.mark.parametrize(
    ("G", "says"),
    [
        (nn.Linear(8, 784), "needs an attribute `z_dim`"),
        (with_z(nn.Linear(8, 784), "8"), "needs an attribute `z_dim`"),
        (with_latent_dim(nn.Linear(8, 784)), r"it has `latent_dim`, so `G.z_dim = G.latent_dim` will do"),
        (Tuple(), "into a tuple; the course takes images"),
        (Convolutional(), r"takes noise \(N, 8\).*z.view\(-1, 8, 1, 1\)"),
        (with_z(nn.Linear(8, 784)), r"into \(16, 784\); the course takes images"),
        (with_z(SIGMOID), "never below 0.*not in nn.Sigmoid"),
        (with_z(nn.Sequential(nn.Linear(8, 784), nn.Unflatten(1, (1, 28, 28))).requires_grad_()), "run from|needs"),
        (
            with_z(nn.Sequential(nn.Linear(8, 900), nn.Tanh(), nn.Unflatten(1, (1, 30, 30)))),
            r"G draws images of \(1, 30, 30\)",
        ),
        (players()[0].double(), r"weights are torch.float64; the engine trains float32. Call `.float\(\)`"),
        (players()[0].bfloat16(), "weights are torch.bfloat16"),
    ],
)
def test_generators_that_cannot_be_trained_are_refused(G, says):
    if "run from" in says:
        with torch.no_grad():
            G[0].weight.mul_(40)
    with pytest.raises(ValueError, match=says):
        fit(G=G)


def test_a_conditional_generator_needs_labels_and_a_number_of_classes():
    G, D = ConditionalGenerator(), ConditionalDiscriminator(code="one-hot")
    with pytest.raises(ValueError, match="pass `labels`, one for each image"):
        fit(G=G, D=D)
    with pytest.raises(ValueError, match=r"labels must be int64 of shape \(500,\)"):
        fit(G=G, D=D, labels=torch.zeros(3, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"labels are whole numbers, int64; these are torch\.float32"):
        fit(G=G, D=D, labels=torch.zeros(500))
    G.classes = ["zero", "one"]
    with pytest.raises(ValueError, match="it should be the number of its classes"):
        fit(G=G, D=D, labels=torch.zeros(500, dtype=torch.int64))


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (torch.zeros(32), r"d_loss of shape \(32,\).*`.mean\(\)`"),
        ("low", "d_loss = 'low'. It records numbers"),
        (None, "d_loss = None"),
    ],
)
def test_a_step_that_records_no_numbers_is_refused(value, says):
    with pytest.raises(ValueError, match=says):
        fit(step=lambda *_: {"d_loss": value})


def test_floats_and_tensors_of_one_number_are_recorded():
    run = fit(step=lambda *_: {"d_loss": torch.ones(1), "g_loss": 2.5, "steps": 3})
    assert [float(values[-1]) for values in run.history.values()] == [1.0, 2.5, 3.0]


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "runs").write_text("not a folder")
    with pytest.raises(ValueError, match="runs is a file"):
        fit(folder=tmp_path / "runs")


def test_what_can_mean_only_one_thing_is_accepted():
    whole = weights_hash(fit())
    assert weights_hash(fit(data=images().numpy())) == whole
    assert weights_hash(fit(data=ImageDataset(images(), None, (), "toy", "train", ""))) == whole
    numbers = np.arange(500) % 10
    assert arguments.labels_of(numbers.astype(np.uint8), 500).dtype == torch.int64
    assert torch.equal(arguments.labels_of(numbers.tolist(), 500), torch.from_numpy(numbers))


def test_a_dataset_brings_its_labels_for_conditional_players():
    torch.manual_seed(0)
    G, D = ConditionalGenerator(), ConditionalDiscriminator(code="one-hot")
    fit(G=G, D=D, data=ImageDataset(images(), torch.arange(500) % 10, (), "toy", "train", ""))


def test_pixels_that_are_not_between_minus_one_and_one_are_never_measured_as_if_they_were():
    with pytest.raises(ValueError, match="never below 0"):
        training.sample(with_z(SIGMOID), 16)
    bright = with_z(nn.Sequential(nn.Linear(8, 784), nn.Unflatten(1, (1, 28, 28))))
    nn.init.normal_(bright[0].weight, std=10)
    with pytest.raises(ValueError, match="run from"):
        training.sample(bright, 4)
    with pytest.raises(ValueError, match=r"This is the class Tuple\. Create a network first"):
        training.sample(Tuple, 4)
    with pytest.raises(ValueError, match="n, the number of images, must be a whole number, at least 1, not 0"):
        training.sample(players()[0], 0)


def test_a_generator_that_keeps_a_graph_cannot_be_averaged_and_is_told_so():
    G = players()[0]
    G.kept = (torch.ones(1, requires_grad=True) * 2).sum()
    with pytest.raises(ValueError, match=r"in `kept`, so it cannot be copied. Keep `kept.detach\(\)`"):
        fit(G=G, ema=0.9)


def test_the_old_spectral_norm_is_averaged_and_the_explorer_names_its_successor():
    G = players()[0]
    torch.nn.utils.spectral_norm(G.body[0])
    G(torch.randn(4, 8))
    with pytest.raises(CannotShow, match=r"take torch.nn.utils.parametrizations.spectral_norm"):
        open_generator(G)
    assert fit(G=G, ema=0.9).step == 2


def test_a_module_that_both_players_share_is_saved_and_restored(tmp_path):
    def tied():
        G, D, *_ = players()
        D.shared, G.shared = G.body[0], G.body[0]
        return G, D

    fit(*tied(), folder=tmp_path, snapshot_steps=[1])
    assert fit(*tied(), folder=tmp_path, steps=4).step == 4


# ---- which training a folder holds ----


def other_step(*arguments):
    return {name: value * 2 for name, value in mlp_step(gamma=1.0)(*arguments).items()}


def test_a_folder_is_not_given_to_another_train_step(tmp_path):
    toy_fit(tmp_path, 10)
    with pytest.raises(CheckpointError, match=r"other settings \(another train_step\)"):
        toy_fit(tmp_path, 20, mlp_step(gamma=2.0))
    with pytest.raises(CheckpointError, match="another train_step"):
        toy_fit(tmp_path, 20, other_step)
    assert toy_fit(tmp_path, 20).step == 20


def test_a_folder_belongs_to_one_training_at_a_time(tmp_path):
    first = training.fit_in_steps(
        mlp_step(), *players(), images(), steps=5, batch_size=32, folder=tmp_path, progress=False
    )
    next(first)
    with pytest.raises(CheckpointError, match="Another training is writing into"):
        fit(folder=tmp_path)
    first.close()
    assert fit(folder=tmp_path).step == 2


def test_a_learning_rate_that_the_step_changes_is_restored(tmp_path):
    def slower(G, D, opt_G, opt_D, real, step):
        opt_G.param_groups[0]["lr"] *= 0.9
        return mlp_step()(G, D, opt_G, opt_D, real, step)

    whole = toy_fit(steps=20, train_step=slower)
    toy_fit(tmp_path, 10, slower)
    assert weights_hash(toy_fit(tmp_path, 20, slower)) == weights_hash(whole)


def test_random_numbers_of_numpy_and_python_are_restored(tmp_path):
    import random

    def noisy(batch):
        return batch + 0.1 * np.random.randn() + 0.1 * random.random() + 0.1 * random.gauss(0, 1)

    def seeded(**settings):
        np.random.seed(1)
        random.seed(1)
        return toy_fit(augment=noisy, **settings)

    whole = seeded(steps=20)
    seeded(folder=tmp_path, steps=10)
    assert weights_hash(seeded(folder=tmp_path, steps=20)) == weights_hash(whole)


def test_safetensors_of_another_program_are_no_checkpoint(tmp_path):
    import safetensors.torch

    safetensors.torch.save_file({"weight": torch.zeros(2)}, tmp_path / "checkpoint.safetensors")
    with pytest.raises(CheckpointError, match=r"no checkpoint of this course\. Delete the folder"):
        toy_fit(tmp_path, 10)


def test_sigterm_ends_a_training_with_a_checkpoint(tmp_path):
    program = (
        "import os, signal, sys; sys.path.insert(0, 'tests')\n"
        "from toy_training import toy_fit\n"
        "from gancourse import watching\n"
        "class Kill(watching.Watcher):\n"
        "    n = 0\n"
        "    def asks(self):\n"
        "        self.n += 1\n"
        "        if self.n == 6: os.kill(os.getpid(), signal.SIGTERM)\n"
        f"run = toy_fit({str(tmp_path)!r}, 60, watcher=Kill())\n"
        "print(run.step, run.interrupted)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["7", "True"], done.stderr
    assert (tmp_path / "checkpoint.safetensors").exists()
