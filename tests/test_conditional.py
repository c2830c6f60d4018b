"""Conditional networks and trainings: labels reach the images that they belong to, and wrong ones are refused."""

import copy

import pytest
import torch
from torch.optim.swa_utils import update_bn

from gancourse import datasets, recipes, training
from gancourse.networks.conditional import ConditionalDiscriminator, ConditionalGenerator

CODES_OF_G = ("one-hot", "embedding")
CODES_OF_D = ("one-hot", "embedding", "map", "projection")


@pytest.mark.parametrize("code", CODES_OF_G)
@pytest.mark.parametrize("n", [1, 7])
def test_a_generator_draws_one_image_for_each_noise_and_label(code, n):
    G = ConditionalGenerator(code=code).eval()
    z, labels = torch.randn(n, 64), torch.arange(n) % 10
    images = G(z, labels)
    assert images.shape == (n, 1, 28, 28)
    assert images.abs().max() <= 1
    assert (G(z, (labels + 1) % 10) - images).flatten(1).abs().amax(1).min() > 1e-4
    assert (G(torch.randn(n, 64), labels) - images).flatten(1).abs().amax(1).min() > 1e-4


@pytest.mark.parametrize("code", CODES_OF_D)
@pytest.mark.parametrize("n", [1, 7])
def test_a_discriminator_judges_each_pair_by_itself(code, n):
    D = ConditionalDiscriminator(code=code)
    x, labels = torch.rand(n, 1, 28, 28) * 2 - 1, torch.arange(n) % 10
    logits = D(x, labels)
    assert logits.shape == (n,)
    alone = torch.cat([D(x[i : i + 1], labels[i : i + 1]) for i in range(n)])
    assert torch.allclose(logits, alone, atol=1e-5)
    assert (D(x, (labels + 1) % 10) - logits).abs().min() > 1e-6
    assert (D(-x, labels) - logits).abs().min() > 1e-6


@pytest.mark.parametrize("code", CODES_OF_G)
def test_shares_of_one_class_are_its_label_and_a_mixture_lies_between(code):
    G = ConditionalGenerator(code=code).eval()
    z, labels = torch.randn(10, 64), torch.arange(10)
    assert torch.allclose(G(z, torch.eye(10)), G(z, labels), atol=1e-6)
    a, b = (G.code(torch.full((1,), y)) for y in (3, 8))
    shares = torch.zeros(1, 10)
    shares[0, [3, 8]] = 0.5
    assert torch.allclose(G.code(shares), (a + b) / 2)


def test_the_projection_is_the_formula_of_the_paper():
    D = ConditionalDiscriminator(code="projection")
    x, labels = torch.rand(5, 1, 28, 28), torch.tensor([3, 1, 4, 1, 5])
    h = D.body(x.flatten(1))
    expected = torch.stack(
        [D.head.weight[0] @ h[i] + D.head.bias[0] + D.code.table[y] @ h[i] for i, y in enumerate(labels)]
    )
    assert torch.allclose(D(x, labels), expected, atol=1e-5)


def test_the_labels_of_a_batch_are_those_of_its_images():
    mnist = datasets.load("mnist")
    batches = training.Batches(mnist.images, 64, seed=3, labels=mnist.labels)
    for step in (1, 2, 1_000):
        real, labels, number = batches.arguments(step)
        which = batches.indices(step)
        assert number == step
        assert torch.equal(labels, mnist.labels[which])
        assert torch.equal(training.to_uint8(real), mnist.images[which])


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (torch.zeros(299, dtype=torch.int64), "one for each image"),
        (torch.zeros(300), "int64"),
        (torch.full((300,), 10), "label 10; with 10 classes"),
        (torch.full((300,), -1), "label -1"),
    ],
    ids=["too few", "floats", "too large", "negative"],
)
def test_labels_that_do_not_fit_the_images_are_refused_before_the_first_step(labels, says):
    G, D = ConditionalGenerator(), ConditionalDiscriminator()
    images = torch.zeros(300, 1, 28, 28, dtype=torch.uint8)
    with pytest.raises(ValueError, match=says):
        training.fit(None, G, D, None, None, images, labels=labels, steps=1, progress=False)


