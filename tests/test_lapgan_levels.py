"""The levels of a LAPGAN: their networks, the coarse pictures they are trained on, and how they are joined."""

import itertools
import json

import pytest
import torch
from torch import nn

from gancourse import checkpoints, cli, datasets, pretrained, pyramid, recipes, runs, shipping, training
from gancourse.networks.lapgan import LAPGAN, BaseDiscriminator, BaseGenerator, LevelDiscriminator, LevelGenerator
from gancourse.steps import level_step, paired_loss
from gancourse.widgets import LatentExplorer, TrainingMonitor

LABELS = torch.tensor([3, 1, 4, 1, 5])
SMALL = {"width": 8}


def joined(classes: int = 0) -> LAPGAN:
    return LAPGAN(
        BaseGenerator(**SMALL, classes=classes), *(LevelGenerator(side, **SMALL, classes=classes) for side in (16, 32))
    ).eval()


@pytest.mark.parametrize("classes", [0, 10])
@torch.no_grad()
def test_every_level_makes_pictures_and_one_logit_for_each(classes):
    labels = (LABELS,) * bool(classes)
    G = joined(classes)
    drawn = G.pictures(training.noise(G, 5, seed=0), *labels)
    assert [picture.shape for picture in drawn] == [(5, 3, side, side) for side in (8, 16, 32)]
    assert all(picture.abs().max() <= 1 for picture in drawn)
    assert BaseDiscriminator(**SMALL, classes=classes)(drawn[0], *labels).shape == (5,)
    for small, large in itertools.pairwise(drawn):
        D = LevelDiscriminator(large.shape[-1], **SMALL, classes=classes)
        assert D(large, small, *labels).shape == (5,)


@torch.no_grad()
def test_a_joined_generator_gives_each_level_its_own_part_of_the_noise():
    G = joined()
    assert G.noise_groups == {"8x8": slice(0, 100), "16x16": slice(100, 164), "32x32": slice(164, 228)}
    z = training.noise(G, 4, seed=0)
    before = G.pictures(z)
    for number, group in enumerate(G.noise_groups.values()):
        other = z.clone()
        other[:, group] = training.noise(G, 4, seed=1)[:, group]
        same = [torch.equal(a, b) for a, b in zip(before, G.pictures(other), strict=True)]
        assert same == [level < number for level in range(3)]


@torch.no_grad()
def test_a_level_adds_a_band_to_the_coarse_picture():
    level, coarse = LevelGenerator(16, **SMALL).eval(), torch.rand(3, 3, 8, 8) - 0.5
    z = training.noise(level, 3)
    assert torch.allclose(level(z, coarse), pyramid.expand(coarse) + level.band(z, coarse))
    bright = torch.ones(3, 3, 8, 8)
    level.draw[-1].bias.fill_(0.5)
    assert level(z, bright).max() == 1
    assert level.train()(z, bright).max() > 1  # the gradient may bring it back


@torch.no_grad()
def test_the_discriminator_of_a_level_looks_at_both_pictures():
    x, coarse = torch.rand(2, 4, 3, 16, 16), torch.rand(2, 4, 3, 8, 8)
    D = LevelDiscriminator(16, **SMALL, norm="none")
    assert not torch.equal(D(x[0], coarse[0]), D(x[1], coarse[0]))
    assert not torch.equal(D(x[0], coarse[0]), D(x[0], coarse[1]))


@torch.no_grad()
def test_the_discriminator_sees_the_band_enlarged_beside_the_coarse_picture_or_the_picture_alone():
    x, coarse = torch.rand(4, 3, 16, 16), torch.rand(4, 3, 8, 8)
    seen = []
    for pair in (True, False):
        D = LevelDiscriminator(16, **SMALL, pair=pair)
        D.features.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        D(x, coarse)
    low = pyramid.expand(coarse)
    assert torch.allclose(seen[0], torch.cat([5 * (x - low), low], dim=1))
    assert torch.equal(seen[1], x)


@torch.no_grad()
def test_conditional_discriminators_add_a_kernel_of_the_class():
    for D, inputs in (
        (BaseDiscriminator(**SMALL, classes=10), [torch.rand(5, 3, 8, 8)]),
        (LevelDiscriminator(16, **SMALL, classes=10), [torch.rand(5, 3, 16, 16), torch.rand(5, 3, 8, 8)]),
    ):
        D.eval()
        features = []
        D.features.register_forward_hook(lambda _, inputs, out, kept=features: kept.append(out.flatten(1)))
        logits = D(*inputs, LABELS)
        kernels = D.head.kernel.weight.flatten(1) + D.head.code.table[LABELS]
        assert torch.allclose(logits, (kernels * features[0]).sum(1) + D.head.kernel.bias, atol=1e-5)


