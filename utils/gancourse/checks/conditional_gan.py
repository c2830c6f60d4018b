"""The exercises of lesson 5. For each: the course's answer, then what is checked and which mistakes are known."""

import copy
from itertools import product

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from gancourse import losses, training
from gancourse.checks import observers
from gancourse.checks.core import Exercise, edited, mistake
from gancourse.checks.shared import (
    EACH,
    INSIDE,
    NO_GRADIENT,
    ROUNDED,
    ROUNDED_TOO,
    SIGMOID_TWICE,
    SUMMED,
    TURNED,
    by_hand,
    logit_cases,
    question,
    randn,
)
from gancourse.checks.vanilla_gan import (
    IN_ONE_BATCH,
    STEP_LOOK,
    STEP_MISTAKES,
    STEP_VARIANTS,
    AskedOtherwise,
    step_cases,
)


def drawn_labels(seed, n, classes):
    """Return labels int64 (n,) that depend on the seed alone: the classes by turns, then shuffled."""
    by_turns = (torch.arange(n) + seed) % classes
    return by_turns[torch.randperm(n, generator=torch.Generator().manual_seed(seed))]


def shown_labels(labels):
    """Return the first labels as a reader sees them."""
    return str(labels[:6].tolist() + ["..."] * (len(labels) > 6)).replace("'", "")


# ---- one-hot ------------------------------------------------------------------------------------------------------


def _one_hot(labels, classes):
    """Return the codes float32 (N, classes) of labels int64 (N,): 1 at the place of the label, 0 elsewhere.

    Raises RuntimeError for a label that is not from 0 to classes - 1.
    """
    return nn.functional.one_hot(labels, classes).float()


def _code_cases(seed, strict):
    plans = [([2, 0, 3, 2], 5), ([1], 3)]
    outside = [([1, -1], 4), ([0, 4], 4)]
    if strict:
        plans = [([seed % 6], 7), (drawn_labels(seed, 40, 26).tolist(), 27), (drawn_labels(seed, 9, 8).tolist(), 9)]
        outside += [([-3], 5), ([2, 3 + seed % 90, 1], 3)]
    cases = [
        {"returns": ("the codes",), "typed": True, "arguments": (torch.tensor(labels), classes)}
        for labels, classes in plans
    ]
    cases += [
        {"returns": ("the codes",), "raises": True, "arguments": (torch.tensor(labels), classes)}
        for labels, classes in outside
    ]
    for case in cases:
        labels, classes = case["arguments"]
        more = ", where one label is no class at all" if "raises" in case else ""
        case["about"] = f"labels = {shown_labels(labels)}, classes = {classes}{more}"
    return [*cases[1:], cases[0]] if strict else cases


def _scattered(labels, classes):
    return torch.zeros(len(labels), classes).scatter_(1, labels.unsqueeze(1), 1)


def _by_index(labels, classes):
    codes = torch.zeros(len(labels), classes)
    codes[torch.arange(len(labels)), labels] = 1
    return codes


def _checked(labels, classes):
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError("a label is outside")
    return torch.eye(classes)[labels]


def _asserted(labels, classes):
    codes = (labels[:, None] == torch.arange(classes)).float()
    assert bool((codes.sum(1) == 1).all())
    return codes


def _by_loop(labels, classes):
    rows = []
    for label in labels.tolist():
        if label not in range(classes):
            raise IndexError(label)
        rows.append([float(place == label) for place in range(classes)])
    return torch.tensor(rows)


one_hot = Exercise(
    name="one_hot",
    reference=_one_hot,
    points=1,
    cases=_code_cases,
    observe=observers.function,
    look={
        "what it returns": "Return the codes as one tensor, a row for each label.",
        "its type": "The codes are to stand beside noise, which is float32: .float().",
        "what happens": "Labels run from 0 to classes - 1. For any other, an exception of any kind is to be raised.",
        "the arguments": "The labels themselves have changed. Fill a new tensor of zeros instead.",
        "": "One row for each label, `classes` numbers in each: a single 1, at the place of the label, the rest 0.",
    },
    mistakes=(
        mistake(
            "the codes are whole numbers (int64), as nn.functional.one_hot makes them. They are to stand beside noise, and a linear layer "
            "multiplies floats: add .float().",
            lambda labels, classes: nn.functional.one_hot(labels, classes),
            lambda labels, classes: torch.eye(classes, dtype=torch.int64)[labels],
            shows={"its type": "torch.int64"},
        ),
        mistake(
            "the codes are True and False. A linear layer multiplies floats: add .float().",
            lambda labels, classes: labels[:, None] == torch.arange(classes),
            lambda labels, classes: nn.functional.one_hot(labels, classes).bool(),
            shows={"its type": "torch.bool"},
        ),
        mistake(
            "the codes have 64 bits, as NumPy's numbers do; the networks' weights have 32. Add .float().",
            lambda labels, classes: torch.from_numpy(np.eye(classes)[labels.numpy()]),
            lambda labels, classes: nn.functional.one_hot(labels, classes).double(),
            shows={"its type": "torch.float64"},
        ),
        mistake(
            "the table is turned around. One row is the code of one label, so the shape is (N, classes).",
            lambda labels, classes: _one_hot(labels, classes).T,
            lambda labels, classes: torch.zeros(classes, len(labels)).scatter_(0, labels.unsqueeze(0), 1),
        ),
        mistake(
            "`classes` is not used: the largest label of the batch decides how wide a code is, so two batches get codes of two widths.",
            lambda labels, classes: nn.functional.one_hot(labels).float(),
            lambda labels, classes: torch.eye(int(labels.max()) + 1)[labels],
            lambda labels, classes: _scattered(labels, int(labels.max()) + 1),
        ),
        mistake(
            "`classes` is not used: a code has always 10 numbers.",
            lambda labels, classes: nn.functional.one_hot(labels, 10).float(),
            lambda labels, classes: torch.eye(10)[labels],
            lambda labels, classes: (labels[:, None] == torch.arange(10)).float(),
            lambda labels, classes: _scattered(labels, 10),
            lambda labels, classes: _by_index(labels, 10),
        ),
        mistake(
            "a batch of one label loses its batch dimension: .squeeze() removes every dimension of size 1. The shape is (N, classes), also for N = 1.",
            lambda labels, classes: _one_hot(labels, classes).squeeze(),
            lambda labels, classes: _checked(labels, classes).squeeze(),
            lambda labels, classes: _scattered(labels, classes).squeeze(),
        ),
        mistake(
            "the 1 is one place off. Labels are counted from 0: label 0 belongs to the first place.",
            lambda labels, classes: _one_hot(labels, classes).roll(1, 1),
            lambda labels, classes: _one_hot(labels, classes).roll(-1, 1),
            lambda labels, classes: torch.eye(classes)[labels - 1],
            lambda labels, classes: (labels[:, None] == torch.arange(1, classes + 1)).float(),
            lambda labels, classes: torch.eye(classes)[labels + 1],
        ),
        mistake(
            "a label outside of 0 to classes - 1 silently becomes a row of zeros, or somebody else's code. A comparison with arange, a "
            "clamp or a remainder notices nothing: look at the smallest and the largest label first, and raise an exception.",
            lambda labels, classes: (labels[:, None] == torch.arange(classes)).float(),
            lambda labels, classes: _one_hot(labels.clamp(0, classes - 1), classes),
            lambda labels, classes: _one_hot(labels % classes, classes),
        ),
        mistake(
            "the label -1 is taken: as an index it means the last place, so a missing label gets the code of the last class. Raise an "
            "exception, or use a function that does (nn.functional.one_hot, scatter_).",
            lambda labels, classes: torch.eye(classes)[labels],
            _by_index,
            lambda labels, classes: torch.stack([torch.eye(classes)[label] for label in labels]),
        ),
        mistake(
            "a label that is too large gets a code. Labels end at classes - 1: raise an exception for the label `classes`, too.",
            lambda labels, classes: _one_hot(labels, max(classes, int(labels.max()) + 1)),
            lambda labels, classes: _one_hot(labels, classes + 1)[:, :classes],
        ),
        mistake(
            "the label itself stands in the code. A code only says where: 1 at the place of the label, 0 elsewhere.",
            lambda labels, classes: labels[:, None].repeat(1, classes).float(),
            lambda labels, classes: _one_hot(labels, classes) * labels[:, None],
        ),
        mistake(
            "0 and 1 are turned around: one place of a row is hot, the others are 0.",
            lambda labels, classes: 1 - _one_hot(labels, classes),
        ),
        mistake(
            "all labels share one code. Each gets a row of its own, so the shape is (N, classes).",
            lambda labels, classes: _one_hot(labels, classes).sum(0),
            lambda labels, classes: _one_hot(labels, classes).amax(0),
            lambda labels, classes: _one_hot(labels, classes).sum(0).expand(len(labels), -1),
        ),
    ),
    accepted=(
        _scattered,
        _checked,
        _asserted,
        _by_loop,
        lambda labels, classes: nn.functional.one_hot(labels, num_classes=classes).to(torch.float32),
        lambda labels, classes: nn.functional.embedding(labels, torch.eye(classes)),
        lambda labels, classes: torch.eye(classes).index_select(0, labels),
    ),
)


# ---- noise and label side by side ---------------------------------------------------------------------------------


def _join(z, labels, classes):
    """Return z (N, z_dim) and the codes of labels (N,) side by side: float32 (N, z_dim + classes)."""
    return torch.cat([z, _one_hot(labels, classes)], dim=1)


def _join_cases(seed, strict):
    sizes = (
        ((2, 2, 3), (1, 4, 2), (3, 3, 3)) if not strict else ((1, 3, 3), (2 + seed % 4, 64, 10), (30, 5, 26), (8, 8, 8))
    )
    cases = []
    for number, (n, z_dim, classes) in enumerate(sizes):
        z = randn(seed + number, n, z_dim).round(decimals=2)
        labels = drawn_labels(seed + number, n, classes - (number < 2))  # also where the last class does not occur
        if n == 1:
            labels = torch.tensor([1])
        elif torch.equal(labels, labels.sort().values):
            labels = labels.flip(0)
        rows = [[round(v, 2) for v in row] for row in z.tolist()]
        about = f"z = {rows}" if z.numel() < 10 else f"z of shape {tuple(z.shape)}"
        cases.append(
            {
                "about": f"{about}, labels = {shown_labels(labels)}, classes = {classes}",
                "arguments": (z, labels, classes),
                "returns": ("the joined rows",),
                "typed": True,
            }
        )
    return cases


