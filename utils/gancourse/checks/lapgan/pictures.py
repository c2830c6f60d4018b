"""What the exercises on pyramids share: pictures to try, and a look at the border apart from the rest."""

from torch import Tensor

from gancourse.checks.core import Case, Observation
from gancourse.checks.observers.values import function, randn


def picture_cases(shapes: list[tuple[int, ...]], seed: int) -> list[Case]:
    """Return cases of a function of pictures of these shapes (N, C, H, W), each far from grey."""
    cases = []
    for number, shape in enumerate(shapes):
        x = pictures(7 * seed + number, *shape)
        shown = f"x[0, 0] = {[[round(v, 1) for v in row] for row in x[0, 0].tolist()]}" if x[0, 0].numel() <= 16 else ""
        about = f"x of shape {shape}{', ' * bool(shown)}{shown}"
        gradients = ("x",) * (number % 2)
        cases.append({"about": about, "arguments": (x,), "returns": ("result",), "gradients": gradients})
    return cases


def pictures(seed: int, *shape: int) -> Tensor:
    """Return pictures (N, C, H, W) whose pixels have little to do with each other, brighter on the whole than 0."""
    return (randn(seed, *shape) + 2.0).round(decimals=1)


def strict_shapes(seed: int) -> list[tuple[tuple[int, ...], int]]:
    """Return shapes of pictures (N, C, H, W), and how often each is halved, for the graded cases."""
    return [
        ((1, 1, 4, 4), 1),
        ((3, 3, 32, 32), 3),
        ((1, 2, 12, 4), 2),
        ((2, 1, 6, 2), 1),
        ((2 + seed % 3, 3, 16, 16), 4),
    ]


def of_two_sizes(answer, case: Case, like: Observation) -> Observation:
    """Observe the shape of what comes back, its inside and its border apart, and then its gradients."""
    seen = function(answer, case, like)
    result = seen.pop("result", None)
    gradients = {name: seen.pop(name) for name in list(seen) if name.startswith("gradient")}
    if isinstance(result, Tensor):
        seen["shape"] = str(tuple(result.shape))
        if result.dim() == 4 and min(result.shape[2:]) > 2:
            seen |= {"inside": result[:, :, 1:-1, 1:-1], "border": result}
        else:
            seen["result"] = result
    return seen | gradients