def test_the_conditional_base_is_trained_with_wrong_labels_too():
    recipe = recipes.LEVELS["cifar10_lapgan_conditional_8"]
    G, D = BaseGenerator(**SMALL, classes=10), BaseDiscriminator(**SMALL, classes=10)
    values = recipe.train_step(G, D, training.adam(G, 1e-3), training.adam(D, 1e-3), torch.rand(5, 3, 8, 8), LABELS, 1)
    assert values["d_loss"].isfinite()


@torch.no_grad()
def test_the_conditional_level_listens_to_labels_and_shares():
    G = joined(10)
    z = training.noise(G, 2, seed=0)
    one_hot = nn.functional.one_hot(LABELS[:2], 10).float()
    assert torch.allclose(G(z, LABELS[:2]), G(z, one_hot), atol=1e-6)
    for number, level in enumerate(G.levels):
        coarse = [] if number == 0 else [torch.zeros(2, 3, level.side // 2, level.side // 2)]
        part = z[:, : level.z_dim]
        assert not torch.equal(level(part, *coarse, LABELS[:2]), level(part, *coarse, LABELS[1:3]))


@pytest.mark.parametrize(("settings", "says"), [((8,), "side is 8"), ((32, 100), "multiple of 64")])
def test_a_level_that_cannot_be_is_refused(settings, says):
    with pytest.raises(ValueError, match=says):
        LevelGenerator(*settings)


@pytest.mark.parametrize(
    ("levels", "says"),
    [
        (lambda: (BaseGenerator(), LevelGenerator(32)), "these have 8, 32"),
        (lambda: (BaseGenerator(classes=10), LevelGenerator(16)), "some levels are conditional"),
    ],
)
def test_levels_that_do_not_follow_each_other_are_not_joined(levels, says):
    with pytest.raises(ValueError, match=says):
        LAPGAN(*levels())


def test_a_norm_that_there_is_not_is_refused():
    for make in (BaseDiscriminator, lambda norm: LevelDiscriminator(16, norm=norm)):
        with pytest.raises(ValueError, match="spectral"):
            make(norm="spectral")


# ---- what levels are trained on --------------------------------------------------------------------------------------


def test_a_side_that_halving_does_not_reach_is_refused():
    with pytest.raises(ValueError, match="32 pixels cannot be halved to 24"):
        recipes.reduced(torch.zeros(1, 3, 32, 32, dtype=torch.uint8), 24)


def test_reduced_pictures_are_the_levels_of_the_pyramid():
    x = torch.randint(0, 256, (5, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    coarse, _ = pyramid.decompose(training.to_unit(x), 2)
    assert torch.equal(recipes.reduced(x, 8), training.to_uint8(coarse))
    assert torch.equal(recipes.reduced(x, 32), x)


def test_examples_come_by_turns_of_their_classes():
    labels = torch.tensor([2, 0, 0, 1, 2, 1, 0, 1])
    indices = recipes.by_turns(labels, 100)
    assert labels[indices].tolist() == [0, 1, 2, 0, 1, 2]
    assert len(set(indices.tolist())) == 6


@pytest.mark.parametrize(("n", "seed"), [(9, 0), (7, 1), (250, 3)])
def test_a_conditional_level_gets_examples_of_the_classes_asked_for(n, seed):
    level = LevelGenerator(16, **SMALL, classes=3)
    shown = torch.arange(12) % 3
    level.examples = (20 * shown)[:, None, None, None].expand(-1, 3, 8, 8).to(torch.uint8)
    _, coarse, labels = training.generator_inputs(level, n, seed)
    assert torch.equal(training.to_uint8(coarse)[:, 0, 0, 0], 20 * labels)
    asked = torch.arange(n).flip(0) % 3
    _, coarse, labels = training.generator_inputs(level, n, seed, asked)
    assert torch.equal(labels, asked)
    assert torch.equal(training.to_uint8(coarse)[:, 0, 0, 0], 20 * asked)


def test_a_level_alone_draws_details_for_its_examples():
    level = LevelGenerator(16, **SMALL)
    level.examples = torch.randint(0, 256, (7, 3, 8, 8), dtype=torch.uint8)
    _, coarse = training.generator_inputs(level, 9, seed=0)
    assert torch.equal(coarse, training.to_unit(level.examples[[*range(7), 0, 1]]))
    later = training.generator_inputs(level, 3, seed=1)[1]
    assert torch.equal(later, training.to_unit(level.examples[3:6]))
    assert training.sample(level, 9).shape == (9, 3, 16, 16)


class Watching(LevelDiscriminator):
    """A discriminator that keeps what it is told."""

    def __init__(self, *settings, **options):
        super().__init__(*settings, **options)
        self.told = []

    def forward(self, x, coarse, *labels):
        self.told.append((x, coarse, *labels))
        return super().forward(x, coarse, *labels)


@pytest.mark.parametrize("classes", [0, 10])
def test_the_training_step_tells_both_players_the_coarse_picture(classes):
    G, D = LevelGenerator(16, **SMALL, classes=classes), Watching(16, **SMALL, classes=classes)
    real, labels = torch.rand(5, 3, 16, 16) * 2 - 1, (LABELS,) * bool(classes)
    step = level_step()
    values = step(G, D, training.adam(G, 1e-3), training.adam(D, 1e-3), real, *labels, 1)
    assert {"d_loss", "g_loss", "d_real", "d_fake", "pixels"} == values.keys()
    (x, coarse, *told), *of_fakes = D.told
    assert torch.equal(x, real)
    assert torch.equal(coarse, pyramid.reduce(real))
    assert all(torch.equal(*pair) for pair in zip(told, labels, strict=True))
    assert len(of_fakes) == 2  # in D's turn and in G's
    for fakes, coarse, *told in of_fakes:
        one, other = coarse.chunk(2)
        assert len(fakes) == 4  # two for each of the first half
        assert torch.equal(one, other)
        assert torch.equal(one, pyramid.reduce(real)[:2])
        assert all(torch.equal(y, labels[0][[0, 1, 0, 1]]) for y in told)


def test_the_step_leaves_no_gradient_of_G_in_D():
    G, D = LevelGenerator(16, **SMALL), LevelDiscriminator(16, **SMALL)
    opt_G, opt_D = training.adam(G, 1e-3), training.adam(D, 1e-3)
    used = []
    opt_D.register_step_post_hook(lambda *_: used.extend(p.grad.clone() for p in D.parameters()))
    level_step()(G, D, opt_G, opt_D, torch.rand(4, 3, 16, 16) * 2 - 1, 1)
    assert all(p.requires_grad for p in D.parameters())
    assert all(torch.equal(a, p.grad) for a, p in zip(used, D.parameters(), strict=True))


def test_the_loss_on_pixels_is_least_for_the_right_spread():
    """What is possible for a coarse picture is normally distributed: G's best deviation is the true one."""
    rng = torch.Generator().manual_seed(0)
    truth, one, other = torch.randn(3, 400_000, generator=rng).double()
    deviations = torch.linspace(0.4, 1.6, 25)
    losses_of = torch.stack([paired_loss(d * one, d * other, truth) for d in deviations])
    assert deviations[losses_of.argmin()] == pytest.approx(1, abs=0.11)
    without = torch.stack([paired_loss(d * one, d * other, truth, spread=0) for d in deviations])
    assert without.argmin() == 0


@pytest.fixture
def small_pyramid(monkeypatch, tmp_path):
    """The recipe of the LAPGAN, with small networks, two hundred pictures, and three steps a level."""
    from dataclasses import replace

    rng = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (200, 3, 32, 32), dtype=torch.uint8, generator=rng)
    data = replace(datasets.load("mnist"), images=images, labels=torch.arange(200) % 10)
    monkeypatch.setattr(datasets, "load", lambda name, split="train": data)
    for name in recipes.JOINED["cifar10_lapgan"].levels:
        level = recipes.LEVELS[name]
        kinds, side = [type(network) for network in level.networks()], level.side

        def networks(side=side, kinds=kinds):
            return tuple(kind(**SMALL) if side == 8 else kind(side, **SMALL) for kind in kinds)

        monkeypatch.setitem(recipes.LEVELS, name, replace(level, networks=networks, steps=3, stages=(3,)))
    return tmp_path


def test_levels_are_trained_alone_and_joined(small_pyramid):
    parts = [
        recipes.train(name, folder=small_pyramid / name, progress=False)
        for name in recipes.JOINED["cifar10_lapgan"].levels
    ]
    run = recipes.join(parts)
    assert (run.step, run.interrupted) == (9, False)
    z = training.noise(run.generator, 3, seed=0)
    with torch.no_grad():
        small = parts[0].generator(z[:, :100])
        middle = parts[1].generator(z[:, 100:164], small)
        assert torch.equal(run.generator(z), parts[2].generator(z[:, 164:], middle))
    again = [
        recipes.train(name, folder=small_pyramid / name, progress=False)
        for name in recipes.JOINED["cifar10_lapgan"].levels
    ]
    assert torch.equal(recipes.join(again).generator(z), run.generator(z))


def test_one_command_trains_a_level_and_another_joins(small_pyramid, monkeypatch, capsys):
    class Report:
        HEADLINE, headline = "distance", 1.0

        def line(self, what):
            return what

        def as_dict(self):
            return {}

    measured = []
    monkeypatch.setattr(shipping, "measure", lambda G, dataset: measured.append((type(G), dataset)) or Report())
    runs = ["--runs", str(small_pyramid)]
    assert cli.main(["train", "cifar10_lapgan_16", *runs]) == 0
    assert "`gancourse train cifar10_lapgan` trains what is missing" in capsys.readouterr().out
    assert not measured
    before = (small_pyramid / "cifar10_lapgan_16-seed0/checkpoint.safetensors").stat().st_mtime_ns
    assert cli.main(["train", "cifar10_lapgan", *runs]) == 0
    assert (small_pyramid / "cifar10_lapgan_16-seed0/checkpoint.safetensors").stat().st_mtime_ns == before
    assert measured == [(LAPGAN, "cifar10")]
    assert "cifar10_lapgan seed 0, 9 steps" in capsys.readouterr().out


def test_a_joined_generator_is_shipped_with_its_levels(small_pyramid, monkeypatch):
    monkeypatch.setattr(pretrained, "folder", lambda: small_pyramid / "pretrained")
    monkeypatch.setattr(shipping, "measure_stages", lambda name: None)
    recipe = recipes.JOINED["cifar10_lapgan"]
    parts = [recipes.train(name, folder=small_pyramid / name, progress=False) for name in recipe.levels]
    run = recipes.join(parts)
    shipping._ship("cifar10_lapgan", recipe, run, small_pyramid, [{"minutes": 1.0}])
    shipping.draw("cifar10_lapgan", run, parts)
    card = json.loads((small_pyramid / "pretrained/cifar10_lapgan/card.json").read_text())
    assert card["levels"] == {f"cifar10_lapgan_{side}": 3 for side in (8, 16, 32)}
    assert card["stages"][0]["step"] == 9
    gan = pretrained.load("cifar10_lapgan")
    z = training.noise(gan.generator, 4, seed=0)
    assert torch.allclose(gan.generator(z), run.generator(z), atol=0.02)
    assert len(gan.discriminator) == 3
    pictures = sorted(path.name for path in (small_pyramid / "pretrained/cifar10_lapgan").glob("*.png"))
    assert pictures == ["curves-1.png", "curves-2.png", "curves-3.png", "samples.png"]


def test_a_pyramid_is_not_trained_in_one(capsys):
    with pytest.raises(ValueError, match="cifar10_lapgan joins several trainings, cifar10_lapgan_8"):
        recipes.train("cifar10_lapgan")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["cifar10_lapgan_16"], "`gancourse evaluate cifar10_lapgan`"),
        (["cifar10_lapgan", "--weights", "x.safetensors"], "a file of weights for each level"),
    ],
)
def test_what_cannot_be_measured_alone_is_said(arguments, says, capsys):
    assert cli.main(["evaluate", *arguments]) == 1
    assert says in capsys.readouterr().err


