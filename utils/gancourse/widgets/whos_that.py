"""A game: is this Pokémon real, generated, or blended of two generated ones, in the noise or in the pixels?"""

import ipywidgets as widgets
import torch
from torch import Tensor, nn

from gancourse import datasets, training, walks
from gancourse.widgets import latent
from gancourse.widgets.picture_game import PictureGame, Puzzle

REAL, GENERATED, IN_NOISE, IN_PIXELS = "Real", "Generated", "Blended in z", "Blended in pixels"
ANSWERS = {  # the button, and what it stands for
    REAL: "an artist's picture",
    GENERATED: "G of random noise",
    IN_NOISE: "G of the noise halfway between two others",
    IN_PIXELS: "the mean of two generated pictures",
}
WHITE = 245  # of 255: from here on, in all three colours, a pixel belongs to the background
SHADOW = torch.tensor([27, 58, 107], dtype=torch.uint8)  # red, green, blue


class WhosThatPokemon(PictureGame):
    """Who's that Pokémon? Real pictures, generated ones, and two kinds of blends, as they are or as silhouettes.

    generator: a network, or the name of a shipped one. dataset: where the real pictures come from: of its held-out pictures, if
    it has any. rounds: how many pictures, rounded up to the same number of each kind. seed: of the choice and of the noise.

    `game.right` counts the right answers. A generator that cannot be shown is an error message in the widget.
    """

    def __init__(
        self, generator: nn.Module | str = "pokemon_dcgan", dataset: str = "pokemon", rounds: int = 16, seed: int = 0
    ):
        splits = datasets.find(dataset, None)[0].splits
        self._real = datasets.load(dataset, "test" if "test" in splits else "train").images
        self._each = min(-(-rounds // len(ANSWERS)), len(self._real))
        self.silhouettes = widgets.Checkbox(
            description="Silhouettes", indent=False, layout=widgets.Layout(width="auto")
        )
        try:
            self.generator = latent.open_unconditional(generator)
            drawn, wanted = (
                tuple(images.shape[1:])
                for images in (latent.draw(self.generator, training.noise(self.generator, 1, seed).cpu()), self._real)
            )
            if drawn != wanted:
                raise latent.CannotShow(
                    f"The generator draws pictures of shape {drawn}; those of {dataset} are {wanted}."
                )
        except latent.CannotShow as error:
            self._refuse(str(error))
            return
        super().__init__(ANSWERS, "Who drew this Pokémon?", seed)
        self.controls.children = [*self.controls.children, self.silhouettes]
        self.silhouettes.observe(lambda _: self._show(), "value")

    def _deal(self, seed: int) -> list[Puzzle]:
        each = self._each
        picked = torch.randperm(len(self._real), generator=torch.Generator().manual_seed(seed), device="cpu")[:each]
        z, a, b = training.noise(self.generator, 3 * each, seed=1_000 + seed).cpu().chunk(3)
        halfway = (a + b) / 2 if latent.is_uniform(self.generator) else walks.slerp(a, b, torch.full((len(a),), 0.5))
        generated, blended, first, second = latent.draw(self.generator, torch.cat([z, halfway, a, b])).chunk(4)
        mean = ((first.int() + second.int()) // 2).to(torch.uint8)
        dealt = {REAL: self._real[picked], GENERATED: generated, IN_NOISE: blended, IN_PIXELS: mean}
        return [Puzzle(image, kind, ANSWERS[kind]) for kind, images in dealt.items() for image in images]

    def _shown(self, images: Tensor) -> Tensor:
        return silhouettes(images) if self.silhouettes.value else images

    def _verdict(self) -> str:
        """Return how many of each kind were named correctly."""
        parts = []
        for kind in ANSWERS:
            said = [a for a, puzzle in zip(self.answers, self.puzzles, strict=True) if puzzle.kind == kind]
            parts.append(f"{said.count(kind)} of {len(said)} {kind.lower()}")
        return f"Of each kind: {', '.join(parts)}."


def silhouettes(images: Tensor) -> Tensor:
    """Return images, uint8 (N, 3, H, W) on a white background, with one dark blue in place of all that is not white."""
    ground = (images >= WHITE).all(1, keepdim=True)
    return torch.where(ground, torch.tensor(255, dtype=torch.uint8), SHADOW.view(1, 3, 1, 1))
