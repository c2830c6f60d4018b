"""Exercise 5: which pixels move the logit."""

import math

import torch
from torch import Tensor, nn

from gancourse.checks import answers
from gancourse.checks.answers import instead
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.values import kind, randn

# images, rows, columns, whether D is in training mode, whether its weights have gradients
VISIBLE = [(2, 2, 3, False, False), (1, 3, 2, True, False), (3, 4, 3, False, True), (2, 2, 4, True, True)]
GRADED = [(3, 4, 5, True, True), (1, 5, 4, False, False), (4, 8, 8, False, True), (1, 7, 5, True, True)]


def _cases(seed: int, strict: bool) -> list[dict]:
    cases = []
    plans = [*GRADED, (2 + seed % 5, 6, 5, False, True)] if strict else VISIBLE
    for number, (n, h, w, training, gradients) in enumerate(plans):
        about = f"a small D with batch norm, in {'training' if training else 'eval'} mode, and images of {n} × 3 × {h} × {w} numbers"
        about += "; there are gradients in D's weights already, and one of them is frozen" * gradients
        images = torch.tanh(randn(23 * seed + number, n, 3, h, w))
        cases.append({"about": about, "images": images, "training": training, "gradients": gradients})
    return cases


def _critic(shape: torch.Size) -> nn.Sequential:
    """Return a small D for images (N, C, H, W) -> logits (N,), with batch norm whose averages are not a batch's."""
    first, last = nn.Conv2d(shape[1], 5, 3, padding=1), nn.Conv2d(5, 1, tuple(shape[2:]))
    D = nn.Sequential(first, nn.BatchNorm2d(5), nn.LeakyReLU(0.2), last, nn.Flatten(0))
    with torch.no_grad():
        for layer in (first, last):
            layer.weight.normal_(0, 1.5 / math.sqrt(layer.weight[0].numel()))
        D[0].weight += 0.3 * torch.randn(5, 1, 3, 3)  # brightness, so that often all colours raise or lower the logit
        D[1].running_mean.normal_()
        D[1].running_var.uniform_(0.3, 2)
        D[1].weight.uniform_(0.5, 1.5)
        D[1].bias.normal_()
    return D


def _observe(answer, case, like) -> dict:
    D = _critic(case["images"].shape).train(case["training"])
    if case["gradients"]:
        for p in D.parameters():
            p.grad = torch.randn_like(p)
        D[0].bias.requires_grad_(False)
    maps = answer(D, case["images"].clone())
    if not isinstance(maps, Tensor):
        return {"returned": kind(maps)}
    return {"returned": kind(maps), "maps": maps.detach(), "graph": "kept in memory" if maps.requires_grad else "none"}


MAP, ASKED = "gradient.abs().amax(1)", "D(x).sum()"

saliency = Exercise(
    reference=answers.load("dcgan_cifar10", "saliency"),
    points=3,
    cases=_cases,
    observe=_observe,
    look={
        "returned": {
            "nothing": "",
            "": "Return one tensor (N, H, W): .values of max(dim=1), torch.stack of single maps.",
        },
        "graph": "the result keeps its graph in memory. Nothing is learned from it: remove create_graph, or .detach() the result.",
        "averages:D": "D is called in training mode, where a pixel of one image changes the logit of another, and running averages are updated. Call D.eval() first.",
        "mode:D": {
            "in eval": "D is left in eval mode, in which training would go on. Remember D.training before, and put it back with D.train(...).",
            "in training": "D is left in training mode, though it came in eval mode. Remember D.training first, and put that back.",
        },
        "": "In eval mode: the gradient of D(x).sum() in x, a copy of the images; then its absolute value, then the largest over dimension 1, the colours.",
    },
    mistakes=(
        mistake(
            "D, or a copy of it, is called in training mode. There batch norm mixes the images: call .eval() first.",
            *instead("D.eval()", "D = copy.deepcopy(D)", "D = copy.deepcopy(D).train()"),
            ("D.eval() → D = copy.deepcopy(D)", f"{ASKED} → torch.cat([D(one[None]) for one in x]).sum()"),
        ),
        mistake(
            "only the logit of one image is used, so the maps of the others are black. Take the sum of all logits: each image moves its own alone.",
            *instead(ASKED, "D(x)[0]", "D(x)[-1]", "D(x).max()"),
        ),
        mistake(
            "this is the gradient of the probability, of its logarithm or of a square. Take the gradient of the logit, as D returns it.",
            *(
                f"{ASKED} → F.{f}(D(x)).{end}()"
                for f in ("sigmoid", "logsigmoid", "softplus")
                for end in ("sum", "mean")
            ),
            f"{ASKED} → D(x).square().sum()",
        ),
        mistake(
            "the absolute value is missing, or comes after the maximum: a colour that *lowers* the logit counts as well. First .abs(), then the largest.",
            *instead(MAP, "gradient.amax(1)", "gradient.relu().amax(1)", "gradient.amax(1).abs()"),
        ),
        mistake(
            "the colours are averaged or added up. Take the largest of their absolute values: .abs().amax(1).",
            *(f"{MAP} → gradient.{of}" for of in ("mean(1).abs()", "sum(1).abs()", "mean(1)", "sum(1)", "norm(dim=1)")),
            *(
                f"{MAP} → gradient.{of}"
                for of in ("abs().mean(1)", "abs().sum(1)", "square().sum(1)", "square().mean(1).sqrt()")
            ),
        ),
        mistake(
            "you take one colour, the smallest value, or the index of the largest (argmax). Take the largest absolute value of all three: .abs().amax(1).",
            *(
                f"{MAP} → gradient{of}"
                for of in ("[:, 0].abs()", "[:, -1].abs()", ".abs().amin(1)", ".abs().argmax(1)")
            ),
        ),
        mistake(
            "the maps are scaled, so that the brightest pixel is 1. Then they cannot be compared; leave that to whoever draws them.",
            *instead(MAP, f"{MAP} / gradient.abs().max()", f"{MAP} / gradient.abs().amax((1, 2, 3))[:, None, None]"),
            f"{MAP} → (s := {MAP}).sub(s.min()).div(s.max() - s.min())",
        ),
        mistake(
            "the gradient is multiplied by the image. That is another method. Use the gradient alone, so that pixels with the value 0 matter, too.",
            f"{MAP} → (gradient * images).abs().amax(1)",
        ),
    ),
)
