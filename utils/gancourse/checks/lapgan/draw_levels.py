"""Exercise 6: sampling through the levels."""

from torch import Tensor, nn

from gancourse.checks import answers
from gancourse.checks.core import Case, Exercise, Observation, mistake
from gancourse.checks.observers.values import kind, randn

PARTS = "z.split([generator.z_dim for generator in generators], dim=1)"


class _Generator(nn.Module):
    """A small generator: noise, and a coarse picture unless it is the first one, -> a picture twice as large."""

    def __init__(self, seed: int, z_dim: int, side: int, first: bool):
        super().__init__()
        self.z_dim, self.side, self.first = z_dim, side, first
        self.weight = nn.Parameter(randn(seed, z_dim, side * side))

    def forward(self, z: Tensor, coarse: Tensor | None = None) -> Tensor:
        if z.dim() != 2 or z.shape[1] != self.z_dim:
            raise ValueError(f"this generator takes noise (N, {self.z_dim}), not {tuple(z.shape)}")
        if self.first != (coarse is None):
            raise ValueError(
                "the first generator takes noise alone" if self.first else "this one also takes a coarse picture"
            )
        drawn = (z @ self.weight).view(len(z), 1, self.side, self.side)
        if coarse is None:
            return drawn
        if coarse.shape != (len(z), 1, self.side // 2, self.side // 2):
            raise ValueError(
                f"this generator takes coarse pictures of {self.side // 2} pixels, not {tuple(coarse.shape)}"
            )
        return drawn + 2 * coarse.repeat_interleave(2, 2).repeat_interleave(2, 3)


def _cases(seed: int, strict: bool) -> list[Case]:
    widths = [(2, (3, 2)), (3, (4, 2, 3)), (1, (5, 5, 5)), (2, (3,)), (4, (2, 6, 1, 3))]
    if strict:
        widths = [
            (2, (4, 3)),
            (1, (3, 5, 2)),
            (33, (6, 6)),
            (3, (2,)),
            (2 + seed % 3, (1, 4, 2, 7)),
            (5, (100, 64, 64)),
        ]
    return [
        {
            "about": f"generators whose z_dim is {', '.join(map(str, dims))}, z of shape {(n, sum(dims))}",
            "z_dims": dims,
            "z": randn(3 * seed + i, n, sum(dims)),
            "weights": seed + 10 * i,
        }
        for i, (n, dims) in enumerate(widths)
    ]


def _observe(answer, case: Case, like: Observation) -> Observation:
    """Observe how many pictures come back, of which sizes, and their numbers."""
    generators = [
        _Generator(case["weights"] + i, z_dim, 2 ** (i + 1), first=i == 0) for i, z_dim in enumerate(case["z_dims"])
    ]
    given = list(generators)
    drawn = answer(given, case["z"].clone())
    listed = isinstance(drawn, list | tuple) and all(isinstance(picture, Tensor) for picture in drawn)
    same = len(given) == len(generators) and all(a is b for a, b in zip(given, generators, strict=True))
    seen = {
        "generators": "as before" if same else "changed",
        "returned": "a list of tensors" if listed else kind(drawn),
    }
    if not listed:
        return seen
    seen["number"] = str(len(drawn))
    seen["sizes"] = ", ".join(f"{x.shape[-2]} × {x.shape[-1]}" if x.dim() == 4 else str(tuple(x.shape)) for x in drawn)
    return seen | {f"picture:{i}": picture.detach() for i, picture in enumerate(drawn)}


draw_levels = Exercise(
    reference=answers.load("lapgan", "draw_levels"),
    points=3,
    cases=_cases,
    observe=_observe,
    look={
        "returned": {
            "a tensor": "only one picture comes back. Return a list with the picture of every level.",
            "": "a list should come back, with the picture of every level.",
        },
        "number": "the list should hold one picture for each generator.",
        "sizes": "the pictures should come in the order of their sizes, the smallest first.",
        "generators": "the list of generators is changed by your function, so the next call has others. Leave it as it is: use no pop().",
        "picture:0": "the first picture is wrong. The first generator gets the first numbers of z, as many as its z_dim, and nothing else; its picture is "
        "returned as it comes.",
        "picture": "a picture is wrong. Generator i gets its own part of z, which begins where the part of the one before it ends, and the picture of "
        "the level before it, unchanged; what it draws is a whole picture, and is returned as it comes.",
        "": "Cut z into parts of the generators' z_dim, draw the first picture, then give each further generator its part and the last picture.",
    },
    mistakes=(
        mistake(
            "the noise is cut into equal parts, but the generators' z_dim differ. z.split takes a list of widths.",
            f"{PARTS} → z.chunk(len(generators), dim=1)",
            f"{PARTS} → z.tensor_split(len(generators), dim=1)",
        ),
        mistake(
            "the noise is cut along the wrong dimension. Each row of z belongs to one picture: cut along dimension 1.",
            "generators], dim=1) → generators], dim=0)",
        ),
        mistake(
            "every generator gets the beginning of z. Each has a part of its own, which begins where the one before it ends.",
            f"{PARTS} → [z[:, : generator.z_dim] for generator in generators]",
        ),
        mistake(
            "the noise is dealt out from the end. The first numbers of z belong to the first generator.",
            f"{PARTS} → z.split([generator.z_dim for generator in generators[::-1]], dim=1)[::-1]",
        ),
        mistake(
            "every generator gets the first coarse picture. Generator i gets the picture of generator i - 1: the last one in the list.",
            "generator(part, drawn[-1]) → generator(part, drawn[0])",
        ),
        mistake(
            "only the last picture comes back. Return the list of all of them.",
            "return drawn → return drawn[-1]",
        ),
        mistake(
            "the first picture is missing in the list.",
            "return drawn → return drawn[1:]",
        ),
        mistake(
            "the pictures come in the opposite order: the smallest should be the first.",
            "return drawn → return drawn[::-1]",
        ),
        mistake(
            "the arguments are swapped: first the noise, then the coarse picture.",
            "generator(part, drawn[-1]) → generator(drawn[-1], part)",
        ),
        mistake(
            "the generators after the first one are called without the coarse picture: generator(part, last picture).",
            "generator(part, drawn[-1]) → generator(part)",
        ),
    ),
)
