"""The shipped weights: every stage loads, is what its card says, and survives half precision."""

import pytest
import torch

from gancourse import metrics, pretrained, pyramid, recipes, small_sets, training
from gancourse.networks.lapgan import LevelDiscriminator

IMAGE_SHAPES = {"mnist": (1, 28, 28), "cifar10": (3, 32, 32), "pokemon": (3, 64, 64)}


@pytest.mark.parametrize("name", pretrained.names())
def test_every_stage_of_a_shipped_gan_draws_and_judges(name):
    recipe = recipes.get(name)
    for stage, step in enumerate(recipe.stages, start=1):
        gan = pretrained.load(name, stage)
        assert (gan.stage, gan.step) == (stage, step)
        images = training.sample(gan.generator, 16)
        assert images.shape == (16, *IMAGE_SHAPES[recipe.dataset])
        assert len(images.flatten(1).unique(dim=0)) == 16
        labels = (torch.arange(16) % 10,) if recipe.conditional else ()
        x = training.to_unit(images)
        for D in reversed(gan.discriminator) if recipe.levels else [gan.discriminator]:
            coarse = [pyramid.reduce(x)] if isinstance(D, LevelDiscriminator) else []
            assert D(x, *coarse, *labels).shape == (16,)
            x = coarse[0] if coarse else x
    assert pretrained.load(name).stage == len(recipe.stages)


@pytest.mark.parametrize("name", pretrained.names())
def test_a_card_says_what_was_trained_and_how_well(name):
    card = pretrained.read_card(name)
    assert {"recipe", "data", "seed", "steps", "minutes", "machine", "made_by", "licence"} <= card.keys()
    assert [stage["step"] for stage in card["stages"]] == list(recipes.get(name).stages)
    network = metrics.network_for(recipes.get(name).dataset)
    figures = {"samples", f"frechet_{network.key}", f"kernel_{network.key}", "floor", "controls"}
    if small_sets.is_small(recipes.get(name).dataset, network):
        figures = {"samples", f"kernel_to_held_out_{network.key}", "copied", "copied_pixels", "controls"}
    for stage in card["stages"]:
        assert stage["metrics"]["features_sha256"] == network.sha256
        assert figures <= stage["metrics"].keys()


def test_the_better_recipe_was_as_good_as_promised():
    """What the cards record of three seeds; `gancourse train mnist_better --seeds 3` measures it again."""
    seeds = pretrained.read_card("mnist_better")["seeds"]
    ratios = sorted(seed["times_floor"] for seed in seeds)
    assert len(ratios) == 3
    assert ratios[1] <= 4.5
    assert ratios[2] <= 6
    assert all(seed["classes_covered"] == 10 and seed["class_kl"] <= 0.02 for seed in seeds)


def test_the_conditional_recipe_was_as_good_as_promised():
    """What the cards record of three seeds; `gancourse train mnist_conditional --seeds 3` measures it again."""
    seeds = pretrained.read_card("mnist_conditional")["seeds"]
    assert len(seeds) == 3
    for seed in seeds:
        assert seed["times_floor"] <= 4.5
        assert seed["gan_test"] >= 0.97
        assert seed["gan_train"] >= 0.94
        assert seed["within_class"] >= 0.8


def test_the_conditional_dcgan_was_as_good_as_promised():
    """What the cards record; `gancourse train cifar10_classifier`, then `cifar10_conditional`, measures it again."""
    assert pretrained.read_card("cifar10_classifier")["test_accuracy"] >= 0.88
    shipped = pretrained.read_card("cifar10_conditional")["stages"][-1]["metrics"]
    assert min(shipped["gan_test_by_class"]) >= 0.6


def test_the_conditional_lapgan_was_as_good_as_promised():
    """What the card records; `gancourse train cifar10_lapgan_conditional` measures it again."""
    shipped = pretrained.read_card("cifar10_lapgan_conditional")["stages"][-1]["metrics"]
    assert min(shipped["gan_test_by_class"]) >= 0.6


def test_holding_the_coarse_noise_holds_the_coarse_picture_and_not_the_detail():
    G = pretrained.load("cifar10_lapgan").generator
    z = training.noise(G, 200, seed=0)
    coarse = G.noise_groups["8x8"]
    held = z.clone()
    held[:, coarse] = z[0, coarse]
    deviation = {}
    with torch.no_grad():
        for name, noise in (("drawn", z), ("held", held)):
            x = G(noise)
            small = pyramid.reduce(pyramid.reduce(x))
            deviation[name] = small.std(0).mean(), x.std(0).mean()
    assert deviation["held"][0] <= 0.1 * deviation["drawn"][0]
    assert deviation["held"][1] >= 2 * deviation["held"][0]


def test_the_shipped_pokemon_are_good_and_no_copies():
    """What the card records; `gancourse evaluate pokemon_dcgan` measures it again."""
    shipped = pretrained.read_card("pokemon_dcgan")["stages"][-1]["metrics"]
    assert shipped["copied"] <= 0.02
    assert shipped["kernel_to_held_out_efficientnet_lite0_features"] <= 0.3 * shipped["controls"]["blur"]


def test_half_precision_changes_no_pixel_by_more_than_one_grey_level():
    G = pretrained.load("mnist_better").generator
    rounded = pretrained.load("mnist_better").generator
    with torch.no_grad():
        for p in G.parameters():  # full-precision weights that round to the shipped ones
            p.mul_(1 + (torch.rand(p.shape, generator=torch.Generator().manual_seed(0)) - 0.5) * 2**-11)
    a, b = (training.sample(network, 200).int() for network in (G, rounded))
    assert (a - b).abs().max() <= 1


@pytest.mark.parametrize("stage", [0, 5, -1])
def test_a_stage_that_does_not_exist_is_refused(stage):
    with pytest.raises(ValueError, match=r"stages 1 to 4, not"):
        pretrained.load("mnist_better", stage)


def test_all_weights_together_are_small():
    assert sum(file.stat().st_size for file in pretrained.folder().rglob("*") if file.is_file()) < 75e6
