"""Exercise 3: batch normalisation in both modes."""

import torch
from torch import Tensor

from gancourse.checks import answers
from gancourse.checks.answers import instead
from gancourse.checks.core import Exercise, mistake
from gancourse.checks.observers import values

# training, N, C, H, W: C beside other numbers, and as large as each of them; the last ones have a nearly constant channel.
VISIBLE = [(True, 2, 1, 1, 2), (False, 1, 2, 1, 3), (True, 2, 3, 2, 3), (True, 3, 2, 2, 1), (True, 2, 2, 2, 3)]
GRADED = [(True, 1, 3, 4, 2), (False, 3, 4, 2, 4), (True, 3, 4, 3, 4), (True, 4, 4, 4, 4), (False, 3, 3, 3, 3)]


def _cases(seed: int, strict: bool) -> list[dict]:
    more = [(True, 4 + seed % 3, 3, 1, 1), (True, 2, 2, 3 + seed % 4, 5), (False, 2, 2, 2, 3), (True, 3, 2, 2, 3)]
    plans, cases = GRADED + more if strict else VISIBLE, []
    for number, (training, n, c, h, w) in enumerate(plans):
        drawn, constant = 17 * seed + 3 * number, number >= len(plans) - 1 - strict
        x = values.randn(drawn, n, c, h, w) * 3 + 2 * values.randn(drawn + 1, c, 1, 1)
        mean, var = values.randn(drawn + 2, 2, c) * 1.5
        if training and (x.numel() == 4 or x.std((0, 2, 3)).min() < 1):
            x = x + torch.linspace(-4, 4, n * h * w).view(n, 1, h, w)
        x, mean, var = (v.round(decimals=1) + 0.0 for v in (x, mean, var.abs() + 0.3))  # no -0
        if constant:
            x[:, 0] = 0.002 * values.randn(drawn, n, h, w)
            if training:
                x[:, 1] = 0.5
            else:
                mean[0], var[0] = 0.001, 4e-6
        about = f"training = {training}, x {f'= {_told(x.flatten())}' if x.numel() <= 6 else f'of {n} × {c} × {h} × {w} numbers'}"
        about += ", where the numbers of a channel are nearly the same" * constant
        case = {"about": f"{about}, running_mean = {_told(mean)}, running_var = {_told(var)}", "gradient": number > 1}
        returns = "y in training" if training else "y in eval mode", "new mean", "new variance"
        cases.append(case | {"arguments": (x, mean, var, training), "returns": returns})
    return cases


def _told(numbers: Tensor) -> str:
    return str([f"{v:.4g}" for v in numbers.tolist()]).replace("'", "")


def _observe(answer, case, like) -> dict:
    """What comes back, and the gradient of y in x: each of its numbers counts in another way."""
    seen = values.function(answer, case, like)
    if case["gradient"] and isinstance(seen.get(case["returns"][0]), Tensor):
        x, *more = (a.clone() if isinstance(a, Tensor) else a for a in case["arguments"])
        y = answer(x.requires_grad_(), *more)[0]
        weights = torch.linspace(1, 3, y.numel()).view_as(y).square()
        gradient = torch.autograd.grad((y * weights).sum(), x, allow_unused=True)[0] if y.requires_grad else None
        seen["gradient:x"] = torch.zeros_like(x) if gradient is None else gradient
    return seen


VAR, MEAN = "x.var((0, 2, 3), unbiased=False)", "x.mean((0, 2, 3))"
OLD_VAR = "0.9 * running_var + 0.1 * x.var((0, 2, 3))"
Y, FIRST = "y = (x - mean[:, None, None]) / (var[:, None, None] + 1e-5).sqrt()", "mean, var = running_mean, running_var"


def _over(dimensions: str, shape: str) -> str:
    """Return an edit that takes y's mean and variance in training over other dimensions."""
    mean, var = f"x.mean({dimensions}){shape}", f"x.var({dimensions}, unbiased=False){shape}"
    return f"{Y} → y = (x - {mean}) / ({var} + 1e-5).sqrt() if training else {Y[4:]}"


