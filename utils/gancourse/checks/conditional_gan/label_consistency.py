"""label_consistency: the share of images that a classifier reads as their labels."""

import torch
from torch import Tensor, nn

from gancourse.checks import answers
from gancourse.checks.conditional_gan.labels import shown_labels
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.values import function, randn


class _Classifier(nn.Module):
    """A small classifier in eval mode, where dropout and batch norm count, that notes which images it was shown."""

    def __init__(self, seed: int, classes: int):
        super().__init__()
        linear, norm, self.shown = nn.Linear(784, classes), nn.BatchNorm1d(classes), set()
        self.body = nn.Sequential(nn.Flatten(), linear, norm, nn.Dropout(0.5))
        with torch.no_grad():
            for i, numbers in enumerate((linear.weight, linear.bias, norm.running_mean, norm.bias)):
                numbers.copy_(randn(seed + i, *numbers.shape) * (0.5 if i else 0.1))
        for p in self.parameters():
            p.grad = torch.full_like(p, 0.5)
        linear.bias.requires_grad_(False)
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        self.shown.update(_rows(images))
        return self.body(images)


def _rows(images: Tensor) -> set[tuple]:
    return {(image.shape, image.numpy().tobytes()) for image in images.detach()}


def _cases(seed: int, strict: bool) -> list[dict]:
    """Of N images so many are read as their label; so many have it second, the rest further behind. First single images:
    where these are right, the choice is. Two large cases."""
    odd = seed % 2
    plans = [(1, 4, 1 - odd, odd), (1, 4, odd, 1 - odd), (5, 4, 3 - odd, 1), (8, 4, 8, 0), (4, 4, 1, 2)]
    plans += [(200, 7, 90, 20), (300, 10, 190, 30)]
    if strict:
        plans += [(1, 10, 1, 0), (9, 10, 2 + odd, 1), (7, 5, 0, 3), (300, 10, 140 + seed % 90, 20)]
    cases = []
    for number, (n, classes, right, second) in enumerate(plans):
        images = randn(7 * seed + number + 50, 2 * n, 1, 28, 28).tanh()
        with torch.no_grad():
            logits = _Classifier(7 * seed + number, classes)(images)
        chosen = logits.topk(2).values.diff().squeeze(1).argsort()[:n].sort().values  # no ties that rounding decides
        images, order = images[chosen], logits[chosen].argsort(1, descending=True)  # (N, classes)
        # Of those further behind, every other one comes last.
        late = [2 + i // 2 % (classes - 2) if i % 2 else classes - 1 for i in range(n - right - second)]
        place = torch.tensor([0] * right + [1] * second + late)
        place = place[torch.randperm(n, generator=torch.Generator().manual_seed(seed + number))]
        labels = order.gather(1, place[:, None]).squeeze(1)
        shown = f", labels {shown_labels(labels)}, read as {shown_labels(order[:, 0])}" if n < 10 else ""
        about = {"about": f"{n} image{'s' * (n > 1)} of {classes} classes{shown}"}
        cases.append(about | {"drawn": (7 * seed + number, classes), "images": images, "labels": labels})
    return cases


def _observe(answer, case, like) -> dict:
    """Observe which images the classifier was shown, and the share."""
    classifier, images = _Classifier(*case["drawn"]), case["images"]
    returns = "share_of_one_image" if len(images) == 1 else "share"
    seen = function(answer, {"arguments": (classifier, images, case["labels"]), "returns": (returns,)}, like)
    shown, came = classifier.shown, _rows(images)
    return {"shown": "as they came" if shown == came else "not all" if shown < came else "others than came"} | seen


LOGITS = "classifier(images)"
CHOICE = f"{LOGITS}.argmax(1)"
SHARE = f"({CHOICE} == labels).float().mean()"

label_consistency = Exercise(
    reference=answers.load("conditional_gan", "label_consistency"),
    points=2,
    cases=_cases,
    observe=_observe,
    look={
        "shown": {
            "not": "the classifier is not shown all images of this call. Each counts, also in a last batch that is not full. Keep nothing of earlier calls.",
            "": "the classifier is shown other images than came. It takes them in [-1, 1], as G draws them: hand them over as they are.",
        },
        "share_of_one_image": "for a single image the share is 1 if its label is the class with the largest logit, else 0. Look along dimension 1: "
        "a row of classifier(images) is an image.",
        "share": "for one image the result is right, for several it is wrong. It is the number of right images divided by N, whatever their classes; compare image i with labels[i].",
        "": "Three steps: the logits of all images, the class with the largest logit in each row, the share of rows where that is "
        "the label.",
    },
    mistakes=(
        mistake(
            "this is a mean probability, or the loss. Count instead: is the label the class with the largest logit?",
            f"{SHARE} → F.cross_entropy({LOGITS}, labels)",
            *(f"{SHARE} → {LOGITS}.softmax(1).{of}.mean()" for of in ("gather(1, labels[:, None])", "amax(1)")),
        ),
        mistake(
            "argmax or softmax runs along the wrong dimension, or along none. A row is an image, with a logit for each class: argmax(1).",
            *("argmax(1) → argmax(0)", "argmax(1) → argmax()", "argmax(1) → softmax(0).argmax(1)"),
        ),
        mistake(
            "all labels are compared with all images, an (N, N) table. Compare number by number: two tensors of shape (N,).",
            "== labels → == labels[:, None]",
            "argmax(1) → argmax(1, keepdim=True)",
        ),
        mistake(
            "the largest logits are compared with the labels, not the places where they stand. argmax(1) gives places.",
            *("argmax(1) → amax(1)", "argmax(1) → max(1).values.round()"),
        ),
        mistake(
            "images are compared with the labels of others. Image i goes with labels[i]: keep the order.",
            *(f"== labels → == labels{other}" for other in (".roll(1)", ".flip(0)", "[0]")),
        ),
        mistake(
            "the classes are one off, or those with the smallest logit. argmax counts from 0, as the labels do.",
            *(f"{CHOICE} → {other}" for other in (f"{CHOICE} + 1", f"{CHOICE} - 1", f"{LOGITS}.argmin(1)")),
        ),
        mistake(
            "an image counts if its label's logit passes a limit or comes second. The largest logit decides, however small its lead.",
            f"{SHARE} → ({LOGITS}.softmax(1).gather(1, labels[:, None]) > 0.5).float().mean()",
            f"{SHARE} → ({LOGITS}.gather(1, labels[:, None]) > 0).float().mean()",
            f"{SHARE} → ({LOGITS}.topk(2).indices == labels[:, None]).any(1).float().mean()",
        ),
        mistake(
            "classes are counted or sorted, so that it does not matter which image shows which. Compare image i with labels[i].",
            f"{SHARE} → len({CHOICE}.unique()) / {LOGITS}.shape[1]",
            f"{SHARE} → {CHOICE}.isin(labels).float().mean()",
            (f"{CHOICE} → {CHOICE}.sort().values", "== labels → == labels.sort().values"),
        ),
        mistake(
            "it is all or nothing: 1 if every image is classified as its label, else 0. The share is the mean; // cuts off the fraction.",
            f"{SHARE} → ({CHOICE} == labels).all().float()",
            f"{SHARE} → ({CHOICE} == labels).sum() // len(labels)",
        ),
    ),
)
