"""The fast gradient sign attack on a classifier."""

import math

import torch
from torch import Tensor, nn

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.values import kind, randn

LOSS = "cross_entropy(classifier(images), labels) → "
OTHERS = "classifier(images).scatter(1, labels[:, None], -math.inf)"  # the logits of the wrong classes
PARTLY = "in training mode, but its batch normalisation and dropout in eval mode"


def _classifier(seed: int, size: list[int], classes: int, state: str) -> nn.Module:
    """Return a small classifier; state: in words, as learners read it."""
    layers = [nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout()] if "eval" in state else [nn.Tanh()]
    network = nn.Sequential(nn.Flatten(), nn.Linear(math.prod(size), 8), *layers, nn.Linear(8, classes))
    for number, parameter in enumerate(network.parameters()):
        parameter.data = randn(seed + number, *parameter.shape)
        parameter.grad = torch.ones_like(parameter) if "gradients" in state else None
    network[1].weight.data[:, 0] *= "blind" not in state
    network[1].bias.requires_grad_("frozen" not in state)
    network[-1].weight.data *= 60 if "sure" in state else 1
    network.train("training" in state)
    for layer in layers:  # in training mode these would make the result depend on chance and on the number of calls
        layer.train("eval" not in state)
    return network


def _cases(seed: int, strict: bool) -> list[dict]:
    plans = [
        (1, 4, 4, 4, 0.1, "in training mode"),
        (5, 3, 5, 3, 0.3, "in eval mode, with gradients in its weights"),
        (3, 5, 2, 5, 0.5, f"{PARTLY}, one parameter frozen"),
        (2, 2, 3, 3, 0.2, "in training mode, blind to the first pixel"),
        (2, 4, 4, 4, 0.2, "in training mode, sure of a wrong class"),
    ]
    if strict:
        plans[1:3] = [
            (12, 6, 3, 10, 0.05, "in eval mode, one parameter frozen"),
            (30, 1, 5, 2, 0.4, "in training mode, one parameter frozen, with gradients in its weights"),
            (7, 5, 5, 3, 0.2 + seed % 5 / 10, f"{PARTLY}, with gradients in its weights"),
        ]
    cases = []
    for number, (n, height, width, classes, epsilon, state) in enumerate(plans):
        about = f"images of shape ({n}, 1, {height}, {width}), epsilon = {epsilon}, a small classifier {state}"
        spread = 0.3 if number % 2 else 1.2  # all pixels far from the border; some exactly there
        images = (spread * randn(seed + number, n, 1, height, width)).clamp(-1, 1)
        made = 20 * seed + number, [height, width], classes, state
        name = next((word for word in ("sure", "blind") if word in state), "changed")
        labels = _classifier(*made)(images).argmin(1) if name == "sure" else (7 * torch.arange(n) + seed) % classes
        given = {"classifier": made, "images": images, "labels": labels, "epsilon": epsilon}
        cases.append({"about": about, "extreme": name == "sure", "name": name, **given})
    return cases


def _attack(answer, case: dict, like: dict) -> dict:
    """An attack: the changed images, and whether they have a history."""
    classifier = _classifier(*case["classifier"])
    changed = answer(classifier, case["images"].clone(), case["labels"].clone(), case["epsilon"])
    seen = {"returned": kind(changed)}
    if isinstance(changed, Tensor):
        seen["range"] = "outside of [-1, 1]" if (changed.abs() > 1 + 1e-6).any() else "within [-1, 1]"
        if changed.shape == case["images"].shape:
            moved = ((changed - case["images"]).abs() * (changed != 0)).detach()  # where nothing is cut off at 0
            unlike = bool((moved[(moved > 0) & (changed.abs() < 1)].diff().abs() > 1e-4).any())
            seen["moved"] = f"{'differently, ' * unlike}by {moved.max():.3f} at most"
        seen[case["name"]] = changed.detach()
        seen["history"] = "kept" if changed.requires_grad else "cut off"
    return seen


sign_attack = Exercise(
    reference=answers.load("generative_models", "sign_attack"),
    points=3,
    cases=_cases,
    observe=_attack,
    look={
        "": "Take the sign of the cross-entropy's gradient in the images; *add* epsilon times that; clamp to [-1, 1].",
        "range": "pixels leave the range [-1, 1]. Clamp the changed images, not the change: .clamp(-1, 1) comes last.",
        "moved": {
            "differently": "pixels move by different amounts. Each moves by epsilon, unless -1 or 1 stops it: epsilon * gradient.sign(), then clamp(-1, 1).",
            "": "the largest change of a pixel is not epsilon. *Add* epsilon times the sign of the gradient, once; clamp only to [-1, 1].",
        },
        "sure": "it is wrong where the classifier is sure of a wrong class: softmax gives 0 there. Use cross_entropy, on logits.",
        "blind": "it is wrong where a pixel has no effect on the loss. Its gradient is 0, and so is the sign of 0: the pixel must stay.",
        "history": "the result still has a graph. Return a tensor without one: .detach().",
        "mode": "the mode of the classifier, or of one of its layers, has changed. Remove eval() and train().",
    },
    mistakes=(
        mistake("the images ask for no gradient: work on images.clone().requires_grad_().", ".requires_grad_() → "),
        mistake("the loss falls, and should rise. Add the change: images + ...", "images + → images -"),
        mistake("epsilon has no effect. Multiply the sign by it.", "epsilon * gradient → gradient"),
        mistake("this is the change alone. Add it to the images.", "images + epsilon → epsilon"),
        mistake(
            "the loss is not the cross-entropy: some logits do not count. (nll_loss takes the output of log_softmax.)",
            LOSS + "F.nll_loss(classifier(images), labels)",
            LOSS + "classifier(images).gather(1, labels[:, None]).sum()",
            LOSS + f"{OTHERS}.max(1).values.sum()",
            LOSS + f"{OTHERS}.logsumexp(1).sum()",
        ),
        mistake("remove softmax: cross_entropy takes logits.", "classifier(images) → classifier(images).softmax(1)"),
        mistake(
            "the labels are not used: this pushes each image away from what the classifier *says*. Use the true labels.",
            LOSS + "cross_entropy(classifier(images), classifier(images).argmax(1))",
        ),
        mistake("pixels lie between -1 and 1 here: .clamp(-1, 1).", ".clamp(-1, 1) → .clamp(0, 1)"),
        mistake("nothing is changed: these are the images as they came.", "return images.clone()"),
    ),
)
