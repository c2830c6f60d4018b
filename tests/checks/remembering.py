"""A wrong answer that every exercise on tensors should refuse: it remembers its results."""

import torch


def by_shape(exercise):
    """Return an answer that computes a result once for each combination of shapes."""
    kept = {}

    def answer(*arguments):
        key = tuple(a.shape for a in arguments if isinstance(a, torch.Tensor))
        result = kept.setdefault(key, exercise.reference(*arguments))
        return result.clone() if isinstance(result, torch.Tensor) else result

    return answer
