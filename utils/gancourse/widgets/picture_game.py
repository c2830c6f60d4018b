"""A game: pictures come one after the other, and the reader says of what kind each is."""

import html
from collections.abc import Mapping
from dataclasses import dataclass

import ipywidgets as widgets
import torch
from torch import Tensor

from gancourse import figures
from gancourse.widgets.page import STILL, Message, Page, png, with_still

PIXELS = 196  # side of a picture on the screen


@dataclass(frozen=True)
class Puzzle:
    """A picture, uint8 (C, H, W). kind: the answer that is right. origin: what it is, in words."""

    image: Tensor
    kind: str
    origin: str


class PictureGame(widgets.VBox):
    """Puzzles one after the other, a button for each kind, and at the end all pictures, ordered.

    A game says in `_deal` which puzzles it has, in which order they lie on the sheet at the end, and in `_verdict` what is said
    of the answers.

    answers: button -> what its tooltip says. question: above the first puzzle. seed: of the first game.

    `game.right` counts the right answers, `game.answers` holds all.
    """

    def __init__(self, answers: Mapping[str, str], question: str, seed: int):
        self._question, self._seed = question, seed
        self.picture = widgets.Image(format="png", layout=widgets.Layout(width=f"{PIXELS}px", height=f"{PIXELS}px"))
        self.picture.add_class("gancourse-picture")
        self.buttons = {
            kind: widgets.Button(description=kind, tooltip=text, layout=widgets.Layout(width="auto"))
            for kind, text in answers.items()
        }
        for kind, button in self.buttons.items():
            button.on_click(lambda _, kind=kind: self._answer(kind))
        self.again = widgets.Button(
            description="Again", tooltip="The same game with other pictures", layout=widgets.Layout(width="auto")
        )
        self.again.on_click(lambda _: self._begin())
        self.controls = widgets.Box(
            [*self.buttons.values(), self.again], layout=widgets.Layout(flex_flow="row wrap", align_items="center")
        )
        self.text = widgets.HTML()
        self._page = Page()
        super().__init__([self.picture, self.controls, self.text, self._page])
        self.add_class("gancourse")
        self._begin()

    def _refuse(self, why: str) -> None:
        """Show a message instead of a game."""
        message = Message()
        message.error(why)
        widgets.VBox.__init__(self, [message, Page()])
        self.add_class("gancourse")

    def _deal(self, seed: int) -> list[Puzzle]:
        """Return the puzzles of a game, in the order of the sheet at its end."""
        raise NotImplementedError

    def _verdict(self) -> str:
        """Return what is said at the end, after the number of right answers."""
        raise NotImplementedError

    def _shown(self, images: Tensor) -> Tensor:
        """Return images, uint8 (N, C, H, W), as a puzzle shows them; at the end they are shown as they are."""
        return images

    def _begin(self) -> None:
        """Begin the game of the next seed."""
        self.sheet = self._deal(self._seed)
        order = torch.randperm(
            len(self.sheet), generator=torch.Generator().manual_seed(self._seed), device="cpu"
        ).tolist()
        self.puzzles = [self.sheet[i] for i in order]
        self._seed += 1
        self.answers: list[str] = []
        self._before = self._question
        self._show()

    @property
    def right(self) -> int:
        """Return how many answers have been right so far."""
        return sum(said == puzzle.kind for said, puzzle in zip(self.answers, self.puzzles, strict=False))

    def _answer(self, kind: str) -> None:
        if len(self.answers) == len(
            self.puzzles
        ):  # buttons stay enabled: a disabled one would lose the keyboard's focus
            return
        puzzle = self.puzzles[len(self.answers)]
        self.answers.append(kind)
        self._before = f"{'Right' if kind == puzzle.kind else 'No'}: that was {puzzle.origin}."
        self._show()

    def _show(self) -> None:
        """Show the next puzzle, or the end, and say what the last one was."""
        done, rounds = len(self.answers), len(self.puzzles)
        if done < rounds:
            self._page.picture = f"Picture {done + 1} of {rounds}: {' or '.join(self.buttons).lower()}?"
            self.picture.value = png(figures.tile(self._shown(self.puzzles[done].image[None]), pad=0), PIXELS)
            text = f"{self._before} {self.right} of {done} right. Picture {done + 1} of {rounds}."
        else:
            kinds = ", then ".join(dict.fromkeys(puzzle.kind.lower() for puzzle in self.sheet))
            self._page.picture = f"All {rounds} pictures, in this order: {kinds}"
            self.picture.value = png(figures.tile(torch.stack([puzzle.image for puzzle in self.sheet]), 4), PIXELS)
            text = f"{self._before} You: {self.right} of {rounds}. {self._verdict()} Above, in this order: {kinds}."
        self.text.value = f'<span role="status">{html.escape(text)}</span>'

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        if not hasattr(self, "puzzles"):  # a message stands in place of the game
            return bundle
        images = self._shown(torch.stack([puzzle.image for puzzle in self.puzzles]))
        return with_still(bundle, png(figures.tile(images, columns=4), STILL))
