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
        self.images, self.origins, judged_real = _pictures(self._name, self._rounds, self._seed)
        self._seed += 1
        self.answers: list[bool] = []  # True for "real"
        self._is_real = [origin == "" for origin in self.origins]
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
        origin = self.origins[len(self.answers)]
        truth = f"a fake, {origin}" if origin else "real"
        self.answers.append(says_real)
        self._show(f"{'Right' if says_real == (origin == '') else 'No'}: that was {truth}.")

    def _show(self, before: str) -> None:
        """Show the next picture, or the end; before: what to say about the last one."""
        done, rounds = len(self.answers), len(self.images)
        if done < rounds:
            self._page.picture = f"Picture {done + 1} of {rounds}: real or fake?"
            self.picture.value = png(self.images[done, 0].numpy(), PIXELS)
            text = f"{before} {self.right} of {done} right. Picture {done + 1} of {rounds}."
        else:
            self._page.picture = f"All {rounds} pictures"
            self.picture.value = png(figures.tile(self.images, columns=4), PIXELS)
            self.real.disabled = self.fake.disabled = True
            text = f"{before} You: {self.right} of {rounds}. {self._by_stage()} The discriminator: {self.discriminators} of {rounds}."
        self.text.value = f'<span role="status">{html.escape(text)}</span>'

    def _by_stage(self) -> str:
        """Return how many fakes of each stage were seen through, in words."""
        seen = {}
        for answer, origin in zip(self.answers, self.origins, strict=True):
            if origin:
                seen.setdefault(origin, []).append(not answer)
        parts = (f"{sum(found)} of {len(found)} fakes {origin}" for origin, found in seen.items())
        return f"You saw through {', '.join(parts)}."

    def _repr_mimebundle_(self, **kwargs):
        return with_still(super()._repr_mimebundle_(**kwargs), png(figures.tile(self.images, columns=8), 480))


def _pictures(name: str, rounds: int, seed: int) -> tuple[Tensor, list[str], list[bool]]:
    """Return images uint8 (rounds, 1, 28, 28) in random order, where each comes from, "" for real, and what D says."""
    random = torch.Generator().manual_seed(seed)
    stages = [pretrained.load(name, stage + 1) for stage in range(len(pretrained.read_card(name)["stages"]))]
    n_fake = rounds // 2
    test = datasets.load("mnist", split="test").images
    images = list(test[torch.randperm(len(test), generator=random)[: rounds - n_fake]])
    origins = [""] * len(images)
    for number in range(n_fake):
        stage = stages[number % len(stages)]
        images.append(training.sample(stage.generator, 1, seed=1_000 * seed + number)[0])
        origins.append(f"after {stage.step:,} steps")
    order = torch.randperm(rounds, generator=random).tolist()
    shuffled = torch.stack([images[i] for i in order])
    with torch.no_grad():
        judged_real = (stages[-1].discriminator(training.to_unit(shuffled)) > 0).tolist()
    return shuffled, [origins[i] for i in order], judged_real
