"""Exercise 7, the challenge: enlarging a large picture in tiles, without a seam."""

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d

from gancourse.checks import answers
from gancourse.checks.core import Case, Exercise, Observation, mistake
from gancourse.checks.observers.values import kind, randn

END = "bottom, right = min(top + tile, h), min(left + tile, w)"
BEGIN = "above, before = max(top - margin, 0), max(left - margin, 0)"
CALL = "large = G(x[:, :, above : bottom + margin, before : right + margin])"
CUT = "down, across = 4 * (top - above), 4 * (left - before)"
KEPT = "large[:, :, down : down + 4 * (bottom - top), across : across + 4 * (right - left)]"
PADDED = """
h, w = x.shape[2:]
p = F.pad(x, (margin, margin, margin, margin))
rows = []
for top in range(0, h, tile):
    row = []
    for left in range(0, w, tile):
        b, r = min(tile, h - top), min(tile, w - left)
        y = G(p[:, :, top : top + b + 2 * margin, left : left + r + 2 * margin])
        row.append(y[:, :, 4 * margin : 4 * (margin + b), 4 * margin : 4 * (margin + r)])
    rows.append(torch.cat(row, dim=3))
return torch.cat(rows, dim=2)"""


class Enlarger(nn.Module):
    """Images (N, C, h, w) -> (N, C, 4h, 4w): two convolutions, which see two pixels to each side; it notes what it was given."""

    def __init__(self, seed: int):
        super().__init__()
        self.register_buffer("kernels", randn(seed, 2, 1, 1, 3, 3) / 2)
        self.register_buffer("spread", randn(seed + 1, 1, 1, 4, 4))
        self.given: list[tuple[int, int]] = []

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() != 4:
            raise ValueError(f"G takes images (N, C, h, w), not {tuple(x.shape)}")
        self.given.append(tuple(x.shape[2:]))
        n, c, h, w = x.shape
        flat = x.reshape(n * c, 1, h, w)
        for kernel in self.kernels:
            flat = torch.tanh(conv2d(flat, kernel, padding=1) + 0.7)
        return conv_transpose2d(flat, self.spread, stride=4).view(n, c, 4 * h, 4 * w)


def _cases(seed: int, strict: bool) -> list[Case]:
    settings = [
        ((1, 1, 4, 8), 4, 2),
        ((2, 3, 9, 5), 3, 2),
        ((1, 2, 7, 11), 4, 3),
        ((1, 3, 6, 6), 6, 2),
        ((1, 1, 5, 3), 2, 2),
        ((1, 1, 8, 8), 1, 2),
    ]
    if strict:
        settings = [
            ((1, 1, 6, 9), 3, 2),
            ((2, 3, 10, 7), 4, 2),
            ((3, 1, 5, 13), 5, 4),
            ((1, 3, 7, 7), 9, 2),
            ((1, 2, 4 + seed % 5, 6), 2, 3),
        ]
    return [
        {
            "about": f"x of shape {shape}, tile = {tile}, margin = {margin}, and a G that sees two pixels to each side",
            "x": randn(9 * seed + number, *shape),
            "tile": tile,
            "margin": margin,
            "weights": 9 * seed + 100 * number,
        }
        for number, (shape, tile, margin) in enumerate(settings)
    ]


