"""Functions of numbers and tensors, losses on logits, and the letter of a question."""

import numpy as np
import torch
from torch import Tensor


def kind(value: object) -> str:
    """Return what a value is, in a word or two: "a tensor", "a float"."""
    if value is None:
        return "nothing"
    return "a tensor" if isinstance(value, Tensor) else f"a {type(value).__name__}"


def as_numbers(value: object) -> object:
    """Return a tensor of float64 for a number or a tensor of numbers, anything else as it is."""
    if isinstance(value, Tensor) and value.dtype != torch.bool and not value.is_complex():
        return value.detach().double()
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        return torch.tensor(float(value), dtype=torch.float64)
    return value


def function(answer, case, like) -> dict:
    """A function of tensors and numbers: what it returns.

    case["arguments"]: tuple; case["returns"]: the name of each thing that it returns, more than one as a tuple. A number of
    Python counts as a tensor without dimensions. case["whole"], if there: names of those that are whole numbers, to pick
    with. Where the one thing that it returns is a tensor, more can be asked for: case["typed"]: the type of its numbers;
    case["gradients"]: names of arguments that gradients are wanted in. case["raises"]: these arguments are not allowed, and
    any exception is right.
    """
    arguments = [a.clone() if isinstance(a, Tensor) else a for a in case["arguments"]]
    if case.get("raises"):
        return _refusal(answer, arguments)
    wanted = {name: arguments[answer.names.index(name)].requires_grad_() for name in case.get("gradients", ())}
    returned, names = answer(*arguments), case["returns"]
    values = returned if len(names) > 1 else [returned]
    seen = {}
    if len(names) > 1:
        several = isinstance(returned, tuple | list)
        seen["returned"] = f"{len(returned)} things" if several else kind(returned)
        if not several or len(returned) != len(names):
            return seen
    for name, value in zip(names, values, strict=True):
        whole, value = isinstance(value, Tensor) and not value.is_floating_point(), as_numbers(value)
        seen["returned" if len(names) == 1 else f"returned:{name}"] = kind(value)
        if isinstance(value, Tensor):
            seen[name] = value
            if name in case.get("whole", ()):
                seen[f"type:{name}"] = "whole numbers" if whole else "floats"
    if isinstance(returned, Tensor):
        seen |= {"type": str(returned.dtype)} if case.get("typed") else {}
        seen |= _gradients(returned, wanted)
    return seen


def _refusal(answer, arguments: list) -> dict:
    """Return whether an answer raises an exception."""
    try:
        answer(*arguments)
    except NotImplementedError:  # the stub's
        raise
    except Exception:
        return {"refusal": "an exception is raised"}
    return {"refusal": "no exception; a result comes back"}


def _gradients(returned: Tensor, wanted: dict[str, Tensor]) -> dict:
    """Return the gradients of a result in the arguments; each number of the result counts in another way."""
    if not wanted:
        return {}
    if not returned.requires_grad:
        return {"gradient_there": "no"}
    weights = torch.arange(1.0, returned.numel() + 1).view_as(returned)
    gradients = torch.autograd.grad((weights * returned).sum(), list(wanted.values()), allow_unused=True)
    pairs = zip(wanted.items(), gradients, strict=True)
    return {"gradient_there": "yes"} | {
        f"gradient:{name}": torch.zeros_like(a) if g is None else g for (name, a), g in pairs
    }


# ---- losses -------------------------------------------------------------------------------------------------------


