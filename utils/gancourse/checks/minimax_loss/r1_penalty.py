"""R1: a penalty on the gradient of D's logit at real samples."""

import math

import torch
from torch import Tensor, nn

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.values import kind, randn

TRAINING, PARTLY, EVAL = "in training mode", "in training mode but for its dropout", "in eval mode"


def _network(seed: int, inputs: int, mode: str, gradients: bool, frozen: bool, flat: bool = False) -> nn.Module:
    """Return a D of several layers; gradients: most of its weights have one; frozen: a weight does not ask for one;
    flat: it gives every sample the same logit."""
    drop = nn.Identity() if mode == TRAINING else nn.Dropout(0.4)  # always in eval mode, or D would be random
    layers = nn.Flatten(), nn.Linear(inputs, 5), nn.Tanh(), nn.Linear(5, 4), nn.LeakyReLU(0.2), drop, nn.Linear(4, 1)
    D = nn.Sequential(*layers, nn.Flatten(0)).train(mode != EVAL)
    drop.train(mode == TRAINING)
    for number, parameter in enumerate(D.parameters()):
        parameter.data = randn(seed + number, *parameter.shape)
        parameter.grad = randn(seed - number, *parameter.shape) if gradients and number != 1 else None
        parameter.requires_grad_(not (frozen and number == 2))
    if flat:
        nn.init.zeros_(layers[-1].weight)
    return D


def _cases(seed: int, strict: bool) -> list[dict]:
    """Vectors and images; a single sample; batches that grow and shrink; a D in several states."""
    drawn = [((1, 2), TRAINING, False, False), ((4, 3), PARTLY, True, True)]  # vectors first: see "penalty:for images"
    drawn += [((200 + seed % 50, 6), EVAL, False, True), ((1, 3, 2, 4), PARTLY, True, False)] * strict
    drawn += [((3, 2, 4, 5), TRAINING, True, False)]
    cases = []
    for number, (shape, mode, gradients, frozen) in enumerate([*drawn, ((2, 1, 3, 2), EVAL, True, True)]):
        state = f"{mode}{', with gradients from before' * gradients}{', with one frozen weight' * frozen}"
        network = seed + 10 * number, math.prod(shape[1:]), mode, gradients, frozen
        case = {"about": f"real samples of shape {shape} and a small D, {state}", "network": network}
        cases.append(case | {"real": randn(seed + 20 + number, *shape)})
    flat = {"about": "a D that gives every sample the same logit", "network": (seed, 2, TRAINING, False, False, True)}
    return [*cases, flat | {"real": randn(seed, 3, 2), "extreme": True}]


def _observe(answer, case: dict, like: dict) -> dict:
    """The penalty, and its gradient in the weights of D that are not frozen."""
    D = _network(*case["network"])
    weights = [p for p in D.parameters() if p.requires_grad]
    penalty = answer(D, case["real"].clone())
    seen = {"returned": kind(penalty)}
    if not isinstance(penalty, Tensor):
        return seen
    name = "penalty:for images" if case["real"].dim() > 2 else "penalty"
    seen |= {name: penalty.detach(), "gradient_there": "no"}
    gradients = torch.autograd.grad(penalty.sum(), weights, allow_unused=True) if penalty.requires_grad else [None]
    if any(g is not None for g in gradients):
        filled = [torch.zeros_like(p) if g is None else g for p, g in zip(weights, gradients, strict=True)]
        which = "gradient:where D is flat" if case.get("extreme") else "gradient:D's weights"
        seen |= {"gradient_there": "yes", which: torch.cat([g.flatten() for g in filled])}
    return seen


r1_penalty = Exercise(
    reference=answers.load("minimax_loss", "r1_penalty"),
    points=3,
    cases=_cases,
    observe=_observe,
    look={
        "gradient_there": "the value is right, but D's weights cannot learn from it. Use create_graph=True, and no .detach() or .data.",
        "gradient:where D is flat": "where D is flat, D's weights get the gradient NaN: the derivative of a square root is infinite at 0. "
        "Sum the squares and take no root.",
        "penalty:for images": "it is right for samples (N, d), and wrong for images (N, C, H, W): flatten(1) first, then sum(1).",
        "": "For each sample, square the gradient of its logit and sum over all its numbers; then take the mean over the samples.",
    },
    mistakes=(
        mistake("the gradient norm is not squared.", ".square().flatten(1).sum(1) → .flatten(1).norm(dim=1)"),
        mistake("take the gradient of the sum: the mean divides it by N.", "D(real).sum() → D(real).mean()"),
        mistake(
            "this is the gradient of the probability, or of its logarithm. R1 looks at the logit: remove the sigmoid.",
            "D(real).sum() → D(real).sigmoid().sum()",
            "D(real).sum() → F.logsigmoid(D(real)).sum()",
        ),
        mistake(
            "this asks for a gradient norm of 1: the penalty of WGAN-GP. R1 pulls the norm to 0.",
            ".square().flatten(1).sum(1).mean() → .flatten(1).norm(dim=1).sub(1).square().mean()",
        ),
        mistake("square first, then sum.", ".square().flatten(1).sum(1) → .flatten(1).sum(1).square()"),
        mistake(
            "the gradient is not squared.", ".square().flatten(1).sum(1) → ", "square().flatten(1).sum(1).mean → sum"
        ),
        mistake(
            "this is the gradient in D's weights. R1 looks at the gradient in the samples: how the logit changes when a sample moves.",
            "return sum(g.square().sum() for g in torch.autograd.grad(D(real).sum(), D.parameters(), create_graph=True))",
        ),
    ),
)
