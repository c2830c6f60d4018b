"""The attack slider and the real-or-fake game of lesson 1."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from gancourse import datasets, pretrained, training
from gancourse.checks import generative_models
from gancourse.widgets import AttackSlider, RealOrFake


@pytest.fixture(scope="module")
def digits():
    mnist = datasets.load("mnist", split="test")
    return mnist.images[:10], mnist.labels[:10]


@pytest.fixture(scope="module")
def classifier():
    return pretrained.load_classifier()[0]


def decoded(png: bytes) -> torch.Tensor:
    return torch.from_numpy(np.array(Image.open(io.BytesIO(png))))


def attack(*arguments):
    return generative_models.sign_attack.reference(*arguments)


def test_the_slider_shows_the_picture_before_and_after_and_says_what_is_read(digits, classifier):
    images, labels = digits
    slider = AttackSlider(attack, classifier, *digits)
    slider.number.value, slider.epsilon.value = 3, 0.25
    slider.wait()
    changed = attack(classifier, training.to_unit(images[3:4]), labels[3:4], 0.25)
    shown = decoded(slider.picture.value)
    scale = shown.shape[0] // 28
    assert torch.equal(shown[::scale, : 28 * scale : scale], images[3, 0])
    assert torch.equal(shown[::scale, 28 * scale :: scale], training.to_uint8(changed)[0, 0])
    confidence, answer = classifier(changed).softmax(1)[0].max(0)
    assert f"epsilon 0.25: classified as {int(answer)}, {confidence:.1%} sure" in slider.text.value


def test_an_attack_that_stops_is_a_message_and_the_next_one_is_shown(digits, classifier):
    failing = [True]

    def sometimes(*arguments):
        if failing[0]:
            raise ValueError("no <gradient>")
        return attack(*arguments)

    slider = AttackSlider(sometimes, classifier, *digits)
    assert "Your function stops with ValueError: no &lt;gradient&gt;" in slider.text.value
    failing[0] = False
    slider.epsilon.value = 0.1
    slider.wait()
    assert "epsilon 0.10" in slider.text.value


def images_of(game) -> torch.Tensor:
    return torch.stack([puzzle.image for puzzle in game.puzzles])


def test_the_game_counts_the_readers_and_the_discriminators_right_answers():
    game = RealOrFake(rounds=8)
    stages = [stage["step"] for stage in pretrained.read_card("mnist_better")["stages"]]
    fakes = [puzzle.origin for puzzle in game.sheet[4:]]
    assert fakes == [f"a fake, after {step:,} steps of training" for step in stages]
    assert [puzzle.kind for puzzle in game.sheet] == ["Real"] * 4 + ["Fake"] * 4
    assert {id(puzzle) for puzzle in game.puzzles} == {id(puzzle) for puzzle in game.sheet}
    discriminator = pretrained.load("mnist_better").discriminator
    with torch.no_grad():
        says_real = (discriminator(training.to_unit(images_of(game))) > 0).tolist()
    kinds = [puzzle.kind for puzzle in game.puzzles]
    assert game.discriminators == sum(a == (kind == "Real") for a, kind in zip(says_real, kinds, strict=True))
    for number, kind in enumerate(kinds):
        game.buttons["Real" if number == 0 else kind].click()
    assert game.right == 8 - (kinds[0] != "Real")
    assert f"You: {game.right} of 8." in game.text.value
    assert f"The discriminator: {game.discriminators}." in game.text.value
    assert f"from step {stages[-1]:,}" in game.text.value


def test_at_the_end_the_game_offers_another_one_with_other_pictures():
    game = RealOrFake(rounds=4)
    first = images_of(game)
    for _ in range(6):  # two more than there are pictures: they do nothing
        game.buttons["Fake"].click()
    assert len(game.answers) == 4
    assert "You: 2 of 4." in game.text.value
    game.again.click()
    assert game.answers == []
    assert not torch.equal(images_of(game), first)


@pytest.mark.parametrize("arguments", [{"name": "cifar10_dcgan"}, {"name": "mnist_conditional"}, {"rounds": 1}])
def test_a_game_that_could_not_end_is_refused_at_once(arguments):
    with pytest.raises(ValueError, match=r"unconditional digit generator|at least two rounds"):
        RealOrFake(**arguments)


def test_a_notebook_that_is_only_read_shows_pictures(digits, classifier):
    for widget in (AttackSlider(attack, classifier, *digits), RealOrFake(rounds=4)):
        bundle = widget._repr_mimebundle_()
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        assert decoded(data["image/png"]).float().std() > 10