def _changed_z(z, labels, classes):
    z *= 1 + _one_hot(labels, classes)[:, :1]
    return _join(z, labels, classes)


def _filled(z, labels, classes):
    joined = z.new_zeros(len(z), z.shape[1] + classes)
    joined[:, : z.shape[1]] = z
    joined[range(len(z)), labels + z.shape[1]] = 1
    return joined


join = Exercise(
    name="join",
    reference=_join,
    points=2,
    cases=_join_cases,
    observe=observers.function,
    look={
        "what it returns": "Return the joined rows as one tensor.",
        "its type": "Noise is float32 and so is what you return: make floats of the codes before you join.",
        "the arguments": "z or the labels have changed. Put a new tensor together: torch.cat does not touch its parts.",
        "": "Each row is a row of z, as it is, and then the one-hot code of the same row's label: torch.cat([..., ...], dim=1).",
    },
    mistakes=(
        mistake(
            "the code stands before the noise. Noise first, then the code: a network that was trained on one order reads nonsense in the other.",
            lambda z, labels, classes: torch.cat([_one_hot(labels, classes), z], dim=1),
        ),
        mistake(
            "the codes are put below the noise, as further rows. Each row is to become longer: dim=1.",
            lambda z, labels, classes: torch.cat([z, _one_hot(labels, classes)]),
            lambda z, labels, classes: torch.vstack([z, _one_hot(labels, classes)]),
        ),
        mistake(
            "noise and code are stacked on top of each other, in a dimension of their own. Side by side is torch.cat, along dim=1.",
            lambda z, labels, classes: torch.stack([z, _one_hot(labels, classes)]),
            lambda z, labels, classes: torch.stack([z, _one_hot(labels, classes)], dim=1),
            lambda z, labels, classes: z[:, :, None] * _one_hot(labels, classes)[:, None],
        ),
        mistake(
            "noise and code are added or multiplied. That needs equal widths, and mixes the two; put them side by side: torch.cat.",
            lambda z, labels, classes: z + _one_hot(labels, classes),
            lambda z, labels, classes: z * _one_hot(labels, classes),
        ),
        mistake(
            "the label stands there as one number. As a number class 8 is eight times class 1, which means nothing; each class gets a place of "
            "its own: one_hot.",
            lambda z, labels, classes: torch.cat([z, labels[:, None]], dim=1),
            lambda z, labels, classes: torch.cat([z, labels[:, None].float()], dim=1),
            lambda z, labels, classes: torch.cat([z, labels[:, None] / classes], dim=1),
            lambda z, labels, classes: torch.cat([z, labels[:, None] / (classes - 1)], dim=1),
        ),
        mistake(
            "the labels are class numbers, a single one for each row: one_hot(labels, classes) first, which makes rows of them, then torch.cat.",
            lambda z, labels, classes: torch.cat([z, labels], dim=1),
            lambda z, labels, classes: torch.cat([z, labels]),
            lambda z, labels, classes: torch.hstack([z, labels]),
            lambda z, labels, classes: torch.stack([z, labels], dim=1),
            lambda z, labels, classes: torch.vstack([z, labels]),
        ),
        mistake(
            "the code of a batch of one label loses its batch dimension: .squeeze() removes every dimension of size 1. Leave it away.",
            lambda z, labels, classes: torch.cat([z, _one_hot(labels, classes).squeeze()], dim=1),
            lambda z, labels, classes: torch.cat([z.squeeze(), _one_hot(labels, classes).squeeze()], dim=-1),
            lambda z, labels, classes: _join(z, labels, classes).squeeze(),
        ),
        mistake(
            "`classes` is not used: the code has always 10 numbers.",
            lambda z, labels, classes: _join(z, labels, 10),
        ),
        mistake(
            "the label is repeated `classes` times. Its one-hot code belongs there: 1 at the place of the label, 0 elsewhere.",
            lambda z, labels, classes: torch.cat([z, labels[:, None].expand(-1, classes)], dim=1),
        ),
        mistake(
            "all rows get the code of one label. Row i gets the code of labels[i].",
            lambda z, labels, classes: torch.cat([z, _one_hot(labels[:1], classes).expand(len(z), -1)], dim=1),
            lambda z, labels, classes: torch.cat([z, _one_hot(labels[-1:], classes).repeat(len(z), 1)], dim=1),
        ),
        mistake(
            "the codes stand in the wrong rows: row i gets the code of another row's label. Keep the order of the labels.",
            lambda z, labels, classes: _join(z, labels.roll(1), classes),
            lambda z, labels, classes: _join(z, labels.roll(-1), classes),
            lambda z, labels, classes: _join(z, labels.flip(0), classes),
            lambda z, labels, classes: _join(z, labels.sort().values, classes),
        ),
        mistake(
            "the label is lost: where its code should stand, all is 0.",
            lambda z, labels, classes: torch.cat([z, torch.zeros(len(z), classes)], dim=1),
        ),
        mistake(
            "the noise is lost: where it should stand, all is 0.",
            lambda z, labels, classes: _join(torch.zeros_like(z), labels, classes),
        ),
        mistake(
            "there is only the code. The noise comes first in each row.",
            lambda z, labels, classes: _one_hot(labels, classes),
        ),
        mistake(
            "there is only the noise. The code follows it in each row.",
            lambda z, labels, classes: z.clone(),
            lambda z, labels, classes: z,
        ),
        mistake(
            "the 1 is one place off. Labels are counted from 0: label 0 belongs to the first place behind the noise.",
            lambda z, labels, classes: torch.cat([z, _one_hot(labels, classes).roll(1, 1)], dim=1),
            lambda z, labels, classes: torch.cat([z, _one_hot(labels, classes).roll(-1, 1)], dim=1),
        ),
        mistake(
            "`classes` is not used: the largest label of the batch decides how wide a row is, and the network's first layer fits only one width.",
            lambda z, labels, classes: torch.cat([z, nn.functional.one_hot(labels)], dim=1),
        ),
        mistake(
            "z itself is changed, and whoever uses it after you gets other noise. Work on what torch.cat returns, not with z += or z *=.",
            _changed_z,
            lambda z, labels, classes: _join(z.mul_(2), labels, classes),
            lambda z, labels, classes: _join(z.zero_(), labels, classes),
            lambda z, labels, classes: _join(z.clamp_(-0.2, 0.2), labels, classes),
            shows={"the arguments afterwards": "changed in place"},
        ),
        mistake(
            "the result has 64 bits: one part of it was float64, and torch.cat takes the wider type. Make the codes .float().",
            lambda z, labels, classes: torch.cat([z, _one_hot(labels, classes).double()], dim=1),
            shows={"its type": "torch.float64"},
        ),
        mistake(
            "the noise is cut to whole numbers: the result is int64. Make floats of the codes, not whole numbers of the noise.",
            lambda z, labels, classes: _join(z, labels, classes).long(),
            lambda z, labels, classes: torch.cat([z.long(), nn.functional.one_hot(labels, classes)], dim=1),
            shows={"its type": "torch.int64"},
        ),
    ),
    accepted=(
        _filled,
        lambda z, labels, classes: torch.hstack([z, torch.eye(classes)[labels]]),
        lambda z, labels, classes: torch.cat((z, nn.functional.one_hot(labels, classes)), 1),
        lambda z, labels, classes: torch.column_stack([z, (labels[:, None] == torch.arange(classes)).float()]),
        lambda z, labels, classes: torch.stack(
            [torch.cat([a, torch.eye(classes)[b]]) for a, b in zip(z, labels, strict=True)]
        ),
    ),
)


# ---- the loss of a discriminator that knows what belongs together ----------------------------------------------------


def _conditional_loss(real_logits, mismatched_logits, fake_logits):
    """Return the loss of a matching-aware D, 0-d, for logits (N,) (Reed et al. 2016, algorithm 1).

    Of real images with their own labels, of real images with wrong labels, of fakes with the labels they were made for.
    """
    wrong = softplus(mismatched_logits).mean() + softplus(fake_logits).mean()
    return softplus(-real_logits).mean() + 0.5 * wrong


def _cross_entropies(weights=(1.0, 0.5, 0.5), targets=(1.0, 0.0, 0.0), reduction="mean", before=lambda a: a):
    """Return the weighted sum of three cross-entropies with logits against these targets."""

    def loss(*logits):
        return sum(
            w * binary_cross_entropy_with_logits(before(a), torch.full_like(a, target), reduction=reduction)
            for w, a, target in zip(weights, logits, targets, strict=True)
        )

    return loss


def _of_terms(term):
    """Return the loss with another term than softplus for an image that D should call wrong."""
    return lambda real, mis, fake: (term(-real) + 0.5 * (term(mis) + term(fake))).mean()


def _concatenated(real, mis, fake):
    wrong = torch.cat([mis, fake])
    return nn.BCEWithLogitsLoss()(real, torch.ones_like(real)) + nn.BCEWithLogitsLoss()(wrong, torch.zeros_like(wrong))