def test_a_level_alone_is_neither_kept_nor_explored():
    level = LevelGenerator(16, **SMALL)
    with pytest.raises(ValueError, match="Keep all levels together"):
        runs.keep("one level", level)
    assert "Show all levels together" in LatentExplorer(level)._message.value


def test_a_monitor_shows_the_pictures_of_a_level():
    G, D = LevelGenerator(16, **SMALL), LevelDiscriminator(16, **SMALL)
    images = torch.randint(0, 256, (40, 3, 16, 16), dtype=torch.uint8)
    G.examples = recipes.reduced(images, 8)
    with torch.no_grad():
        G.draw[-1].bias.fill_(3)  # beyond 1
    monitor = TrainingMonitor(2)
    players = (G, D, training.adam(G, 1e-3), training.adam(D, 1e-3))
    run = training.fit(level_step(), *players, images, steps=2, batch_size=8, watcher=monitor)
    monitor.finished(run)
    assert "No pictures" not in monitor.window.caption
    assert monitor.frames[2].shape[1:] == (3, 16, 16)


def test_a_level_without_examples_is_told_to_get_some():
    G, D = LevelGenerator(16, **SMALL), LevelDiscriminator(16, **SMALL)
    del G.examples
    images = torch.zeros(40, 3, 16, 16, dtype=torch.uint8)
    with pytest.raises(ValueError, match=r"give it some: `G.examples`"):
        training.fit(level_step(), G, D, training.adam(G, 1e-3), training.adam(D, 1e-3), images, steps=1, batch_size=8)


def test_a_level_is_not_shipped_alone(capsys):
    assert cli.main(["train", "cifar10_lapgan_16", "--ship"]) == 1
    assert "`gancourse train cifar10_lapgan --ship` joins all levels" in capsys.readouterr().err


def test_the_weights_of_a_level_can_be_read_from_its_checkpoint(small_pyramid):
    name = "cifar10_lapgan_32"
    run = recipes.train(name, folder=small_pyramid / name, progress=False)
    G = recipes.LEVELS[name].networks()[0]
    assert checkpoints.read_generator(small_pyramid / name / "checkpoint.safetensors", G) == 3 * 32
    assert torch.equal(G.mix[0].weight, run.generator.mix[0].weight)
