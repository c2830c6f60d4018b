"""A game: the reader is the discriminator, and hears at the end how the real one does on the same pictures."""

import html

import ipywidgets as widgets
import torch
from torch import Tensor

from gancourse import datasets, figures, pretrained, training
from gancourse.widgets.page import Page, png, with_still

PIXELS = 196  # side of the picture on the screen


class RealOrFake(widgets.VBox):
    """Real test digits and fakes from every shipped stage of a training, one after the other, to be told apart.

    name: of a shipped generator of MNIST digits. rounds: pictures, half of them real. seed: of the choice and of the noise.

    `game.right` counts the reader's right answers, `game.discriminators` those of the shipped discriminator.
    """

    def __init__(self, name: str = "mnist_better", rounds: int = 16, seed: int = 0):
        self._name, self._rounds, self._seed = name, rounds, seed
        self.picture = widgets.Image(format="png", layout=widgets.Layout(width=f"{PIXELS}px", height=f"{PIXELS}px"))
        self.picture.add_class("gancourse-picture")
        self.real = widgets.Button(description="Real", tooltip="A person wrote this")
        self.fake = widgets.Button(description="Fake", tooltip="A generator drew this")
        self.again = widgets.Button(description="Again", tooltip="The same game with other pictures")
        self.real.on_click(lambda _: self._answer(True))
        self.fake.on_click(lambda _: self._answer(False))
        self.again.on_click(lambda _: self._begin())
        self.text = widgets.HTML()
        self._page = Page()
        buttons = widgets.HBox([self.real, self.fake, self.again])
        super().__init__([self.picture, buttons, self.text, self._page])
        self.add_class("gancourse")
        self._begin()

    def _begin(self) -> None:
        """Begin a game with pictures that were not shown yet."""
        self.images, self.steps, judged_real = _pictures(self._name, self._rounds, self._seed)
        self._seed += 1
        self.answers: list[bool] = []  # True for "real"
        self._is_real = [step == 0 for step in self.steps]
        self.discriminators = sum(said == real for said, real in zip(judged_real, self._is_real, strict=True))
        self.real.disabled = self.fake.disabled = False
        self._show("Written by a person, or drawn by a generator?")

    @property
    def right(self) -> int:
        """How many answers were right so far."""
        return sum(answer == real for answer, real in zip(self.answers, self._is_real, strict=False))

    def _answer(self, says_real: bool) -> None:
        if len(self.answers) == len(self.images):
            return
        step = self.steps[len(self.answers)]
        truth = f"a fake, after {step:,} steps of training" if step else "real"
        self.answers.append(says_real)
        self._show(f"{'Right' if says_real == (step == 0) else 'No'}: that was {truth}.")

    def _show(self, before: str) -> None:
        """Show the next picture, or the end; before: what to say about the last one."""
        done, rounds = len(self.answers), len(self.images)
        if done < rounds:
            self._page.picture = f"Picture {done + 1} of {rounds}: real or fake?"
            self.picture.value = png(self.images[done, 0].numpy(), PIXELS)
            text = f"{before} {self.right} of {done} right. Picture {done + 1} of {rounds}."
        else:
            self._page.picture = f"All {rounds} pictures, first the real ones, then the fakes, the earliest first"
            in_order = torch.tensor(self.steps).argsort(stable=True)
            self.picture.value = png(figures.tile(self.images[in_order], columns=4), PIXELS)
            self.real.disabled = self.fake.disabled = True
            text = (
                f"{before} You: {self.right} of {rounds}. The discriminator: {self.discriminators}. {self._by_stage()}"
            )
            text += f" Above: the {self.steps.count(0)} real ones first, then the fakes, the earliest first."
        self.text.value = f'<span role="status">{html.escape(text)}</span>'

    def _by_stage(self) -> str:
        """Return how many fakes of each stage were seen through, in words."""
        parts = []
        for step in sorted(set(self.steps) - {0}):
            said = [not answer for answer, of in zip(self.answers, self.steps, strict=True) if of == step]
            parts.append(f"{sum(said)} of {len(said)} from step {step:,}")
        return f"Fakes that you saw through: {', '.join(parts)}."

    def _repr_mimebundle_(self, **kwargs):
        return with_still(super()._repr_mimebundle_(**kwargs), png(figures.tile(self.images, columns=8), 480))


def _pictures(name: str, rounds: int, seed: int) -> tuple[Tensor, list[int], list[bool]]:
    """Return images uint8 (rounds, 1, 28, 28) in random order, the step each comes from, 0 for real, and whether D says real."""
    random = torch.Generator().manual_seed(seed)
    stages = [pretrained.load(name, stage + 1) for stage in range(len(pretrained.read_card(name)["stages"]))]
    n_fake = rounds // 2
    test = datasets.load("mnist", split="test").images
    images = list(test[torch.randperm(len(test), generator=random)[: rounds - n_fake]])
    steps = [0] * len(images)
    for number in range(n_fake):
        stage = stages[number % len(stages)]
        images.append(training.sample(stage.generator, 1, seed=1_000 * seed + number)[0])
        steps.append(stage.step)
    order = torch.randperm(rounds, generator=random).tolist()
    shuffled = torch.stack([images[i] for i in order])
    with torch.no_grad():
        judged_real = (stages[-1].discriminator(training.to_unit(shuffled)) > 0).tolist()
    return shuffled, [steps[i] for i in order], judged_real
