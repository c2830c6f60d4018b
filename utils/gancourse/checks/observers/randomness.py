"""Random numbers: how they are distributed, and whether they are independent."""

import math

import torch
from torch import Tensor

UNUSUAL = 5.5  # standard deviations: a right answer is found unusual less than once in ten million looks


def distribution(values: Tensor) -> dict[str, str]:
    """Return mean, standard deviation, kind of distribution and lengths of rows of random numbers (n, d), as text."""
    flat = values.detach().double().flatten()
    spread = flat.std().item()
    kinds = {"normal": normal_distance, "uniform": uniform_distance}
    which = [name for name, distance in kinds.items() if spread > 0 and distance(flat) * math.sqrt(len(flat)) < 3]
    lengths = values.double().norm(dim=1)
    return {
        "mean": f"about {round(flat.mean().item(), 1) + 0.0}",
        "spread": f"about {rounded(spread, 1)}",
        "lengths": "vary" if lengths.std() > 0.05 * values.norm() / len(values) ** 0.5 else "all the same",
        "distribution": (which or ["neither normal nor uniform"])[0],
    }


def rounded(spread: float, digits: int) -> str:
    """Return a standard deviation as text. Around 1 fewer digits, or chance would decide between 0.99 and 1.0."""
    return f"{spread:.1f}" if spread > 0.5 else f"{spread:.{digits}g}"


def is_normal(values: Tensor) -> bool:
    """Return whether values (n,) look as if drawn from a normal distribution of any mean and spread."""
    return bool(values.std() > 0) and normal_distance(values) * math.sqrt(len(values)) < 3


def normal_distance(values: Tensor) -> float:
    """Return the largest gap between the distribution of values (n,) and a normal one (Kolmogorov-Smirnov)."""
    ordered = ((values - values.mean()) / values.std()).sort().values
    return _largest_gap(torch.special.ndtr(ordered))


def uniform_distance(values: Tensor) -> float:
    """Return the same for a uniform distribution between the smallest and the largest value."""
    ordered = values.sort().values
    return _largest_gap((ordered - ordered[0]) / (ordered[-1] - ordered[0]))


def _largest_gap(expected: Tensor) -> float:
    steps = torch.arange(len(expected) + 1, dtype=expected.dtype) / len(expected)
    return torch.maximum((expected - steps[:-1]).abs(), (expected - steps[1:]).abs()).max().item()


def independence(values: Tensor) -> dict[str, str]:
    """Return whether the rows, and the columns, of random numbers (n, d) are independent of each other, as text."""
    values = values.detach().double()
    values = (values - values.mean()) / values.std().clamp_min(1e-12)
    return {"rows": _independent(values), "columns": _independent(values.T)}


def _independent(rows: Tensor) -> str:
    """Rows that repeat are found by looking; rows that share something make the means of the columns too large."""
    if len(rows.unique(dim=0)) < len(rows):
        return "some are the same"
    columns = rows.shape[1]
    squares = (len(rows) * rows.mean(0).square()).sum().item()  # chi-squared, if independent
    usual = 1 - 2 / (9 * columns)
    unusual = ((squares / columns) ** (1 / 3) - usual) / math.sqrt(1 - usual)  # Wilson & Hilferty 1931
    return "independent" if abs(unusual) < UNUSUAL else "not independent"
