"""A class of networks: its weights, and its outputs where these are known."""

import math

import torch
from torch import Tensor, nn

from gancourse.checks.observers.values import kind


def built(answer) -> tuple[nn.Module | None, dict]:
    """Return the network that a class makes, None if there is none, and what was seen of the class."""
    if isinstance(answer.answer, nn.Module):
        return None, {"class": "a network already"}
    network = answer()
    if not isinstance(network, nn.Module):
        return None, {"class": f"{kind(network)}, not an nn.Module"}
    forward = "missing" if type(network).forward is nn.Module.forward else "there"
    return network if forward == "there" else None, {"class": "a class of networks", "forward": forward}


# What to tell about any class of networks; an exercise adds what its own text asks for.
LOOK = {
    "class": {
        "a network": "this is a network already, not the class: remove the (). The check calls the class itself.",
        "nothing": "calling it returns nothing: a class is wanted, with `(nn.Module)` in its first line.",
        "": "what it makes is no nn.Module. Is `(nn.Module)` missing in the first line of the class?",
    },
    "forward": "it has no `forward`. Is the name right, and does its `def` stand inside the class, indented as far as `def __init__`?",
    "matrices": {
        "none": "nn.Module knows of no layer, so no optimiser would find a weight. Make the layers in __init__ and keep them as attributes of "
        "self; in a plain Python list they are hidden, in nn.Sequential or nn.ModuleList they are not."
    },
    "again": "the same input gives another output the second time: there is a dropout or noise in it, or layers are made in forward.",
    "alone": "what comes out for one input depends on the others in the batch. Each stands for itself: keep the first dimension, and take no mean over it.",
    "no_gradient": "some weights receive no gradient. Remove .detach(), .data and no_grad(), and call every layer.",
    "gradient:x": "no gradient (or a wrong one) comes back to the input. Remove .detach(), .data and no_grad() in forward.",
    "gradient:z": "no gradient (or a wrong one) comes back to the input. Remove .detach(), .data and no_grad() in forward.",
}


def network(answer, case, like) -> dict:
    """A network class without arguments: its weights, and its output where they are known.

    The weights are set to numbers that depend on a layer's shape alone, so that two networks of the same structure
    must agree in every output, however they are written. case["inputs"]: list of batches; case["input"]: the name of
    forward's argument; case["z_dim"], if there: that the class has this attribute.
    """
    made, seen = built(answer)
    if made is None:
        return seen
    forward = answer.inside(made, [case["input"]])
    forward(case["inputs"][0].clone())  # lazy layers find their sizes
    shapes = [sorted((len(p), p[0].numel())) for p in made.parameters() if p.dim() > 1]
    seen["matrices"] = ", ".join(f"{a} × {b}" for a, b in sorted(shapes)) or "none"
    seen["count"] = str(sum(p.numel() for p in made.parameters()))
    if "z_dim" in case:
        z_dim = getattr(made, "z_dim", "missing")
        seen["z_dim"] = z_dim if isinstance(z_dim, int | str) else kind(z_dim)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(_known_weights(parameter))
    for batch in case["inputs"]:
        output = forward(batch.clone())
        seen["returned"] = kind(output)
        if not isinstance(output, Tensor):
            return seen
        n = len(batch)
        seen[f"shape:{n}"] = tuple(output.shape)
        if batch is case["inputs"][0]:
            again = torch.equal(output.nan_to_num(), forward(batch.clone()).nan_to_num())
            seen["again"] = "the same output" if again else "another output"
            alone = forward(batch[:1].clone())
            alike = alone.shape != output[:1].shape or torch.allclose(alone, output[:1], rtol=1e-4, atol=1e-4)
            seen["alone"] = "each for itself" if alike else "depend on each other"
        seen[f"output:{n}"] = output.detach()
    given = case["inputs"][-1].clone().requires_grad_()
    output = forward(given)
    if output.requires_grad:
        weights = torch.linspace(0.5, 2, output.numel()).view_as(output)
        (output * weights).sum().backward()
    seen["no_gradient"] = ", ".join(name for name, p in made.named_parameters() if p.grad is None) or "none"
    seen[f"gradient:{case['input']}"] = torch.zeros_like(given) if given.grad is None else given.grad
    return seen


def _known_weights(parameter: Tensor) -> Tensor:
    """Return numbers that depend on the shape alone, the same for x @ W and x @ W.T; large enough to saturate a tanh."""
    if parameter.dim() < 2:
        return torch.randn(parameter.shape, generator=torch.Generator().manual_seed(parameter.numel())) * 0.5
    rows, columns = len(parameter), parameter[0].numel()
    low, high = sorted((rows, columns))
    matrix = torch.randn(low, high, generator=torch.Generator().manual_seed(low * 10_000 + high))
    if low == high:
        matrix = (matrix + matrix.T) / math.sqrt(2)
    return (matrix if rows == low else matrix.T).reshape(parameter.shape) * 2 / (low * high) ** 0.25
