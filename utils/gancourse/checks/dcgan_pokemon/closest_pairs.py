"""Exercise 6 of lesson 7: the pairs to look at."""

import torch
from torch import Tensor

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.values import function, randn

FOUND, ORDER = "torch.cdist(fake, train).min(1) → ", "distances.argsort()[:pairs] → "
RETURNS, PARTNERS = "return order, nearest[order], distances[order] → ", "nearest[order] → "


def _cases(seed: int, strict: bool) -> list[dict]:
    sizes = [(3, 2, 2, 1), (4, 3, 2, 2), (6, 4, 3, 3), (1, 3, 2, 1), (3, 1, 1, 2)]
    if strict:
        sizes += [(9, 4, 3, 4), (30, 20, 8, 6), (12, 40, 5 + seed % 4, 12), (300, 200, 16, 9), (4, 1, 2, 3)]
    cases = [_case(*_features(seed, number, n, m, d), pairs) for number, (n, m, d, pairs) in enumerate(sizes)]
    # The last fake is the nearest, and near to two, so that it shows who does not sort, or sorts pairs.
    fake, train = _features(seed, 10, 5, 9, 3) if strict else _features(seed, 10, 5, 8, 4)
    width = fake.shape[1] ** 0.5
    train[7] = train[5] - 0.15 / width
    fake[:5] = train[1:6] + torch.tensor([0.5, 0.4, 0.3, 0.2, 0.1])[:, None] / width
    copied, known = _features(seed, 11, 4, 6, 3)
    known = (4 * known).round() / 4  # exact in binary, so that the distance of the copy is exactly 0
    copied[2] = known[3]
    return [*cases, _case(fake, train, 5 - strict), _case(copied, known, 3, ":with an exact copy")]


def _features(seed: int, number: int, n: int, m: int, d: int) -> tuple[Tensor, Tensor]:
    """Return features of n fakes and m pictures; one of the pictures is near to two fakes."""
    fake, train = 2 * randn(17 * seed + number, n, d), 2 * randn(19 * seed + 100 + number, m, d)
    drawn = torch.Generator().manual_seed(23 * seed + number)
    train[0] = fake[0] + 0.4
    fake[2:3] = train[0] + 0.3 * torch.rand(1, generator=drawn)
    fake, train = fake[torch.randperm(n, generator=drawn)], train[torch.randperm(m, generator=drawn)]
    return (fake.round(decimals=2), train.round(decimals=2)) if n * d < 7 else (fake, train)


def _case(fake: Tensor, train: Tensor, pairs: int, of: str = "") -> dict:
    few = fake.numel() < 7
    told = [[[round(v, 2) for v in row] for row in x.tolist()] if few else tuple(x.shape) for x in (fake, train)]
    return {
        "about": f"{'' if few else 'the shapes '}fake {told[0]}, train {told[1]}, pairs = {pairs}",
        "arguments": (fake, train, pairs),
        "returns": (fakes := f"fakes{of}", pictures := f"pictures{of}", f"distances{of}"),
        "whole": (fakes, pictures),
    }


closest_pairs = Exercise(
    reference=answers.load("dcgan_pokemon", "closest_pairs"),
    points=2,
    cases=_cases,
    observe=function,
    look={
        "returned": "return three tensors: fakes, pictures, distances; no list, and no numbers of Python.",
        "fakes": "the fakes are not the right ones, or not in this order. Take the distances of all fakes to their nearest pictures; the smallest comes first.",
        "fakes:with an exact copy": "not the right fakes, or not in this order, where one is an exact copy. Its distance, 0, is the smallest: it comes first.",
        "type": "the places are floats, which cannot be used to pick with. Leave them int64, as min and argsort give them.",
        "pictures": "the fakes are right, but not the pictures. For each fake that you return: which training picture is its nearest?",
        "distances": "the fakes and pictures are right, but not the distances: the root of the sum of squares, as in torch.cdist, in the order of the fakes.",
        "": "Each row of torch.cdist(fake, train), (N, M), has a smallest number and its place. Then sort the rows by that number.",
    },
    mistakes=(
        mistake(
            "the *farthest* fakes come first. Sort from the smallest distance up.",
            *(f"{ORDER}distances.{of}" for of in ("argsort(0, True)[:pairs]", "topk(pairs)[1]", "argsort()[-pairs:]")),
        ),
        mistake("a fake has its *farthest* picture: .min(1), not .max(1).", f"{FOUND}torch.cdist(fake, train).max(1)"),
        mistake(
            "you look for the nearest fake of each training picture. Look for the nearest training picture of each fake: the minimum along dimension 1 of "
            "the table (N, M).",
            f"{FOUND}torch.cdist(train, fake).min(1)",
            f"{FOUND}torch.cdist(fake, train).min(0)",
            "places, order = torch.cdist(fake, train).min(0).values.argsort()[:pairs], torch.cdist(fake, train).argmin(0)\n"
            "return order[places], places, torch.cdist(fake, train).min(0).values[places]",
        ),
        mistake(
            "a fake comes more than once, with several training pictures. Each has one partner: take the minimum of each row first, then sort.",
            "distances, places = torch.cdist(fake, train).flatten().sort()\n"
            "return places[:pairs] // len(train), places[:pairs] % len(train), distances[:pairs]",
        ),
        mistake(
            "the training pictures are not in the order of their fakes. Pick them in the same order: nearest[order].",
            *(f"{PARTNERS}nearest{order}[:pairs]" for order in ("", ".sort().values")),
        ),
        mistake(
            "a training picture is given to one fake only. Several fakes may have the same nearest picture; each of them counts.",
            f"{ORDER}distances.argsort()\n    order = torch.stack([i for i in order if not (distances[nearest == nearest[i]] < distances[i]).any()])[:pairs]",
            "table, found = torch.cdist(fake, train), []\nwhile len(found) < pairs:\n    i, j = divmod(table.argmin().item(), len(train))\n"
            "    found.append((i, j, table[i, j].item()))\n    table[i], table[:, j] = math.inf, math.inf\n"
            "a, b, c = zip(*found)\nreturn torch.tensor(a), torch.tensor(b), torch.tensor(c)",
        ),
        mistake(
            "the three are returned in another order than fakes, pictures, distances.",
            f"{RETURNS}return nearest[order], order, distances[order]",
            f"{RETURNS}return distances[order], order, nearest[order]",
            f"{RETURNS}return order, distances[order], nearest[order]",
        ),
    ),
)