batch_norm = Exercise(
    reference=answers.load("dcgan_cifar10", "batch_norm"),
    points=3,
    cases=_cases,
    observe=_observe,
    look={
        "returned": {"nothing": "", "": "Return three tensors: `return y, new_running_mean, new_running_var`."},
        "y in training": "y is wrong in training. Take mean and variance of each channel over the batch and all pixels (dimensions 0, 2 and 3), the variance "
        "with divisor n; y is (x - mean) / sqrt(variance + 1e-5).",
        "y in eval mode": "y is wrong in eval mode: it is (x - running_mean) / sqrt(running_var + 1e-5), channel by channel, whatever else is in the batch.",
        "new mean": "y is right, the new running mean is not. In training it is 0.9 times the old one plus 0.1 times the batch's, (C,); in eval mode it stays.",
        "new variance": "the new running variance is wrong. It is 0.9 times the old one plus 0.1 times the batch's, which has divisor n - 1 (n = N · H · W); in eval mode it stays.",
        "gradient:x": "y is right, its gradient in x is not: in training, mean and variance depend on x, too. Remove no_grad(), detach() and .data.",
        "": "y is (x - m) / sqrt(v + eps), in training with mean and variance of each channel over the batch and all pixels, in eval mode with the running ones.",
    },
    mistakes=(
        mistake(
            "mean and variance (C,) are applied along the *last* dimension of x, the columns: that gives an error, or, where there are as many "
            "columns as channels, wrong numbers without an error. Give them the shape (C, 1, 1) or (1, C, 1, 1) first.",
            *(f"{Y} → {Y.replace('[:, None, None]', new)}" for new in ("", "[:, None]", "[:, None, None, None]")),
        ),
        mistake(
            "mean and variance are taken over other dimensions than 0, 2 and 3, which leave one for each channel. (One for each image and channel is "
            "instance normalisation, one for each image is layer normalisation.)",
            _over("(2, 3)", "[..., None, None]"),
            _over("(1, 2, 3)", "[:, None, None, None]"),
            _over("(0, 1, 2, 3)", ""),
            _over("0", ""),
        ),
        mistake(
            "a variance has the wrong divisor: y needs n (unbiased=False), the running variance needs n - 1, the default of x.var().",
            f"{VAR} → x.var((0, 2, 3))",
            f"{OLD_VAR} → 0.9 * running_var + 0.1 * var",
            (f"{VAR} → x.var((0, 2, 3))", f"{OLD_VAR} → 0.9 * running_var + 0.1 * {VAR}"),
        ),
        mistake(
            "the weights 0.9 and 0.1 are swapped, or others stand there: the running ones keep 0.9 of what they were; a batch moves them only a little.",
            *(
                (
                    f"0.9 * running_mean + 0.1 → {a} * running_mean + {b}",
                    f"0.9 * running_var + 0.1 → {a} * running_var + {b}",
                )
                for a, b in ((0.1, 0.9), (0, 1), (1, 0.1), (0.5, 0.5), (0.99, 0.01))
            ),
        ),
        mistake(
            "`training` has no effect on y, or is reversed: in training y takes the batch's own mean and variance, in eval mode the running ones.",
            *(f"if training: → if {other}:" for other in ("True", "False", "not training")),
            f"{Y} → mean, var = {MEAN}, {VAR}\n    {Y}",
            (f"{FIRST} → old = {FIRST}", f"{Y} → mean, var = old\n    {Y}"),
        ),
        mistake(
            "in training y is normalised with the running values that have just been moved. Those are for eval mode: take the batch's own mean and variance.",
            f"{Y} → {FIRST}\n    {Y}",
        ),
        mistake(
            "eps is missing, is another number than 1e-5, or stands in another place: where a channel's numbers are nearly the same, it shows. It is "
            "added to the variance, and then the root is taken.",
            *instead("1e-5", "0", "1e-8", "1e-12", "1e-3", "1e-4", "1e-6"),
            *instead(
                "None] + 1e-5).sqrt()",
                "None].sqrt() + 1e-5)",
                "None]).clamp_min(1e-5).sqrt()",
                "None]).sqrt().clamp_min(1e-5)",
            ),
        ),
    ),
)
