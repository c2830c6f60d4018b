"""Exercise 3 of lesson 7: another place."""

import itertools

import torch
from torch import Tensor

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.dcgan_pokemon.images import DEVICE, ELSEWHERE, augmentation, drawn_images, image_case

MOVED = "torch.nn.functional.pad(image, (x, -x, y, -y))"


def _cases(seed: int, strict: bool) -> list[dict]:
    sizes = [(2, 1, 3, 4, 2), (1, 1, 3, 3, 1), (3, 3, 4, 4, 2), (4, 2, 5, 6, 3), (1, 3, 4, 2, 1)]
    if strict:
        sizes += [(4, 3, 4, 4, 2), (5, 1, 6, 5, 4), (3 + seed % 4, 2, 7, 8, 6), (40, 3, 8, 7, 6), (1, 2, 9, 4, 3)]
    cases = []
    for number, (n, *shape, most) in enumerate(sizes):
        down, right = _moves(97 * seed + number, n, most)
        cases.append(image_case(number, drawn_images(3 * seed + number, n, *shape), down=down, right=right))
    images = drawn_images(3 * seed, 4, 2, 3, 5).where(torch.arange(5) > 1, 0.0)  # 0 is a colour like any other
    cases.append(image_case(1, images, down=torch.tensor([2, 0, 0, -2]), right=torch.tensor([0, -4, 0, 4])))
    return [*cases, cases[2] | ELSEWHERE]


def _moves(seed: int, n: int, most: int) -> Tensor:
    """Return by how much n images move down and to the right (2, n): the second of three by 0, no other."""
    moves = torch.randint(1, most + 1, (2, n), generator=torch.Generator().manual_seed(seed))
    moves[1, 0] = moves[0, 0] % most + 1  # another number, where there are two
    moves *= torch.tensor([[1, 1, -1, -1], [-1, 1, 1, -1]]).repeat(1, n)[:, :n]
    moves[:, 1:2] *= n < 3
    return moves


def _observe(answer, case: dict, like: dict) -> dict:
    """Observe what comes back, and before that how the first three images have moved."""
    seen = augmentation(answer, case, like)
    (old, down, right), new = case["arguments"], seen.get("new_images")
    moves = wanted = list(zip(down.tolist(), right.tolist(), strict=True))[:3]
    if isinstance(new, Tensor) and new.shape == old.shape:
        numbers = sorted({sign * number for move in wanted for number in move for sign in (0, 1, -1)}, key=abs)
        moves = [_move(*each, numbers) for each in zip(old[:3], new[:3].double(), wanted, strict=True)]
    told = "; ".join(f"down {y}, right {x}" for y, x in moves) if None not in moves else "not by a move"
    ways = {
        "swapped: ": [(x, y) for y, x in wanted],
        "reversed: ": [(-y, -x) for y, x in wanted],
        "never up or left: ": [(max(y, 0), max(x, 0)) for y, x in wanted],
        "like the first: ": wanted[:1] * len(wanted),
    }
    told = next((words for words, way in ways.items() if moves == way != wanted), "") + told
    return seen if "device" in seen else {"returned": seen["returned"], "moves": told} | seen


def _move(old: Tensor, new: Tensor, wanted: tuple[int, int], numbers: list[int]) -> tuple[int, int] | None:
    """Return how an image has moved, of all ways that are made of the given numbers, the wanted first; None if in another."""
    H, W = old.shape[1:]
    for y, x in sorted(
        itertools.product(numbers, numbers), key=lambda move: (move != wanted, abs(move[0]) + abs(move[1]))
    ):
        there = new[:, max(y, 0) : H + min(y, 0), max(x, 0) : W + min(x, 0)]
        came = old[:, max(-y, 0) : H - max(y, 0), max(-x, 0) : W - max(x, 0)]
        if abs(y) < H and abs(x) < W and ((there - came).abs() < 1e-3).all():
            return y, x
    return None


translate = Exercise(
    reference=answers.load("dcgan_pokemon", "translate"),
    points=3,
    cases=_cases,
    observe=_observe,
    look={
        "moves": {
            "not": "an image has not only moved; its numbers have changed, too. Pixel (i, j) of the new one is pixel (i - down, j - right) of the old one, unchanged.",
            "swapped": "down and right are swapped: down is along the rows, dimension 2, right along the columns, dimension 3. F.pad wants left, "
            "right, top, bottom.",
            "reversed": "the images move in the opposite direction. Pixel (i, j) of the new image is pixel (i - down, j - right) of the old one.",
            "never": "a negative number is treated as 0. It should move the image up, or to the left.",
            "like": "all images move like the first one. Image i moves by down[i] and right[i].",
            "": "an image moves by other numbers than its own: down along the rows, right along the columns, up or left where they are negative.",
        },
        "device": DEVICE,
        "new_images": "the images have moved as they should, but where nothing comes from the old image, it should be 0: not white or black, not "
        "what was there before, not an edge that is repeated or comes in from the other side.",
    },
    mistakes=(
        mistake(
            "pixels that leave on one side come in on the other, as with torch.roll. They should be lost, and 0 should come in.",
            f"{MOVED} → image.roll((y, x), (1, 2))",
            "return images.roll((int(down[0]), int(right[0])), (2, 3))",
        ),
        mistake(
            "an image that moves by 0 comes back as 0 everywhere. Follow your code with 0: neither branch of `if down > 0 ... elif down < 0` is taken, "
            "and `x[0:] = 0` erases everything.",
            f"{MOVED} → {MOVED} * (x != 0 and y != 0)",
        ),
        mistake(
            "a slice that begins at a negative number counts from the end: x[-2:] is the last two rows. Where an image moves up or to the left, begin at 0 "
            "in the new image, and at -down or -right in the old one.",
            "new, (H, W) = torch.zeros_like(images), images.shape[2:]\n"
            "for i, (y, x) in enumerate(zip(down.tolist(), right.tolist())): new[i, :, y:, x:] = images[i, :, :H - y, :W - x]\n"
            "return new",
        ),
    ),
)