def _observe(answer, case: Case, like: Observation) -> Observation:
    """Observe the shape of the result, its inside and its border, and how large the pictures were that G was given."""
    G = Enlarger(case["weights"]).eval()
    tile, margin = case["tile"], case["margin"]
    h, w = case["x"].shape[2:]
    with torch.no_grad():
        result = answer(G, case["x"].clone(), tile, margin)
    seen = {"returned": kind(result)}
    if not isinstance(result, Tensor):
        return seen
    most = max((side for size in G.given for side in size), default=0)
    seen["size of the result"] = str(tuple(result.shape))
    seen["calls"] = "none" if not G.given else "some"
    if tile < max(h, w):
        seen["size"] = (
            "a larger picture than tile + 2 margin" if most > tile + 2 * margin else "at most tile + 2 margin"
        )
    if result.shape == (*case["x"].shape[:2], 4 * h, 4 * w):
        seen["largest side that G is given"] = str(most)
        seen["first"] = result[:, :, : 4 * tile, : 4 * tile]
        seen["picture"] = result
    wanted = -(-h // tile) * -(-w // tile)
    seen["number"] = "more than there are tiles" if len(G.given) > wanted else "at most one for each tile"
    return seen


in_tiles = Exercise(
    reference=answers.load("srgan", "in_tiles"),
    points=5,
    cases=_cases,
    observe=_observe,
    look={
        "size of the result": "the shape is wrong: it is (N, C, 4h, 4w), also where tile does not divide h or w. The last tile of a row or column may be smaller.",
        "calls": "G is never called.",
        "size": "G is given a larger picture than a tile with its margin: at most tile + 2 margin pixels in each direction. Otherwise memory is not bounded.",
        "number": "G is called more often than there are tiles. One call for each tile is enough.",
        "largest side that G is given": "G is never given a whole tile with `margin` more pixels on each side. Use the argument margin, on all four sides.",
        "first": "the first tile, in the upper left corner, is wrong. If the wrong pixels lie near its right or lower edge, the margin there is too narrow; else "
        "it is cut off in the wrong places (no margin lies above this tile or to its left).",
        "picture": "some pixels are not those of G(x). Print where the largest difference lies: in the middle of a tile, at a seam, or at the border of the picture?",
        "": "For each tile: its place, its margin as far as the picture reaches, G of both, and then only the tile's own part, 4 times as large.",
    },
    mistakes=(
        mistake(
            "the tiles have no margin, so G sees zeros where the picture goes on: there is a seam. Hand over `margin` more pixels on each side.",
            (
                f"{BEGIN} → above, before = top, left",
                f"{CALL} → large = G(x[:, :, top:bottom, left:right])",
            ),
        ),
        mistake(
            "the margin is missing below and to the right. G needs it on all four sides, as far as the picture reaches.",
            f"{CALL} → large = G(x[:, :, above:bottom, before:right])",
        ),
        mistake(
            "the margin is missing above and to the left. G needs it on all four sides, as far as the picture reaches.",
            f"{BEGIN} → above, before = top, left",
        ),
        mistake(
            "the place of the margin becomes negative at the upper or left border, and a negative index counts from the end. Begin at 0 there: max(top - margin, 0).",
            f"{BEGIN} → above, before = top - margin, left - margin",
        ),
        mistake(
            "the margin is cut off by `margin` pixels of the large picture. It is 4 times as wide there.",
            f"{CUT} → down, across = top - above, left - before",
        ),
        mistake(
            "the same margin is cut off everywhere, also at the upper and left border, where there is none. Cut off as much as was added.",
            f"{CUT} → down, across = 4 * margin, 4 * margin",
        ),
        mistake(
            "the margin stays in the result. Keep only the tile's own part of what G returns.",
            f"{KEPT} → large",
        ),
        mistake(
            "beyond the border of the picture zeros, or repeated pixels, are added before G is called. G then computes something else there than from the picture "
            "alone: let the margin end where the picture ends.",
            PADDED,
            PADDED.replace("margin))\n", 'margin), mode="replicate")\n'),
        ),
        mistake(
            "the last, smaller tiles are missing: range(0, h, tile) also has the one that is not whole.",
            ("range(0, h, tile) → range(0, h - tile + 1, tile)", "range(0, w, tile) → range(0, w - tile + 1, tile)"),
            (
                "range(0, h, tile) → range(0, h // tile * tile, tile)",
                "range(0, w, tile) → range(0, w // tile * tile, tile)",
            ),
        ),
        mistake(
            "G is given the whole picture at once, so tiles save no memory. Call it on one tile, with its margin, at a time.",
            "return G(x)",
        ),
        mistake(
            "rows and columns of tiles are swapped when they are joined: tiles of a row lie side by side (dim=3), rows below each other (dim=2).",
            (
                "rows.append(torch.cat(row, dim=3)) → rows.append(torch.cat(row, dim=2))",
                "return torch.cat(rows, dim=2) → return torch.cat(rows, dim=3)",
            ),
        ),
    ),
)