conditional_loss = Exercise(
    name="conditional_loss",
    reference=_conditional_loss,
    points=3,
    cases=lambda seed, strict: logit_cases(seed, strict, "real_logits", "mismatched_logits", "fake_logits"),
    observe=observers.loss,
    look={
        "for large logits": ROUNDED_TOO,
        "what it returns": "Return the loss as the tensor that it is.",
        "": "Three means: softplus(-a) over the real images with their own labels; softplus(a) over those with wrong labels, and "
        "over the fakes, each of these two counted half.",
    },
    mistakes=(
        mistake(
            "the mismatched pairs count as real. The image is real, but it does not show what the label says; D is to say no: softplus(a).",
            _cross_entropies(targets=(1.0, 1.0, 0.0)),
            _cross_entropies((0.5, 0.5, 1.0), targets=(1.0, 1.0, 0.0)),
            _cross_entropies((1.0, 1.0, 1.0), targets=(1.0, 1.0, 0.0)),
        ),
        mistake(
            "the half is missing: there are two ways to be wrong and one to be right, and together the wrong ones should weigh as much as "
            "the right one. Take half of their sum.",
            _cross_entropies((1.0, 1.0, 1.0)),
        ),
        mistake(
            "this is the mean of all three. The right pairs count whole; only the two kinds of wrong pairs share one whole, a half each.",
            _cross_entropies((1 / 3, 1 / 3, 1 / 3)),
        ),
        mistake(
            "everything is halved. The half belongs to the two kinds of wrong pairs alone; the real ones with their own labels count whole.",
            _cross_entropies((0.5, 0.5, 0.5)),
            _cross_entropies((0.5, 0.25, 0.25)),
        ),
        mistake(
            "the half stands at the real images with their own labels. It belongs to the mismatched pairs and to the fakes.",
            _cross_entropies((0.5, 1.0, 1.0)),
        ),
        mistake(
            "only one of the two kinds of wrong pairs is halved. Put brackets around the sum of both: 0.5 * (... + ...).",
            _cross_entropies((1.0, 0.5, 1.0)),
            _cross_entropies((1.0, 1.0, 0.5)),
        ),
        mistake(
            "the mismatched pairs do not count, so nothing tells D to look at the label: a good image would do, whatever it shows.",
            _cross_entropies((1.0, 0.0, 1.0)),
            _cross_entropies((1.0, 0.0, 0.5)),
        ),
        mistake(
            "the fakes do not count, so D never learns to tell them from real images. The loss has three terms.",
            _cross_entropies((1.0, 1.0, 0.0)),
            _cross_entropies((1.0, 0.5, 0.0)),
        ),
        mistake(
            "the real images with their own labels do not count, so D may say no to everything. The loss has three terms.",
            _cross_entropies((0.0, 0.5, 0.5)),
            _cross_entropies((0.0, 1.0, 1.0)),
        ),
        mistake(
            "all signs inside the softplus are turned around: this loss is low when D says no to what is right and yes to what is wrong.",
            _cross_entropies(targets=(0.0, 1.0, 1.0)),
        ),
        mistake(
            "the sign of the whole is wrong: a minimiser would make D as bad as it can.",
            _cross_entropies((-1.0, -0.5, -0.5)),
        ),
        mistake(
            "the fakes count as real. D is to say no to them: softplus(a).",
            _cross_entropies(targets=(1.0, 0.0, 1.0)),
        ),
        mistake(
            "all three kinds are treated alike, as if all were right. To two of them D is to say no: softplus(a).",
            _cross_entropies(targets=(1.0, 1.0, 1.0)),
        ),
        mistake(
            "all three kinds are treated alike, as if all were wrong. To real images with their own labels D is to say yes: softplus(-a).",
            _cross_entropies(targets=(0.0, 0.0, 0.0)),
        ),
        mistake(
            "the arguments come in another order: first the real images with their own labels, then those with wrong labels, then the fakes.",
            lambda mis, real, fake: _conditional_loss(real, mis, fake),
            lambda fake, mis, real: _conditional_loss(real, mis, fake),
        ),
        mistake(
            "a term is subtracted. All three are penalties, so all are added; the minus sign stands inside the first softplus.",
            _cross_entropies((1.0, -0.5, -0.5)),
            _cross_entropies((1.0, -0.5, 0.5)),
            _cross_entropies((1.0, 0.5, -0.5)),
        ),
        mistake(SUMMED, _cross_entropies(reduction="sum")),
        mistake(EACH, _cross_entropies(reduction="none")),
        mistake(
            INSIDE,
            lambda real, mis, fake: softplus(-real.mean()) + 0.5 * (softplus(mis.mean()) + softplus(fake.mean())),
        ),
        mistake(
            "the logits of the two kinds of wrong pairs are averaged before the softplus. First the softplus of each, then the mean.",
            lambda real, mis, fake: softplus(-real).mean() + softplus((mis + fake) / 2).mean(),
            lambda real, mis, fake: softplus(-real).mean() + 0.5 * softplus(mis + fake).mean(),
        ),
        mistake(SIGMOID_TWICE, _cross_entropies(before=torch.sigmoid)),
        mistake(
            ROUNDED,
            lambda real, mis, fake: (
                -(real.sigmoid().log() + 0.5 * ((1 - mis.sigmoid()).log() + (1 - fake.sigmoid()).log())).mean()
            ),
            lambda real, mis, fake: (
                -real.sigmoid().log().mean()
                - 0.5 * ((1 - mis.sigmoid()).log().mean() + (1 - fake.sigmoid()).log().mean())
            ),
            _of_terms(lambda a: torch.log(1 + torch.exp(a))),
            _of_terms(lambda a: -torch.log(1 - a.sigmoid() + 1e-8)),
            _of_terms(lambda a: -(1 - a.sigmoid()).clamp(1e-7, 1).log()),
            _of_terms(lambda a: softplus(a.clamp(-50, 50))),
            _of_terms(lambda a: nn.functional.binary_cross_entropy(a.sigmoid(), torch.zeros_like(a))),
        ),
        mistake(
            NO_GRADIENT,
            lambda real, mis, fake: _conditional_loss(real.detach(), mis.detach(), fake.detach()),
            lambda real, mis, fake: _conditional_loss(real, mis, fake).item(),
        ),
        mistake(
            "a part of the loss is cut off from its logits, so D learns nothing from it. Leave .detach() and .data away: these logits are all D's own.",
            lambda real, mis, fake: _conditional_loss(real, mis.detach(), fake),
            lambda real, mis, fake: _conditional_loss(real, mis, fake.detach()),
            lambda real, mis, fake: _conditional_loss(real, mis.detach(), fake.detach()),
            lambda real, mis, fake: _conditional_loss(real.detach(), mis, fake),
        ),
        mistake(
            TURNED,
            lambda real, mis, fake: (
                binary_cross_entropy_with_logits(torch.ones_like(real), real)
                + 0.5 * binary_cross_entropy_with_logits(torch.zeros_like(mis), mis)
                + 0.5 * binary_cross_entropy_with_logits(torch.zeros_like(fake), fake)
            ),
        ),
        mistake(
            "no logarithm: these are the logits themselves, which is another loss, Wasserstein's, without the constraint that it needs.",
            _of_terms(lambda a: a),
        ),
        mistake(
            "this is another GAN's loss, the hinge or the squared error. The text asks for softplus.",
            _of_terms(lambda a: torch.relu(1 + a)),
            lambda real, mis, fake: ((real - 1).square() + 0.5 * (mis.square() + fake.square())).mean(),
        ),
        mistake(
            "the target of the mismatched pairs is one half. A wrong label is wrong: the target is 0, softplus(a), and that term is halved.",
            _cross_entropies(targets=(1.0, 0.5, 0.0)),
            _cross_entropies((1.0, 1.0, 1.0), targets=(1.0, 0.5, 0.0)),
        ),
    ),
    accepted=(
        _cross_entropies(),
        _concatenated,
        _of_terms(softplus),
        _of_terms(by_hand),
        _of_terms(lambda a: -nn.functional.logsigmoid(-a)),
        lambda real, mis, fake: losses.discriminator_loss(real, mis) / 2 + losses.discriminator_loss(real, fake) / 2,
        lambda real, mis, fake: (
            (softplus(-real).sum() + softplus(mis).sum() / 2 + softplus(fake).sum() / 2) / len(real)
        ),
    ),
)


# ---- projection ---------------------------------------------------------------------------------------------------


def _projection_logit(h, labels, w, b, codes):
    """Return the logits (N,) of a projection discriminator (Miyato & Koyama 2018, equation 4).

    h (N, d): its last hidden numbers; labels int64 (N,); w (d,); b 0-d; codes (classes, d).
    """
    return h @ w + b + (codes[labels] * h).sum(1)


def _projection_cases(seed, strict):
    sizes = (
        ((2, 3, 4), (1, 4, 3), (4, 2, 4), (5, 3, 3))
        if not strict
        else ((1, 1 + seed % 5, 3), (10, 16, 10), (7, 7, 7), (60, 32, 26))
    )
    cases = []
    for number, (n, d, classes) in enumerate(sizes):
        h, w, codes = (
            randn(5 * seed + number + 100 * i, *shape).round(decimals=1) + 0.05
            for i, shape in enumerate(((n, d), (d,), (classes, d)))
        )
        labels, b = drawn_labels(seed + number, n, classes), torch.tensor(0.7 - 0.2 * number)
        if n > 2:
            labels[1] = labels[0]  # two images of one class
        shown = [[round(v, 2) for v in row] for row in h.tolist()]
        about = f"h = {shown}" if n * d < 9 else f"h of shape ({n}, {d})"
        cases.append(
            {
                "about": f"{about}, labels = {shown_labels(labels)}, {classes} classes",
                "arguments": (h, labels, w, b, codes),
                "returns": ("the logits",),
                "gradients": {0: "h", 2: "w", 3: "b", 4: "codes"},
            }
        )
    return cases


def _projection(*changes):
    return edited(_projection_logit, *changes)


PRODUCT = "(codes[labels] * h).sum(1)"