def test_a_sample_is_of_the_classes_that_were_asked_for_whatever_the_batch_size():
    torch.manual_seed(0)
    G = ConditionalGenerator()
    labels = torch.tensor([7, 7, 0, 3, 9])
    whole = training.sample(G, 5, seed=1, labels=labels)
    in_parts = training.sample(G, 5, seed=1, labels=labels, batch_size=2)
    assert (whole.int() - in_parts.int()).abs().max() <= 1  # a product of other size rounds otherwise
    by_hand = training.to_uint8(G.eval()(training.noise(G, 5, 1), labels).detach())
    assert torch.equal(whole, by_hand)
    assert torch.equal(training.sample(G, 12), training.sample(G, 12, labels=torch.arange(12) % 10))


@pytest.mark.parametrize(
    ("G", "labels", "says"),
    [
        (ConditionalGenerator(), torch.tensor([0, 1, 10]), "label 10"),
        (ConditionalGenerator(), torch.tensor([0, 1]), "3 images need 3 labels"),
        (ConditionalGenerator(), torch.tensor([0.0, 1.0, 2.0]), "int64"),
        (recipes.get("mnist_better").networks()[0], torch.tensor([0, 1, 2]), "takes no labels"),
    ],
    ids=["out of range", "too few", "floats", "not conditional"],
)
def test_a_sample_with_labels_that_do_not_fit_is_refused(G, labels, says):
    with pytest.raises(ValueError, match=says):
        training.sample(G, 3, labels=labels)


def test_a_generator_that_broke_down_is_not_sampled():
    G = recipes.get("mnist_better").networks()[0]
    with torch.no_grad():
        G.body[0].weight.fill_(torch.nan)
    with pytest.raises(ValueError, match="broke down"):
        training.sample(G.train(), 3)
    assert G.training


def test_conditional_networks_without_labels_are_refused_before_the_first_step():
    images = torch.zeros(300, 1, 28, 28, dtype=torch.uint8)
    with pytest.raises(ValueError, match="pass `labels`"):
        training.fit(None, ConditionalGenerator(), ConditionalDiscriminator(), None, None, images, steps=1)


def test_refreshed_batch_norm_is_that_of_pytorch_and_survives_an_error():
    G = recipes.get("mnist_better").networks()[0]
    other = copy.deepcopy(G)
    update_bn((training.noise(G, 250, seed) for seed in range(40)), other)
    training.refresh_batch_norm(G)
    for name, value in other.state_dict().items():
        assert torch.allclose(G.state_dict()[name], value), name
    momentum = G.body[1].momentum
    G.body.append(torch.nn.Linear(3, 3))  # does not fit
    with pytest.raises(RuntimeError):
        training.refresh_batch_norm(G)
    assert G.body[1].momentum == momentum


def test_a_conditional_training_resumes_to_the_bit_and_refuses_other_labels(tmp_path):
    recipe, mnist = recipes.get("mnist_conditional"), datasets.load("mnist")
    images, labels = mnist.images[:640], mnist.labels[:640]

    def run(steps, labels, folder=None):
        torch.manual_seed(0)
        G, D = recipe.networks()
        players = G, D, recipe.optimizer(G), recipe.optimizer(D)
        return training.fit(
            recipe.train_step, *players, images, labels=labels, steps=steps, ema=0.9, folder=folder, progress=False
        )

    whole = run(12, labels)
    run(5, labels, tmp_path)
    resumed = run(12, labels, tmp_path)
    for a, b in zip(whole.generator.state_dict().values(), resumed.generator.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    with pytest.raises(RuntimeError, match="labels"):
        run(20, labels.flip(0), tmp_path)


def test_in_a_step_the_fakes_are_judged_with_the_labels_that_they_were_made_for():
    given = {"G": [], "D": []}
    recipe = recipes.get("mnist_conditional")
    G, D = recipe.networks()
    G.register_forward_pre_hook(lambda _, arguments: given["G"].append(arguments[1]))
    D.register_forward_pre_hook(lambda _, arguments: given["D"].append(arguments[1]))
    labels = torch.tensor([3, 1, 4, 1])
    recipe.train_step(G, D, recipe.optimizer(G), recipe.optimizer(D), torch.rand(4, 1, 28, 28), labels, 1)
    assert [y.tolist() for y in given["G"]] == [[3, 1, 4, 1]]
    assert [y.tolist() for y in given["D"]] == [[3, 1, 4, 1] * 2, [3, 1, 4, 1]]
