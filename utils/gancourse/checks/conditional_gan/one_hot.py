"""one_hot: labels (N,) -> codes (N, classes)."""

import torch

from gancourse.checks import answers
from gancourse.checks.conditional_gan.labels import drawn_labels, shown_labels
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.values import function


def _cases(seed: int, strict: bool) -> list[dict]:
    """Labels of which the last class is none, so that `classes` counts; one label; all classes; labels out of range."""
    first, n = (torch.tensor([2, 0, 3, 2]) + seed) % 4, 40 if strict else 6
    plans = [(first, 5), ([1], 3), (drawn_labels(seed, n, 4), 4), ([seed % 6], 7)]
    outside = [([1, -1], 4), ([0, 4], 4), ([-1], 3)]
    if strict:
        plans += [(drawn_labels(seed, 80, 26), 27), ([0, 0], 1)]
        outside += [([-3], 5), ([2, 3 + seed % 90, 1], 3), ([-2, 0, 0, 1], 2)]
    return [
        {
            "about": f"labels = {shown_labels(labels)}, classes = {classes}{', a label out of range' * raises}",
            "arguments": (torch.as_tensor(labels), classes),
            "returns": ("codes",),
            "typed": True,
            "raises": raises,
        }
        for drawn, raises in ((plans, False), (outside, True))
        for labels, classes in drawn
    ]


one_hot = Exercise(
    reference=answers.load("conditional_gan", "one_hot"),
    points=1,
    cases=_cases,
    observe=function,
    look={
        "type": "the codes have the wrong dtype: F.one_hot makes int64, == makes bool. A linear layer multiplies floats: add .float().",
        "refusal": "a label out of range gets a code. Labels run from 0 to classes - 1; raise an exception for any other, also for -1.",
        "codes": "a row is not the one-hot code of its label: `classes` numbers, 1 at the place of the label, 0 elsewhere.",
        "": "Each label gets a row of `classes` numbers: 1 at the place of the label, 0 elsewhere.",
    },
    mistakes=(
        mistake(
            "`classes` is not used: a code is as long as the largest label of the batch needs, or always 10. Hand `classes` over.",
            "return F.one_hot(labels).float()",
            "return torch.eye(int(labels.max()) + 1)[labels]",
            "return F.one_hot(labels, 10).float()",
            "return torch.eye(10)[labels]",
        ),
        mistake(
            "the 1 is one place off. Labels are counted from 0: label 0 belongs to the first place.",
            *(f"return F.one_hot(labels, classes).float().roll({step}, 1)" for step in (1, -1)),
            *(f"return torch.eye(classes)[labels {sign} 1]" for sign in "+-"),
        ),
        mistake(
            "a label out of range silently gets a row of zeros, or the code of another class. A comparison with arange, a clamp or "
            "a remainder notices nothing: look at the smallest and the largest label first, and raise an exception.",
            "return (labels[:, None] == torch.arange(classes)).float()",
            "return F.one_hot(labels.clamp(0, classes - 1), classes).float()",
            "return F.one_hot(labels % classes, classes).float()",
        ),
        mistake(
            "the label -1 is accepted: as an index it means the last place, so a missing label gets the code of the last class. "
            "Raise an exception, or use a function that does (nn.functional.one_hot, scatter_).",
            "return torch.eye(classes)[labels]",
        ),
    ),
)
