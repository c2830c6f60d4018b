"""Exercise 1 of lesson 7: is D overfitting?"""

import torch
from torch import Tensor, nn

from gancourse.checks import answers
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.dcgan_pokemon.images import drawn_images
from gancourse.checks.observers.values import as_numbers, kind

IN_TRAINING = (
    "D is called in training mode. There batch norm normalises each set by its own mean and variance, which hides how the "
    "sets differ, and updates its running averages. Call D.eval() first."
)
MEAN, RATIO = "D(images).mean() → ", "(of_train - of_new) / (of_train - of_fakes) → "


def _cases(seed: int, strict: bool) -> list[dict]:
    counts = ((3, 3, 3), (7 + seed % 5, 2, 9), (300, 1, 200)) if strict else ((2, 2, 2), (4, 2, 3), (2, 5, 1))
    cases = []
    for number, several in enumerate(counts):
        sets = [drawn_images(11 * seed + 3 * number + i, n, 3, 6, 6) + 0.2 * i for i, n in enumerate(several)]
        for turn in range(3):  # each set in each place: the number of at least one of the three is negative
            training = (number + turn) % 2 == 1
            about = "training images: {}, held-out ones: {}, fakes: {}; D in {} mode"
            about = about.format(*map(len, sets), "training" if training else "eval")
            cases.append({"about": about, "sets": sets, "training": training, "turn": turn, "of_D": 5 * seed + number})
            sets = sets[1:] + sets[:1]
    return cases


def _observe(answer, case: dict, like: dict) -> dict:
    """Observe what comes back, and how D is asked; some of its weights have gradients before, and one is frozen."""
    torch.manual_seed(case["of_D"])
    D, asked = _discriminator().train(case["training"]), []
    D[0].bias.requires_grad_(False)
    for weights in [D[0].weight, *D[3].parameters()][: 3 * (case["turn"] % 2)]:
        weights.grad = torch.randn_like(weights)
    D.register_forward_hook(
        lambda network, _, logits: asked.append((any(m.training for m in network.modules()), logits.requires_grad))
    )  # on a copy of D, too
    value = answer(D, *(images.clone() for images in case["sets"]))
    number = as_numbers(value)
    one = isinstance(number, Tensor) and number.numel() == 1
    trains, graph = (any(each) for each in zip((False, False), *asked, strict=True))
    how = "in training mode" if trains else "with a graph" if graph else "in eval mode, without a graph"
    name = "number" if len(set(map(len, case["sets"]))) == 1 else "number:of sets of different sizes"
    return {"returned": "one number" if one else kind(value), "asked": how, name: number}


def _discriminator() -> nn.Sequential:
    """Return a small D for images (N, 3, 6, 6) -> logits (N,), with batch norm whose averages are not a batch's."""
    layers = (nn.Conv2d(3, 5, 3, padding=1), nn.BatchNorm2d(5), nn.LeakyReLU(0.2), nn.Conv2d(5, 1, 6), nn.Flatten(0))
    D = nn.Sequential(*layers)
    with torch.no_grad():
        D[0].weight.mul_(3).add_(0.3 * torch.randn(5, 1, 3, 3))  # brightness: all colours often act in the same way
        D[3].weight.mul_(3)
        D[1].running_mean.normal_()
        D[1].running_var.uniform_(0.3, 2)
    return D


overfitting = Exercise(
    reference=answers.load("dcgan_pokemon", "overfitting"),
    points=2,
    cases=_cases,
    observe=_observe,
    look={
        "returned": {"a tensor": "several numbers come back. Return one: take the mean of each set, D(images).mean()."},
        "asked": {
            "in training": IN_TRAINING,
            "with": "a graph is kept in memory for a gradient that nobody asks for. Call D under torch.no_grad().",
        },
        "averages": IN_TRAINING,
        "number:of sets of different sizes": "it is right for sets of one size, and wrong for others. The mean of each is over all of its own images, and no others.",
        "number": "take the mean logit of each set: (training - held-out) / (training - fakes), as it is, with its sign and not rounded.",
    },
    mistakes=(
        mistake(
            "the three sets are in the wrong places: it is training minus held-out, divided by training minus fakes.",
            f"{RATIO}(of_train - of_fakes) / (of_train - of_new)",
            f"{RATIO}(of_new - of_fakes) / (of_train - of_fakes)",
            f"{RATIO}(of_train - of_new) / (of_new - of_fakes)",
            f"{RATIO}(of_train - of_new) / (of_fakes - of_new)",
        ),
        mistake(
            "the difference is not divided by training minus fakes. The logits of another D may be ten times as large; only the ratio can be compared.",
            *(f"{RATIO}{it}" for it in ("of_train - of_new", "of_new - of_train", "(of_train - of_new) / of_train")),
        ),
        mistake(
            "the divisor is cut off, or without its sign. It is negative where D finds the fakes more real than its training set: leave it as it is.",
            *(f"of_fakes)) → of_fakes).{of})" for of in ("clamp_min(1e-6)", "clamp_min(1e-8)", "abs()")),
        ),
        mistake(
            "you compare values computed from the logits: probabilities, logarithms of these, losses, or the share that is "
            "positive. Where D is sure, these hardly differ. Take the mean of the logits themselves.",
            f"{MEAN}D(images).mean().sigmoid()",
            *(f"{MEAN}F.{of}(D(images)).mean()" for of in ("sigmoid", "logsigmoid", "softplus")),
            f"{MEAN}(D(images) > 0).float().mean()",
        ),
        mistake("the logits of a set are summed. Take the mean of each set.", f"{MEAN}D(images).sum()"),
        mistake(
            "the logits are compared image by image, and the sets have different sizes. Take the mean of each set first.",
            f"{MEAN}D(images)",
            (f"{MEAN}D(images)", f"{RATIO}(of_train - of_new).mean() / (of_train - of_fakes).mean()"),
        ),
        mistake("only the first image of a set counts. Take the mean of all.", f"{MEAN}D(images)[0]"),
    ),
)
