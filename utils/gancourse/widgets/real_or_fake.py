"""A game: the reader is the discriminator, and learns at the end how the shipped one does on the same pictures."""

import torch

from gancourse import datasets, pretrained, recipes, training
from gancourse.widgets.picture_game import PictureGame, Puzzle

REAL, FAKE = "Real", "Fake"


class RealOrFake(PictureGame):
    """Real test digits and fakes from every shipped stage of a training, one after the other, to be told apart.

    name: of a shipped generator of MNIST digits. rounds: pictures, half of them real. seed: of the choice and of the noise.

    `game.right` counts the reader's right answers, `game.discriminators` those of the shipped discriminator.
    Raises ValueError for a generator of something else, and for fewer than two rounds.
    """

    def __init__(self, name: str = "mnist_better", rounds: int = 16, seed: int = 0):
        if (recipe := recipes.get(name)).dataset != "mnist" or recipe.conditional:
            raise ValueError(f"{name} is not an unconditional digit generator: take mnist_better or mnist_tutorial.")
        if rounds < 2:
            raise ValueError(f"A game needs at least two rounds, a real picture and a fake, not {rounds}.")
        self._stages = [pretrained.load(name, stage + 1) for stage in range(len(pretrained.read_card(name)["stages"]))]
        self._rounds = rounds
        answers = {REAL: "A person wrote this", FAKE: "A generator drew this"}
        super().__init__(answers, "Written by a person, or drawn by a generator?", seed)

    def _deal(self, seed: int) -> list[Puzzle]:
        n_fake = self._rounds // 2
        test = datasets.load("mnist", split="test").images
        picked = torch.randperm(len(test), generator=torch.Generator().manual_seed(seed), device="cpu")[
            : self._rounds - n_fake
        ]
        fakes = [(self._stages[i % len(self._stages)], 1_000 * seed + i) for i in range(n_fake)]
        return [Puzzle(image, REAL, "real") for image in test[picked]] + [
            Puzzle(training.sample(stage.generator, 1, number)[0], FAKE, _origin(stage.step))
            for stage, number in sorted(fakes, key=lambda fake: fake[0].step)
        ]

    @property
    def discriminators(self) -> int:
        """Return how many answers of the shipped discriminator are right."""
        with torch.no_grad():
            logits = self._stages[-1].discriminator(training.to_unit(torch.stack([p.image for p in self.puzzles])))
        said = [REAL if logit > 0 else FAKE for logit in logits.tolist()]
        return sum(kind == puzzle.kind for kind, puzzle in zip(said, self.puzzles, strict=True))

    def _verdict(self) -> str:
        """Return how the discriminator did, and how many fakes of each stage were seen through."""
        parts = []
        for stage in self._stages:
            said = [a for a, p in zip(self.answers, self.puzzles, strict=True) if p.origin == _origin(stage.step)]
            parts += [f"{said.count(FAKE)} of {len(said)} from step {stage.step:,}"] * bool(said)
        return (
            f"The discriminator: {self.discriminators}. Fakes that you saw through: {', '.join(parts)}; "
            "on the sheet they are sorted by step."
        )


def _origin(step: int) -> str:
    return f"a fake, after {step:,} steps of training"
