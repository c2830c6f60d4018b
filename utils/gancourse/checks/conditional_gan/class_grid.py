"""class_grid: every class with every noise vector."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.steps import rows
from gancourse.checks.observers.values import kind, randn


class _G(nn.Module):
    """A small conditional generator. note() gets what it and its copies make: image -> label, noise, in training mode?"""

    z_dim, classes = 64, 10

    def __init__(self, training: bool, note: Callable[[dict], None]):
        super().__init__()
        self.norm, self.last, self.note = nn.BatchNorm1d(6), nn.Linear(6, 784), note
        self.body = nn.Sequential(nn.Linear(64 + 8, 6), self.norm, nn.LeakyReLU(0.2), self.last, nn.Tanh())
        self.table = nn.Parameter(torch.randn(self.classes, 8))
        for numbers in (self.norm.running_mean, self.norm.bias.data):
            numbers.normal_()  # other averages than those of a batch
        for p in self.parameters():
            p.grad = torch.full_like(p, 0.5)
        self.last.bias.requires_grad_(False)
        self.train(training)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """Return images for labels int64 (N,), or one-hot rows, which say the same."""
        if isinstance(labels, Tensor) and labels.shape == (len(z), self.classes) and labels.is_floating_point():
            labels = labels.argmax(1)
        images = self.body(torch.cat([z, embedding(labels, self.table)], dim=1)).view(-1, 1, 28, 28)
        made = zip(labels.tolist(), rows(z), [self.norm.training] * len(z), strict=True)
        self.note(dict(zip(rows(images), made, strict=True)))
        return images


def _observe(answer, case, like) -> dict:
    """Observe a function that draws with a conditional G: which class and which noise lie where, and in which mode."""
    made: dict[bytes, tuple[int, bytes, bool]] = {}
    images = answer(_G(case["training"], made.update), case["z"].clone(), case["classes"])
    seen = {"returned": kind(images)}
    if not isinstance(images, Tensor):
        return seen
    seen |= {"shape": str(tuple(images.shape)), "graph": "kept" if images.requires_grad else "none"}
    each = [made.get(row) for row in rows(images)] if images.shape[1:] == (1, 28, 28) else [None]
    seen["pixels"] = "as G makes them" if all(each) else "others"
    if all(each):
        columns = {row: str(j) for j, row in enumerate(rows(case["z"]))}
        seen["drawn_in"] = "training mode" if any(training for *_, training in each) else "eval mode"
        seen["classes"] = ", ".join(str(label) for label, *_ in each[:24])
        noise = [columns.get(noise, "new") for _, noise, _ in each]
        new = "new: " if "new" in noise[: len(columns)] else "new after the first row: " if "new" in noise else ""
        seen["noise"] = new + ", ".join(noise[:24])
    return seen | {"images": images.detach(), "type": str(images.dtype)}


def _cases(seed: int, strict: bool) -> list[dict]:
    """Fewer, as many, and more noise vectors than classes; one of both; G in both modes."""
    plans = [(3, 4, True), (1, 2, False), (3, 3, True), (2, 1, True)]
    if strict:
        plans += [(1, 10, True), (2 + seed % 4, 7, False), (5, 5, True), (8, 10, True), (1, 1, False)]
    return [
        {
            "about": f"z of shape ({n}, 64), classes = {classes}, a G of ten classes in {'training' if mode else 'eval'} mode",
            "z": randn(seed + 10 * number, n, 64),
            "classes": classes,
            "training": mode,
        }
        for number, (n, classes, mode) in enumerate(plans)
    ]


LABELS, NOISE = "torch.arange(classes, device=z.device).repeat_interleave(len(z))", "z.repeat(classes, 1)"

class_grid = Exercise(
    reference=answers.load("conditional_gan", "class_grid"),
    points=2,
    cases=_cases,
    observe=_observe,
    look={
        "returned": {"a list": "a list comes back. One batch is wanted: torch.cat joins several."},
        "shape": "one batch of n images for each class is wanted, (classes · n, 1, 28, 28): every noise vector in every class.",
        "pixels": "the pixels are not as G makes them. Return its images in [-1, 1]; training.to_uint8 is for the plot.",
        "averages": "the running averages of G have moved, as a forward pass in training mode moves them. Call G.eval() before G "
        "draws; `G.training = False` does not reach its layers.",
        "drawn_in": "G draws in training mode, where batch normalisation uses this batch, so that an image depends on its "
        "neighbours. Call eval() before.",
        "classes": {
            "0, 1": "the labels change from image to image. The first n are class 0, the next n class 1: repeat_interleave, not repeat.",
            "": "the classes are wrong: the first n images are class 0, the next n class 1, up to `classes` - 1.",
        },
        "noise": {
            "new a": "from the second row on, there is noise that is not in z. A column shares one z, so each row has all of z: z.repeat(classes, 1).",
            "new": "the noise is not that of z. It comes from the caller, so that the same columns can be drawn again later.",
            "0, 0": "neighbours in a row have the same noise. Each row has z[0], z[1], ... in turn: z.repeat(classes, 1).",
            "": "the noise is in another order than it should be: each row has z[0], z[1], ... up to z[n - 1].",
        },
        "graph": "the graph is kept: the images hold everything that a backward() would need. Draw them under torch.no_grad().",
        "": "Count it through for two classes and three columns: labels 0, 0, 0, 1, 1, 1, and noise 0, 1, 2, 0, 1, 2.",
    },
    mistakes=(
        mistake(
            "rows and columns are swapped: here a row is one noise vector and a column is a class. The labels stay for n images "
            "(repeat_interleave), while z starts again in each row (repeat).",
            (f"{LABELS} → torch.arange(classes).repeat(len(z))", f"{NOISE} → z.repeat_interleave(classes, dim=0)"),
        ),
        mistake(
            "G is called with one argument. It takes two, and joins them itself: G(z, labels).",
            f"G({NOISE}, labels) → G(join({NOISE}, labels, classes))",
            f"G({NOISE}, labels) → G({NOISE})",
        ),
    ),
)
