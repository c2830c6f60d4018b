"""Lesson 3: the loop around the training step."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.steps import as_float
from gancourse.checks.observers.values import kind

PICKED = "picked = torch.randint(len(images), (batch_size,))"
REAL = "real = images[picked].float() / 127.5 - 1"
KEEP = "history.append(train_step(G, D, opt_G, opt_D, real, step))"


def _cases(seed, strict):
    images = torch.randint(256, (42, 1, 28, 28), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)
    sizes = [(42, 7, 1), (42, 30, 8)]
    if strict:
        sizes = [(42, 9, 1), (42, 41 + seed % 7, 8), (42, 12, 20), (42, 1, 42)]
    sizes.append((12, 40, 11))  # so many that each image is drawn
    return [
        {
            "about": f"{number} images, steps = {steps}, batch_size = {size}",
            "images": images[:number] // (1 if number == 42 else 2),  # the darker ones end far below 255
            "steps": steps,
            "batch_size": size,
        }
        for number, steps, size in sizes
    ]


class _EndlessLoop(Exception):
    """A training step was called far more often than it should have been."""


def _observe(answer, case, like):
    """Return which batches a loop draws, how often it calls a training step, and what it keeps."""
    images, calls, batches, seen = case["images"].clone(), [], [], {}

    def train_step(G, D, opt_G, opt_D, real, step):
        if len(calls) >= 20 * case["steps"]:
            raise _EndlessLoop
        calls.append(((G, D, opt_G, opt_D), step))
        batches.append(real.detach().clone() if isinstance(real, Tensor) else real)
        seen["batch"] = kind(real)
        return {"d_loss": torch.tensor(1.0 + step), "g_loss": torch.tensor(2.0 * step)}

    G, D = nn.Linear(1, 1), nn.Linear(1, 1)  # the loop has only to pass them on
    players = G, D, torch.optim.SGD(G.parameters()), torch.optim.SGD(D.parameters())
    try:
        history = answer(train_step, *players, images, case["steps"], case["batch_size"])
    except _EndlessLoop:
        return {"calls": "no end of them"}
    seen["calls"] = str(len(calls))
    if calls:
        numbers = [step for _, step in calls]
        in_order = numbers == list(range(1, case["steps"] + 1))
        seen["step_numbers"] = f"1 to {case['steps']}" if in_order else f"{', '.join(map(str, numbers[:5]))}, ..."
        seen["players"] = "right" if all(handed == players for handed, _ in calls) else "mixed up"
    if calls and all(isinstance(batch, Tensor) for batch in batches):
        seen |= _batches(batches, case["images"])
    seen["returned"] = kind(history)
    if isinstance(history, list):
        seen["length"] = str(len(history))
        kept = [{k: as_float(v) for k, v in entry.items()} if isinstance(entry, dict) else {} for entry in history]
        returned = [{"d_loss": 1.0 + step, "g_loss": 2.0 * step} for _, step in calls]
        seen["entries"] = "what train_step returned" if kept == returned else "something else"
    return seen


def _batches(batches: list[Tensor], images: Tensor) -> dict:
    """Return how batches (n, 1, 28, 28) were drawn from images, uint8 (N, 1, 28, 28)."""
    shapes = [tuple(batch.shape) for batch in batches]
    seen = {
        "type": str(batches[0].dtype),
        "batch_shape": str(shapes[0]) if len(set(shapes)) == 1 else f"not the same: {shapes[0]}, {shapes[-1]}",
    }
    if any(batch.numel() == 0 or batch.numel() % 784 for batch in batches):
        return seen
    lowest, highest = min(batch.min().item() for batch in batches), max(batch.max().item() for batch in batches)
    seen["pixels"] = f"from {round(lowest, 1) + 0.0} to {round(highest, 1)}"
    scaled = images.flatten(1).float() / 127.5 - 1
    drawn = []  # the numbers of the images in each batch, -1 for what is no image of the dataset
    for batch in batches:
        gap, nearest = (batch.float().reshape(-1, 1, 784) - scaled).abs().mean(2).min(1)
        drawn.append(nearest.where(gap < 0.01, -1).tolist())
    flat = [number for batch in drawn for number in batch]
    in_order = len(flat) > 12 and sum(b - a == 1 for a, b in pairwise(flat)) > len(flat) / 2
    enough = len(flat) < 30 * len(images) or len(set(flat) - {-1}) == len(images)  # chance leaves none out of so many
    return seen | {
        "source": "not those of `images`" if -1 in flat else "those of `images`",
        "two_batches": "the same"
        if len(flat) > 12 and drawn[1:] and drawn[0] == drawn[1] and drawn[1] == drawn[2]
        else "different",
        "picks": "as in `images`" if in_order else "random",
        "used": "all, or too few to tell" if enough else "a part",
    }


train_loop = Exercise(
    reference=answers.load("vanilla_gan", "train_loop"),
    points=3,
    cases=_cases,
    observe=_observe,
    random=True,
    look={
        "calls": {
            "no end": "the loop does not end. Does `step` grow in each round? With `for step in range(1, steps + 1):` it does by itself.",
            "0": "train_step is never called. Call it in each round. (A `yield` turns your function into a Python generator, whose "
            "lines run only when its next value is requested.)",
            "": "call train_step once for each step, `steps` times in all. (range(1, n) ends at n - 1.)",
        },
        "step_numbers": "train_step also gets the number of the step: 1 in the first call, `steps` in the last: range(1, steps + 1).",
        "players": "the players are passed on in another order than train_step takes them: G, D, opt_G, opt_D.",
        "batch": "train_step gets no tensor as its batch. Pick images: images[picked].",
        "type": {
            "torch.uint8": "the pixels are still whole numbers from 0 to 255. Scale them to [-1, 1], as in section 3.1: .float() / 127.5 - 1.",
            "": "the networks want float32: .float().",
        },
        "batch_shape": {
            "(1, 28": "a batch is one single image: one index picks one image. Pick batch_size indices: torch.randint(len(images), (batch_size,)).",
            "(1, 1, 28": "a batch is one single image. Pick batch_size indices: torch.randint(len(images), (batch_size,)).",
            "not": "the batches do not have the same size. Slices run past the end of `images`; torch.randint picks any number of indices.",
            "": "every batch has the shape (batch_size, 1, 28, 28), the last one too.",
        },
        "pixels": {
            "from 0.0 to 1.0": "the pixels lie between 0 and 1. The generator's tanh draws from -1 to 1, so scale to that: / 127.5 - 1.",
            "from 0.0 to 255": "the pixels are still from 0 to 255. Scale them to [-1, 1], as in section 3.1: .float() / 127.5 - 1.",
            "": "the pixels are scaled in another way than .float() / 127.5 - 1, which maps 0…255 to -1…1.",
        },
        "source": "the batches are not images of `images`, scaled by .float() / 127.5 - 1. (uint8 cannot hold -1: make floats first.)",
        "two_batches": "every round trains on the same batch. Pick new images inside the loop, and set no seed there.",
        "picks": "the images come in the order of the dataset. Pick them at random: torch.randint gives random indices.",
        "used": "some of the images are never used. Draw new indices for each batch with torch.randint(len(images), (batch_size,)): "
        "they run from 0 to len(images) - 1, since the upper end is left out already.",
        "returned": {
            "nothing": "nothing comes back: return the history.",
            "a dict": "only the last step is kept. Append what train_step returns to a list, and return the list.",
            "": "return a list, with one entry for each step.",
        },
        "length": {
            "0": "the history stays empty: append what train_step returns.",
            "": "the list needs one entry for each step: history.append(train_step(...)), and `history = []` before the loop.",
        },
        "entries": "an entry is not what train_step returned in this step. Append that as it is, a new dict each time.",
        "": "Each round: pick batch_size images at random, scale them to [-1, 1], call train_step, keep what it returns.",
    },
    mistakes=(
        mistake(
            "`steps` is taken for a number of passes over the images. It is the number of calls of train_step.",
            "history = []\nfor _ in range(steps):\n    for picked in torch.randperm(len(images)).split(batch_size):\n"
            f"        if len(picked) == batch_size:\n            {REAL}\n"
            "            history.append(train_step(G, D, opt_G, opt_D, real, len(history) + 1))\nreturn history",
        ),
        mistake(
            "the `return` stands inside the loop, so it ends after one step. Indent it less.",
            "    return history →         return history",
        ),
        mistake("steps are counted from 0. The first step is number 1: range(1, steps + 1).", "1, steps + 1 → steps"),
        mistake(
            "there is one step too few: range(1, n) ends before n. Use range(1, steps + 1).", "1, steps + 1 → 1, steps"
        ),
        mistake(
            "whole-number arithmetic: uint8 cannot hold -1, so dark pixels wrap around. Make floats of the images first: .float().",
            f"{REAL} → real = (images[picked] - 127).float() / 127.5",
        ),
    ),
)