def loss(answer, case, like) -> dict:
    """A loss on logits: its value, and its gradient in every logit.

    case["logits"]: argument name -> tensor (N,); case["options"], if there: further keyword arguments; case["extreme"], if
    there: that these logits are large, which the names then say; case["kink"], if there: that a right loss may have no
    gradient there; case["losses"], if there: the names of the losses that it
    returns as a tuple.
    """
    logits = {name: values.clone().requires_grad_() for name, values in case["logits"].items()}
    returned, names = answer(*logits.values(), **case.get("options", {})), case.get("losses")
    large = "large_" * bool(case.get("extreme"))
    if not names:
        return _loss(returned, logits, large, "", case.get("kink"))
    several = isinstance(returned, tuple | list)
    seen = {"returned": f"{len(returned)} things" if several else kind(returned)}
    if several and len(returned) == len(names):
        for name, value in zip(names, returned, strict=True):
            seen |= _loss(value, logits, large, name, case.get("kink"))
    return seen


def _loss(value: object, logits: dict[str, Tensor], large: str, name: str, kink: bool) -> dict:
    of = f":{name}" * bool(name)
    seen = {f"returned{of}": kind(value)}
    if not isinstance(value, Tensor):
        return seen
    seen[f"{large}value{of}"] = value.detach()
    seen[f"gradient_there{of}"] = "yes" if value.requires_grad else "no"
    if value.requires_grad and value.dim() == 0 and not kink:
        gradients = torch.autograd.grad(value, list(logits.values()), allow_unused=True, retain_graph=True)
        for (argument, values), gradient in zip(logits.items(), gradients, strict=True):
            where = f"{name} in {argument}" if name else argument
            seen[f"{large}gradient:{where}"] = torch.zeros_like(values) if gradient is None else gradient
    return seen


# ---- inputs ---------------------------------------------------------------------------------------------------------


def randn(seed: int, *shape: int) -> Tensor:
    """Return standard normal numbers of this shape that depend on the seed alone."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def first_numbers(values: Tensor) -> str:
    """Return the first numbers of a tensor (n,) as a reader sees them."""
    return str([round(v, 2) for v in values[:4].tolist()] + ["..."] * (len(values) > 4)).replace("'", "")


def _logits(seed: int, n: int) -> Tensor:
    values = (randn(seed, n) * 2 + 0.3).round(decimals=2)
    return values.where(values != 0, 0.01)  # at 0 a right loss may have no gradient: see "kink"


def logit_cases(*names: str, options: tuple[dict, ...] = ({},), **more):
    """Return the cases of a loss with these arguments: one image, where a wrong number is easy to see; batches that grow
    and shrink; logits that are exactly 0 or equal; logits that a sigmoid rounds to 0 or 1. `more` is added to each."""

    def cases(seed: int, strict: bool) -> list[dict]:
        sizes = (1, 3, 8, 2, 150) if not strict else (1, 2, 5 + seed % 30, 200, 3)
        batches = [{name: _logits(2 * seed + 7 * i + n, n) for i, name in enumerate(names)} for n in sizes]
        batches.append({name: torch.tensor([0.0, 0.0, 1.5, 1.5]).roll(i) for i, name in enumerate(names)})
        large = torch.tensor([120.0, -120.0, 30.0, -30.0, 120.0])  # of a size of their own
        batches.append({name: large.roll(i) * (1 - 0.1 * i) for i, name in enumerate(names)})
        drawn = []
        for number, logits in enumerate(batches):
            given = options[number % len(options)]
            shown = {name: first_numbers(values) for name, values in logits.items()} | given
            about = ", ".join(f"{name} = {value}" for name, value in shown.items())
            place = {"kink": number == len(batches) - 2, "extreme": number == len(batches) - 1}
            drawn.append({"about": about, "logits": logits, "options": given} | place | more)
        return drawn

    return cases


# ---- questions ------------------------------------------------------------------------------------------------------


def choice(answer, case, like) -> dict:
    """A question with the possible answers a, b, c, d: a function that returns the chosen letter.

    Quotes, brackets, white space and Markdown's marks around the letter do not count.
    """
    chosen = answer()
    letter = chosen.strip(" \t\n().:*_`'\"“”‘’").lower() if isinstance(chosen, str) else ""
    return {"choice": letter if letter in list("abcd") else f"{chosen!r}, not one of a, b, c, d"}
