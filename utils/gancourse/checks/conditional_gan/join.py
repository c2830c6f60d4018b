"""join: noise and labels -> noise and codes side by side."""

import torch
from torch import Tensor

from gancourse.checks import answers
from gancourse.checks.conditional_gan.labels import drawn_labels, shown_labels
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers.values import function, randn


def _cases(seed: int, strict: bool) -> list[dict]:
    """N, z_dim and classes of which two or all are the same, and labels of which the last class is none."""
    sizes = [(2, 4, 3), (1, 2, 4), (3, 3, 3)]
    if strict:
        sizes += [(1, 3, 3), (2 + seed % 4, 64, 10), (30, 5, 26), (8, 8, 8), (1, 1, 1)]
    cases = []
    for number, (n, z_dim, classes) in enumerate(sizes):
        z = randn(seed + number, n, z_dim).round(decimals=2)
        labels = drawn_labels(seed + number, n, classes - (number == 1))
        about = f"z = {[[round(v, 2) for v in row] for row in z.tolist()]}" if n * z_dim < 10 else f"z {tuple(z.shape)}"
        about += f", labels = {shown_labels(labels)}, classes = {classes}"
        cases.append({"about": about, "arguments": (z, labels, classes), "returns": ("joined",), "typed": True})
    return cases


def _observe(answer, case, like) -> dict:
    """Observe the shape of the joined rows; if it is right, the noise in them and the labels that the codes stand for."""
    seen, (z, _, classes) = function(answer, case, like), case["arguments"]
    joined = seen.pop("joined", None)
    if not isinstance(joined, Tensor):
        return seen
    seen["shape"] = str(tuple(joined.shape))
    if joined.shape == (len(z), z.shape[1] + classes):
        codes = {tuple(code): f"the code of {label}" for label, code in enumerate(torch.eye(classes).tolist())}
        stand = [codes.get(tuple(row), "no code") for row in joined[:, z.shape[1] :].tolist()]
        seen |= {"noise": joined[:, : z.shape[1]], "codes": ", ".join(stand)}
    return seen


join = Exercise(
    reference=answers.load("conditional_gan", "join"),
    points=2,
    cases=_cases,
    observe=_observe,
    look={
        "type": "the result has the wrong dtype. Noise is float32, and so is what you return: make the codes .float().",
        "shape": "the shape is not (N, z_dim + classes): one row for each row of z, which goes on with the one-hot code of its label.",
        "noise": "the first z_dim numbers of each row are not the noise. They are z as it came, row by row.",
        "codes": {
            "no": "there is no one-hot code after the noise. It has 1 at the place of the label and 0 elsewhere.",
            "": "the code after the noise is that of another label. Row i should end with the code of labels[i].",
        },
        "": "Each row is a row of z, as it is, and then the one-hot code of the same row's label: torch.cat([..., ...], dim=1).",
    },
    mistakes=(
        mistake(
            "the code stands before the noise. Noise first, then the code: a network trained with one order cannot use the other.",
            "return torch.cat([F.one_hot(labels, classes).float(), z], dim=1)",
        ),
        mistake(
            "the codes are put below the noise, or into a dimension of their own. Each row should become longer: torch.cat, dim=1.",
            "return torch.cat([z, F.one_hot(labels, classes).float()])",
            *(f"return torch.stack([z, F.one_hot(labels, classes).float()], dim={dim})" for dim in (0, 1)),
        ),
        mistake(
            "noise and code are added or multiplied. That needs equal widths, and mixes the two; put them side by side: torch.cat.",
            "return z + F.one_hot(labels, classes).float()",
            "return z * F.one_hot(labels, classes).float()",
        ),
        mistake(
            "the label is joined as one number. As a number, class 8 is eight times class 1, which means nothing: one_hot first.",
            "return torch.cat([z, labels[:, None]], dim=1)",
            "return torch.cat([z, labels[:, None] / classes], dim=1)",
            "return torch.cat([z, labels], dim=1)",
        ),
        mistake(
            "`classes` is not used: the codes are as long as the largest label of the batch needs, or always 10. Pass `classes` to one_hot.",
            "return torch.cat([z, F.one_hot(labels, 10).float()], dim=1)",
            "return torch.cat([z, F.one_hot(labels)], dim=1)",
        ),
    ),
)
