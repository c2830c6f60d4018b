"""Training, sampling and measuring on whatever device there is: on a GPU the same as on a CPU."""

import pytest
import torch

from gancourse import augment, datasets, features, metrics, training
from gancourse.networks.conditional import ConditionalDiscriminator, ConditionalGenerator
from gancourse.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from gancourse.networks.mlp import MLPDiscriminator, MLPGenerator
from gancourse.steps import dcgan_step, mlp_step

here = pytest.mark.parametrize(
    "device",
    [
        "cpu",
        pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")),
        pytest.param("mps", marks=pytest.mark.skipif(not torch.backends.mps.is_available(), reason="no Apple GPU")),
    ],
)
GANS = {
    "mlp": (MLPGenerator, MLPDiscriminator, mlp_step(gamma=1.0, every=2), (1, 28, 28), None),
    "conditional": (
        ConditionalGenerator,
        ConditionalDiscriminator,
        mlp_step(gamma=1.0, every=2),
        (1, 28, 28),
        None,
    ),
    "dcgan": (
        lambda: DCGANGenerator(width=8),
        lambda: DCGANDiscriminator(width=8),
        dcgan_step(gamma=0.1, every=2, seen=augment.differentiable),
        (3, 32, 32),
        augment.random_flip,
    ),
}


def train(name: str, device: str, steps: int, **settings) -> training.Run:
    new_G, new_D, train_step, size, augmented = GANS[name]
    rng = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (96, *size), dtype=torch.uint8, generator=rng)
    torch.manual_seed(0)
    G, D = new_G().to(device), new_D().to(device)
    labels = torch.arange(96) % 10 if name == "conditional" else None
    return training.fit(
        train_step,
        G,
        D,
        training.adam(G, 2e-4),
        training.adam(D, 2e-4),
        images,
        labels=labels,
        steps=steps,
        batch_size=16,
        ema=0.9,
        augment=augmented,
        progress=False,
        **settings,
    )


@here
@pytest.mark.parametrize("bf16", [False, True], ids=["float32", "bf16"])
@pytest.mark.parametrize("name", GANS)
def test_a_gan_trains_and_draws_there(device, name, bf16):
    run = train(name, device, steps=4, bf16=bf16, snapshot_steps=[2])
    assert training.device_of(run.G).type == training.device_of(run.generator).type == device
    assert all(values.isfinite().all() and values.device.type == "cpu" for values in run.history.values())
    drawn = training.sample(run.generator, 5, seed=1)
    assert drawn.device.type == "cpu"
    assert drawn.dtype == torch.uint8
    assert run.snapshots[2].float().std() > 0


@here
@pytest.mark.parametrize("name", GANS)
def test_a_training_resumes_there(device, name, tmp_path):
    whole = train(name, device, steps=6)
    train(name, device, steps=3, folder=tmp_path)
    resumed = train(name, device, steps=6, folder=tmp_path)
    for what in ("d_loss", "g_loss"):  # a share of a batch jumps where a logit passes 0
        values = whole.history[what]
        torch.testing.assert_close(resumed.history[what], values, rtol=1e-3, atol=1e-3)


@here
def test_noise_with_a_seed_is_the_same_there_as_on_a_cpu(device):
    there = training.noise(MLPGenerator().to(device), 7, seed=3)
    assert there.device.type == device
    assert torch.equal(there.cpu(), training.noise(MLPGenerator(), 7, seed=3))


@here
def test_features_and_distances_are_those_of_a_cpu(device, monkeypatch):
    images = datasets.load("mnist", "test").images[:300]
    monkeypatch.setattr(features, "pick_device", lambda: torch.device("cpu"))
    expected, _ = features.digits.__wrapped__()(images)  # not the one that is kept
    monkeypatch.setattr(features, "pick_device", lambda: torch.device(device))
    found, _ = features.digits.__wrapped__()(images)
    torch.testing.assert_close(found, expected, rtol=1e-2, atol=1e-2)
    assert metrics.frechet_distance(found, expected) < 0.01 * metrics.frechet_distance(found[:150], expected[150:])


@pytest.mark.parametrize("default", ["meta", "cuda"])
def test_a_default_device_that_is_not_the_cpu_changes_nothing(default):
    """As after `torch.set_default_device("cuda")`; the device "meta" stands for it where there is none."""
    if default == "cuda" and not torch.cuda.is_available():
        pytest.skip("no GPU")
    G, conditional = MLPGenerator(z_dim=8, hidden=(16,)), ConditionalGenerator()
    images = torch.randint(0, 256, (40, 1, 28, 28), dtype=torch.uint8)
    a, b = torch.randn(2, 40, 5, dtype=torch.float64)

    def results() -> list:
        batches = training.Batches(images, 8, device=torch.device("cpu"))
        drawn = [training.sample(G, 3, seed=2), training.sample(conditional, 12, seed=2), batches(1)]
        return [*drawn, *metrics.kernel_distance(a, b), *metrics.precision_recall(a, b), metrics.frechet_distance(a, b)]

    expected = results()
    with torch.device(default):
        found = results()
    for f, e in zip(found, expected, strict=True):
        assert torch.equal(f, e) if isinstance(f, torch.Tensor) else f == e
