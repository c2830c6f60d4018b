"""The players of one level of a pyramid: both are told a coarse picture, and write down which."""

import torch
from torch import Tensor, nn

from gancourse import pyramid
from gancourse.checks.observers.steps import Player, plain, rows

PIXELS, COARSE, Z_DIM = 28 * 28, 14 * 14, 48  # not lesson 3's 64: that is G's to say


def players(diary: list[str]) -> tuple["LevelG", "LevelD"]:
    """Return a small generator and a small discriminator of a level."""
    G = LevelG(diary)
    return G, LevelD(diary, G)


class LevelG(Player):
    """Noise (N, 48) and coarse pictures (N, 1, 14, 14) -> pictures (N, 1, 28, 28)."""

    def __init__(self, diary: list[str]):
        layers = nn.Linear(Z_DIM + COARSE, 6), nn.BatchNorm1d(6), nn.SiLU(), nn.Linear(6, PIXELS, bias=False)
        super().__init__(diary, "G", *layers, nn.Tanh(), nn.Unflatten(1, (1, 28, 28)))
        self.z_dim = Z_DIM
        self.made: dict[bytes, Tensor] = {}  # picture -> the coarse picture that it was made for

    def begin(self) -> None:
        """Forget what was written down."""
        super().begin()
        self.given: list[Tensor] = []  # coarse pictures, call by call
        self.made = {}

    def forward(self, z: Tensor, coarse: Tensor) -> Tensor:
        if z.dim() != 2 or coarse.shape[2:] != (14, 14):
            raise ValueError(
                f"G takes noise (N, {Z_DIM}) and coarse pictures (N, 1, 14, 14), not {tuple(z.shape)} and {tuple(coarse.shape)}"
            )
        self.given.append(plain(coarse))
        images = self.noted(self.body(torch.cat([self.taken(z), coarse.flatten(1)], dim=1)))
        self.made |= dict(zip(rows(images), self.given[-1], strict=False))
        return images

    def told_pictures(self, D: "LevelD", real: Tensor) -> dict[str, str]:
        """Return, in words, which coarse pictures both players were given in a step on real pictures (N, 1, 28, 28)."""
        own = dict(zip(rows(real), pyramid.reduce(real), strict=True))
        seen = {"coarse:G": _in_words([(given, pyramid.reduce(real)) for given in self.given], "those of the batch")}
        pairs: dict[str, list] = {name: [] for name in ("real images", "fakes in D's turn", "fakes in G's turn")}
        for x, told, turn in zip(D.inputs, D.told, D.turns, strict=True):
            known = rows(x)
            for name, wanted in (("real images", own), (f"fakes in {turn}", self.made)):
                places = [i for i, picture in enumerate(known) if picture in wanted]
                if places:
                    pairs[name].append((told[places], torch.stack([wanted[known[i]] for i in places])))
        return seen | {f"coarse:D of {name}": _in_words(calls, "their own") for name, calls in pairs.items()}


class LevelD(Player):
    """Pictures (N, 1, 28, 28) and coarse pictures (N, 1, 14, 14) -> logits (N,)."""

    def __init__(self, diary: list[str], G: LevelG):
        self.maker = [G]  # in a list: a module would be a part of D
        hidden = nn.Linear(PIXELS + COARSE, 6, bias=False), nn.SiLU()
        super().__init__(diary, "D", *hidden, nn.Linear(6, 1, bias=False), nn.Flatten(0))

    def begin(self) -> None:
        """Forget what was written down."""
        super().begin()
        self.told: list[Tensor] = []  # coarse pictures, call by call

    def forward(self, x: Tensor, coarse: Tensor) -> Tensor:
        if x.shape[2:] != (28, 28) or coarse.shape[2:] != (14, 14):
            raise ValueError(
                f"D takes pictures (N, 1, 28, 28) and coarse pictures (N, 1, 14, 14), not {tuple(x.shape)} and {tuple(coarse.shape)}"
            )
        self.told.append(plain(coarse))
        return self.noted(self.body(torch.cat([self.taken(x).flatten(1), coarse.flatten(1)], dim=1)))


def _in_words(calls: list[tuple[Tensor, Tensor]], right: str) -> str:
    """Return how the coarse pictures (N, 1, 14, 14) that were told, call by call, agree with those that belong there."""
    if not calls:
        return "none: it was not asked about such images"
    for told, wanted in calls:
        if told.shape == wanted.shape and torch.allclose(told, wanted, atol=1e-4):
            continue
        alike = told.shape == wanted.shape and torch.cdist(told.flatten(1), wanted.flatten(1)) < 1e-2
        permuted = torch.is_tensor(alike) and bool((alike.sum(0) == 1).all() and (alike.sum(1) == 1).all())
        return "in another order" if permuted else "others"
    return right
