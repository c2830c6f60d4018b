"""Generators that a reader keeps: they come back without their class, and draw the same pictures."""

import io
import zipfile

import pytest
import torch
from torch import nn

from gancourse import pretrained, runs, training
from gancourse.networks.lapgan import LAPGAN, BaseGenerator, LevelGenerator
from gancourse.widgets import LatentExplorer


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "folder", lambda: tmp_path / "runs")


class Mine(nn.Module):
    """A reader's own class, with batch norm and a buffer that is not saved."""

    z_dim = 5

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.LeakyReLU(0.2), nn.Linear(8, 16), nn.Tanh())
        self.register_buffer("shift", torch.full((16,), 0.1), persistent=False)

    def forward(self, z):
        return (0.9 * self.body(z + 0.0) + self.shift * 0).view(-1, 1, 4, 4)


class OnlyLabels(Mine):
    """It takes no shares: its table is looked up."""

    classes, class_names = 3, ("cat", "dog", "owl")

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(3, 5)

    def forward(self, z, labels):
        return super().forward(z + self.table(labels))


def test_a_class_of_the_readers_own_comes_back_and_draws_the_same():
    torch.manual_seed(0)
    G = Mine().train()
    before = {name: tensor.clone() for name, tensor in G.state_dict().items()}
    runs.keep("my digits", G)
    assert G.training
    assert all(torch.equal(before[name], tensor) for name, tensor in G.state_dict().items())
    assert all(p.requires_grad for p in G.parameters())
    kept = runs.load("my digits")
    G.eval()
    for n in (1, 2, 25):
        z = training.noise(G, n, seed=n)
        assert torch.allclose(kept(z), G(z), atol=1e-6)
    assert runs.names() == ["my digits"]


@pytest.mark.parametrize("name", ["mnist_tutorial", "mnist_conditional", "cifar10_conditional", "pokemon_dcgan"])
def test_the_courses_generators_can_be_kept(name):
    G = pretrained.load(name).generator
    runs.keep(name, G)
    kept = runs.load(name)
    inputs = training.generator_inputs(G, 4, seed=1)
    assert torch.allclose(kept(*inputs), G(*inputs), atol=1e-5)
    assert (kept.z_dim, kept.prior) == (G.z_dim, getattr(G, "prior", "normal"))
    if len(inputs) == 2:
        shares = torch.rand(4, G.classes)
        assert torch.allclose(kept(inputs[0], shares), G(inputs[0], shares), atol=1e-5)
        assert list(kept.class_names) == [str(n) for n in G.class_names]


def test_the_levels_of_a_generator_come_back():
    G = LAPGAN(BaseGenerator(width=8), LevelGenerator(16, width=8)).eval()
    runs.keep("levels", G)
    kept = runs.load("levels")
    assert kept.noise_groups == {"8x8": slice(0, 100), "16x16": slice(100, 164)}
    z = training.noise(G, 5, seed=0)
    assert torch.allclose(kept(z), G(z), atol=1e-5)
    assert list(LatentExplorer(kept).levels.buttons) == ["8x8", "16x16"]


def test_a_generator_that_takes_labels_alone_is_kept_with_them():
    G = OnlyLabels()
    runs.keep("animals", G)
    kept = runs.load("animals")
    z, labels = training.generator_inputs(G.eval(), 4, seed=1)
    assert torch.allclose(kept(z, labels), G(z, labels), atol=1e-6)
    explorer = LatentExplorer(kept)
    explorer.label = 2
    explorer.wait()
    assert "class owl" in explorer.text.value
    assert explorer._message.value == ""


def test_a_kept_generator_stays_in_eval_mode_and_can_be_sampled():
    runs.keep("mine", Mine())
    kept = runs.load("mine")
    assert kept.train() is kept.eval() is kept
    assert not kept.training
    assert training.sample(kept, 5, seed=1).shape == (5, 1, 4, 4)
    assert runs.picture("mine").startswith(b"\x89PNG")
    assert runs.picture("other") == b""


class Dangerous:
    def __reduce__(self):
        return exec, ("raise SystemExit('code of its own has run')",)


def test_a_file_that_would_run_code_is_refused(tmp_path):
    path = runs.keep("mine", Mine())
    inner, outer = zipfile.ZipFile(path), io.BytesIO()
    buffer = io.BytesIO()
    torch.save(Dangerous(), buffer)
    with zipfile.ZipFile(outer, "w") as changed:
        for item in inner.namelist():
            changed.writestr(
                item, buffer.getvalue() if "sample_inputs" in item and item.endswith(".pt") else inner.read(item)
            )
    inner.close()
    path.write_bytes(outer.getvalue())
    assert b"code of its own" in path.read_bytes()
    with pytest.raises(runs.RunError, match="is damaged"):
        runs.load("mine")


def test_the_explorer_tells_kept_generators_apart():
    prints = set()
    for seed in (0, 1):
        torch.manual_seed(seed)
        runs.keep(f"run {seed}", Mine())
        prints.add(pretrained.fingerprint(runs.load(f"run {seed}")))
    assert len(prints) == 2
    assert set(runs.names()) == {"run 0", "run 1"}


class Broken(Mine):
    def forward(self, z):
        return super().forward(z) if z.mean() > 10 else super().forward(-z)


@pytest.mark.parametrize(
    ("name", "generator", "says"),
    [
        ("", Mine(), "A name has 1 to 60 letters"),
        ("../x", Mine(), "A name has 1 to 60 letters"),
        (".hidden", Mine(), "A name has 1 to 60 letters"),
        ("x", nn.Linear(2, 2), "z_dim"),
        ("x", Mine, "This is the class Mine"),
        ("x", Broken(), "cannot be kept: torch.export stops with"),
    ],
)
def test_what_cannot_be_kept_is_said_and_nothing_is_written(name, generator, says):
    with pytest.raises((ValueError, runs.RunError), match=says):
        runs.keep(name, generator)
    assert runs.names() == []


def test_a_missing_or_damaged_file_is_said():
    with pytest.raises(runs.RunError, match="There are: none yet"):
        runs.load("mine")
    path = runs.keep("mine", Mine())
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(runs.RunError, match="is damaged"):
        runs.load("mine")