projection_logit = Exercise(
    name="projection_logit",
    reference=_projection_logit,
    points=2,
    cases=_projection_cases,
    observe=observers.function,
    look={
        "what it returns": "Return the logits as one tensor, a number for each image.",
        "its gradient": "The logits are right, but D could not learn all of h, w, b and codes from them. Leave .detach(), .data and .item() away.",
        "the arguments": "An argument has been changed in place; compute with new tensors.",
        "": "Three terms for each image: w·h, b, and the inner product of h with the code of this image's own label, codes[labels].",
    },
    mistakes=(
        mistake(
            "there are as many logits for each image as there are classes. Pick the code of its own label first, codes[labels], of shape (N, d).",
            lambda h, labels, w, b, codes: (h @ w + b)[:, None] + h @ codes.T,
            lambda h, labels, w, b, codes: h @ w + b + h @ codes.T,
            lambda h, labels, w, b, codes: h @ codes.T,
        ),
        mistake(
            "this is a table of every image with every label of the batch. Image i goes with labels[i] alone: multiply number by number, then .sum(1).",
            _projection((PRODUCT, "h @ codes[labels].T")),
            _projection((PRODUCT, "codes[labels] @ h.T")),
            _projection((PRODUCT, "(h @ codes.T)[:, labels]")),
        ),
        mistake(
            "the sum over the d numbers is missing: an image still has d of them, and a logit is one number. End with .sum(1).",
            _projection((PRODUCT, "codes[labels] * h")),
            lambda h, labels, w, b, codes: codes[labels] * h + h @ w + b,
            lambda h, labels, w, b, codes: h @ w + codes[labels] * h + b,
            lambda h, labels, w, b, codes: h * w + b + codes[labels] * h,
            lambda h, labels, w, b, codes: (h @ w)[:, None] + b + codes[labels] * h,
        ),
        mistake(
            "w * h multiplies number by number and leaves d numbers for each image. w·h is their sum: h @ w, or (w * h).sum(1).",
            _projection(("h @ w", "h * w")),
            lambda h, labels, w, b, codes: (codes[labels] * h).sum(1) + w * h + b,
        ),
        mistake(
            "@ or dot is no product of two tables of shape (N, d), image by image: @ sums over the last dimension of the one and the first of the other. "
            "Multiply number by number, then sum: (codes[labels] * h).sum(1).",
            _projection((PRODUCT, "h @ codes[labels]")),
            _projection((PRODUCT, "codes[labels] @ h")),
            _projection((PRODUCT, "(h @ codes[labels]).sum(1)")),
            _projection((PRODUCT, "h.T @ codes[labels]")),
            _projection((PRODUCT, "codes[labels].T @ h")),
            _projection((PRODUCT, "h @ codes")),
            _projection((PRODUCT, "torch.dot(h, codes[labels])")),
        ),
        mistake(
            "h is multiplied with the whole table of codes, (classes, d). Pick for each image the row of its own label first: codes[labels], (N, d).",
            _projection((PRODUCT, "h * codes")),
            _projection((PRODUCT, "(h * codes).sum(1)")),
            _projection((PRODUCT, "(codes * h).sum(1)")),
        ),
        mistake(
            "the sum of w * h runs over all images and numbers, so each image gets that of the whole batch. It is one for each image: h @ w, or (w * h).sum(1).",
            _projection(("h @ w", "(h * w).sum()")),
        ),
        mistake(
            "a bracket is in the wrong place: w·h + b is one number for each image already. Only the product with the code is to be summed: (codes[labels] * h).sum(1).",
            lambda h, labels, w, b, codes: (h @ w + b + codes[labels] * h).sum(1),
            lambda h, labels, w, b, codes: (codes[labels] * h + h @ w + b).sum(1),
            lambda h, labels, w, b, codes: ((h @ w)[:, None] + b + codes[labels] * h).sum(1),
        ),
        mistake(
            "w stands before h. h is (N, d) and w is (d,), and @ sums over the last dimension of what comes first: h @ w.",
            _projection(("h @ w", "w @ h")),
            _projection(("h @ w", "torch.dot(w, h)")),
        ),
        mistake(
            "one term has the shape (N, 1), from keepdim=True or [:, None]. Beside another of shape (N,) PyTorch makes an (N, N) table of the two without a "
            "word. Let both be (N,): sum without keepdim.",
            _projection((PRODUCT, "(codes[labels] * h).sum(1, keepdim=True)")),
            _projection(("h @ w", "(h * w).sum(1, keepdim=True)")),
        ),
        mistake(
            "the labels are not used: every image gets the mean of all codes, or their sum. Pick the code of its own label: codes[labels].",
            _projection((PRODUCT, "h @ codes.mean(0)")),
            _projection((PRODUCT, "h @ codes.sum(0)")),
            _projection((PRODUCT, "(h @ codes.T).amax(1)")),
        ),
        mistake(
            "all images get the code of one label. Image i gets that of labels[i]: codes[labels].",
            _projection(("codes[labels]", "codes[labels[0]]")),
            _projection(("codes[labels]", "codes[0]")),
        ),
        mistake(
            "the codes stand with the wrong images. Keep the order of the labels: codes[labels].",
            _projection(("codes[labels]", "codes[labels.roll(1)]")),
            _projection(("codes[labels]", "codes[labels].flip(0)")),
            _projection(("codes[labels]", "codes[labels.sort().values]")),
        ),
        mistake(
            "w·h is missing: the part that asks whether the image is real at all, whatever its class.",
            _projection(("h @ w + b", "b")),
        ),
        mistake(
            "b is missing.",
            _projection(("h @ w + b", "h @ w")),
        ),
        mistake(
            "w·h and b are both missing. The projection is a third term beside them.",
            _projection(("h @ w + b + ", "")),
        ),
        mistake(
            "the projection is missing: nothing here depends on the label.",
            _projection((f" + {PRODUCT}", "")),
        ),
        mistake(
            "b is added once for each of the d numbers. Add it after the sum.",
            lambda h, labels, w, b, codes: (h * w + b + codes[labels] * h).sum(1),
        ),
        mistake(
            "the code is added to h. Then w·code is the same whatever the image shows; multiply h with the code, number by number.",
            lambda h, labels, w, b, codes: (h + codes[labels]) @ w + b,
            _projection((PRODUCT, "(codes[labels] + h).sum(1)")),
        ),
        mistake(
            "the code is summed without looking at the image. Multiply it with h first, number by number, then sum.",
            _projection((PRODUCT, "codes[labels].sum(1)")),
        ),
        mistake(
            "w, h and the code are all multiplied with each other. w·h is one term, the code times h another; add them.",
            _projection((PRODUCT, "(codes[labels] * h * w).sum(1)")),
            lambda h, labels, w, b, codes: (codes[labels] * h) @ w + b,
        ),
        mistake(
            "the mean over the d numbers is taken. An inner product is their sum: .sum(1).",
            _projection((PRODUCT, "(codes[labels] * h).mean(1)")),
            lambda h, labels, w, b, codes: (h * w).mean(1) + b + (codes[labels] * h).mean(1),
        ),
        mistake(
            "the sum runs over the batch, so images are mixed. Sum over the d numbers of each image: .sum(1).",
            _projection((PRODUCT, "(codes[labels] * h).sum(0)")),
            _projection((PRODUCT, "(codes[labels] * h).sum()")),
        ),
        mistake(
            "the projection is subtracted. A large inner product means that the image goes well with its label: add it.",
            _projection((f"+ {PRODUCT}", f"- {PRODUCT}")),
        ),
        mistake(
            "the logits have shape (N, 1) instead of (N,). Beside (N,) PyTorch makes an (N, N) table of them without a word. Sum without keepdim.",
            lambda h, labels, w, b, codes: _projection_logit(h, labels, w, b, codes)[:, None],
        ),
        mistake(
            "a batch of one image loses its batch dimension: .squeeze() removes every dimension of size 1. Name the one you mean: .squeeze(1).",
            lambda h, labels, w, b, codes: _projection_logit(h, labels, w, b, codes).squeeze(),
            lambda h, labels, w, b, codes: (h @ w + b + (h @ codes.T).gather(1, labels[:, None]).squeeze()).squeeze(),
        ),
        mistake(
            "these are probabilities, from a sigmoid. The losses of this course work on logits: leave it away.",
            lambda h, labels, w, b, codes: _projection_logit(h, labels, w, b, codes).sigmoid(),
        ),
        mistake(
            "the label is used as a number. It is a place in the table of codes: codes[labels].",
            _projection((PRODUCT, "labels * h.sum(1)")),
            _projection((PRODUCT, "(labels[:, None] * h).sum(1)")),
            _projection((PRODUCT, "labels")),
        ),
        mistake(
            "the table of codes is read across: codes[:, labels] picks columns. A label picks a row: codes[labels].",
            _projection(("codes[labels]", "codes[:, labels].T")),
            _projection(("codes[labels]", "codes.T[labels]")),
            _projection(("codes[labels] * h", "codes[:, labels] * h")),
        ),
        mistake(
            "the logits are cut off from h, w, b and codes, so D could not learn. Leave .detach(), .data and .item() away.",
            lambda h, labels, w, b, codes: _projection_logit(h, labels, w, b, codes).detach(),
            lambda h, labels, w, b, codes: torch.tensor(_projection_logit(h, labels, w, b, codes).tolist()),
            shows={"its gradient": "none: the result is cut off from the arguments"},
        ),
        mistake(
            "the logits are right, but no gradient reaches the codes (or h through them), so D could not learn what a class looks like. Leave "
            ".detach() and .data away.",
            _projection(("codes[labels]", "codes[labels].detach()")),
            _projection((PRODUCT, f"{PRODUCT}.detach()")),
            _projection((PRODUCT, "(codes[labels] * h.detach()).sum(1)")),
        ),
    ),
    accepted=(
        lambda h, labels, w, b, codes: ((w + codes[labels]) * h).sum(1) + b,
        lambda h, labels, w, b, codes: torch.einsum("nd,nd->n", h, codes[labels] + w) + b,
        lambda h, labels, w, b, codes: h @ w + b + (h @ codes.T).gather(1, labels[:, None]).squeeze(1),
        lambda h, labels, w, b, codes: h @ w + b + (h @ codes[labels].T).diagonal(),
        lambda h, labels, w, b, codes: torch.stack([w @ a + b + codes[c] @ a for a, c in zip(h, labels, strict=True)]),
        lambda h, labels, w, b, codes: (
            nn.functional.linear(h, w[None], b[None]).squeeze(1)
            + torch.bmm(nn.functional.embedding(labels, codes)[:, None], h[:, :, None]).flatten()
        ),
        lambda h, labels, w, b, codes: ((_one_hot(labels, len(codes)) @ codes + w) * h).sum(-1) + b,
    ),
)


# ---- the training step --------------------------------------------------------------------------------------------


