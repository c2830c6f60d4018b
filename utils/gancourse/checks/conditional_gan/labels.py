"""Labels to try answers on."""

import torch
from torch import Tensor


def drawn_labels(seed: int, n: int, classes: int) -> Tensor:
    """Return labels int64 (n,) that depend on the seed alone: each class equally often, shuffled, not in order."""
    by_turns = (torch.arange(n) + seed) % classes
    labels = by_turns[torch.randperm(n, generator=torch.Generator().manual_seed(seed))]
    return labels.flip(0) if torch.equal(labels, labels.sort().values) else labels


def shown_labels(labels: Tensor | list[int]) -> str:
    """Return the first labels as a reader sees them."""
    return str([int(label) for label in labels[:6]] + ["..."] * (len(labels) > 6)).replace("'", "")
