"""All classes in the style of one picture: many ways to search for the noise, judged by what comes out."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.steps import rows
from gancourse.checks.observers.values import kind, randn

CLOSE = 0.001  # of the squared distance between pictures of two random z


class _G(nn.Module):
    """A small conditional generator. note() gets what it and its copies make: image -> label, noise, in training mode?"""

    z_dim, classes = 6, 10

    def __init__(self, seed: int, training: bool, note: Callable[[dict], None]):
        super().__init__()
        self.first, self.norm, self.last = nn.Linear(6, 24), nn.BatchNorm1d(24), nn.Linear(24, 784)
        self.table = nn.Parameter(0.5 * randn(seed, self.classes, 24))
        with torch.no_grad():
            self.first.weight.copy_(0.3 * nn.init.orthogonal_(torch.empty(24, 6)))
            self.last.weight.copy_(nn.init.orthogonal_(torch.empty(784, 24)) * 6)
            self.norm.running_mean.normal_(0, 0.1)
        for p in self.parameters():
            p.grad = torch.full_like(p, 0.5)
        self.table.requires_grad_(False)
        self.note = note
        self.train(training)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """Return images (N, 1, 28, 28) for z (N, 6) and labels int64 (N,)."""
        h = self.norm(self.first(z) + embedding(labels, self.table)).tanh()
        images = self.last(h).tanh().view(-1, 1, 28, 28)
        if not images.requires_grad or len(z) <= self.classes:  # the search makes thousands
            made = zip(rows(images), labels.tolist(), rows(z), strict=True)
            self.note({image: (label, noise, self.norm.training) for image, label, noise in made})
        return images


def _cases(seed: int, strict: bool) -> list[dict]:
    """Labels at both ends and in the middle, a G in both modes, fewer classes than G has."""
    plans = [(3, 10, True), (0, 4, False)] if not strict else [(9, 10, True), (seed % 7, 7, False), (1, 2, True)]
    return [
        {
            "about": f"a picture of class {label}, classes = {classes}, a G in {'training' if mode else 'eval'} mode",
            "label": label,
            "classes": classes,
            "table": seed,
            "training": mode,
            "z": randn(seed + 10 * number, 1, 6).clamp(-1.5, 1.5),
            "other_z": randn(seed + 10 * number + 1, 200, 6),
        }
        for number, (label, classes, mode) in enumerate(plans)
    ]


def _observe(answer, case: dict, like: dict) -> dict:
    """Have the answer find the noise of a picture that G has drawn itself, and look at all that it draws with it."""
    made: dict[bytes, tuple[int, bytes, bool]] = {}
    G, label = _G(case["table"], case["training"], made.update), case["label"]
    G.eval()
    with torch.no_grad():
        image = G(case["z"], torch.tensor([label]))[0]
        usual = (G(case["other_z"], torch.full((200,), label)) - image).square().mean()
    G.train(case["training"])
    made.clear()
    images = answer(G, image.clone(), label, case["classes"])
    seen = {"returned": kind(images)}
    if not isinstance(images, Tensor):
        return seen
    seen["shape"] = str(tuple(images.shape))
    if images.shape != (case["classes"], 1, 28, 28):
        return seen
    seen["graph"] = "kept" if images.requires_grad else "none"
    each = [made.get(row) for row in rows(images)]
    seen["pixels"] = "as G makes them" if all(each) else "others"
    if all(each):
        seen["drawn_in"] = "training mode" if any(training for *_, training in each) else "eval mode"
        seen["classes"] = ", ".join(str(y) for y, *_ in each)
        seen["noise"] = "the same in all" if len({noise for _, noise, _ in each}) == 1 else "not the same in all"
    gap = ((images.detach()[label] - image).square().mean() / usual).item()
    distance = "close" if gap < CLOSE else "somewhat alike" if gap < 0.5 else "not alike"
    return seen | {"copy": distance}


same_hand = Exercise(
    reference=answers.load("conditional_gan", "same_hand"),
    points=4,
    cases=_cases,
    observe=_observe,
    look={
        "returned": {"a list": "a list comes back. One batch is wanted: torch.cat joins several."},
        "shape": "one image for each class is wanted, (classes, 1, 28, 28).",
        "pixels": "the pixels are not as G makes them. Return its images in [-1, 1], all of them drawn by G.",
        "averages": "the running averages of G have moved, as a forward pass in training mode moves them. Call G.eval() before G draws.",
        "drawn_in": "G draws in training mode, where an image depends on its neighbours. Call G.eval() before.",
        "gradients": "the gradients of G's weights have changed. torch.autograd.grad(loss, z) computes the gradient for z and leaves "
        "those of the weights alone; loss.backward() does not.",
        "classes": "image number y must show class y: labels 0, 1, 2, ..., from torch.arange(classes).",
        "noise": "all images must come from one z, that of the picture; only the label changes.",
        "graph": "the graph is kept. Draw the last images under torch.no_grad().",
        "copy": {
            "somewhat": "G(z, label) is somewhat like the picture, but not close to it. Take more steps, a larger step size, or "
            "several starts at once and the best of them.",
            "": "G(z, label) is not like the picture. Print the loss: does it fall? Does G get the label of the picture while you search?",
        },
        "": "Print the loss every 50 steps, and draw G(z, label) beside the picture.",
    },
    mistakes=(
        mistake(
            "each image has a z of its own. Only the label may change, so repeat the one z.",
            "best.expand(classes, -1) → z[:classes].detach()",
        ),
        mistake(
            "every image shows the class of the picture. Image number y must show class y.",
            "torch.arange(classes) → torch.full((classes,), label)",
        ),
    ),
)