def _conditional_step(G, D, opt_G, opt_D, real, labels, step):
    """Update D, then G, on real images (N, 1, 28, 28) and their labels (N,); return what to record.

    Mirza & Osindero 2014, equation 2, with the non-saturating loss for G.
    """
    fake = G(training.noise(G, len(real)), labels).detach()
    real_logits, fake_logits = D(real, labels), D(fake, labels)
    d_loss = losses.discriminator_loss(real_logits, fake_logits)
    opt_D.zero_grad()
    d_loss.backward()
    opt_D.step()

    g_loss = losses.non_saturating_loss(D(G(training.noise(G, len(real)), labels), labels))
    opt_G.zero_grad()
    g_loss.backward()
    opt_G.step()

    d_real = (real_logits > 0).float().mean()
    d_fake = (fake_logits < 0).float().mean()
    return {"d_loss": d_loss.detach(), "g_loss": g_loss.detach(), "d_real": d_real, "d_fake": d_fake}


def _told(player, labels):
    """Return a conditional player for a step that knows no labels: it is told those of the batch at each call."""
    # More than once for two halves.
    return AskedOtherwise(player, lambda x: player(x, labels.repeat(len(x) // len(labels))))


def _with_the_labels(step_of_lesson_3):
    def conditional_step(G, D, opt_G, opt_D, real, labels, step):
        return step_of_lesson_3(_told(G, labels), _told(D, labels), opt_G, opt_D, real, step)

    return conditional_step


def _conditional(*changes):
    return edited(_conditional_step, *changes)


def _conditional_step_cases(seed, strict):
    cases = step_cases(seed)
    for case in cases:
        case["labels"] = [
            drawn_labels(3 * seed + i, len(batch), observers.CLASSES) for i, batch in enumerate(case["batches"])
        ]
        case["about"] += f", the labels of the first are {shown_labels(case['labels'][0])}"
    return cases


D_FAKE = "fake = G(training.noise(G, len(real)), labels).detach()"
G_FAKE = "G(training.noise(G, len(real)), labels)"
G_ASKS = f"D({G_FAKE}, labels)"
D_ASKS = "D(real, labels), D(fake, labels)"
D_LOSS = "losses.discriminator_loss(real_logits, fake_logits)"
G_LOSS = f"losses.non_saturating_loss({G_ASKS})"
RANDOM = "torch.randint(10, labels.shape)"
OTHER_ORDERS = ("labels.roll(1)", "labels.flip(0)", "labels[torch.randperm(len(labels))]", "labels.sort().values")
WITH_REAL = "labels that D was given with the real images"
IN_D, IN_G = (f"labels that D was given with the fakes {turn}" for turn in ("in its own turn", "in G's turn"))
AND_THEN = "; and in another call"
NO_CLASS = (
    "Here a label says which class an image shows, not whether it is real: that D has to find out. The zeros and ones of the cross-entropy are "
    "in the loss already."
)
ANOTHER_GAME = "D is then shown images with wrong labels and learns to refuse them: another game than V, see section 5.4. Hand the same labels to both."


def _d_told(labels):
    """D is told these labels of its fakes, which were made for those of the batch."""
    return _conditional(("D(fake, labels)", f"D(fake, {labels})"))


def _d_told_of_real(labels):
    return _conditional(("D(real, labels)", f"D(real, {labels})"))


def _d_told_in_g(labels):
    return _conditional((G_ASKS, f"D({G_FAKE}, {labels})"))


conditional_step = Exercise(
    name="conditional_step",
    reference=_conditional_step,
    points=6,
    partial=True,
    cases=_conditional_step_cases,
    observe=observers.training_step,
    random=True,
    look=STEP_LOOK
    | {
        "labels that G": "G gets one label for each image, in both turns: `labels`.",
        "labels that D was given with the real": "D is asked of the real images once, with their own labels: D(real, labels).",
        "labels that D was given with the fakes": "Whenever D judges a fake, it must be told the label that this fake was made for.",
        "the labels afterwards": "`labels` itself has changed; whoever uses the batch after you finds other labels.",
        "change of D": "Look at D's turn: which loss, of which images with which labels, and what happens to its gradients before opt_D.step()?",
        "change of G": "Look at G's turn: which loss, of which fakes with which labels, and what happens to its gradients before opt_G.step()?",
        "": "It is lesson 3's step; only, each call of G and each call of D gets the labels, too. Follow it line by line.",
    },
    mistakes=(
        mistake(
            "a player is called without labels. Both want them in each call: G(z, labels) and D(x, labels).",
            _conditional((D_ASKS, "D(real), D(fake)")),
            _conditional((D_FAKE, "fake = G(training.noise(G, len(real))).detach()")),
            _conditional(("D(fake, labels)", "D(fake)")),
            _conditional((G_ASKS, "D(G(training.noise(G, len(real))))")),
            _conditional((G_ASKS, f"D({G_FAKE})")),
            _conditional((G_ASKS, "D(G(training.noise(G, len(real))), labels)")),
        ),
        mistake(
            "the arguments of a player are turned around: first the noise or the images, then the labels.",
            _conditional((D_ASKS, "D(labels, real), D(labels, fake)")),
            _conditional((D_FAKE, "fake = G(labels, training.noise(G, len(real))).detach()")),
            _conditional((G_ASKS, "D(G(labels, training.noise(G, len(real))), labels)")),
            _conditional((G_ASKS, f"D(labels, {G_FAKE})")),
        ),
        mistake(
            "the labels reach a player as floats. A label is a place in a table, a whole number: leave it int64. (Are these the ones and zeros of "
            "the cross-entropy? They are in the loss already; G and D are told which class an image shows.)",
            _conditional((D_FAKE, f"labels = labels.float(); {D_FAKE}")),
            _conditional((D_ASKS, "D(real, labels.float()), D(fake, labels.float())")),
            _conditional((D_ASKS, "D(real, torch.ones(len(real))), D(fake, torch.zeros(len(real)))")),
        ),
        # as in lesson 3
        *(mistake(m.says, *map(_with_the_labels, m.answers), shows=m.shows) for m in STEP_MISTAKES),
        # D's turn: what D is told of the real images
        mistake(
            f"D is told ones or zeros with the real images. {NO_CLASS}",
            _d_told_of_real("torch.ones_like(labels)"),
            _d_told_of_real("torch.zeros_like(labels)"),
            _conditional((D_ASKS, "D(real, torch.ones_like(labels)), D(fake, torch.zeros_like(labels))")),
            shows={WITH_REAL: "the same for all"},
        ),
        mistake(
            "D gets the labels of the real images in another order than the images. Then it learns to say yes to what does not belong together.",
            *map(_d_told_of_real, OTHER_ORDERS),
            *(_conditional((D_ASKS, f"D(real, {other}), D(fake, {other})")) for other in OTHER_ORDERS[:2]),
            shows={WITH_REAL: "their own, in another order"},
        ),
        mistake(
            "D is told labels of the real images that are not theirs. A real image goes with its own label: D(real, labels).",
            _d_told_of_real(RANDOM),
            _d_told_of_real("(labels + 1) % 10"),
            _conditional((D_ASKS, "D(torch.cat([real, fake]), labels.repeat_interleave(2)).chunk(2)")),
            _conditional((f"    {D_FAKE}", f"    labels = {RANDOM}\n    {D_FAKE}")),
            _conditional((f"    {D_FAKE}", f"    labels = (labels + 1) % 10\n    {D_FAKE}")),
            shows={WITH_REAL: "others"},
        ),
        *(
            mistake(
                "D is asked of the real images again, with wrong labels. That is the third kind of pairs, of section 5.4, with the loss of "
                "exercise 4; this step has two kinds: real images and fakes, each with its own label.",
                _conditional((D_LOSS, f"_conditional_loss(real_logits, D(real, {other}), fake_logits)")),
                _conditional((D_LOSS, f"{D_LOSS} + softplus(D(real, {other})).mean()")),
                shows={WITH_REAL: f"their own{AND_THEN} {words}"},
            )
            for other, words in (("labels.roll(1)", "their own, in another order"), ("(labels + 1) % 10", "others"))
        ),
        # D's turn: what D is told of the fakes
        mistake(
            f"in its own turn D is told ones or zeros with the fakes. {NO_CLASS}",
            _d_told("torch.zeros_like(labels)"),
            _d_told("torch.ones_like(labels)"),
            _d_told("labels[:1].expand(len(labels))"),
            shows={IN_D: "the same for all"},
        ),
        mistake(
            f"in D's turn G makes the fakes for other labels than D is told, which are those of the real images. {ANOTHER_GAME}",
            _conditional((D_FAKE, D_FAKE.replace("labels", RANDOM))),
            _conditional(
                (D_FAKE, D_FAKE.replace("labels", RANDOM)), (G_ASKS, f"D({G_FAKE.replace('labels', RANDOM)}, labels)")
            ),
            _conditional((D_FAKE, D_FAKE.replace("labels", "(labels + 1) % 10"))),
            _conditional((D_FAKE, D_FAKE.replace("labels", "torch.zeros_like(labels)"))),
            shows={IN_D: "those of the real images, which are not those that G was given"},
        ),
        mistake(
            f"in its own turn D gets the labels of the fakes in another order than G did. {ANOTHER_GAME}",
            *map(_d_told, OTHER_ORDERS),
            _conditional((D_FAKE, D_FAKE.replace("labels", "labels.flip(0)"))),
            _conditional((D_FAKE, D_FAKE.replace("labels", "labels.roll(1)"))),
            shows={IN_D: "those that G was given, in another order"},
        ),
        mistake(
            f"in its own turn D is told labels of the fakes that are not those G made them for. {ANOTHER_GAME}",
            _d_told(RANDOM),
            _d_told("(labels + 1) % 10"),
            _conditional((D_FAKE, D_FAKE.replace("labels", RANDOM)), ("D(fake, labels)", f"D(fake, {RANDOM})")),
            shows={IN_D: "others"},
        ),
        # G's turn
        mistake(
            f"in G's turn D is told ones or zeros with the fakes. {NO_CLASS}",
            _d_told_in_g("torch.ones_like(labels)"),
            _d_told_in_g("torch.zeros_like(labels)"),
            shows={IN_G: "the same for all"},
        ),
        mistake(
            "in G's turn G draws for other labels than D is told: it is then judged by an order that it never got. Hand the same labels to both.",
            _conditional((G_ASKS, f"D({G_FAKE.replace('labels', RANDOM)}, labels)")),
            _conditional((G_ASKS, f"D({G_FAKE.replace('labels', '(labels + 1) % 10')}, labels)")),
            _conditional((G_ASKS, f"D({G_FAKE.replace('labels', 'torch.zeros_like(labels)')}, labels)")),
            shows={IN_G: "those of the real images, which are not those that G was given"},
        ),
        mistake(
            "in G's turn D gets the labels in another order than G did, so G is judged by an order that it never got. Hand the same labels to both.",
            *map(_d_told_in_g, OTHER_ORDERS),
            _conditional((G_ASKS, f"D({G_FAKE.replace('labels', 'labels.flip(0)')}, labels)")),
            shows={IN_G: "those that G was given, in another order"},
        ),
        mistake(
            "in G's turn D is told labels that are not those G made the fakes for, so G is judged by an order that it never got. Hand the same labels to both.",
            _d_told_in_g(RANDOM),
            _d_told_in_g("(labels + 1) % 10"),
            _conditional((G_ASKS, f"D({G_FAKE.replace('labels', RANDOM)}, {RANDOM})")),
            shows={IN_G: "others"},
        ),
        mistake(
            "G is asked for one class only, whatever the batch shows. It gets one label for each image: `labels`.",
            _conditional(
                (D_FAKE, f"real_labels, labels = labels, torch.zeros_like(labels); {D_FAKE}"),
                ("D(real, labels)", "D(real, real_labels)"),
            ),
            _conditional((f"    g_loss = {G_LOSS}", f"    labels = torch.zeros_like(labels)\n    g_loss = {G_LOSS}")),
            _conditional(
                (f"    g_loss = {G_LOSS}", f"    labels = labels[:1].expand(len(labels))\n    g_loss = {G_LOSS}")
            ),
            shows={"labels that G was given": "the same for all"},
        ),
        mistake(
            "`labels` is changed in place; whoever uses the batch after you finds other labels. Make new ones: labels = ..., not labels.random_(...) or labels += ...",
            _conditional((f"    g_loss = {G_LOSS}", f"    labels.random_(10)\n    g_loss = {G_LOSS}")),
            _conditional((f"    g_loss = {G_LOSS}", f"    labels += 1\n    labels %= 10\n    g_loss = {G_LOSS}")),
            shows={"the labels afterwards": "changed in place"},
        ),
    ),
    accepted=(
        *map(_with_the_labels, (*STEP_VARIANTS, IN_ONE_BATCH)),
        # other labels for the fakes, as long as G and D are told the same ones
        _conditional((D_FAKE, f"y = {RANDOM}\n    {D_FAKE.replace('labels', 'y')}"), ("D(fake, labels)", "D(fake, y)")),
        _conditional((f"    g_loss = {G_LOSS}", f"    labels = {RANDOM}\n    g_loss = {G_LOSS}")),
        _conditional(
            (D_FAKE, f"y = {RANDOM}\n    {D_FAKE.replace('labels', 'y')}"),
            ("D(fake, labels)", "D(fake, y)"),
            (f"    g_loss = {G_LOSS}", f"    y = {RANDOM}\n    g_loss = {G_LOSS.replace('labels', 'y')}"),
        ),
        _conditional(
            (D_FAKE, f"y = labels[torch.randperm(len(labels))]\n    {D_FAKE.replace('labels', 'y')}"),
            (D_ASKS, "D(torch.cat([fake, real]), torch.cat([y, labels])).chunk(2)[::-1]"),
            (
                f"    g_loss = {G_LOSS}",
                f"    y = torch.arange(len(real)) % 10\n    g_loss = {G_LOSS.replace('labels', 'y')}",
            ),
        ),
        _conditional(
            (f"    g_loss = {G_LOSS}", f"    y = labels.flip(0)\n    g_loss = {G_LOSS.replace('labels', 'y')}")
        ),
        # the same, written differently
        _conditional((D_ASKS, "D(torch.cat([real, fake]), torch.cat([labels, labels])).chunk(2)")),
        _conditional((D_ASKS, "D(torch.cat([real, fake]), labels.repeat(2)).split(len(real))")),
        _conditional((D_FAKE, f"with torch.no_grad():\n        fake = {G_FAKE}")),
        _conditional(
            (D_FAKE, "fake = G(z=training.noise(G, len(real)), labels=labels).detach()"),
            (D_ASKS, "D(x=real, labels=labels), D(x=fake, labels=labels)"),
            (G_ASKS, "D(labels=labels, x=G(training.noise(G, len(real)), labels=labels))"),
        ),
        _conditional(
            (D_FAKE, "fake = G(*training.generator_inputs(G, len(real), labels=labels)).detach()"),
            (D_LOSS, "softplus(-real_logits).mean() + softplus(fake_logits).mean()"),
            (G_LOSS, f"softplus(-{G_ASKS}).mean()"),
        ),
        _conditional(
            (
                D_LOSS,
                "sum(binary_cross_entropy_with_logits(a, torch.full_like(a, t)) for a, t in ((real_logits, 1), (fake_logits, 0)))",
            ),
            (G_LOSS, f"binary_cross_entropy_with_logits({G_ASKS}, torch.ones(len(labels)))"),
        ),
        _conditional(
            (D_FAKE, f"codes = _one_hot(labels, 10); {D_FAKE.replace('labels', 'codes')}"),
            (G_ASKS, f"D({G_FAKE}, _one_hot(labels, 10))"),
        ),
        _conditional(
            (D_FAKE, f"labels = labels.clone(); {D_FAKE}"),
            ("d_loss.detach()", "d_loss.item()"),
            ("g_loss.detach()", "float(g_loss.detach())"),
        ),
    ),
)


# ---- pictures -----------------------------------------------------------------------------------------------------


def _class_grid(G, z, classes):
    """Return images (classes · n, 1, 28, 28): row y of n images is class y, column j has the noise z[j]; z (n, z_dim)."""
    labels = torch.arange(classes, device=z.device).repeat_interleave(len(z))
    was_training = G.training
    G.eval()
    with torch.no_grad():
        images = G(z.repeat(classes, 1), labels)
    G.train(was_training)
    return images


def _grid_cases(seed, strict):
    plans = (
        ((3, 4, True), (1, 2, False), (3, 3, True))
        if not strict
        else ((1, 10, True), (2 + seed % 4, 7, False), (5, 5, True), (8, 10, True))
    )
    return [
        {
            "about": f"z of shape ({n}, 64), classes = {classes}, and a G of ten classes in {'training' if training else 'evaluation'} mode",
            "z": randn(seed + n, n, 64),
            "classes": classes,
            "training": training,
        }
        for n, classes, training in plans
    ]


def _grid(*changes):
    return edited(_class_grid, *changes)


def _row_by_row(G, z, classes):
    was_training = G.training
    try:
        G.eval()
        with torch.inference_mode():
            rows = [G(z, torch.full((len(z),), y)) for y in range(classes)]
    finally:
        G.train(was_training)
    return torch.cat(rows)


def _image_by_image(G, z, classes):
    mode = G.training
    G.eval()
    images = [G(row[None], torch.tensor([y])).detach() for y in range(classes) for row in z]
    G.train(mode)
    return torch.cat(images)


def _with_a_copy(G, z, classes):
    labels = torch.arange(classes).repeat_interleave(len(z))
    with torch.no_grad():
        return copy.deepcopy(G).eval()(z.repeat(classes, 1), labels)


def _with_product(G, z, classes):
    mode = G.training
    G.train(False)
    pairs = torch.cartesian_prod(torch.arange(classes), torch.arange(len(z)))
    images = G(z[pairs[:, 1]], pairs[:, 0]).detach()
    return (G.train() and images) if mode else images


LABELS, NOISE = "torch.arange(classes, device=z.device).repeat_interleave(len(z))", "z.repeat(classes, 1)"
BY_TURNS = (LABELS, LABELS.replace("repeat_interleave", "repeat"))
EACH_FOR_LONG = (NOISE, "z.repeat_interleave(classes, dim=0)")
BACK, EVAL, NO_GRAD = "    G.train(was_training)\n", "    G.eval()\n", "with torch.no_grad():"
G_DRAWS = f"G({NOISE}, labels)"
TWO_LOOPS = "for y in range(classes) for row in z"
LABELS_OF_ANY_NUMBER = (
    "torch.arange(classes)",
    "torch.arange(len(z))",
    "torch.arange(classes).repeat_interleave(classes)",
    "torch.arange(classes).repeat_interleave(classes * len(z))",
    LABELS,
)
NOISE_OF_ANY_NUMBER = ("z", NOISE, "z.repeat(len(z), 1)")

class_grid = Exercise(
    name="class_grid",
    reference=_class_grid,
    points=2,
    cases=_grid_cases,
    observe=observers.class_grid,
    look={
        "what it returns": "Return the images as one tensor, as G makes them.",
        "its shape": "There are n images for each class, in one batch: (classes · n, 1, 28, 28).",
        "its type": "Return the images as G makes them.",
        "the classes": "Which label goes with which image? The first n images are class 0, the next n class 1, and so on.",
        "the numbers of": "Which noise goes with which image? Each row has the noise z[0], z[1], ... up to z[n - 1].",
        "the images": "Return the images as G makes them, in [-1, 1].",
        "G's weights": "Leave G as it is but for its mode, which comes back at the end: no requires_grad_(False), nothing trained.",
        "": "Count it through for two classes and three columns: labels 0, 0, 0, 1, 1, 1 and noise z[0], z[1], z[2], z[0], z[1], z[2].",
    },
    mistakes=(
        mistake(
            "rows and columns are swapped: here a row is one noise vector and a column is a class. The labels are to stay for n images (repeat_interleave) "
            "while z starts again in each row (repeat).",
            _grid(BY_TURNS, EACH_FOR_LONG),
            edited(_image_by_image, (TWO_LOOPS, "for row in z for y in range(classes)")),
            lambda G, z, classes: (
                _class_grid(G, z, classes).unflatten(0, (classes, len(z))).transpose(0, 1).flatten(0, 1)
            ),
        ),
        mistake(
            "the labels change from image to image: 0, 1, 2, ... and again. In row 0 all n images are class 0: repeat_interleave instead of repeat.",
            _grid(BY_TURNS),
            _grid((LABELS, "torch.arange(classes * len(z)) % classes")),
        ),
        mistake(
            "a row has one noise vector only, so its images are all the same. z starts again in each row: z.repeat(classes, 1).",
            _grid(EACH_FOR_LONG),
        ),
        mistake(
            "the same noise goes into all images. Column j has z[j].",
            _grid((NOISE, "z[:1].expand(classes * len(z), -1)")),
            _grid((NOISE, "z[0].repeat(classes * len(z), 1)")),
            _grid((NOISE, "z.mean(0).repeat(classes * len(z), 1)")),
        ),
        mistake(
            "the noise is drawn anew. The caller hands it in as z, so that the same columns can be drawn again later.",
            _grid((NOISE, "torch.randn(classes * len(z), z.shape[1])")),
            _grid((NOISE, "training.noise(G, len(z)).repeat(classes, 1)")),
            _grid((NOISE, "training.noise(G, classes * len(z))")),
            _grid((NOISE, "torch.cat([torch.randn_like(z) for _ in range(classes)])")),
        ),
        mistake(
            "there are too few images: one for each noise vector. Every noise vector is drawn in every class, which makes classes · n.",
            _grid((LABELS, "torch.arange(len(z)) % classes"), (NOISE, "z")),
            _grid((LABELS, "torch.arange(classes).repeat(len(z))[: len(z)]"), (NOISE, "z")),
            _grid((LABELS, "torch.zeros(len(z), dtype=torch.int64)"), (NOISE, "z")),
            _grid(("return images", "return images[: len(z)]")),
        ),
        mistake(
            "only one image of each class is drawn. Each class gets a row of n images, one for each noise vector.",
            _grid((LABELS, "torch.arange(classes)"), (NOISE, "z[:1].repeat(classes, 1)")),
            _grid(("return images", "return images[:: len(z)]")),
        ),
        mistake(
            "`classes` is not used: the grid has a row for each class that G knows. Draw the first `classes` of them.",
            _grid((LABELS, LABELS.replace("classes", "G.classes")), (NOISE, NOISE.replace("classes", "G.classes"))),
            lambda G, z, classes: _class_grid(G, z, 10),
        ),
        mistake(
            "the classes are wrong: row 0 is class 0, the last row class `classes` - 1. range(classes) and torch.arange(classes) count like this.",
            _grid((LABELS, "torch.arange(1, classes + 1).repeat_interleave(len(z)) % 10")),
            _grid((LABELS, LABELS.replace(".repeat", ".flip(0).repeat"))),
            _grid((LABELS, "torch.zeros(classes * len(z), dtype=torch.int64)")),
            _grid((LABELS, "torch.randint(classes, (classes * len(z),))")),
        ),
        mistake(
            "the labels are floats. A label is a place in a table, a whole number: torch.arange makes int64, torch.ones, torch.zeros and torch.full(..., 1.0) do not.",
            _grid((LABELS, f"{LABELS}.float()")),
            _grid((LABELS, "torch.cat([torch.ones(len(z)) * y for y in range(classes)])")),
        ),
        mistake(
            "not as many labels as noise vectors go into G. It gets one label for each row of noise, classes · n of both: arange(classes) with each "
            "label len(z) times, and z `classes` times. (Once z is repeated, len(z) is no longer n.)",
            *(
                _grid((LABELS, labels), (NOISE, noise))
                for labels, noise in product(LABELS_OF_ANY_NUMBER, NOISE_OF_ANY_NUMBER)
                if (labels, noise) not in ((LABELS, NOISE), ("torch.arange(len(z))", "z"))
            ),
        ),
        mistake(
            "G is called with one thing. It wants two, and joins them itself: G(z, labels).",
            _grid((G_DRAWS, f"G(_join({NOISE}, labels, classes))")),
            _grid((G_DRAWS, f"G({NOISE})")),
        ),
        mistake(
            "the labels of a row are a single number. G wants one for each image, int64 (n,): torch.full((n,), y).",
            edited(_row_by_row, ("torch.full((len(z),), y)", "y")),
            edited(_row_by_row, ("torch.full((len(z),), y)", "torch.tensor(y)")),
            edited(_row_by_row, ("torch.full((len(z),), y)", "torch.tensor([y])")),
        ),
        mistake(
            "`G.training = ...` sets G's own flag only, not its layers': these stay in eval mode. G.train(was_training) sets both.",
            _grid((BACK, "    G.training = was_training\n")),
            shows={"G's mode afterwards": "in training mode, but its layers in eval mode"},
        ),
        mistake(
            "G is left in eval mode. If it was in training mode before, put it back: note G.training first, G.train(was_training) at the end.",
            _grid((BACK, "")),
            _grid((BACK, "    G.eval()\n")),
            _grid((f"    was_training = G.training\n{EVAL}", f"{EVAL}    was_training = G.training\n")),
        ),
        mistake(
            "G is in training mode afterwards, although it was in eval mode before. Note G.training first and put that back: G.train(was_training).",
            _grid((BACK, "    G.train()\n")),
            _grid((BACK, "    G.train(True)\n")),
        ),
        mistake(
            "G draws in training mode: batch normalisation then takes the mean of this batch, so that an image depends on its neighbours, and moves its "
            "running averages. G.eval() before; `G.training = False` sets G's own flag only, not its layers'.",
            _grid((EVAL, "")),
            _grid((EVAL, ""), (BACK, "")),
            _grid((EVAL, "    G.train()\n")),
            _grid((EVAL, ""), (BACK, ""), (NO_GRAD, "if True:")),
            _grid((EVAL, ""), (BACK, f"{EVAL}{BACK}")),
            _grid((EVAL, "    G.training = False\n")),
            _grid((EVAL, "    G.training = False\n"), (BACK, "    G.training = was_training\n")),
            shows={"G while it draws": "in training mode"},
        ),
        mistake(
            "the graph is kept: the images drag everything along that a backward() would need. Draw them under torch.no_grad().",
            _grid((NO_GRAD, "if True:")),
            _grid((NO_GRAD, "if True:"), (BACK, "")),
            shows={"their graph": "kept in memory"},
        ),
        mistake(
            "the images have one dimension too many: rows and columns are kept apart. One batch is wanted, (classes · n, 1, 28, 28), row after row.",
            _grid(("return images", "return images.unflatten(0, (classes, len(z)))")),
        ),
        mistake(
            "a list of batches comes back. One batch is wanted, (classes · n, 1, 28, 28): torch.cat joins them.",
            _grid(("return images", "return list(images.split(len(z)))")),
            edited(_image_by_image, ("torch.cat(images)", "images")),
        ),
        mistake(
            "the images have one dimension too many: G makes a batch of one each time, and torch.stack puts a dimension in front of it. torch.cat joins batches.",
            edited(_image_by_image, ("torch.cat(images)", "torch.stack(images)")),
        ),
        mistake(
            "the pixels are rescaled. Return the images as G makes them, in [-1, 1]; training.to_uint8, on the way to a plot, expects that.",
            _grid(("return images", "return (images + 1) / 2")),
            _grid(("return images", "return training.to_uint8(images)")),
            _grid(("return images", "return images.clamp(0, 1)")),
        ),
        mistake(
            "nothing comes back. Is the `return` missing?",
            _grid(("    return images\n", "")),
        ),
    ),
    accepted=(
        _row_by_row,
        _image_by_image,
        _with_product,
        _with_a_copy,
        _grid((LABELS, "torch.arange(classes * len(z)) // len(z)")),
        _grid((LABELS, "torch.tensor([y for y in range(classes) for _ in z])"), (NOISE, "torch.cat([z] * classes)")),
        _grid(
            (NOISE, "z[None].expand(classes, -1, -1).reshape(-1, z.shape[1])"),
            (BACK, "    if was_training:\n        G.train()\n"),
        ),
        _grid((LABELS, "_one_hot(torch.arange(10), 10)[:classes].repeat_interleave(len(z), 0)")),
    ),
)


# ---- does a judge read what was asked for? ------------------------------------------------------------------------


def _label_consistency(classifier, images, labels):
    """Return the share of the images (N, 1, 28, 28) that the classifier reads as their labels int64 (N,): a number.

    What Shmelkov et al. 2018 call GAN-test, for a classifier that was trained on real images.
    """
    with torch.no_grad():
        return (classifier(images).argmax(1) == labels).float().mean().item()


def _judge(seed, classes):
    """Return a small classifier of images (N, 1, 28, 28), logits (N, classes)."""
    layer = nn.Linear(784, classes)
    with torch.no_grad():
        layer.weight.copy_(randn(seed, classes, 784) * 0.1)
        layer.bias.copy_(randn(seed + 1, classes))
    return nn.Sequential(nn.Flatten(), layer)


def _judged_cases(seed, strict):
    # Of N images so many are read as asked; of so many others what was asked for comes second. Two cases are large: in one
    # alone a wrong share may be right by chance.
    plans = ((5, 4, 3, 1), (1, 4, 1, 0), (8, 4, 8, 0), (4, 4, 1, 2), (200, 7, 90, 20), (300, 10, 190, 30))
    if strict:
        plans = (
            (1, 10, 1, 0),
            (8, 10, 8, 0),
            (9, 10, 2 + seed % 2, 1),
            (6, 6, 4, 1),
            (200, 7, 90, 20),
            (300, 10, 140 + seed % 90, 20),
        )
    cases = []
    for number, (n, classes, right, second) in enumerate(plans):
        classifier = _judge(7 * seed + number, classes)
        images = randn(7 * seed + number + 50, n, 1, 28, 28).tanh()
        with torch.no_grad():
            order = classifier(images).argsort(1, descending=True)  # (N, classes)
        others = range(n - right - second)  # of these every other comes last
        late = [2 + i // 2 % (classes - 2) if i % 2 else classes - 1 for i in others]
        place = torch.tensor([0] * right + [1] * second + late)
        place = place[torch.randperm(n, generator=torch.Generator().manual_seed(seed + number))]
        labels = order.gather(1, place[:, None]).squeeze(1)
        about = f"{n} image{'s' * (n > 1)} of {classes} classes"
        if n < 10:
            about += f", asked for {shown_labels(labels)}, read as {shown_labels(order[:, 0])}"
        cases.append({"about": about, "arguments": (classifier, images, labels), "returns": ("the share",)})
    return cases


def _consistency(*changes):
    return edited(_label_consistency, *changes)


READ, RIGHT = "classifier(images).argmax(1)", "(classifier(images).argmax(1) == labels)"
SHARE = f"{RIGHT}.float().mean().item()"

label_consistency = Exercise(
    name="label_consistency",
    reference=_label_consistency,
    points=2,
    cases=_judged_cases,
    observe=observers.function,
    look={
        "what it returns": "Return one number, from 0 to 1.",
        "the arguments": "The images or the labels have changed; compute with new tensors.",
        "": "Three steps: the logits of all images, the class with the largest logit in each row, the share of rows where that is the label.",
    },
    mistakes=(
        mistake(
            "this is how probable the classifier finds the classes asked for, on the average. Count instead: is the class asked for the one with the largest logit?",
            _consistency((SHARE, "classifier(images).softmax(1).gather(1, labels[:, None]).mean().item()")),
            _consistency((SHARE, "classifier(images).softmax(1).amax(1).mean().item()")),
        ),
        mistake(
            "this is the number of images that are read as asked. Divide by how many there are.",
            _consistency((SHARE, f"{RIGHT}.sum().item()")),
            _consistency((SHARE, f"{RIGHT}.sum()")),
        ),
        mistake(
            "the largest logit is looked for along the wrong dimension: over the images instead of over the classes. A row is an image: argmax(1).",
            _consistency((READ, "classifier(images).argmax(0)")),
            _consistency((SHARE, "(classifier(images).argmax(0)[:, None] == labels).float().mean().item()")),
        ),
        mistake(
            "the softmax runs over the images instead of over the classes: dim=1. It is not needed at all, the largest logit is the largest probability.",
            _consistency((READ, "classifier(images).softmax(0).argmax(1)")),
        ),
        mistake(
            "argmax without a dimension looks at the whole table of logits as one long row. Name it: argmax(1).",
            _consistency((READ, "classifier(images).argmax()")),
        ),
        mistake(
            "the images are compared with the labels of others. Image i goes with labels[i]: keep the order.",
            _consistency(("== labels", "== labels.roll(1)")),
            _consistency(("== labels", "== labels.flip(0)")),
            _consistency(("== labels", "== labels[0]")),
        ),
        mistake(
            "all labels are compared with all images, an (N, N) table. Compare number by number: two tensors of shape (N,).",
            _consistency(("== labels", "== labels[:, None]")),
            _consistency((READ, "classifier(images).argmax(1, keepdim=True)")),
        ),
        mistake(
            "labels and images are sorted before they are compared, or only counted: that says whether each class occurs as often as it was asked "
            "for, not whether the right images show it.",
            _consistency(
                (SHARE, "(classifier(images).argmax(1).sort().values == labels.sort().values).float().mean().item()")
            ),
        ),
        mistake(
            "this is the share of images that are *not* read as asked.",
            _consistency((SHARE, f"1 - {SHARE}")),
            _consistency(("== labels", "!= labels")),
        ),
        mistake(
            "an image counts although its class comes only second. The largest logit alone decides.",
            _consistency(
                (SHARE, "(classifier(images).topk(2, 1).indices == labels[:, None]).any(1).float().mean().item()")
            ),
        ),
        mistake(
            "this is in percent. A share lies between 0 and 1.",
            _consistency((SHARE, f"100 * {SHARE}")),
        ),
        mistake(
            "the classes are one off. argmax counts from 0, and so do the labels: nothing to add.",
            _consistency((READ, f"{READ} + 1")),
            _consistency((READ, f"{READ} - 1")),
        ),
        mistake(
            "the class with the smallest logit is taken. The classifier's choice has the largest: argmax.",
            _consistency((READ, "classifier(images).argmin(1)")),
            _consistency((READ, "(-classifier(images)).argmax(1)")),
            _consistency((READ, "classifier(images).min(1).indices")),
        ),
        mistake(
            "this is the share of the classes that occur. The question is for how many images the class is the one that was asked for.",
            _consistency((SHARE, "len(classifier(images).argmax(1).unique()) / classifier(images).shape[1]")),
            _consistency(
                (SHARE, "len(set(classifier(images).argmax(1).tolist()) & set(labels.tolist())) / len(labels.unique())")
            ),
            _consistency((SHARE, "classifier(images).argmax(1).isin(labels).float().mean().item()")),
            _consistency((SHARE, "len(classifier(images).argmax(1).unique()) / len(labels.unique())")),
        ),
        mistake(
            "an image counts only where the classifier is sure, above one half. The largest logit decides, however small its lead.",
            _consistency(
                (SHARE, "(classifier(images).softmax(1).gather(1, labels[:, None]) > 0.5).float().mean().item()")
            ),
            _consistency(
                (SHARE, "(classifier(images).sigmoid().gather(1, labels[:, None]) > 0.5).float().mean().item()")
            ),
            _consistency((SHARE, "(classifier(images).gather(1, labels[:, None]) > 0).float().mean().item()")),
        ),
        mistake(
            "max(1) returns two things, values and indices, the places where they stand. The places alone are the classes: argmax(1), or max(1).indices.",
            _consistency((READ, "classifier(images).max(1)")),
            _consistency((SHARE, "(classifier(images).max(1) == labels).sum().item() / len(labels)")),
            _consistency((SHARE, "(classifier(images).max(1) == labels).mean()")),
            _consistency((SHARE, "classifier(images).max(1).eq(labels).float().mean()")),
        ),
        mistake(
            "the largest logits themselves are compared with the labels, not the places where they stand. argmax(1) gives places; max(1) gives both: .indices.",
            _consistency((READ, "classifier(images).amax(1)")),
            _consistency((READ, "classifier(images).amax(1).long()")),
            _consistency((READ, "classifier(images).max(1).values.round()")),
        ),
        mistake(
            "there is an answer for each image. One number is asked for: the mean of them.",
            _consistency((SHARE, f"{RIGHT}.float()")),
            _consistency((SHARE, RIGHT)),
        ),
        mistake(
            "the mean of True and False is not defined in PyTorch: make numbers of them first, .float().mean().",
            _consistency((SHARE, f"{RIGHT}.mean().item()")),
        ),
        mistake(
            "the images are rescaled before the classifier sees them. It was trained on images in [-1, 1], as G draws them; hand them over as they are.",
            _consistency((READ, "classifier((images + 1) / 2).argmax(1)")),
            _consistency((READ, "classifier(images / 2 + 0.5).argmax(1)")),
            _consistency((READ, "classifier(images * 127.5 + 127.5).argmax(1)")),
            _consistency((READ, "classifier(images.clamp(0, 1)).argmax(1)")),
            _consistency((READ, "classifier(images / 127.5 - 1).argmax(1)")),
            _consistency((READ, "classifier(images / 255).argmax(1)")),
            _consistency((READ, "classifier(training.to_uint8(images).float()).argmax(1)")),
        ),
        mistake(
            "the images are scaled already, from -1 to 1, and the classifier takes them as they are; here they are scaled or cut again, and in place, so "
            "that whoever uses them after you sees others. (training.to_unit is for uint8 images; floats it changes in place. So do add_, mul_, clamp_.)",
            _consistency((READ, "classifier(training.to_unit(images)).argmax(1)")),
            _consistency((READ, "classifier(images.add_(1).div_(2)).argmax(1)")),
            _consistency((READ, "classifier(images.mul_(0.5)).argmax(1)")),
            _consistency((READ, "classifier(images.clamp_(0, 1)).argmax(1)")),
            shows={"the arguments afterwards": "changed in place"},
        ),
        mistake(
            "this is the classifier's loss. The question is simpler: how many of its choices are the labels?",
            _consistency((SHARE, "nn.functional.cross_entropy(classifier(images), labels).item()")),
            _consistency((SHARE, "-nn.functional.cross_entropy(classifier(images), labels).exp().item()")),
        ),
        mistake(
            "it is all or nothing: 1 if every image is read as asked, else 0. The share is the mean; mind that // cuts off what is behind the point.",
            _consistency((SHARE, f"float({RIGHT}.all())")),
            _consistency((SHARE, f"{RIGHT}.sum().item() // len(labels)")),
        ),
        mistake(
            "the share is rounded to a whole number. Leave it as it is.",
            _consistency((SHARE, f"round({SHARE})")),
        ),
    ),
    accepted=(
        lambda classifier, images, labels: (classifier(images).argmax(1) == labels).double().mean(),
        lambda classifier, images, labels: (classifier(images).max(dim=1).indices == labels).sum().item() / len(labels),
        lambda classifier, images, labels: 1 - (classifier(images).argmax(-1) != labels).float().mean().item(),
        lambda classifier, images, labels: np.mean(classifier(images).detach().numpy().argmax(1) == labels.numpy()),
        lambda classifier, images, labels: (classifier.eval()(images).softmax(1).argmax(1) == labels).float().mean(),
        lambda classifier, images, labels: (
            sum(
                int(classifier(image[None]).argmax()) == int(label) for image, label in zip(images, labels, strict=True)
            )
            / len(images)
        ),
        lambda classifier, images, labels: (
            torch.cat([classifier(part).argmax(1) for part in images.split(3)]).eq(labels).float().mean()
        ),
    ),
)


# ---- questions ----------------------------------------------------------------------------------------------------


question_1 = question(
    "question_1",
    "b",
    a="what G learns, it learns from D's gradient. Can a D that never sees the label tell a 3 that was asked for from a 3 that was not?",
    c="a D without labels is the D of lesson 3: a network like any other. Nothing in the code has to fail.",
    d="G draws one picture for each pair of noise and label, and D knows how real pictures look. Would a mixture of ten digits pass?",
)
question_2 = question(
    "question_2",
    "c",
    a="the class changes from row to row. Go down a column of your grid and read the digits.",
    b="all of a column comes from one noise vector. Go down a column of your grid and look at how the digits are drawn.",
    d="G gets another label in each row. If the pixels were the same, which digit would they show?",
)
question_3 = question(
    "question_3",
    "a",
    b="the first judge was trained on real digits and reads 99 % of the samples; the second one learnt from samples alone. Where does each of them meet something it has not seen?",
    c="with swapped labels, what would the first judge say of samples that were asked for as 3 and show an 8?",
    d="could the first judge read 99 % of what is blurred beyond recognition?",
)
