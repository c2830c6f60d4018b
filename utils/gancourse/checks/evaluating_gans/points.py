"""Sets of points to measure, and how a reader sees them."""

import torch
from torch import Tensor

from gancourse.checks.core import Case
from gancourse.checks.observers.values import randn


def points(seed: int, n: int, d: int) -> Tensor:
    """Return n points (n, d), float64 with two digits, whose coordinates depend on each other."""
    mixed = randn(seed, n, d).double() @ (torch.eye(d) + 0.6 * randn(seed + 1, d, d)).double()
    return (mixed + 0.8 * randn(seed + 2, d)).round(decimals=2)


def case(name: str, more: str, **arguments: Tensor | int) -> Case:
    """Return the case of a function of sets; name: the property that it returns; more: what is special, in words."""
    about = ", ".join(f"{key} = {_told(value)}" for key, value in arguments.items())
    return {"about": about + more, "arguments": tuple(arguments.values()), "returns": (name,)}


def _told(value: Tensor | int) -> str:
    """Return an argument as a reader sees it: all of it if that is little, else its size."""
    if isinstance(value, int) or value.numel() <= 18:
        return str(value if isinstance(value, int) else value.numpy().round(3).tolist())
    return " × ".join(map(str, value.shape)) + " numbers"
